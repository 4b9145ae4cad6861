"""Nulls know a few numbers of the rock and nothing of its structure."""

import numpy as np
import pytest
from tiny.cores import crops

from poreops.cores.features.detector_noise import DetectorNoise
from poreops.cores.features.structure import Segmentation, structure
from poreops.cores.judging.nulls import NULLS, nulls

TRAINING = crops(48)[0]
SEGMENTATION = Segmentation.fit(TRAINING, 1.5)
FOUND = nulls(TRAINING, 12, SEGMENTATION, seed=1)


def test_nulls_are_sets_like_the_crops_and_the_same_again():
    assert set(FOUND) == set(NULLS)
    for name, images in nulls(TRAINING, 12, SEGMENTATION, seed=1).items():
        assert images.shape == (12, 48, 48)
        assert images.dtype == np.uint8
        np.testing.assert_array_equal(images, FOUND[name])
    other = nulls(TRAINING, 12, SEGMENTATION, seed=2)
    for name in ("noise", "shuffled", "blobs"):
        assert (other[name] != FOUND[name]).mean() > 0.5


def test_a_constant_has_one_value():
    assert set(np.unique(FOUND["constant"])) == {np.median(TRAINING)}


def test_noise_is_that_of_the_detector_and_has_no_pore():
    real = DetectorNoise.measure(TRAINING).sd
    assert DetectorNoise.measure(FOUND["noise"]).sd == pytest.approx(real, rel=0.05)
    assert SEGMENTATION.pores(FOUND["noise"]).mean() < 1e-3


def test_shuffled_crops_keep_their_grey_values_only():
    values = {np.sort(crop.ravel()).tobytes() for crop in TRAINING}
    assert {np.sort(crop.ravel()).tobytes() for crop in FOUND["shuffled"]} <= values
    neighbours = [
        np.corrcoef(images[:, 1:].ravel(), images[:, :-1].ravel())[0, 1]
        for images in (FOUND["shuffled"], TRAINING)
    ]
    assert neighbours[0] < 0.2 < 0.8 < neighbours[1]


def test_blobs_are_a_rival_with_the_share_and_the_width_of_the_pores():
    """The strongest null: it would be a weak one without them."""
    drawn = nulls(TRAINING, 60, SEGMENTATION, seed=1)["blobs"]
    real, found = (structure(each, SEGMENTATION, 12) for each in (TRAINING, drawn))
    share = real.shares["pore"].mean()
    assert found.shares["pore"].mean() == pytest.approx(share, rel=0.25)
    lengths = [each.summary()["s2"]["radial"]["correlation_length"] for each in (real, found)]
    assert lengths[1] == pytest.approx(lengths[0], rel=0.4)
    assert found.shares["ore"].max() == 0 < real.shares["ore"].mean()
