"""How conductance models are judged."""

import pytest
from pydantic import ValidationError

from poreops.conductance.gate import GateConfig
from poreops.conductance.judging.run_times import JudgingConfig
from poreops.mlops.gate import verdict

GATE = GateConfig(
    r2_min=0.9, r2_log_min=0.9, mape_max=0.15, null_margin=0.8, member_gain=0.9, probe=8
)
GOOD = {"r2": 0.95, "r2_log": 0.96, "mape": 0.1}
RUN_TIME = {"runtime_porosity": 0.75, "runtime_radius": 8, "runtime_repeats": 3}


@pytest.mark.parametrize(
    ("scores", "reasons"),
    [
        ({}, []),
        ({"r2": 0.9, "r2_log": 0.9, "mape": 0.15}, []),
        ({"r2": 0.89}, ["r2 0.89 is below 0.9"]),
        ({"r2_log": 0.5}, ["r2_log 0.5 is below 0.9"]),
        ({"mape": 0.2}, ["mape 0.2 is above 0.15"]),
    ],
)
def test_every_limit_of_the_gate_acts(scores, reasons):
    assert verdict(GOOD | scores, GATE.rules, valid=True, main="mape", rivals={}) == reasons


def test_volumes_for_run_times_are_large_enough_to_partition():
    with pytest.raises(ValidationError):
        JudgingConfig(runtime_sizes=(16,), **RUN_TIME)
