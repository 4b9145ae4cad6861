"""Segmentation finds pores under noise; structures are measured and told apart."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from poreops.cores.features.structure import (
    DISTANCES,
    Segmentation,
    distances,
    s2_error,
    structure,
)
from poreops.errors import InputError


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


def measured(images, like=None):
    return structure(images, Segmentation.fit(images if like is None else like, 0.0), 20)


def test_the_s2_error_is_a_share_of_the_curve():
    """Without a pore S2 is zero, and φ away from φ at lag 0: φ / (φ (1 - φ))."""
    real = measured(grey(blobs(30), 0))
    assert s2_error(real, real) == {"x": 0, "y": 0, "radial": 0}
    bare = measured(np.full((5, 64, 64), 120, np.uint8), like=grey(blobs(30), 0))
    share = real.shares["pore"].mean()
    for error in s2_error(bare, real).values():
        assert error == pytest.approx(1 / (1 - share))


def test_distances_tell_materials_apart_and_take_a_rock_for_itself():
    images = [grey(blobs(60, seed=s, width=w), 0) for s, w in ((0, 3.0), (1, 3.0), (2, 1.5))]
    real, alike, finer = (measured(each, like=images[0]) for each in images)
    assert distances(real, real) == dict.fromkeys(DISTANCES, 0.0)
    same, other = distances(alike, real), distances(finer, real)
    for name in ("s2", "correlation_length", "euler", "chords"):
        assert same[name] < 0.1
        assert other[name] > 3 * same[name]
    # both have a tenth of pores
    assert other["pore_share"] < 0.01
    # half the width: chords and lengths half as long, four times the pieces
    assert other["correlation_length"] == pytest.approx(0.5, abs=0.1)
    assert other["chords"] == pytest.approx(0.5, abs=0.1)
    assert other["euler"] == pytest.approx(3, rel=0.3)


def test_what_has_no_pore_is_one_away():
    real = grey(blobs(20), 0)
    real[:, :6, :6] = 220
    bare = measured(np.full((5, 64, 64), 120, np.uint8), like=real)
    found = distances(bare, measured(real))
    for name in ("correlation_length", "pore_share", "ore_share", "euler", "chords"):
        assert found[name] == pytest.approx(1)
    assert found["s2"] > 1


def test_the_distance_of_chords_is_that_of_their_distributions():
    """Stripes of 4 against stripes of 8 pixels: every chord moves by half of the longer one."""

    def stripes(width):
        return grey(np.broadcast_to((np.arange(64) // width) % 2 == 0, (3, 64, 64)), 0)

    found = distances(measured(stripes(4)), measured(stripes(8)))
    assert found["chords"] == pytest.approx(0.5)
    assert measured(stripes(8)).summary()["mean_chord"] == {"x": 64, "y": 8}


def test_constant_images_have_no_segmentation():
    with pytest.raises(
        InputError, match="must have contrast to be segmented, got the one value 7"
    ):
        Segmentation.fit(np.full((2, 8, 8), 7, np.uint8), 1.0)
