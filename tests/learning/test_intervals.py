"""Intervals hold the share of rocks that they promise."""

import numpy as np
import pytest

from poreops.errors import InputError
from poreops.learning.intervals import conformal_width, coverage_left_out, slice_width


def test_the_coverage_of_a_further_rock_is_what_was_asked():
    rng = np.random.default_rng(0)
    inside = []
    for _ in range(3000):
        errors = rng.standard_t(3, 31)
        inside.append(abs(errors[-1]) <= conformal_width(errors[:-1], 0.9))
    assert np.mean(inside) == pytest.approx(0.9, abs=0.02)


def test_the_coverage_of_a_slice_of_a_further_rock():
    rng = np.random.default_rng(1)
    inside = []
    for _ in range(600):
        counts = rng.integers(1, 12, 31)
        groups = np.repeat(np.arange(31), counts)
        errors = rng.standard_normal(31)[groups] + 0.5 * rng.standard_normal(len(groups))
        own = groups == 30
        width = slice_width(errors[~own], groups[~own], 0.9)
        inside.append((np.abs(errors[own]) <= width).mean())
    assert np.mean(inside) == pytest.approx(0.9, abs=0.03)


def test_one_slice_a_rock_is_the_rock_itself():
    errors = np.random.default_rng(2).standard_normal(40)
    assert slice_width(errors, np.arange(40), 0.9) == conformal_width(errors, 0.9)


def test_a_rock_of_many_slices_counts_once():
    errors = np.r_[np.ones(39), np.full(1000, 50.0)]
    groups = np.r_[np.arange(39), np.full(1000, 39)]
    assert slice_width(errors, groups, 0.9) == 1


def test_the_left_out_coverage_of_single_errors_is_known():
    errors = np.random.default_rng(3).standard_normal(40)
    assert coverage_left_out(errors, np.arange(40), 0.9) == 0.9


def test_too_few_rocks_are_named():
    with pytest.raises(InputError, match=r"an interval of 90 % needs 9 rocks, got 8; add rocks"):
        conformal_width(np.zeros(8), 0.9)
    with pytest.raises(InputError, match=r"needs 9 rocks, got 2"):
        slice_width(np.zeros(50), np.repeat([0, 1], 25), 0.9)
