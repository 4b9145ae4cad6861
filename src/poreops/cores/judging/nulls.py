"""Images that learned nothing of a rock: what a generator must beat to be worth anything."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from poreops.cores.features.detector_noise import DetectorNoise
from poreops.cores.features.structure import Segmentation, smoothed, structure

Grey = NDArray[np.uint8]

_BLUR = 0.7  # pixels: the edge of a drawn blob
_TEXTURE = 2.0  # width of the texture in correlation lengths
_MAD = 1.4826  # standard deviations of a normal distribution in a median deviation


def nulls(training: Grey, count: int, segmentation: Segmentation, *, seed: int) -> dict[str, Grey]:
    """Draw sets of images from a few numbers of the training crops, and nothing learned.

    Parameters
    ----------
    training : (n, size, size) uint8
    count : images in each set
    segmentation : thresholds of the training crops
    seed : int

    Returns
    -------
    dict
        name → (count, size, size) uint8: ``constant`` the most frequent grey; ``noise`` that grey
        with white noise as strong as the detector's, without a pore; ``shuffled`` training crops
        with their pixels in random order; ``blobs`` a texture with noise and round pores, as many
        and about as wide as the rock's, without fractures and ores.
    """
    size, rng = training.shape[1], np.random.default_rng(seed)
    grey, noise = float(np.median(training)), DetectorNoise.measure(training).sd
    shape = (count, size, size)
    chosen = training[rng.integers(len(training), size=count)]
    return {
        "constant": _pixels(np.full(shape, grey)),
        "noise": _pixels(rng.normal(grey, noise, shape)),
        "shuffled": rng.permuted(chosen.reshape(count, -1), axis=1).reshape(shape),
        "blobs": _blobs(training, shape, segmentation, rng),
    }


def _blobs(
    training: Grey, shape: tuple[int, ...], segmentation: Segmentation, rng: np.random.Generator
) -> Grey:
    """Draw round pores on a texture with the share, width and greys of the training crops."""
    found = structure(training, segmentation, training.shape[1] // 4).summary()
    pores = segmentation.pores(training)
    dark, matrix = training[pores], training[~pores & ~segmentation.ores(training)]
    width = found["s2"]["radial"].get("correlation_length", 1.0)
    noise = DetectorNoise.measure(training).sd
    image = np.full(shape, float(np.median(matrix)))
    image += _texture_sd(training, segmentation, noise) * _field(shape, _TEXTURE * width, rng)
    field = _field(shape, width, rng)
    image[field > np.quantile(field, 1 - found["pore"]["mean"])] = np.median(dark)
    return _pixels(smoothed(image, _BLUR) + noise * rng.standard_normal(shape))


def _texture_sd(training: Grey, segmentation: Segmentation, noise: float) -> float:
    """Spread of the matrix under the noise: of smoothed images, less what noise leaves there."""
    width = 2.0
    smooth = smoothed(training, width)
    plain = ~(segmentation.pores(training) | segmentation.ores(training))
    spread = _MAD * np.median(np.abs(smooth[plain] - np.median(smooth[plain])))
    left = noise / (2 * width * np.sqrt(np.pi))
    return float(np.sqrt(max(spread**2 - left**2, 0.0)))


def _field(shape: tuple[int, ...], width: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw smooth normal numbers of unit spread that are periodic in each image."""
    from scipy.ndimage import gaussian_filter

    found: NDArray[np.float64] = gaussian_filter(
        rng.standard_normal(shape), (0, width, width), mode="wrap"
    )
    return found / max(float(found.std()), 1e-12)


def _pixels(values: NDArray[np.floating]) -> Grey:
    found: Grey = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return found


NULLS: Mapping[str, str] = {
    "constant": "a constant",
    "noise": "flat grey with white noise",
    "shuffled": "real crops with shuffled pixels",
    "blobs": "round blobs on a texture",
}
"""Names of `nulls` in words."""
