"""Statistics of segmented images: two-point correlation, Minkowski functionals, chord lengths."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poreops.base.arguments import checked_axis
from poreops.base.arrays import Integers
from poreops.errors import InputError

Floats = NDArray[np.float64]
_SLAB = 2**23  # voxels whose lines are transformed at a time


@dataclass(frozen=True)
class TwoPointCorrelation:
    """S2(r): probability that two points at distance r both lie in the phase (Torquato 2002).

    Attributes
    ----------
    lags : (r_max + 1,) int, 0, 1, ... [pixel]
    axes : (ndim, r_max + 1), along each axis
    radial : (r_max + 1,), over all directions: pairs whose distance rounds to the lag
    """

    lags: NDArray[np.int64]
    axes: Floats
    radial: Floats


def two_point_correlation(
    phase: NDArray[np.bool_], r_max: int | None = None
) -> TwoPointCorrelation:
    """Compute S2(r) of a 2D image along both axes and radially, by one Fourier transform.

    Only pairs inside the image count: the image is not periodic. Every value is a ratio of two
    whole numbers, so that the transform's rounding errors vanish.

    Parameters
    ----------
    phase : (rows, columns) bool
    r_max : largest lag; half the shorter edge by default

    Raises
    ------
    InputError
        If the image is not 2D, or not larger than the lag.
    """
    from scipy import fft

    if phase.ndim != 2:
        raise InputError(
            f"a radial correlation needs a 2D image, got shape {phase.shape}; use "
            "axis_correlation for volumes"
        )
    r_max = _checked_lag(phase, r_max)
    rows, columns = phase.shape
    # padded by the lags asked for: nothing wraps round within them
    padded = tuple(fft.next_fast_len(n + r_max, real=True) for n in phase.shape)
    # rows of padding are zero before the second transform
    lines = fft.rfft(phase.astype(np.float64), padded[1], axis=1)
    spectrum = fft.fft(lines, padded[0], axis=0, overwrite_x=True)
    power = spectrum.real**2 + spectrum.imag**2
    # back down the columns, then only along the rows that are needed: lags 0..r_max, the others
    # being the same pairs
    partial = fft.ihfft(power, axis=0)[: r_max + 1]
    hits = np.rint(fft.irfft(partial, padded[1], axis=1))
    down = np.arange(r_max + 1)
    across = np.arange(-r_max, r_max + 1)
    hits = hits[:, across]
    pairs = np.outer(rows - down, columns - np.abs(across)).astype(np.float64)
    distance = np.rint(np.hypot(down[:, None], across)).astype(np.int64)
    # a lag and its opposite are the same pairs
    counted = (distance <= r_max) & ((down[:, None] > 0) | (across >= 0))
    bins = distance[counted]
    radial = np.bincount(bins, hits[counted]) / np.bincount(bins, pairs[counted])
    along = [hits[:, r_max] / pairs[:, r_max], hits[0, r_max:] / pairs[0, r_max:]]
    return TwoPointCorrelation(down, np.stack(along), radial)


def axis_correlation(
    phase: NDArray[np.bool_], axis: int | str, r_max: int | None = None
) -> Floats:
    """Compute S2(r) along one axis of an image of any dimension.

    Parameters
    ----------
    phase : (nx, ny[, nz]) bool
    axis : 0, 1, 2 or "x", "y", "z", along which pairs are taken
    r_max : largest lag; half the axis by default

    Returns
    -------
    (r_max + 1,) float64
    """
    from scipy import fft

    lines = np.moveaxis(phase, checked_axis(axis, phase.ndim), -1)
    length = lines.shape[-1]
    r_max = _checked_lag(lines, r_max, (length,))
    lines = lines.reshape(-1, length)
    padded = fft.next_fast_len(length + r_max, real=True)
    power = np.zeros(padded // 2 + 1)
    step = max(_SLAB // length, 1)
    for start in range(0, len(lines), step):
        spectrum = fft.rfft(lines[start : start + step].astype(np.float64), padded)
        power += (spectrum.real**2 + spectrum.imag**2).sum(axis=0)
    hits = np.rint(fft.irfft(power, padded)[: r_max + 1])
    found: Floats = hits / (len(lines) * (length - np.arange(r_max + 1.0)))
    return found


def exponential(lags: Integers, share: float, length: float) -> Floats:
    """S2(r) = φ² + φ (1 - φ) exp(-r / a) of a random medium (Debye et al. 1957).

    Parameters
    ----------
    lags : r [pixel]
    share : φ of the phase
    length : a [pixel]
    """
    found: Floats = share**2 + share * (1 - share) * np.exp(-np.asarray(lags, float) / length)
    return found


def correlation_length(s2: Floats) -> float:
    """Fit a of the exponential [pixel] by least squares to S2 at the lags 0, 1, ...; φ = S2(0).

    Parameters
    ----------
    s2 : (lags,) float64

    Raises
    ------
    InputError
        If there is one phase only.
    """
    from scipy.optimize import minimize_scalar

    share = float(s2[0])
    if not 0 < share < 1:
        raise InputError(
            f"a correlation length needs two phases, got a share of {share:g}; segment otherwise"
        )
    lags = np.arange(len(s2))

    def misfit(log_length: float) -> float:
        return float(((exponential(lags, share, np.exp(log_length)) - s2) ** 2).sum())

    found = minimize_scalar(
        misfit, bounds=(np.log(0.05), np.log(100.0 * len(s2))), method="bounded"
    )
    return float(np.exp(found.x))


def correlation_and_nugget(s2: Floats) -> tuple[float, float]:
    """Fit S2(r) = φ² + (1 - n) φ (1 - φ) exp(-r / a) to the lags 1, 2, ...; φ = S2(0).

    What noise adds is at lag 0 alone, a nugget: the share n of the variance φ (1 - φ) that has no
    structure (Chilès and Delfiner 2012, section 2.3).

    Parameters
    ----------
    s2 : (r_max + 1,), S2 at the lags 0, 1, ...; three or more

    Returns
    -------
    float, float
        Correlation length a [pixel] and nugget n in 0..1.

    Raises
    ------
    InputError
        If there is one phase only.
    """
    from scipy.optimize import minimize_scalar

    share = float(s2[0])
    if not 0 < share < 1:
        raise InputError(f"a nugget needs two phases, got a share of {share:g}; segment otherwise")
    lags, excess = np.arange(1, len(s2)), (s2[1:] - share**2) / (share * (1 - share))

    def sill(length: float) -> float:
        decay = np.exp(-lags / length)
        return float(np.clip((decay @ excess) / (decay @ decay), 0, 1))

    def misfit(log_length: float) -> float:
        length = float(np.exp(log_length))
        return float(((sill(length) * np.exp(-lags / length) - excess) ** 2).sum())

    found = minimize_scalar(
        misfit, bounds=(np.log(0.3), np.log(100.0 * len(s2))), method="bounded"
    )
    length = float(np.exp(found.x))
    return length, 1 - sill(length)


def minkowski_densities(phase: NDArray[np.bool_]) -> dict[str, float]:
    """Minkowski functionals of a 2D phase per pixel of the image.

    Parameters
    ----------
    phase : (rows, columns) bool

    Returns
    -------
    dict
        ``area`` share, ``perimeter`` by Crofton's formula in four directions [1/pixel], and
        ``euler`` pieces less holes, neighbours by a face or a corner [1/pixel²].
    """
    from skimage.measure import euler_number, perimeter_crofton

    return {
        "area": float(phase.mean()),
        "perimeter": float(perimeter_crofton(phase, directions=4)) / phase.size,
        "euler": float(euler_number(phase, connectivity=2)) / phase.size,
    }


def chord_lengths(phase: NDArray[np.bool_], axis: int | str) -> NDArray[np.int64]:
    """Count the chords of a phase by their length: runs of its pixels along one axis.

    A chord that the edge of the image cuts counts as long as it is seen: compare images of one
    size (Torquato 2002, section 2.5).

    Parameters
    ----------
    phase : (n, rows, columns) bool, one image or more
    axis : 0 or "x" down the rows, 1 or "y" across the columns

    Returns
    -------
    (edge + 1,) int64: number of chords of 0, 1, 2, ... pixels
    """
    lines = np.moveaxis(phase, checked_axis(axis, 2) + 1, -1)
    edge = lines.shape[-1]
    framed = np.zeros((lines.size // edge, edge + 2), dtype=np.int8)
    framed[:, 1:-1] = lines.reshape(-1, edge)
    steps = np.diff(framed, axis=1)
    # row by row, so that the k-th start belongs to the k-th end
    lengths = np.nonzero(steps == -1)[1] - np.nonzero(steps == 1)[1]
    found: NDArray[np.int64] = np.bincount(lengths, minlength=edge + 1).astype(np.int64)
    return found


def lineal_path(chords: NDArray[np.int64], lines: int) -> Floats:
    """L(r): probability that a segment of r pixels lies wholly in the phase (Lu, Torquato 1992).

    A chord of l pixels holds l - r + 1 segments of r pixels, a line of the image edge - r + 1.

    Parameters
    ----------
    chords : (edge + 1,), of `chord_lengths`
    lines : number of lines that were read

    Returns
    -------
    (edge + 1,) float64, L(0) = 1, L(1) the share of the phase, ...
    """
    lengths = np.arange(len(chords))
    held = np.maximum(lengths[None, :] - lengths[:, None] + 1, 0) * (lengths[None, :] > 0)
    found: Floats = (held @ chords) / (lines * (len(chords) - lengths))
    found[0] = 1.0
    return found


def _checked_lag(
    phase: NDArray[np.bool_], r_max: int | None, shape: tuple[int, ...] | None = None
) -> int:
    shape = shape or phase.shape
    lag = min(shape) // 2 if r_max is None else r_max
    if not 0 <= lag < min(shape):
        raise InputError(
            f"a lag must be smaller than the image, got {lag} for {min(shape)} pixels; lower r_max"
        )
    return lag
