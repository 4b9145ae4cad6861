"""Segmentation finds pores under noise, structure is measured, copies are found."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from poreops.errors import InputError
from poreops.learning.core_evaluation import (
    CoreEvaluationConfig,
    Segmentation,
    feature_scores,
    likeness,
    likeness_summary,
    s2_error,
    structure,
)

RNG = np.random.default_rng(0)


def blobs(count, edge=64, share=0.1, width=3.0, seed=0):
    rng = np.random.default_rng(seed)
    fields = gaussian_filter(
        rng.standard_normal((count, edge, edge)), (0, width, width), mode="wrap"
    )
    return fields > np.quantile(fields, 1 - share)


def grey(pores, noise, seed=1):
    values = np.where(pores, 50.0, 120.0) + np.random.default_rng(seed).normal(
        0, noise, pores.shape
    )
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def test_smoothing_lets_otsu_find_pores_instead_of_noise():
    pores = blobs(20, share=0.04)
    images = grey(pores, noise=24)
    shares = {s: Segmentation.fit(images, s).pores(images).mean() for s in (0.0, 1.5)}
    assert abs(shares[1.5] - 0.04) < 0.01
    assert shares[0.0] > 0.1


def test_ores_are_what_is_as_bright_as_pores_are_dark():
    images = grey(blobs(10), noise=3)
    images[:, :6, :6] = 220
    segmentation = Segmentation.fit(images, 0.0)
    assert segmentation.ores(images).mean() == pytest.approx(36 / 64**2, abs=1e-3)
    assert not (segmentation.ores(images) & segmentation.pores(images)).any()


def test_structure_is_that_of_the_pores():
    pores = blobs(12)
    images = grey(pores, noise=0)
    found = structure(images, Segmentation.fit(images, 0.0), 20)
    np.testing.assert_allclose(found.shares["pore"], pores.mean(axis=(1, 2)))
    assert {name: curves.shape for name, curves in found.s2.items()} == {
        "x": (12, 21), "y": (12, 21), "radial": (12, 21)
    }  # fmt: skip
    summary = found.summary()
    assert summary["pore"] == summary["area"]
    assert 1 < summary["s2"]["radial"]["correlation_length"] < 10
    for key in ("x", "y"):
        lengths = [summary["s2"][name]["correlation_length"] for name in (key, "radial")]
        assert lengths[0] == pytest.approx(lengths[1], rel=0.3)


def test_the_s2_error_tells_materials_apart():
    images = [grey(blobs(30, seed=s, width=w), 0) for s, w in ((0, 3.0), (1, 3.0), (2, 1.0))]
    segmentation = Segmentation.fit(images[0], 0.0)
    real, alike, finer = (structure(each, segmentation, 20) for each in images)
    assert s2_error(real, real) == {"x": 0, "y": 0, "radial": 0}
    assert s2_error(alike, real)["radial"] < 1 < s2_error(finer, real)["radial"]


def test_lags_at_which_no_image_differs_measure_nothing():
    images = np.full((3, 40, 40), 120, np.uint8)
    for i, image in enumerate(images):
        image[5 : 8 + i, 5:8] = 40
    found = structure(images, Segmentation.fit(images, 0.0), 20)
    assert np.isfinite(list(s2_error(found, found).values())).all()


def test_constant_images_have_no_segmentation():
    with pytest.raises(
        InputError, match="must have contrast to be segmented, got the one value 7"
    ):
        Segmentation.fit(np.full((2, 8, 8), 7, np.uint8), 1.0)


def test_copies_are_found_wherever_they_come_from():
    training = grey(blobs(8, edge=128, width=6.0), noise=15)
    strange = grey(blobs(6, edge=128, width=6.0, seed=77), noise=15, seed=3)
    copies = strange.copy()
    # the middle of a crop, moved, under new noise
    moved = np.where(np.roll(blobs(8, edge=128, width=6.0)[3], (8, -12), (0, 1)), 50.0, 120.0)
    copies[2] = np.clip(moved + RNG.normal(0, 15, moved.shape), 0, 255).astype(np.uint8)
    copies[4] = training[5]
    copies[5] = 120
    found = likeness(copies, training)
    assert found[2] > 0.9
    assert found[4] == pytest.approx(1, abs=1e-3)
    assert found[5] == 0
    assert likeness(strange, training).max() < 0.9
    assert likeness_summary(found)["copies"] == pytest.approx(2 / 6)
    assert likeness_summary(likeness(strange, training))["copies"] == 0


def test_scores_are_labelled():
    config = CoreEvaluationConfig(
        seed=1, cores=10, r_max=5, smoothing=1, extractor="efficientnet-lite0", subsets=3,
        subset_size=8,
    )  # fmt: skip
    one, other = RNG.normal(size=(2, 10, 30))
    found = feature_scores(one, other[:9], config, "efficientnet-lite0-1280")
    assert set(found) == {"fid", "kid", "extractor", "n", "warnings"}
    assert found["n"] == [10, 9]
    assert found["extractor"] == "efficientnet-lite0-1280"
    assert set(found["kid"]) == {"mean", "sd"}
    assert "fewer than 50 images" in found["warnings"][0]
