"""What the pipeline expects of rocks and of the table of their slices."""

from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from poreops.base.units import MILLIDARCY
from poreops.mlops.expectations import Expectation, Report, Suite, validate
from poreops.properties.learning.parts import LEARN, with_parts
from poreops.properties.learning.plans import SliceSplitConfig
from poreops.properties.slices.features import FEATURES, NAMES

BETWEEN = "expect_column_values_to_be_between"
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class ValidationConfig(BaseModel):
    """Limits of the suites.

    Attributes
    ----------
    rocks_min : rocks that a model can be judged on one by one
    slices_min : slices of each rock
    porosity : range of the measured porosity
    permeability_md : range of the measured permeability [mD]
    length_um : range of the mean diameter of a rock's pores [µm]: outside, the voxel size is wrong
    porosity_gap : largest difference of measured porosity and mean areal porosity
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rocks_min: Annotated[int, Field(ge=2)]
    slices_min: Annotated[int, Field(ge=1)]
    porosity: tuple[Share, Share]
    permeability_md: tuple[Positive, Positive]
    length_um: tuple[Positive, Positive]
    porosity_gap: Annotated[float, Field(gt=0, le=1)]


def check_slices_and_split(
    table: pd.DataFrame, config: ValidationConfig, split: SliceSplitConfig
) -> tuple[Report, Report]:
    """Check rocks, slices and the parts that the rocks are dealt into.

    Parameters
    ----------
    table : one row a slice, with its features
    config : ValidationConfig
    split : SliceSplitConfig

    Returns
    -------
    report : what must hold
    remarks : rocks on both sides of the paper's random split, which is known and no failure
    """
    report = validate(rock_facts(table), rock_suite(config))
    report += validate(slice_facts(table), slice_suite())
    parts = with_parts(table, split)
    whole, learned = parts[~parts["sibling"]], parts[parts["sibling"] | (parts["part"] == LEARN)]
    report += validate(split_facts(whole), split_suite("parts"))
    return report, validate(split_facts(learned), split_suite("random split"))


def rock_facts(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row a rock, from the table of slices.

    Parameters
    ----------
    table : one row a slice, with its features

    Returns
    -------
    columns : slices, porosity, permeability_md, pore_diameter_um, porosity_gap, values (different
        laboratory values or voxel sizes of the rock, 1 if its rows agree).
    """
    by = table.groupby("rock", sort=True)
    stated = ["porosity", "permeability", "voxel_size"]
    facts = pd.DataFrame(
        {
            "slices": by.size(),
            "porosity": by["porosity"].first(),
            "permeability_md": by["permeability"].first() / MILLIDARCY,
            "pore_diameter_um": 1e6 * by["equivalent_diameter_area"].mean(),
            "porosity_gap": (by["areal_porosity"].mean() - by["porosity"].first()).abs(),
            "values": by[stated].nunique(dropna=False).max(axis=1),
        }
    )
    return facts.rename_axis(None)


def rock_suite(config: ValidationConfig) -> Suite:
    """Return the rules of `rock_facts`.

    Parameters
    ----------
    config : ValidationConfig
    """
    lab = "correct the row of rocks.csv, or widen properties.validation"
    rules = [
        _rule(
            "expect_table_row_count_to_be_between", "", "add rocks to "
            "inputs/properties/rocks.csv or raise properties.rocks.plugs.counts",
            min_value=config.rocks_min,
        ),
        _rule(BETWEEN, "slices", "give more slices of it", min_value=config.slices_min),
        _between("porosity", config.porosity, lab),
        _between("permeability_md", config.permeability_md, f"{lab}; its unit is mD"),
        _between("pore_diameter_um", config.length_um, "correct its voxel size; its unit is m"),
        _rule(
            BETWEEN, "porosity_gap", "look at its segmentation, or choose another threshold",
            min_value=0, max_value=config.porosity_gap,
        ),
        _rule(
            "expect_column_values_to_be_in_set", "values",
            "all slices of a rock have one porosity, permeability and voxel size", value_set=[1],
        ),
        *(_present(c, lab) for c in ("porosity", "permeability_md", "pore_diameter_um")),
    ]  # fmt: skip
    return Suite("rocks", tuple(rules))


def slice_facts(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row a slice, named "rock/slice": its features, and how many rows equal it.

    Parameters
    ----------
    table : one row a slice, with its features
    """
    facts = table[list(NAMES)].copy()
    facts["copies"] = table.duplicated([*NAMES], keep=False).astype(int)
    names = zip(table["rock"], table["slice"], strict=True)
    facts.index = pd.Index([f"{rock}/{number}" for rock, number in names])
    return facts


def slice_suite() -> Suite:
    """Return the rules of `slice_facts`: present, in its range by definition, not constant."""
    again = "segment and measure again with: dvc repro -f properties_segment"
    shares = (
        "areal_porosity", "extent", "solidity", "largest_cluster", "crossing", "alignment",
    )  # fmt: skip
    limits = {name: {"min_value": 0.0, "max_value": 1.0} for name in shares}
    limits |= {
        "eccentricity": {"min_value": 0.0, "max_value": 1.0},
        "euler_number": {"max_value": 1.0},
        "orientation": {"min_value": -np.pi / 2 - 1e-9, "max_value": np.pi / 2 + 1e-9},
    }
    rules = []
    for feature in FEATURES:
        rules.append(_present(feature.name, again))
        # lengths and areas in metres: a slice is no larger than a metre
        limit = limits.get(feature.name, {"min_value": 0.0})
        if feature.length > 0:
            limit = limit | {"max_value": 1.0}
        rules.append(_rule(BETWEEN, feature.name, again, **limit))
        # no pore may have a hole, and none go on
        if feature.name not in {"euler_number", "crossing"}:
            remedy = "a constant column tells nothing: look at the slices"
            kind = "expect_column_unique_value_count_to_be_between"
            rules.append(_rule(kind, feature.name, remedy, min_value=2))
    rules.append(
        _rule(
            "expect_column_values_to_be_in_set", "copies",
            "the same slice is there twice: give each image once", value_set=[0],
        )
    )  # fmt: skip
    return Suite("slices", tuple(rules))


def split_facts(table: pd.DataFrame) -> pd.DataFrame:
    """Return, for each rock, in how many parts of a split it has slices.

    Parameters
    ----------
    table : one row a slice, with ``rock`` and ``part``
    """
    return pd.DataFrame({"parts": table.groupby("rock")["part"].nunique()}).rename_axis(None)


def split_suite(name: str) -> Suite:
    """Return the rule of `split_facts`: a rock is in one part only.

    Parameters
    ----------
    name : of the suite
    """
    return Suite(
        name,
        (
            _rule(
                "expect_column_values_to_be_in_set", "parts",
                "these rocks are in several parts, so the split remembers rocks: read it beside "
                "the kind left out", value_set=[1],
            ),
        ),
    )  # fmt: skip


def _rule(kind: str, column: str, remedy: str, **limits: object) -> Expectation:
    return Expectation(kind, ({"column": column} if column else {}) | limits, remedy)


def _between(column: str, limits: tuple[float, float], remedy: str) -> Expectation:
    return _rule(BETWEEN, column, remedy, min_value=limits[0], max_value=limits[1])


def _present(column: str, remedy: str) -> Expectation:
    return _rule("expect_column_values_to_not_be_null", column, remedy)
