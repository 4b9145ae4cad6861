"""Wavelets need no weights: they tell directions and lengths, and order damage as networks do."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, rotate

from poreops.cores.features.extractors import extractor
from poreops.cores.features.scores import squared_mmd
from poreops.cores.features.wavelets import LENGTH, ORIENTATIONS, SCALES, wavelet_features
from poreops.synthetic.shale import SyntheticShaleConfig, synthetic_shale

BANDS = SCALES * ORIENTATIONS


def wave(wavelength, degrees, edge=64):
    """A wave that goes so many degrees from down towards across."""
    rows, columns = np.mgrid[:edge, :edge]
    angle = np.deg2rad(degrees)
    way = columns * np.cos(angle) + rows * np.sin(angle)
    return (128 + 50 * np.cos(2 * np.pi * way / wavelength)).astype(np.float32)


@pytest.mark.parametrize("scale", range(SCALES))
@pytest.mark.parametrize("turn", range(ORIENTATIONS))
def test_a_wave_is_found_in_the_band_of_its_length_and_direction(scale, turn):
    length = 4 * 2**scale * (np.sqrt(2) if turn % 2 else 1)  # periodic along both axes
    found = wavelet_features(wave(length, 45 * turn)[None])[0, :BANDS]
    best = int(np.argmax(found))
    assert best % ORIENTATIONS == turn
    assert best // ORIENTATIONS in ({scale, min(scale + 1, SCALES - 1)} if turn % 2 else {scale})


def test_an_image_without_contrast_has_no_strength():
    found = wavelet_features(np.full((1, 40, 50), 128, np.float32))[0]
    np.testing.assert_allclose(found, 0, atol=1e-4)


def shale(count, seed):
    config = SyntheticShaleConfig(
        images=count, shape=96, pore_share=0.05, fractures=100, ores=200, noise=6
    )
    return synthetic_shale(config, seed)


def test_scores_order_noise_blur_and_another_material():
    wavelets = extractor("wavelets")
    assert (wavelets.name, wavelets.length) == (f"wavelets-{LENGTH}", LENGTH)
    real, more = shale(40, 1), shale(40, 2)
    rng = np.random.default_rng(0)
    noisy = np.clip(more + rng.normal(0, 4, more.shape), 0, 255).astype(np.uint8)
    blurred = np.stack([gaussian_filter(image, 2.0) for image in more])
    other = (255 * rng.random((40, 96, 96)) > 128).astype(np.uint8) * 200 + 20
    sets = [wavelets.features(images) for images in (real, more, noisy, blurred, other)]
    assert sets[0].shape == (40, LENGTH)
    found = [squared_mmd(sets[0], features) for features in sets[1:]]
    assert found == sorted(found)
    assert found[1] > 3 * abs(found[0])


def test_features_do_not_depend_on_the_batch_and_see_a_turn():
    images = shale(18, 3)
    wavelets = extractor("wavelets")
    together = wavelets.features(images)
    np.testing.assert_array_equal(wavelets.features(images[17:]), together[17:])
    stripes = wave(8, 0)[None]
    turned = rotate(stripes, 90, axes=(1, 2))
    assert np.abs(wavelet_features(stripes) - wavelet_features(turned))[0, :BANDS].max() > 1
