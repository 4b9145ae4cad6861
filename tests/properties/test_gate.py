"""The gate: nulls, a law and biased errors do not pass, and what answers is chosen by data."""

import copy

import pytest

from poreops.properties.gate import GateConfig, choose, flat, verdict
from poreops.properties.learning.laws import LAW

GATE = GateConfig(
    margins={"constant": 0.5, "porosity_alone": 0.8, "kozeny_carman": 0.95},
    porosity_margin=0.95, porosity_mae_max=0.02, log_permeability_r2_min=0.6, coverage_min=0.85,
)  # fmt: skip


def score(k, porosity=0.003, r2=0.9):
    return {
        "porosity": {"r2": 0.99, "mse": porosity**2, "mae": porosity},
        "log_permeability": {"r2": r2, "mse": k**2, "mae": k},
    }


CANDIDATES = {
    "constant": score(0.8, 0.1, 0.0), "porosity_alone": score(0.6, r2=0.3), LAW: score(0.3),
    "smr_ml": score(0.2), "smr_nn": score(0.25),
}  # fmt: skip


def judged(candidates=CANDIDATES, coverage=0.9, **scores):
    served, _ = choose(candidates, GATE)
    own = {t: candidates[served[t]][t] for t in ("porosity", "log_permeability")}
    return {
        "served": served,
        "candidates": candidates,
        "scores": flat(own) | {"coverage": coverage} | scores,
    }


def test_a_stack_that_beats_the_law_answers_for_the_permeability():
    served, reasons = choose(CANDIDATES, GATE)
    assert served == {"porosity": LAW, "log_permeability": "smr_ml"}
    assert reasons == []
    assert verdict(judged(), None, True, GATE) == []


@pytest.mark.parametrize("null", ["constant", "porosity_alone", LAW])
def test_stacks_that_are_a_null_leave_the_answer_to_the_law(null):
    same = CANDIDATES | dict.fromkeys(("smr_ml", "smr_nn"), CANDIDATES[null])
    served, reasons = choose(same, GATE)
    assert served["log_permeability"] == LAW
    assert any(f"of {null}" in reason for reason in reasons)
    assert verdict(judged(same), None, True, GATE) == []  # the law beats what knows less


@pytest.mark.parametrize("null", ["constant", "porosity_alone", LAW])
def test_a_null_that_is_served_all_the_same_is_refused(null):
    """As if the choice were broken: the gate itself refuses each null."""
    broken = judged()
    broken["scores"] = flat(CANDIDATES[null]) | {"coverage": 0.9}
    assert any(f"of {null}" in reason for reason in verdict(broken, None, True, GATE))


@pytest.mark.parametrize("null", ["constant", "porosity_alone"])
def test_a_law_that_is_no_better_than_a_null_is_refused(null):
    same = {name: copy.deepcopy(CANDIDATES[null]) for name in CANDIDATES}
    found = judged(same)
    assert found["served"]["log_permeability"] == LAW
    assert any(f"of {null}" in reason for reason in verdict(found, None, True, GATE))


def test_the_porosity_is_counted_unless_a_stack_wins():
    for error, answers in ((0.0029, LAW), (0.002, "smr_ml")):
        candidates = CANDIDATES | {"smr_ml": score(0.2, error)}
        assert choose(candidates, GATE)[0]["porosity"] == answers


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"porosity_mae": 0.03}, "porosity_mae 0.03 is above 0.02"),
        ({"log_permeability_r2": float("nan")}, "log_permeability_r2 nan is below 0.6"),
        ({"coverage": 0.8}, "coverage 0.8 is below 0.85"),
    ],
)
def test_each_shortfall_is_said(change, reason):
    (said,) = verdict(judged(**change), None, True, GATE)
    assert reason in said


def test_a_better_champion_stays():
    (said,) = verdict(judged(), {"log_permeability_mae": 0.2}, True, GATE)
    assert "is not below that of the champion, 0.2" in said


def test_bad_data_let_no_model_pass():
    assert verdict(judged(), None, False, GATE) == ["the data did not pass its validation"]
