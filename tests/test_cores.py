"""The gate of the digital cores, the suite of their crops, and models by their URI."""

import numpy as np
import pytest
from tiny_core import model

from poreops.cores.gate import CoreGateConfig, load_core_model, verdict
from poreops.cores.suite import CoreValidationConfig, crop_facts, crop_suite
from poreops.errors import InputError
from poreops.expectations import validate

GATE = CoreGateConfig(kid_max=0.1, s2_error_max=1.0, copies_max=0.0)
GOOD = {"kid": 0.05, "s2_error": 0.5, "copies": 0.0}


@pytest.mark.parametrize(
    ("challenger", "champion", "valid", "reasons"),
    [
        (GOOD, None, True, []),
        (GOOD, {"kid": 0.06}, True, []),
        (GOOD, {"kid": 0.05}, True, ["kid 0.05 is not below the champion's 0.05"]),
        (GOOD, None, False, ["the crops did not pass their validation"]),
        (GOOD | {"kid": 0.2}, None, True, ["kid 0.2 is above 0.1"]),
        (GOOD | {"s2_error": 1.5}, None, True, ["s2_error 1.5 is above 1.0"]),
        (GOOD | {"copies": 0.01}, None, True, ["copies 0.01 is above 0.0"]),
        (GOOD | {"kid": float("nan")}, None, True, ["kid nan is above 0.1"]),
    ],
)
def test_the_gate(challenger, champion, valid, reasons):
    assert verdict(challenger, champion, valid, GATE) == reasons


# The suite

RNG = np.random.default_rng(0)


def crops():
    images = RNG.integers(60, 180, (6, 16, 16), dtype=np.uint8)
    return {"train": images[:4], "held_out": images[4:]}


def failed(parts):
    suite = crop_suite(CoreValidationConfig(contrast_min=2, saturated_max=0.1))
    return {check.column: check.rows for check in validate(crop_facts(parts), suite).failures}


def test_good_crops_pass():
    assert failed(crops()) == {}
    assert list(crop_facts(crops()).index[[0, 4]]) == ["train/0", "held_out/0"]


def test_bad_crops_are_found():
    parts = crops()
    parts["train"][1] = 100
    parts["train"][2, :8] = 255
    assert failed(parts) == {"contrast": ("train/1",), "saturated": ("train/2",)}


def test_a_crop_in_both_parts_is_found():
    parts = crops()
    parts["held_out"][1] = parts["train"][0]
    assert failed(parts) == {"twins": ("train/0", "held_out/1")}


@pytest.mark.parametrize(
    ("dtype", "scale", "columns"),
    [(np.uint16, 1, {"bits"}), (np.float32, 1, {"bits"}), (np.uint16, 4, {"bits", "brightest"})],
)
def test_another_type_is_found(dtype, scale, columns):
    parts = {part: scale * images.astype(dtype) for part, images in crops().items()}
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
