"""The law in front of every model, and nulls that know nothing."""

import numpy as np
import pytest
from tiny import properties as tiny_rocks

from poreops.properties.learning.laws import (
    NULLS,
    by_law,
    fit_law,
    group_means,
    in_units,
    law_corrections,
    targets,
)


def test_targets_and_units_are_inverse():
    table = tiny_rocks.table()
    found = in_units(targets(table), table)
    np.testing.assert_allclose(found[:, 0], table["porosity"], rtol=1e-12)
    np.testing.assert_allclose(np.exp(found[:, 1]), table["permeability"], rtol=1e-9)


def test_a_rock_that_follows_the_law_leaves_nothing_to_learn():
    """With k = φ ℓ²/20 exactly, the corrections are 0 and log(1/20), whatever the voxel size."""
    table = tiny_rocks.table().copy()
    scale = np.exp(by_law(table)[:, 1])
    table["permeability"], table["porosity"] = scale / 20, table["areal_porosity"]
    found = targets(table)
    np.testing.assert_allclose(found[:, 0], 0, atol=1e-12)
    np.testing.assert_allclose(found[:, 1], -np.log(20), rtol=1e-12)
    law = fit_law(found, table["rock"].to_numpy())
    np.testing.assert_allclose(law, [0, -np.log(20)], atol=1e-12)


def test_the_law_scales_with_the_square_of_the_voxel_size():
    table = tiny_rocks.table()
    grown = table.copy()
    grown["specific_perimeter"] /= 3.0  # 1/m: the same slice with pixels three times as wide
    np.testing.assert_allclose(by_law(grown)[:, 1] - by_law(table)[:, 1], np.log(9))


def test_each_rock_counts_once_in_the_law():
    y = np.array([[0.0, 1.0]] * 99 + [[0.0, 3.0]])
    rocks = np.array(["many"] * 99 + ["one"])
    assert fit_law(y, rocks)[1] == pytest.approx(2.0)


def test_the_law_finds_a_slope_and_a_family_counts_once():
    rng = np.random.default_rng(2)
    z = rng.uniform(0, 1, (60, 1))
    rocks = np.array([f"rock_{k // 3:02d}" for k in range(60)])
    y = np.concatenate([np.zeros((60, 1)), -4 + 2 * z], axis=1)
    law = fit_law(y, rocks, z)
    np.testing.assert_allclose(law_corrections(law, z), y, atol=0.05)
    # a family of 19 plugs that lies elsewhere pulls as one of two
    families = np.where(rocks == "rock_00", "alone", "many")
    y[rocks == "rock_00", 1] = 0.0
    law = fit_law(y, rocks, np.zeros((60, 1)), families)
    middle = law_corrections(law, np.zeros((1, 1)))[0, 1]
    assert middle == pytest.approx(y[rocks != "rock_00", 1].mean() / 2, rel=1e-6)


def test_a_constant_law_is_the_same_for_all_slices():
    np.testing.assert_array_equal(
        law_corrections(np.array([0.0, -3.0]), np.ones((4, 1))), np.tile([0.0, -3.0], (4, 1))
    )


def test_a_constant_answers_the_mean_and_porosity_alone_a_line():
    porosity = np.array([0.1, 0.2, 0.4])
    truth = np.stack([porosity, 3 * np.log(porosity) - 20], axis=1)
    asked = np.array([0.3])
    np.testing.assert_allclose(NULLS["constant"](porosity, truth, asked)[0], truth.mean(axis=0))
    line = NULLS["porosity_alone"](porosity, truth, asked)[0]
    np.testing.assert_allclose(line, [0.3, 3 * np.log(0.3) - 20])


def test_means_are_of_groups():
    groups = np.repeat(["b", "a"], [3, 5])
    values = np.r_[np.full(3, 2.0), np.arange(5.0)][:, None]
    np.testing.assert_allclose(group_means(values, groups)[:, 0], [2.0, 2.0])
    both = group_means(np.hstack([values, values + 1]), groups)
    np.testing.assert_allclose(both, [[2, 3], [2, 3]])
