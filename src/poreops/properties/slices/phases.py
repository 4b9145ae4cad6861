"""Grey levels of pores and solid: thresholds that bright minerals and shading do not move.

Everything here takes the pores for the darker phase.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poreops.errors import InputError

Floats = NDArray[np.float32]

_BINS = 256
_AS_GOOD = 1e-3  # of the variance between the classes
_ROUNDS = 6  # of a threshold and the solid's level in turn
_FITS = 3  # of the shading and the levels in turn
_STEP = 0.004  # of the range of grey: thresholds nearer than that are the same
# a class above the threshold this small is a bright mineral, if two classes lie below, parted by
# a valley, whose upper one has most of the image
_MINERAL, _MAIN, _VALLEY = 0.2, 0.67, 3.6
_STATED = 0.03  # share of minerals that is told
# a third phase: its share, its contrast as a share of that of the two, its separation
_THIRD, _FURTHER, _APART = 0.15, 0.35, 4.5
# One peak gives a separation of 3.2 to 3.4, a histogram that is flat between the levels 2√3; two
# peaks with a valley between them more.
_ONE_PHASE, _HARDLY_TWO = 3.4, 3.55
_LEAST_SHARE = 0.003  # of a phase; less is outliers
# the two classes of a slice lie further apart than its noise, or it shows one phase only: the
# halves of plain noise have means 1.6 standard deviations apart before any denoising
_CONTRAST_TO_NOISE = 2.0
# a window has a threshold of its own if its classes are this much as far apart as the stack's
_WINDOW_CONTRAST = 0.6
_WINDOW_SHIFT = 0.25  # of the contrast, at most, beside the stack's threshold
_PIXELS = 100_000  # that levels and shading are taken from, about
_LEAST_SOLID = 100  # pixels that a shading is fitted to


@dataclass(frozen=True)
class Levels:
    """Grey levels of two phases.

    threshold : darker is pore. dark, bright : of the phases. share : of the dark phase.
    separation : distance of the phases over their spread towards each other.
    """

    threshold: float
    dark: float
    bright: float
    share: float
    separation: float

    @property
    def contrast(self) -> float:
        """Distance of the phases [grey level]."""
        return self.bright - self.dark

    @property
    def doubtful(self) -> bool:
        """Whether the valley between the phases is hardly one."""
        return self.separation < _HARDLY_TWO


def levels(values: Floats) -> Levels:
    """Return the levels of pores and solid, by Otsu's threshold without the bright minerals.

    What is brighter than the solid counts as the solid: else a few bright grains draw the
    threshold up, between themselves and the solid.

    Parameters
    ----------
    values : (n,) float32
    """
    threshold = _otsu(values)
    below = values[values <= threshold]
    if 0 < len(values) - len(below) < _MINERAL * len(values):
        lower = _split(below, _otsu(below))
        main = (1 - lower.share) * len(below) / len(values)
        if lower.separation > _VALLEY and lower.share > _LEAST_SHARE and main > _MAIN:
            threshold = lower.threshold
    step = _STEP * float(np.ptp(values))
    for _ in range(_ROUNDS):
        above = values[values > threshold]
        if not len(above):
            break
        last, threshold = threshold, _otsu(np.minimum(values, np.median(above)))
        if abs(threshold - last) <= step:
            break
    return _split(values, threshold)


def sample(values: Floats) -> Floats:
    """Return evenly spaced ones of many values, enough for the levels.

    Parameters
    ----------
    values : greys of any number
    """
    return values[:: max(len(values) // _PIXELS, 1)]


def check_two_phases(values: Floats, found: Levels, noise: float, name: str) -> str | None:
    """Check that a histogram has two phases.

    Parameters
    ----------
    values : (n,) float32, without noise and shading
    found : their levels
    noise : standard deviation of the noise before denoising [grey level]
    name : of the image, for messages

    Returns
    -------
    A warning where the valley between the two is shallow, or None.

    Raises
    ------
    InputError
        One phase, or three.
    """
    for part in (values[values > found.threshold], values[values <= found.threshold]):
        further = levels(part)
        shares = np.array([further.share, 1 - further.share]) * len(part) / len(values)
        if (
            further.separation > _APART
            and further.contrast > _FURTHER * found.contrast
            and shares.min() > _THIRD
        ):
            greys = sorted({found.dark, found.bright, further.dark, further.bright})
            raise InputError(
                f"{name} must show pores and solid, its histogram shows three phases between grey "
                f"levels {greys[0]:.4g} and {greys[-1]:.4g}; say with a manual threshold "
                "(--threshold) which of them are pore"
            )
    few = not _LEAST_SHARE < found.share < 1 - _LEAST_SHARE
    if few or found.separation < _ONE_PHASE or found.contrast <= _CONTRAST_TO_NOISE * noise:
        raise InputError(
            f"{name} must show pores and solid, its histogram shows one phase: two classes differ "
            f"by {found.contrast:.3g} grey levels, {found.separation:.2g} times their spread (two "
            f"phases: {_ONE_PHASE}), at a noise of {noise:.3g}; leave it out or set a manual "
            "threshold (--threshold)"
        )
    if found.doubtful:
        return (
            "the histogram hardly shows two phases: the porosity depends on the threshold; give "
            "one with --threshold if you know it"
        )
    mineral = float((values > found.bright + found.contrast / 2).mean())
    if _otsu(values) > found.bright and mineral > _STATED:
        return (
            f"{100 * mineral:.0f} % of the image are brighter than the phase taken for solid and "
            "counted with it; give a threshold with --threshold if that phase is pore"
        )
    return None


def shading(stack: Floats, inside: NDArray[np.bool_]) -> Floats:
    """Return the slow change of the solid's grey level across the slices, (h, w), mean 0.

    A quadratic, as beam hardening makes it, fitted to what is neither pore nor bright mineral.

    Parameters
    ----------
    stack : (n, h, w) float32, without noise
    inside : (n, h, w) bool, the field of view
    """
    _, h, w = stack.shape
    y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j].astype(np.float32)
    terms = np.stack([np.ones_like(y), y, x, y * y, x * x, y * x], axis=-1)
    every = max(int(np.sqrt(stack.size / _PIXELS)), 1)
    some = np.zeros((h, w), bool)
    some[::every, ::every] = True
    where = np.nonzero(inside & some)
    values, columns = stack[where], terms[where[1:]]
    solid = np.ones(len(values), bool)
    known = np.zeros(terms.shape[-1], np.float32)
    for _ in range(_FITS):
        known = np.linalg.lstsq(columns[solid], values[solid], rcond=None)[0]
        flat = values - columns @ known
        found = levels(flat)
        solid = (flat > found.threshold) & (flat < found.bright + found.contrast / 2)
        if np.count_nonzero(solid) < _LEAST_SOLID:
            return np.zeros((h, w), np.float32)
    trend = terms @ known
    return np.asarray(trend - trend[inside.any(axis=0)].mean(), np.float32)


def local_thresholds(
    image: Floats, inside: NDArray[np.bool_], found: Levels, window: int
) -> Floats:
    """Interpolate the thresholds of windows that overlap by half.

    A window of one phase has the stack's, and none lies far from it: what is brighter than the
    solid is a mineral, and its halo no pore.

    Parameters
    ----------
    image : (h, w) float32, without noise and shading
    inside : (h, w) bool, the field of view
    found : levels of the stack
    window : edge [pixel]
    """
    from scipy.ndimage import zoom

    window = min(window, *image.shape)
    starts = [
        np.unique(np.linspace(0, n - window, max(2 * n // window - 1, 1)).astype(int))
        for n in image.shape
    ]
    capped = np.minimum(image, found.bright)
    thresholds = np.full([len(s) for s in starts], found.threshold, np.float32)
    shift = _WINDOW_SHIFT * found.contrast
    for i, y in enumerate(starts[0]):
        for j, x in enumerate(starts[1]):
            place = slice(y, y + window), slice(x, x + window)
            values = capped[place][inside[place]]
            if len(values) < window**2 / 4:
                continue
            local = _otsu(values)
            dark = values <= local
            if dark.all():
                continue
            if values[~dark].mean() - values[dark].mean() > _WINDOW_CONTRAST * found.contrast:
                thresholds[i, j] = np.clip(local, found.threshold - shift, found.threshold + shift)
    scale = [n / m for n, m in zip(image.shape, thresholds.shape, strict=True)]
    return np.asarray(zoom(thresholds, scale, order=1, mode="nearest", grid_mode=True), np.float32)


def _split(values: Floats, threshold: float) -> Levels:
    dark = values <= threshold
    if not dark.any() or dark.all():
        return Levels(threshold, threshold, threshold, float(dark.mean()), 0.0)
    low, high = values[dark], values[~dark]
    # medians, and the spread towards the other phase: minerals and gas do not count
    a, b = float(np.median(low)), float(np.median(high))
    inner = [((low[low >= a] - a) ** 2).mean(), ((high[high <= b] - b) ** 2).mean()]
    spread = float(np.sqrt(np.mean(inner)))
    return Levels(threshold, a, b, float(dark.mean()), (b - a) / max(spread, 1e-12))


def _otsu(values: Floats) -> float:
    """Return Otsu's threshold; of thresholds that are as good, as in an empty valley, the middle.

    scikit-image's takes the first of them, and shifts it with the range of the histogram.
    """
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return low
    counts, edges = np.histogram(values, bins=_BINS, range=(low, high))
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1].astype(float)
    above = counts.sum() - below
    mass = np.cumsum(counts * centres)
    apart = mass[:-1] / below - (mass[-1] - mass[:-1]) / above
    between = below * above * apart**2
    best = np.flatnonzero(between >= (1 - _AS_GOOD) * between.max())
    return float(edges[1:-1][best].mean())
