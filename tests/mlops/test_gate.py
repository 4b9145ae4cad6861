"""The gate keeps out what breaks a limit, is no number, or does not beat a rival."""

import math

import pytest

from poreops.mlops.gate import Rival, Rule, verdict

RULES = [Rule("r2", low=0.9), Rule("mape", high=0.1), Rule("coverage", low=0.85, high=0.95)]
GOOD = {"r2": 0.95, "mape": 0.05, "coverage": 0.9}


def reasons(scores, rivals=None, valid=True):
    return verdict(scores, RULES, valid=valid, main="mape", rivals=rivals or {})


def test_a_good_model_passes():
    assert reasons(GOOD, {"a constant": Rival({"mape": 0.5}, 0.5)}) == []


@pytest.mark.parametrize("score", GOOD)
@pytest.mark.parametrize("value", [math.nan, None])
def test_what_is_missing_or_no_number_passes_no_rule(score, value):
    scores = {k: v for k, v in (GOOD | {score: value}).items() if v is not None}
    assert any(reason.startswith(score) for reason in reasons(scores))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"r2": 0.89}, "r2 0.89 is below 0.9"),
        ({"mape": 0.11}, "mape 0.11 is above 0.1"),
        ({"coverage": 0.99}, "coverage 0.99 is above 0.95"),
        ({"coverage": 0.8}, "coverage 0.8 is below 0.85"),
    ],
)
def test_a_limit_refuses(change, said):
    assert reasons(GOOD | change) == [said]


def test_a_rival_that_is_not_beaten_by_its_margin_refuses():
    near = {"the solve": Rival({"mape": 0.06}, 0.8)}
    assert reasons(GOOD, near) == ["mape 0.05 is not below 0.8 times that of the solve, 0.06"]
    # as good as the champion is not better than it
    assert reasons(GOOD, {"the champion": Rival({"mape": 0.05})})


def test_a_rival_without_a_score_is_not_beaten():
    assert reasons(GOOD, {"noise": Rival({})})
    assert reasons(GOOD, {"noise": Rival({"mape": math.nan})})


def test_data_that_did_not_pass_refuse():
    assert reasons(GOOD, valid=False) == ["the data did not pass its validation"]
