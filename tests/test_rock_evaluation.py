"""The gate to the champion's place."""

import pytest

from poreops.rocks.gate import RockGateConfig, verdict

GATE = RockGateConfig(porosity_r2_min=0.9, log_permeability_r2_min=0.6, coverage=(0.85, 0.95))
GOOD = {
    "porosity_r2": 0.97, "log_permeability_r2": 0.8, "log_permeability_mae": 0.2, "coverage": 0.9,
}  # fmt: skip
LAW = {"log_permeability_mae": 0.3}


def test_a_good_model_passes():
    assert verdict(GOOD, LAW, None, True, GATE) == []
    assert verdict(GOOD, LAW, {"log_permeability_mae": 0.25}, True, GATE) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"porosity_r2": 0.89}, "porosity_r2 0.8900 is below 0.9"),
        ({"log_permeability_r2": float("nan")}, "log_permeability_r2 nan is below 0.6"),
        ({"coverage": 0.8}, "coverage 0.800 is not within 0.85 and 0.95"),
        ({"log_permeability_mae": 0.31}, "mae 0.3100 is not below Kozeny-Carman's 0.3000"),
    ],
)
def test_each_shortfall_is_said(change, reason):
    (said,) = verdict(GOOD | change, LAW, None, True, GATE)
    assert reason in said


def test_a_better_champion_stays():
    (said,) = verdict(GOOD, LAW, {"log_permeability_mae": 0.2}, True, GATE)
    assert "is not below the champion's 0.2000" in said


def test_bad_data_let_no_model_pass():
    assert verdict(GOOD, LAW, None, False, GATE) == ["the data did not pass its validation"]
