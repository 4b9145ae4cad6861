"""Noise is measured by grey level and along both axes, and drawn anew as it was."""

import numpy as np
import pytest
from scipy.ndimage import convolve1d

from poreops.cores.features.noise_law import split_noise

RNG = np.random.default_rng(0)


def noisy(correlation=0.0, dark=6.0, bright=14.0):
    """Halves of 70 and 160 under noise of their own, correlated along rows."""
    clean = np.broadcast_to(np.where(np.arange(64) < 32, 70.0, 160.0), (12, 64, 64))
    a = (1 - np.sqrt(1 - 2 * correlation**2)) / (2 * correlation) if correlation else 0.0
    white = RNG.standard_normal(clean.shape)
    noise = convolve1d(white, np.array([a, 1, a]) / np.sqrt(1 + 2 * a**2), axis=2, mode="wrap")
    sd = np.where(clean < 100, dark, bright)
    return clean, np.clip(np.rint(clean + sd * noise), 0, 255).astype(np.uint8)


def neighbours(noise, axis):
    one, other = np.moveaxis(noise, axis, 0)[1:], np.moveaxis(noise, axis, 0)[:-1]
    return np.corrcoef(one.ravel(), other.ravel())[0, 1]


@pytest.mark.parametrize("correlation", [0.0, 0.3])
def test_the_law_is_that_of_the_images(correlation):
    clean, images = noisy(correlation)
    structure, law = split_noise(images)
    flat = np.s_[:, :, 8:24], np.s_[:, :, 40:56]
    for part in flat:
        assert np.abs(structure[part] - clean[part]).mean() < 4
    assert np.interp(70, law.levels, law.sd) == pytest.approx(6, rel=0.2)
    assert np.interp(160, law.levels, law.sd) == pytest.approx(14, rel=0.2)
    again = np.stack([law.add(image, RNG) for image in clean])
    for part in flat:
        noise = [images[part] - clean[part], again[part] - clean[part]]
        assert noise[1].std() == pytest.approx(noise[0].std(), rel=0.2)
        for axis in (1, 2):
            assert neighbours(noise[1], axis) == pytest.approx(neighbours(noise[0], axis), abs=0.1)


def test_an_image_without_noise_is_its_structure():
    clean, _ = noisy()
    structure, law = split_noise(clean.astype(np.uint8))
    np.testing.assert_allclose(structure, clean, atol=1)
    np.testing.assert_allclose(law.add(clean[0], RNG), clean[0], atol=1)
