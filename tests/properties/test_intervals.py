"""Intervals hold in every kind of rock that was left out, and their coverage is measured."""

import numpy as np
import pytest

from poreops.properties.learning.intervals import conformal_width, half_width


def test_the_coverage_of_a_further_rock_is_what_was_asked():
    rng = np.random.default_rng(0)
    inside = []
    for _ in range(3000):
        errors = rng.standard_t(3, 31)
        inside.append(abs(errors[-1]) <= conformal_width(errors[:-1], np.arange(30), 0.9))
    assert np.mean(inside) == pytest.approx(0.9, abs=0.02)


def test_the_coverage_of_a_slice_of_a_further_rock():
    rng = np.random.default_rng(1)
    inside = []
    for _ in range(600):
        counts = rng.integers(1, 12, 31)
        groups = np.repeat(np.arange(31), counts)
        errors = rng.standard_normal(31)[groups] + 0.5 * rng.standard_normal(len(groups))
        own = groups == 30
        width = conformal_width(errors[~own], groups[~own], 0.9)
        inside.append((np.abs(errors[own]) <= width).mean())
    assert np.mean(inside) == pytest.approx(0.9, abs=0.03)


def test_a_rock_of_many_slices_counts_once():
    errors = np.r_[np.ones(39), np.full(1000, 50.0)]
    groups = np.r_[np.arange(39), np.full(1000, 39)]
    assert conformal_width(errors, groups, 0.9) == 1


def test_few_rocks_give_their_largest_error():
    assert conformal_width(np.array([0.1, -3.0, 0.2]), np.arange(3), 0.9) == 3.0


def test_a_further_kind_is_held_where_all_rocks_together_promise_too_much():
    """Kinds with a bias of their own: the width of all rocks holds too few of a seventh kind."""
    rng = np.random.default_rng(4)
    kinds = np.repeat(np.arange(7), 6)
    own = kinds == 6
    held = {"all": [], "each": []}
    for _ in range(800):
        errors = rng.standard_normal(7)[kinds] + 0.3 * rng.standard_normal(42)
        rocks = np.arange(36)
        widths = {
            "all": conformal_width(errors[~own], rocks, 0.9),
            "each": half_width(errors[~own], rocks, kinds[~own], 0.9),
        }
        for name, width in widths.items():
            held[name].append((np.abs(errors[own]) <= width).mean())
    assert np.mean(held["all"]) < 0.885
    assert np.mean(held["each"]) > 0.89
