"""How conductance models are judged."""

import math
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from poreops.conductance.gate import GateConfig
from poreops.conductance.judging.run_times import JudgingConfig
from poreops.conductance.learning.members import UNCORRECTED
from poreops.mlops.gate import verdict

GATE = GateConfig(
    r2_min=0.9,
    r2_log_min=0.9,
    mape_max=0.15,
    null_margin=0.8,
    material_margin=1,
    member_gain=0.9,
    probe=8,
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


def on_a_foam(chosen, **errors):
    """A report of the stage conductance_materials, of one material."""
    nulls = {name: {"mape": errors[name]} for name in ("a constant", UNCORRECTED)}
    members = {"coarse": {"mape": errors["coarse"]}, chosen: {"mape": errors["own"]}}
    return {"champion": chosen, "materials": {"foams": {"members": members, "nulls": nulls}}}


@pytest.mark.parametrize(
    ("chosen", "own", "margin", "worse_than"),
    [
        ("physics", 0.002, 1, []),
        ("physics", 0.004, 1, ["its own estimate"]),
        ("physics", 0.004, 2, []),
        ("scalars", 0.004, 1, []),  # that estimate is not what it corrects
        ("scalars", 0.05, 1, []),
        ("scalars", 0.05, 0.5, ["the coarse solve"]),
        ("scalars", 2.0, 1, ["a constant", "the coarse solve"]),
        ("coarse", 0.06, 1, []),  # it is no rival of itself
        ("coarse", math.nan, 1, ["a constant"]),
    ],
)
def test_what_is_worse_on_a_material_than_what_learned_nothing_is_refused(
    chosen, own, margin, worse_than
):
    errors = {"a constant": 1.5, UNCORRECTED: 0.003, "coarse": 0.06, "own": own}
    gate = GATE.model_copy(update={"material_margin": margin})
    candidate = SimpleNamespace(scores=GOOD, valid=True, main="mape", nulls={})
    reasons = gate.refusals(candidate, None, materials=on_a_foam(chosen, **errors))
    assert len(reasons) == len(worse_than)
    for reason, null in zip(reasons, worse_than, strict=True):
        assert f"that of {null} on foams" in reason
