"""Copies of the training crops: how like one of them an image is, wherever it was taken from.

A generator that only repeats its crops scores well by every distance. What is asked is therefore
how near its images lie to the training crops, against how near real crops of other places do.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Grey = NDArray[np.uint8]

_BIN = 4  # pixels averaged along each axis before copies are looked for: noise is no structure
COPIED = 0.9
"""A likeness above this is a copy: what noise is left after binning lowers that of a copy less."""

WINDOWS: Mapping[str, float] = {"copies_ratio": 0.5, "pieces_ratio": 0.25}
"""Name of a ratio → edge of its window, as a share of that of the image."""


def likeness(images: Grey, training: Grey, share: float = WINDOWS["copies_ratio"]) -> Floats:
    """Correlation of the middle of each image with the most similar place of all training crops.

    The images are averaged over cells of four pixels, and the middle of each, as it is and
    mirrored, is moved over every crop (normalised cross-correlation, Lewis 1995): a crop that was
    copied gives nearly 1 wherever it was copied from.

    Parameters
    ----------
    images : (n, rows, columns) uint8
    training : (m, rows, columns) uint8, of the same size
    share : edge of the middle, as a share of that of the image

    Returns
    -------
    (n,) float64 in -1..1; 0 for an image without structure.
    """
    from scipy import fft

    crops = _binned(training)
    rows, columns = crops.shape[1:]
    inner = max(round(share * rows), 2), max(round(share * columns), 2)
    spectra = fft.rfft2(crops.astype(np.float32))
    deviation = _local_deviation(crops, inner)
    found = np.zeros(len(images))
    for i, image in enumerate(_binned(images)):
        top, left = (rows - inner[0]) // 2, (columns - inner[1]) // 2
        template = image[top : top + inner[0], left : left + inner[1]]
        template = template - template.mean()
        norm = np.sqrt((template**2).sum())
        if norm < 1e-9:
            continue
        turned = (template, template[::-1], template[:, ::-1], template[::-1, ::-1])
        best = []
        for one in turned:
            moved = fft.rfft2(one.astype(np.float32), (rows, columns))
            products = fft.irfft2(spectra * moved.conj(), (rows, columns))
            products = products[:, : rows - inner[0] + 1, : columns - inner[1] + 1]
            best.append((products / (norm * deviation)).max())
        found[i] = float(max(best))
    return found


def copies_share(values: Floats) -> float:
    """Return the share of images that are copies.

    Parameters
    ----------
    values : (n,) float64, of `likeness`
    """
    return float((values > COPIED).mean())


def copies_ratio(found: Floats, unseen: Floats) -> float:
    """Distance of generated images to the training crops, over that of real crops of other places.

    The distance of two windows without their means and of norm one is √(2 (1 - likeness)). 1 is
    what a new piece of the rock has; below it lie copies, above it what is like no rock.

    Parameters
    ----------
    found : (n,) float64, `likeness` of the generated images
    unseen : (m,) float64, of real images that nobody trained on
    """
    far = [np.sqrt(2 * np.maximum(1 - values, 0)).mean() for values in (found, unseen)]
    return float(far[0] / max(far[1], 1e-9))


def _local_deviation(crops: Floats, window: Sequence[int]) -> Floats:
    """Root of the sum of squared deviations in each window of each crop."""
    views = [_window_sums(values, window) for values in (crops, crops**2)]
    total = views[1] - views[0] ** 2 / (window[0] * window[1])
    found: Floats = np.sqrt(np.maximum(total, 1e-6))
    return found


def _window_sums(values: Floats, window: Sequence[int]) -> Floats:
    sums = np.pad(values.cumsum(axis=1).cumsum(axis=2), ((0, 0), (1, 0), (1, 0)))
    h, w = window
    found: Floats = sums[:, h:, w:] - sums[:, :-h, w:] - sums[:, h:, :-w] + sums[:, :-h, :-w]
    return found


def _binned(images: Grey) -> Floats:
    n, rows, columns = images.shape
    rows, columns = rows // _BIN, columns // _BIN
    cut = images[:, : rows * _BIN, : columns * _BIN].astype(np.float64)
    # without the mean grey, sums of squares keep their digits
    means: Floats = cut.reshape(n, rows, _BIN, columns, _BIN).mean(axis=(2, 4))
    means -= means.mean()
    return means
