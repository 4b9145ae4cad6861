"""Every rule for rocks and slices holds for good data and finds bad."""

import numpy as np
import pandas as pd
import pytest
from tiny import properties as tiny_rocks

from poreops.mlops.expectations import validate
from poreops.properties import suites as rock_suites

LIMITS = rock_suites.ValidationConfig(
    rocks_min=3, slices_min=2, porosity=(0.05, 0.6), permeability_md=(0.01, 1e6),
    length_um=(1, 500), porosity_gap=0.05,
)  # fmt: skip


@pytest.fixture
def table():
    return tiny_rocks.table().copy()


def rock_failures(table):
    return validate(rock_suites.rock_facts(table), rock_suites.rock_suite(LIMITS)).failures


def slice_failures(table):
    return validate(rock_suites.slice_facts(table), rock_suites.slice_suite()).failures


def test_good_rocks_and_slices_pass(table):
    assert rock_failures(table) == ()
    assert slice_failures(table) == ()


def spoil(column, value):
    def change(table):
        table.loc[table["rock"] == "rock_03", column] = value

    return change


@pytest.mark.parametrize(
    ("change", "column"),
    [
        (spoil("porosity", np.nan), "porosity"),
        (spoil("permeability", -1e-13), "permeability_md"),
        (spoil("permeability", 1e-3), "permeability_md"),
        (spoil("equivalent_diameter_area", 5.0), "pore_diameter_um"),
        (spoil("areal_porosity", 0.9), "porosity_gap"),
        (lambda t: t.__setitem__("voxel_size", t["voxel_size"] * (1 + t.index.isin([13]))), "val"),
    ],
)
def test_a_bad_rock_is_named(table, change, column):
    change(table)
    failures = rock_failures(table)
    assert any(check.column.startswith(column) for check in failures)
    assert all(check.rows == ("rock_03",) for check in failures)


def test_too_few_rocks_and_slices_are_found(table):
    few = table[table["rock"].isin(["rock_00", "rock_01"])]
    assert {check.column for check in rock_failures(few)} == {""}
    one = table.drop(index=table.index[table["rock"] == "rock_02"][1:])
    failures = {check.column: check.rows for check in rock_failures(one)}
    assert failures["slices"] == ("rock_02",)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("solidity", 1.2),
        ("eccentricity", np.nan),
        ("orientation", 2.0),
        ("area", 3.0),
        ("euler_number", 2.0),
        ("areal_porosity", -0.1),
    ],
)
def test_a_bad_slice_is_named(table, column, value):
    table.loc[5, column] = value
    (check,) = slice_failures(table)
    assert check.column == column
    assert check.rows == (f"{table['rock'][5]}/{table['slice'][5]}",)


def test_a_constant_column_is_found(table):
    table["extent"] = 0.5
    (check,) = slice_failures(table)
    assert check.column == "extent"
    assert "a constant column tells nothing" in str(check)


def test_a_slice_that_is_there_twice_is_found(table):
    table.loc[7, list(rock_suites.NAMES)] = table.loc[3, list(rock_suites.NAMES)].to_numpy()
    (check,) = slice_failures(table)
    assert check.column == "copies"
    assert check.count == 2


def test_a_rock_in_both_parts_is_flagged():
    table = pd.DataFrame({"rock": ["a", "a", "b"], "part": ["learn", "report", "learn"]})
    suite = rock_suites.split_suite("parts")
    (check,) = validate(rock_suites.split_facts(table), suite).failures
    assert check.rows == ("a",)
    apart = table.assign(part=["learn", "learn", "report"])
    assert validate(rock_suites.split_facts(apart), suite).success
