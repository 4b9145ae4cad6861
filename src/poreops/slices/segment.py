"""Segment grey slices: denoise, threshold, split the pores by a watershed."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.errors import InputError

Floats = NDArray[np.float32]

_BINS = 256
# the two classes of a slice lie further apart than its noise, or it shows one phase only: the
# halves of plain noise have means 1.6 standard deviations apart before any denoising
_CONTRAST_TO_NOISE = 2.0
# a window has a threshold of its own if its classes are this much as far apart as the stack's
_WINDOW_CONTRAST = 0.6


class SegmentConfig(BaseModel):
    """How slices are segmented.

    Attributes
    ----------
    denoise : "nlm" (non-local means), "gaussian", "median" or "none"
    threshold : "local_otsu" in overlapping windows, "otsu" of the whole stack, or "manual"
    level : grey level of the manual threshold, darker is pore; null for the others
    window : edge of the windows of the local threshold [pixel]
    min_area : smaller specks of either phase are taken for noise [pixel]
    min_distance : of two pore centres in the watershed [pixel]
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    denoise: Literal["nlm", "gaussian", "median", "none"]
    threshold: Literal["local_otsu", "otsu", "manual"]
    level: float | None
    window: Annotated[int, Field(ge=16)]
    min_area: Annotated[int, Field(ge=1)]
    min_distance: Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class Segmented:
    """Segmented slices of one rock.

    labels : (n, h, w) int32, 0 solid, 1.. the pores of each slice.
    threshold : (n,) float, mean threshold of each slice [grey level].
    """

    labels: NDArray[np.int32]
    threshold: NDArray[np.float64]


def segment(grey: NDArray[np.generic], config: SegmentConfig, name: str = "image") -> Segmented:
    """Segment a stack of grey slices; the pores are the darker phase.

    Parameters
    ----------
    grey : (n, h, w) integer or float
        In any scale of grey.
    config : SegmentConfig
    name : of the stack, for messages

    Raises
    ------
    InputError
        A slice is blank or shows one phase only; a manual threshold is missing.
    """
    stack = np.asarray(grey, dtype=np.float32)
    check_slices(stack, name)
    if config.threshold == "manual" and config.level is None:
        raise InputError(
            "a manual threshold must have a level, got segmentation.level null; "
            "give the grey level below which a pixel is pore"
        )
    noise = _noise(stack)
    smooth = np.stack([denoised(image, config.denoise) for image in stack])
    level, contrast = _otsu(smooth)
    # every sixteenth slice measures the noise; where it is unknown, the contrast decides
    if config.threshold != "manual" and not contrast > _CONTRAST_TO_NOISE * noise:
        raise InputError(
            f"{name} must show pores and solid, its two phases differ by {contrast:.3g} grey "
            f"levels at a noise of {noise:.3g}; leave it out or set a manual threshold"
        )
    labels, thresholds = np.empty(stack.shape, np.int32), np.empty(len(stack))
    for k, image in enumerate(smooth):
        if config.threshold == "manual":
            local = np.full(image.shape, config.level, np.float32)
        elif config.threshold == "otsu":
            local = np.full(image.shape, level, np.float32)
        else:
            local = _local_threshold(image, level, contrast, config.window)
        pore = _without_specks(image < local, config.min_area)
        if not pore.any() or pore.all():
            only = "pore" if pore.any() else "solid"
            raise InputError(
                f"slice {k} of {name} must show pores and solid, got {only} only; leave it out, "
                "or choose another threshold"
            )
        labels[k] = split_pores(pore, config.min_distance)
        thresholds[k] = local.mean()
    return Segmented(labels, thresholds)


def check_slices(stack: NDArray[np.generic], name: str) -> None:
    """Raise InputError unless these are slices (n, h, w) of at least 32 pixels, none blank."""
    if stack.ndim != 3 or min(stack.shape[1:]) < 32:
        raise InputError(
            f"slices must be at least 32 x 32 pixels, {name} has shape {stack.shape}; "
            "give larger slices"
        )
    if not np.isfinite(stack).all():
        raise InputError(f"grey levels must be finite, {name} holds NaN or infinity; repair it")
    blank = np.flatnonzero(stack.min(axis=(1, 2)) == stack.max(axis=(1, 2)))
    if len(blank):
        listed = ", ".join(map(str, blank[:5])) + ", …" * (len(blank) > 5)
        raise InputError(
            f"a slice must show something, {len(blank)} of {len(stack)} of {name} are blank "
            f"(number {listed}); leave them out"
        )


