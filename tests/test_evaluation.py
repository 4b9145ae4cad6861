"""The gate to the champion's place."""

import pytest
from pydantic import ValidationError

from poreops.evaluation import GateConfig, NetworkEvaluationConfig, verdict

GATE = GateConfig(r2_min=0.9, r2_log_min=0.9, mape_max=0.15)
GOOD = {"r2": 0.95, "r2_log": 0.96, "mape": 0.1}


def test_a_good_first_model_passes():
    assert verdict(GOOD, None, True, GATE) == []


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        ({"r2": 0.89}, "r2 0.8900 is below 0.9"),
        ({"r2_log": 0.5}, "r2_log 0.5000 is below 0.9"),
        ({"mape": 0.2}, "mape 0.2000 is above 0.15"),
        ({"r2": float("nan")}, "r2 nan is below 0.9"),
        ({"mape": float("nan")}, "mape nan is above 0.15"),
    ],
)
def test_a_bad_model_does_not(scores, reason):
    assert verdict(GOOD | scores, None, True, GATE) == [reason]


def test_the_limits_themselves_pass():
    assert verdict({"r2": 0.9, "r2_log": 0.9, "mape": 0.15}, None, True, GATE) == []


def test_every_reason_is_given():
    bad = {"r2": 0.1, "r2_log": 0.1, "mape": 0.9}
    assert len(verdict(bad, GOOD, False, GATE)) == 5


def test_a_model_must_beat_the_champion():
    assert verdict(GOOD, GOOD | {"mape": 0.11}, True, GATE) == []
    for better in (0.1, 0.09):
        reasons = verdict(GOOD, GOOD | {"mape": better}, True, GATE)
        assert reasons == [f"mape 0.1000 is not below the champion's {better:.4f}"]


def test_invalid_data_makes_no_champion():
    assert verdict(GOOD, None, False, GATE) == ["the data did not pass its validation"]


def test_volumes_for_run_times_are_large_enough_to_partition():
    with pytest.raises(ValidationError):
        NetworkEvaluationConfig(runtime_sizes=(16,))
