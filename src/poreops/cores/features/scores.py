"""Distances between two sets of images in the space of a feature extractor: FID and KID."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poreops.errors import InputError

Floats = NDArray[np.float64]

FEW = 50
"""With fewer images in a set, FID says more about their number than about them."""


@dataclass(frozen=True)
class Kid:
    """Kernel inception distance: mean over random subsets, and its standard deviation."""

    mean: float
    sd: float


def fid(first: Floats, second: Floats) -> float:
    """Fréchet distance of two normal distributions fitted to features (Heusel et al. 2017).

    FID = |µ₁ - µ₂|² + tr(Σ₁ + Σ₂ - 2 (Σ₁ Σ₂)^½). With centred features A, B the trace of the root
    is the sum of the singular values of A Bᵀ / √((n - 1)(m - 1)), which also holds where fewer
    images than features leave the covariances singular.

    Parameters
    ----------
    first, second : (n, d), (m, d) float64

    Raises
    ------
    InputError
        If a set has fewer than two images.
    """
    _check(first, second)
    difference = first.mean(axis=0) - second.mean(axis=0)
    a = (first - first.mean(axis=0)) / np.sqrt(len(first) - 1)
    b = (second - second.mean(axis=0)) / np.sqrt(len(second) - 1)
    if len(a) > a.shape[1] or len(b) > b.shape[1]:
        # the singular values of A Bᵀ are those of the small product of the two factors
        a, b = np.linalg.qr(a, mode="r"), np.linalg.qr(b, mode="r")
    root = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    found = float(difference @ difference + (a**2).sum() + (b**2).sum() - 2 * root)
    return max(found, 0.0)  # rounding errors of equal sets


def squared_mmd(first: Floats, second: Floats) -> float:
    """Unbiased squared maximum mean discrepancy with the kernel (xᵀy/d + 1)³.

    Mean kernel of different images within each set, less twice that between the sets (Bińkowski et
    al. 2018); zero on average, and negative half the time, for sets of one distribution.

    Parameters
    ----------
    first, second : (n, d), (m, d) float64
    """
    _check(first, second)
    between = _kernel(first, second).mean()
    return _mean_of_others(first) + _mean_of_others(second) - 2 * float(between)


def kid(first: Floats, second: Floats, *, subsets: int, size: int, seed: int) -> Kid:
    """Average `squared_mmd` over random subsets of both sets, drawn without replacement.

    Parameters
    ----------
    first, second : (n, d), (m, d) float64
    subsets : how many
    size : images of each set in a subset; at most the smaller set
    seed : of the subsets
    """
    _check(first, second)
    size = min(size, len(first), len(second))
    rng = np.random.default_rng(seed)
    found = [
        squared_mmd(
            first[rng.choice(len(first), size, replace=False)],
            second[rng.choice(len(second), size, replace=False)],
        )
        for _ in range(subsets)
    ]
    return Kid(float(np.mean(found)), float(np.std(found)))


def complaints(first: int, second: int, length: int) -> list[str]:
    """Say what makes the FID of so many images, with so many features, biased.

    Parameters
    ----------
    first, second : images in each set
    length : features of each
    """
    smaller = min(first, second)
    found = []
    if smaller < FEW:
        found.append(
            f"FID of fewer than {FEW} images is strongly biased, got {smaller}; compare by KID"
        )
    if smaller <= length:
        found.append(
            f"the covariance of {smaller} images with {length} features is singular: FID is "
            "comparable only with scores of the same number of images"
        )
    return found


def _kernel(first: Floats, second: Floats) -> Floats:
    found: Floats = (first @ second.T / first.shape[1] + 1.0) ** 3
    return found


def _mean_of_others(features: Floats) -> float:
    """Mean kernel over pairs of different images."""
    kernel, n = _kernel(features, features), len(features)
    return float((kernel.sum() - np.trace(kernel)) / (n * (n - 1)))


def _check(first: Floats, second: Floats) -> None:
    if min(len(first), len(second)) < 2:
        raise InputError(
            f"a distance needs two or more images in each set, got {len(first)} and "
            f"{len(second)}; add images"
        )
