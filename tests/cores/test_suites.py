"""The suite finds crops that are bad, and crops that are in two parts."""

import numpy as np
import pytest

from poreops.cores.crops import PARTS, Crops
from poreops.cores.suites import ValidationConfig, crop_facts, crop_suite
from poreops.mlops.expectations import validate

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
