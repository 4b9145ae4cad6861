"""The gate of the digital cores refuses what learned nothing; the suite; models by their URI."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from tiny.cores import model

from poreops.cores.crops import PARTS, Crops, cut_crops
from poreops.cores.gate import LIMITED, GateConfig, best, rules, verdict
from poreops.cores.judging.evaluation import COMPARED, Judge, JudgingConfig, real_real
from poreops.cores.judging.nulls import NULLS, nulls
from poreops.cores.registry import load_core_model
from poreops.cores.suites import ValidationConfig, crop_facts, crop_suite
from poreops.errors import InputError
from poreops.mlops.expectations import validate
from poreops.params import resolve
from poreops.synthetic.shale import synthetic_shale

ROOT = Path(__file__).parents[2]
REAL = dict.fromkeys(LIMITED, 0.1) | {"kid": 0.001, "copies": 0.0}
TOLERANCE = dict.fromkeys(LIMITED, 0.15) | {"kid": 0.01, "copies": 0.02}
GATE = GateConfig(times=2, tolerance=TOLERANCE, margin=0.5)
GOOD = dict.fromkeys(LIMITED, 0.1) | {"kid": 0.005, "copies": 0.0}
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
        (
            {"kid": 0.01}, None, True,
            ["kid 0.01 is not below 0.5 times that of round blobs, 0.02"],
        ),
    ],
)  # fmt: skip
def test_the_gate(changes, standing, valid, reasons):
    found = verdict(GOOD | changes, REAL, BLOBS, GATE, valid=valid, standing=standing)
    assert found == reasons


@pytest.mark.parametrize("name", LIMITED)
def test_every_score_is_limited_and_may_not_be_missing(name):
    scores = {key: value for key, value in GOOD.items() if key != name}
    assert any(reason.startswith(name) for reason in verdict(scores, REAL, {}, GATE, valid=True))
    assert set(LIMITED) == {*COMPARED, "copies"}


def test_a_limit_for_each_score_is_asked_for():
    with pytest.raises(ValidationError, match="a tolerance is needed for each of kid, s2"):
        GateConfig(times=2, tolerance={"kid": 0.1}, margin=1)


def test_what_passes_is_offered_before_what_has_a_lower_kid():
    scores = {"wgan_gp/1": {"kid": 0.2}, "dcgan/1": {"kid": 0.1}, "dcgan/2": {"kid": 0.15}}
    refused = {name: ["s2"] for name in scores}
    assert best(scores, refused) == "dcgan/1"
    assert best(scores, refused | {"wgan_gp/1": []}) == "wgan_gp/1"


# The gate of params.yaml on the synthetic shale


@cache
def scored():
    """Real against real, nulls, and crops of images that nobody has seen, by the gate's crops."""
    params = resolve(ROOT / "params.yaml", ROOT / "profiles")
    content = params.shale.model_dump() | {"size": 96, "train": 150, "search": 60, "gate": 60}
    shale = type(params.shale)(**content)
    config = JudgingConfig(
        **params.evaluate_wgan.model_dump() | {"cores": 60, "r_max": 40, "subset_size": 40}
    )
    crops = cut_crops(list(synthetic_shale(shale.synthetic, shale.seed)), shale)
    judge = Judge.fit(crops["train"].images, config)
    views = {part: judge.view(crops[part].images) for part in ("train", "search", "gate")}
    floor = real_real(judge, views["train"], [views["search"], views["gate"]])
    sets = nulls(judge.training, 60, judge.segmentation, seed=1)
    sets["unseen"] = crops["report"].images[:60]
    other = cut_crops(list(synthetic_shale(shale.synthetic, shale.seed + 1)), shale)
    sets["another shale"] = other["gate"].images[:60]
    scores = {
        name: judge.scores(judge.view(images), views["gate"]) for name, images in sets.items()
    }
    return params.wgan_gate, floor, scores


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
    assert [rule.score for rule in rules(floor, gate)] == list(LIMITED)


# The suite

RNG = np.random.default_rng(0)


def crops():
    """Return four parts of two crops each, from slices of their own."""
    images = RNG.integers(60, 180, (8, 16, 16), dtype=np.uint8)
    return {
        part: Crops(
            images[2 * i : 2 * i + 2],
            np.full(2, i, np.int32),
            np.array([[0, 0], [0, 16]], np.int32),
        )
        for i, part in enumerate(PARTS)
    }


def failed(parts):
    suite = crop_suite(ValidationConfig(contrast_min=2, saturated_max=0.1))
    return {check.column: check.rows for check in validate(crop_facts(parts), suite).failures}


def test_good_crops_pass():
    assert failed(crops()) == {}
    assert list(crop_facts(crops()).index[[0, 7]]) == ["train/0", "report/1"]


def test_bad_crops_are_found():
    parts = crops()
    parts["train"].images[1] = 100
    parts["search"].images[0, :8] = 255
    assert failed(parts) == {"contrast": ("train/1",), "saturated": ("search/0",)}


def test_a_crop_in_two_parts_is_found():
    parts = crops()
    parts["report"].images[1] = parts["train"].images[0]
    assert failed(parts) == {"twins": ("train/0", "report/1")}


def test_crops_of_two_parts_that_share_a_pixel_are_found():
    """One corner pixel of a crop of the report in a crop of the search."""
    parts = crops()
    parts["report"].slices[0] = 1
    parts["report"].corners[0] = (15, 31)
    assert failed(parts) == {"shared": ("search/1", "report/0")}


@pytest.mark.parametrize(
    ("dtype", "scale", "columns"),
    [(np.uint16, 1, {"bits"}), (np.float32, 1, {"bits"}), (np.uint16, 4, {"bits", "brightest"})],
)
def test_another_type_is_found(dtype, scale, columns):
    parts = {
        part: Crops(scale * cut.images.astype(dtype), cut.slices, cut.corners)
        for part, cut in crops().items()
    }
    assert columns <= set(failed(parts)) <= columns | {"darkest"}


# Models by their URI


def test_a_folder_is_a_model_and_an_empty_one_is_not(tmp_path):
    model().save(tmp_path / "deep/wgan_gp")
    (tmp_path / "deep/MLmodel").write_text("flavors: {}\n")
    found = load_core_model(str(tmp_path / "deep"))
    np.testing.assert_array_equal(found.generate(1), model().generate(1))
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty/MLmodel").write_text("flavors: {}\n")
    with pytest.raises(InputError, match=r"must be a digital core model, got 0 files core\.json"):
        load_core_model(str(tmp_path / "empty"))
