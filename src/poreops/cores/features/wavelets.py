"""Features of grey images without a trained network: what oriented wavelets find in them.

A second opinion beside a network of photographs: mean strength of a bank of log-Gabor filters, how
the strengths go together, and quantiles of grey, after Portilla and Simoncelli (2000, IJCV 40).
Nothing is learnt and nothing is fetched.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Grey = NDArray[np.float32]

SCALES, ORIENTATIONS = 4, 4
"""Wavelengths of 4, 8, 16 and 32 pixels; directions 45 degrees apart."""

_BANDS = SCALES * ORIENTATIONS
_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_MIDDLE, _UNIT = 128.0, 64.0  # grey values: so that quantiles weigh as much as the others
LENGTH = _BANDS + _BANDS * (_BANDS - 1) // 2 + len(_QUANTILES)
"""Number of features."""

_SHORTEST = 4.0  # wavelength [pixel]
_OCTAVES = 0.5  # width of a filter: standard deviation of log₂ of the frequency
_SPREAD = np.pi / ORIENTATIONS / 1.5  # and of the direction


def wavelet_features(images: Grey) -> Floats:
    """Describe images by wavelets, as they are: no pixel is resampled.

    Parameters
    ----------
    images : (n, rows, columns) float32, grey values 0..255

    Returns
    -------
    (n, `LENGTH`) float64
        log(1 + mean modulus) of every filter's answer, correlation coefficients of the moduli of
        every two, and quantiles of grey in units of 64 about 128.
    """
    return np.stack([_described(image) for image in images])


def _described(image: Grey) -> Floats:
    from scipy.fft import fft2, ifft2

    spectrum = fft2(image)
    moduli = np.abs(ifft2(spectrum * _filters(*image.shape))).reshape(_BANDS, -1)
    strength = moduli.mean(axis=1)
    moduli -= strength[:, None]
    squares = moduli @ moduli.T
    spread = np.sqrt(np.diag(squares))
    # of an image without contrast nothing goes together
    together = squares / np.maximum(np.outer(spread, spread), 1e-6)
    greys = (np.quantile(image, _QUANTILES) - _MIDDLE) / _UNIT
    upper = np.triu_indices(_BANDS, 1)
    return np.concatenate([np.log1p(strength), together[upper], greys]).astype(np.float64)


@cache
def _filters(rows: int, columns: int) -> NDArray[np.float32]:
    """Return the filters' answers to every frequency, (bands, rows, columns)."""
    down, across = np.meshgrid(np.fft.fftfreq(rows), np.fft.fftfreq(columns), indexing="ij")
    frequency, direction = np.hypot(down, across), np.arctan2(down, across)
    frequency[0, 0] = np.inf  # no filter sees the mean
    bank = []
    for scale in range(SCALES):
        octaves = np.log2(np.minimum(frequency, 1e9) * _SHORTEST * 2**scale)
        radial = np.exp(-0.5 * (octaves / _OCTAVES) ** 2)
        for k in range(ORIENTATIONS):
            # on one side only: the answer is complex and its modulus has no phase
            turned = np.angle(np.exp(1j * (direction - np.pi * k / ORIENTATIONS)))
            bank.append(radial * np.exp(-0.5 * (turned / _SPREAD) ** 2))
    return np.array(bank, dtype=np.float32)
