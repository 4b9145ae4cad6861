"""Noise is measured beside structure, and its kernel makes the colour that was measured."""

import numpy as np
import pytest
from scipy.ndimage import convolve, gaussian_filter

from poreops.cores.features.detector_noise import DetectorNoise


def images(kernel, sd, seed=0, structure=True):
    rng = np.random.default_rng(seed)
    noise = convolve(rng.standard_normal((6, 128, 128)), kernel[None], mode="wrap")
    grey = 120 + sd * noise
    if structure:
        field = gaussian_filter(rng.standard_normal((6, 128, 128)), (0, 6, 6), mode="wrap")
        grey[field > np.quantile(field, 0.92)] -= 70
        grey += 4 * gaussian_filter(rng.standard_normal(grey.shape), (0, 10, 10), mode="wrap") * 30
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("sd", [4.0, 15.0])
@pytest.mark.parametrize("correlation", [(0.0, 0.0), (0.0, 0.3), (0.2, -0.1)])
def test_noise_is_measured_under_pores_and_texture(sd, correlation):
    kernel = DetectorNoise(sd, correlation).kernel
    found = DetectorNoise.measure(images(kernel, sd))
    assert found.sd == pytest.approx(sd, rel=0.05)
    np.testing.assert_allclose(found.correlation, correlation, atol=0.05)


@pytest.mark.parametrize("correlation", [(0.0, 0.0), (0.25, -0.4), (0.6, 0.0)])
def test_the_kernel_has_unit_power_and_the_colour(correlation):
    kernel = DetectorNoise(1.0, correlation).kernel
    assert (kernel**2).sum() == pytest.approx(1)
    down = (kernel[1:] * kernel[:-1]).sum()
    across = (kernel[:, 1:] * kernel[:, :-1]).sum()
    np.testing.assert_allclose((down, across), correlation, atol=1e-9)


def test_a_constant_image_has_no_noise():
    assert DetectorNoise.measure(np.full((2, 16, 16), 9, np.uint8)) == DetectorNoise(0, (0, 0))
