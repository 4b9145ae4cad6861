"""The alarm rings for errors that are too large, and for others at most as often as it says."""

import numpy as np
import pytest

from poreops.conduits.exchangeability import (
    ALARM,
    DRAWN,
    capital,
    drawn_conduits,
    exchangeability,
    p_values,
)

CALIBRATION = np.abs(np.random.default_rng(0).normal(size=400)) / 1.645


def compared(seed, spread, count=DRAWN):
    """Conduits whose errors are so many times as large as those of the calibration."""
    rng = np.random.default_rng(seed)
    truth, widths = np.exp(rng.normal(size=count)), np.exp(rng.normal(size=count) - 4)
    found = truth * np.exp(spread * widths * rng.normal(size=count) / 1.645)
    return exchangeability(found, widths, truth, CALIBRATION)


def test_p_values_of_the_known_kind_are_uniform():
    rng = np.random.default_rng(1)
    found = np.concatenate(
        [p_values(rng.normal(size=50), rng.normal(size=99), rng) for _ in range(40)]
    )
    shares = [(found <= level).mean() for level in (0.05, 0.25, 0.5, 0.75)]
    np.testing.assert_allclose(shares, [0.05, 0.25, 0.5, 0.75], atol=0.03)


def test_equal_scores_share_a_p_value_evenly():
    found = p_values(np.zeros(400), np.zeros(100), np.random.default_rng(0))
    assert 0 < found.min() < 0.02
    assert found.mean() == pytest.approx(0.5, abs=0.05)


def test_the_alarm_keeps_its_promise_and_rings_where_it_should():
    same = [compared(seed, 1.0) for seed in range(200)]
    assert np.mean([one.alarm for one in same]) <= 1 / ALARM
    assert np.mean([one.inside for one in same]) == pytest.approx(0.9, abs=0.02)
    assert all(compared(seed, 3.0).alarm for seed in range(20))
    # smaller errors are no reason for one
    assert not any(compared(seed, 0.2).alarm for seed in range(20))


def test_the_capital_is_the_mixture_of_its_bets():
    p = np.array([0.02, 0.4, 0.003])
    exponents = np.linspace(0, 1, 20001)
    whole = np.trapezoid(exponents**3 * p.prod() ** (exponents - 1), exponents)
    assert capital(p) == pytest.approx(whole, rel=1e-3)
    # what was won once counts, whatever is lost later
    assert capital(np.append(p, np.ones(20))) == pytest.approx(whole, rel=1e-3)
    assert np.isfinite(capital(np.full(500, 1e-6)))


def test_what_has_no_interval_or_did_not_settle_is_left_out():
    found, truth = np.full(6, 2.0), np.full(6, 2.02)
    widths = np.array([0.1, np.inf, 0.0, 0.1, 0.1, 0.001])
    truth[3], found[4] = np.nan, 0.0
    told = exchangeability(found, widths, truth, CALIBRATION)
    assert (told.conduits, told.inside) == (2, 0.5)
    assert exchangeability(found[:0], widths[:0], truth[:0], CALIBRATION) is None
    assert exchangeability(found, widths, truth, ()) is None


def test_the_draw_is_small_and_the_same_each_time():
    drawn = drawn_conduits(3000)
    np.testing.assert_array_equal(drawn, drawn_conduits(3000))
    assert drawn.sum() == DRAWN
    thirds = [part.sum() for part in np.split(drawn, 3)]
    assert min(thirds) > 8  # from everywhere in the image
    assert not drawn_conduits(0).any()
