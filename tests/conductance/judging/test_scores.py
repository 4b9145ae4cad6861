"""The scores are those of scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_percentage_error, r2_score

from poreops.conductance.judging.scores import r2, relative_error, scores

pairs = st.integers(3, 60).flatmap(
    lambda n: st.tuples(
        *[st.lists(st.floats(0.01, 100), min_size=n, max_size=n).map(np.array)] * 2
    )
)


@given(pairs)
def test_the_scores_are_those_of_scikit_learn(pair):
    predicted, truth = pair
    found = scores(predicted, truth)
    if np.ptp(truth) > 1e-6:
        assert found["r2"] == pytest.approx(r2_score(truth, predicted), rel=1e-9, abs=1e-9)
        expected = r2_score(np.log(truth), np.log(predicted))
        assert found["r2_log"] == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert found["mape"] == pytest.approx(mean_absolute_percentage_error(truth, predicted))
    off = np.mean(np.abs(predicted - truth) > 0.1 * truth * (1 + 1e-12))
    assert found["off_by_10pct"] == pytest.approx(off, abs=1 / len(truth))


def test_a_perfect_prediction():
    truth = np.array([0.5, 2.0, 7.0])
    assert scores(truth, truth) == {"r2": 1, "r2_log": 1, "mape": 0, "off_by_10pct": 0}


def test_linear_r2_hides_what_the_others_show():
    # large conduits right, small ones ten times too high
    truth = np.array([100.0, 50.0, 80.0, 0.1, 0.2])
    predicted = np.array([100.0, 50.0, 80.0, 1.0, 2.0])
    found = scores(predicted, truth)
    assert found["r2"] > 0.99
    assert found["off_by_10pct"] == 0.4
    assert found["mape"] == pytest.approx(3.6)
    assert found["r2_log"] < 0.9


def test_a_constant_truth_has_no_variance_to_explain():
    assert r2(np.array([1.0, 2.0]), np.array([3.0, 3.0])) == 0.0


def test_relative_errors_have_no_sign():
    np.testing.assert_allclose(relative_error([1.1, 0.9, 4], [1, 1, 2]), [0.1, 0.1, 1])


def test_a_prediction_without_a_logarithm_is_bad_but_a_number():
    found = scores([-1.0, 0.0, 2.0], [1.0, 3.0, 2.0])
    assert all(np.isfinite(value) for value in found.values())
    assert found["r2_log"] < -100


def test_no_answer_counts_as_one_of_nothing_and_a_report_can_be_written():
    """A conduit without an estimate is off by 100 %; what outweighs the others is left out."""
    truth = np.array([1.0, 2.0, 4.0, 8.0])
    found = scores([1.0, np.nan, 4.0, 8.0], truth)
    assert found["mape"] == found["off_by_10pct"] == 0.25
    assert found["r2"] == scores([1.0, 0.0, 4.0, 8.0], truth)["r2"] < 1
    assert found["r2_log"] == 1
    nothing = scores(np.full(4, np.nan), truth)
    assert (nothing["mape"], nothing["r2_log"]) == (1, 0)
