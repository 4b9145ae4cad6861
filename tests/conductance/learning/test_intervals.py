import math

import numpy as np
import pytest

from poreops.conductance.learning.intervals import calibrated, conformal


def draw(count, seed, spread=1.0):
    """Errors whose spread grows with difficulty and size."""
    rng = np.random.default_rng(seed)
    size, difficulty = rng.normal(size=count), rng.normal(size=count)
    return spread * np.exp(difficulty + 0.3 * size) * rng.normal(size=count), size, difficulty


@pytest.mark.parametrize("coverage", [0.5, 0.9])
def test_intervals_cover_what_was_asked_in_every_class(coverage):
    intervals = calibrated(*draw(30_000, 0), coverage)
    errors, size, difficulty = draw(30_000, 1)
    inside = np.abs(errors) <= intervals.half_widths(size, difficulty)
    assert inside.mean() == pytest.approx(coverage, abs=0.01)
    for values in (size, difficulty):
        for low, high in ((-9, -0.5), (-0.5, 0.5), (0.5, 9)):
            some = (values > low) & (values < high)
            # one class has conduits of more than one width
            assert inside[some].mean() == pytest.approx(coverage, abs=0.04)


def test_coverage_is_lost_where_conduits_are_of_another_kind():
    intervals = calibrated(*draw(5000, 0), 0.9)
    errors, size, difficulty = draw(5000, 1, spread=3.0)
    assert (np.abs(errors) <= intervals.half_widths(size, difficulty)).mean() < 0.6


def test_hard_conduits_have_wider_intervals():
    intervals = calibrated(*draw(5000, 0), 0.9)
    easy, hard = intervals.half_widths(np.zeros(2), np.array([-2.0, 2.0]))
    assert hard > 5 * easy


def test_equal_values_leave_no_class_without_a_width():
    intervals = calibrated(np.arange(30.0), np.zeros(30), np.zeros(30), 0.9)
    assert np.isfinite(intervals.half_widths(np.array([-1.0, 0.0, 1.0]), np.zeros(3))).all()


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95])
def test_the_width_is_the_order_statistic_of_split_conformal(coverage):
    """The ceil((n + 1) coverage)-th of n sorted errors, where rounding must not cost a rank."""
    rng = np.random.default_rng(0)
    for count in (1, 2, 9, 10, 19, 39, 99, 100, 999):
        errors = np.sort(rng.exponential(size=count))
        rank = math.ceil(round(coverage * (count + 1), 9))
        assert conformal(-errors, coverage) == errors[min(rank, count) - 1]
