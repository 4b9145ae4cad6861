"""The gate of the digital cores refuses what learned nothing, and lets the rock itself pass."""

from functools import cache
from pathlib import Path

import pytest
from pydantic import ValidationError

from poreops.cores.crops import CropsConfig, cut_crops
from poreops.cores.gate import LIMITED, RATIO, GateConfig, best, rules, verdict
from poreops.cores.judging.evaluation import COMPARED, Judge, JudgingConfig, real_real
from poreops.cores.judging.nulls import NULLS, nulls
from poreops.params import check
from poreops.synthetic.shale import synthetic_shale

ROOT = Path(__file__).parents[2]
REAL = dict.fromkeys(LIMITED, 0.1) | {"kid": 0.001, "copies": 0.0}
TOLERANCE = dict.fromkeys(LIMITED, 0.15) | {"kid": 0.01, "copies": 0.02}
GATE = GateConfig(times=2, tolerance=TOLERANCE, margin=0.5, copies_ratio=(0.9, 1.1))
GOOD = dict.fromkeys(LIMITED, 0.1) | {"kid": 0.005, "copies": 0.0, RATIO: 1.0}
BLOBS = {"round blobs": {"kid": 0.02}}


@pytest.mark.parametrize(
    ("changes", "standing", "valid", "reasons"),
    [
        ({}, None, True, []),
        ({"s2": 0.2}, None, True, []),  # twice what the rock differs by
        ({"kid": 0.009}, {"kid": 0.0091}, True, []),  # the tolerance is wider
        ({}, {"kid": 0.005}, True, ["kid 0.005 is not below that of the champion, 0.005"]),
        ({}, None, False, ["the data did not pass its validation"]),
        ({"s2": 0.21}, None, True, ["s2 0.21 is above 0.2"]),
        ({"chords": float("nan")}, None, True, ["chords nan is above 0.2"]),
        ({"copies": 0.03}, None, True, ["copies 0.03 is above 0.02"]),
        ({RATIO: 0.85}, None, True, ["copies_ratio 0.85 is below 0.9"]),
        ({RATIO: 1.2}, None, True, ["copies_ratio 1.2 is above 1.1"]),
        (
            {"kid": 0.01}, None, True,
            ["kid 0.01 is not below 0.5 times that of round blobs, 0.02"],
        ),
    ],
)  # fmt: skip
def test_the_gate(changes, standing, valid, reasons):
    found = verdict(GOOD | changes, REAL, BLOBS, GATE, valid=valid, standing=standing)
    assert found == reasons


@pytest.mark.parametrize("name", [*LIMITED, RATIO])
def test_every_score_is_limited_and_may_not_be_missing(name):
    scores = {key: value for key, value in GOOD.items() if key != name}
    assert any(reason.startswith(name) for reason in verdict(scores, REAL, {}, GATE, valid=True))
    assert set(LIMITED) == {*COMPARED, "copies"}


def test_a_limit_for_each_score_is_asked_for():
    with pytest.raises(ValidationError, match="a tolerance is needed for each of kid, kid_"):
        GateConfig(times=2, tolerance={"kid": 0.1}, margin=1, copies_ratio=(0.9, 1.1))


def test_what_passes_is_offered_before_what_has_a_lower_kid():
    scores = {"wgan_gp/1": {"kid": 0.2}, "dcgan/1": {"kid": 0.1}, "dcgan/2": {"kid": 0.15}}
    refused = {name: ["s2"] for name in scores}
    assert best(scores, refused) == "dcgan/1"
    assert best(scores, refused | {"wgan_gp/1": []}) == "wgan_gp/1"


# The gate of params.yaml on the synthetic shale


@cache
def scored():
    """Real against real, nulls, and crops of images that nobody has seen, by the gate's crops."""
    stated = check(ROOT / "params.yaml").cores
    small = {"size": 96, "train": 150, "search": 60, "gate": 60}
    cut = CropsConfig(**stated.crops.model_dump() | small)
    config = JudgingConfig(
        **stated.judging.model_dump() | {"cores": 60, "r_max": 40, "subset_size": 40}
    )
    crops = cut_crops(list(synthetic_shale(cut.synthetic, cut.seed)), cut)
    judge = Judge.fit(crops["train"].images, config, crops["gate"].images)
    views = {part: judge.view(crops[part].images) for part in ("train", "search", "gate")}
    floor = real_real(judge, views["train"], [views["search"], views["gate"]])
    sets = nulls(judge.training, 60, judge.segmentation, seed=1)
    sets["unseen"] = crops["report"].images[:60]
    other = cut_crops(list(synthetic_shale(cut.synthetic, cut.seed + 1)), cut)
    sets["another shale"] = other["gate"].images[:60]
    scores = {
        name: judge.scores(judge.view(images), views["gate"]) for name, images in sets.items()
    }
    return stated.gate, floor, scores


@pytest.mark.slow
@pytest.mark.parametrize("name", NULLS)
def test_each_null_is_refused_by_the_limits_alone(name):
    gate, floor, scores = scored()
    reasons = verdict(scores[name], floor, {}, gate, valid=True)
    assert any(reason.startswith("kid") for reason in reasons)
    assert any(not reason.startswith("kid") for reason in reasons)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["unseen", "another shale"])
def test_real_crops_pass_and_beat_every_null(name):
    gate, floor, scores = scored()
    rivals = {null: scores[null] for null in NULLS}
    assert verdict(scores[name], floor, rivals, gate, valid=True) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", NULLS)
def test_no_null_beats_a_null_of_its_kind(name):
    gate, floor, scores = scored()
    rivals = {null: scores[null] for null in NULLS}
    reasons = verdict(scores[name], floor, rivals, gate, valid=True)
    assert any(f"that of {name}" in reason for reason in reasons)
    assert [rule.score for rule in rules(floor, gate)] == [*LIMITED, RATIO]