def denoised(image: Floats, method: str) -> Floats:
    """Return one slice (h, w) without its noise, edges kept as the method can."""
    if method == "nlm":
        from skimage.restoration import denoise_nl_means

        sigma = float(_noise(image[None]))
        if sigma == 0:
            return image
        # the patch distance is of the size of a pore: noise has no structure at that length
        return np.asarray(
            denoise_nl_means(
                image, patch_size=3, patch_distance=5, h=0.8 * sigma, sigma=sigma, fast_mode=True
            ),
            dtype=np.float32,
        )
    if method == "gaussian":
        from scipy.ndimage import gaussian_filter

        return np.asarray(gaussian_filter(image, 1.0))
    if method == "median":
        from scipy.ndimage import median_filter

        return np.asarray(median_filter(image, 3))
    return image


def split_pores(pore: NDArray[np.bool_], min_distance: int) -> NDArray[np.int32]:
    """Split the pores of a slice (h, w) at their necks: watershed of the distance to the solid.

    Returns
    -------
    (h, w) int32
        0 solid, 1.. pores.
    """
    import edt
    from scipy.ndimage import gaussian_filter
    from skimage.feature import peak_local_max
    from skimage.measure import label
    from skimage.segmentation import watershed

    # a slight blur, so that a plateau is one peak
    distance = gaussian_filter(edt.edt(pore), 0.5)
    clusters = label(pore, connectivity=1)
    peaks = peak_local_max(
        distance, min_distance=min_distance, labels=clusters, exclude_border=False
    )
    markers = np.zeros(pore.shape, np.int32)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    return np.asarray(watershed(-distance, markers, mask=pore), dtype=np.int32)


def _noise(stack: Floats) -> float:
    """Return the noise's standard deviation: the median absolute detail (Donoho & Johnstone)."""
    some = stack[:: max(len(stack) // 4, 1)]
    h, w = (n - n % 2 for n in some.shape[1:])
    a, b = some[:, 0:h:2, 0:w:2], some[:, 0:h:2, 1:w:2]
    c, d = some[:, 1:h:2, 0:w:2], some[:, 1:h:2, 1:w:2]
    return float(np.median(np.abs(a - b - c + d)) / 2 / 0.6745)


def _otsu(values: Floats) -> tuple[float, float]:
    """Return Otsu's threshold and how far the means of the two classes lie apart."""
    from skimage.filters import threshold_otsu

    level = float(threshold_otsu(values, nbins=_BINS))
    dark = values <= level
    if not dark.any() or dark.all():
        return level, 0.0
    return level, float(values[~dark].mean() - values[dark].mean())


def _local_threshold(image: Floats, level: float, contrast: float, window: int) -> Floats:
    """Interpolate the thresholds of windows that overlap by half; one phase has the stack's."""
    from scipy.ndimage import zoom

    window = min(window, *image.shape)
    starts = [
        np.unique(np.linspace(0, n - window, max(2 * n // window - 1, 1)).astype(int))
        for n in image.shape
    ]
    found = np.full([len(s) for s in starts], level, np.float32)
    for i, y in enumerate(starts[0]):
        for j, x in enumerate(starts[1]):
            local, apart = _otsu(image[y : y + window, x : x + window])
            if apart > _WINDOW_CONTRAST * contrast:
                found[i, j] = local
    scale = [n / m for n, m in zip(image.shape, found.shape, strict=True)]
    return np.asarray(zoom(found, scale, order=1, mode="nearest", grid_mode=True), np.float32)


def _without_specks(pore: NDArray[np.bool_], min_area: int) -> NDArray[np.bool_]:
    from skimage.morphology import remove_small_holes, remove_small_objects

    # scikit-image removes areas up to max_size
    filled = remove_small_holes(pore, max_size=min_area - 1)
    return np.asarray(remove_small_objects(filled, max_size=min_area - 1))
