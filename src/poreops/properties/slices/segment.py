"""Segment slices: field of view, denoising, threshold, pores split at their necks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.base.show.result import Result
from poreops.errors import InputError
from poreops.properties.slices.labelled import Pores, few_values, pore_phase
from poreops.properties.slices.phases import (
    check_two_phases,
    levels,
    local_thresholds,
    sample,
    shading,
)
from poreops.properties.slices.view import Mask, detected_view, filled, given_view
from poreops.properties.slices.watershed import split_pores

Floats = NDArray[np.float32]

_DOUBT = 2.0  # factor by which intervals widen where the histogram hardly shows two phases


class SegmentConfig(BaseModel):
    """How slices are segmented.

    Attributes
    ----------
    denoise : "nlm" (non-local means), "gaussian", "median" or "none"
    threshold : "local_otsu" in overlapping windows, "otsu" of the whole stack, or "manual"
    level : grey level of the manual threshold, darker is pore, or brighter where the bright
        phase is; null for the others
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


USUAL = SegmentConfig(
    denoise="nlm", threshold="local_otsu", level=None, window=48, min_area=6, min_distance=3
)
"""What params.yaml states, and served models were trained with."""


@dataclass(frozen=True)
class Reading:
    """How a stack was understood.

    kind : "grey" or "segmented".
    pores : which phase was counted as pore, and why.
    view : share of the pixels that lie inside the field of view. outside : what was left out.
    warnings : of what makes the numbers unsure. doubt : factor by which intervals widen for it.
    """

    kind: Literal["grey", "segmented"]
    pores: str
    view: float = 1.0
    outside: str | None = None
    warnings: tuple[str, ...] = ()
    doubt: float = 1.0


@dataclass(frozen=True, repr=False)
class Segmented(Result, kind="segmented"):
    """Segmented slices of one rock.

    labels : (n, h, w) int32, 0 solid, 1.. the pores of each slice, -1 outside the field of view.
    threshold : (n,) float, mean threshold of each slice [grey level]; NaN of a segmented stack.
    porosity : (n,) float, pore pixels over all pixels of the field of view.
    reading : Reading
    """

    labels: NDArray[np.int32]
    threshold: NDArray[np.float64]
    porosity: NDArray[np.float64]
    reading: Reading


@dataclass(frozen=True)
class _Pores:
    """Pores of each slice (n, h, w), the threshold of each (n,), how they were found."""

    pore: NDArray[np.bool_]
    threshold: NDArray[np.float64]
    kind: Literal["grey", "segmented"]
    why: str
    warning: str | None = None
    doubt: float = 1.0


def segment(
    grey: NDArray[np.generic],
    config: SegmentConfig = USUAL,
    name: str = "image",
    *,
    pores: Pores | None = None,
    pore_label: float | Sequence[float] | None = None,
    mask: NDArray[np.generic] | None = None,
) -> Segmented:
    """Segment a stack of grey slices, or take the phases of one that is segmented already.

    Parameters
    ----------
    grey : (n, h, w) bool, integer or float
        Greys in any scale. A stack of at most 8 values holds phases, which are counted as they
        are: of 0 and 1, 0 and 255, False and True the second is pore, as in every command; of two
        other values the darker one; of more, `pores` or `pore_label` must say it.
    config : how to denoise, threshold and split; by default as params.yaml states it
    name : of the stack, for messages
    pores : whether the dark or the bright phase is pore; the dark one of greys by default
    pore_label : value of the pore of a segmented stack, or several
    mask : (h, w) or (n, h, w), non-zero is the field of view; without it, a border of one value,
        round or straight, is found and left out

    Returns
    -------
    Segmented
        With ``.labels``, (n, h, w) int32: 0 solid, 1, 2, … pores, -1 outside the field of view.

    Raises
    ------
    InputError
        A slice is blank or shows one phase only; the histogram has one phase or three; a manual
        threshold or the phase of the pores is missing; a mask that does not fit.
    """
    stack = np.asarray(grey)
    _check_size(stack, name)
    if pores not in (None, "dark", "bright"):
        raise InputError(f"pores must be dark or bright, got {pores!r}; choose one of them")
    values = few_values(stack)
    inside, outside = _view(stack, mask, name, segmented=values is not None)
    check_slices(stack, name, inside)
    if outside is not None:
        values = few_values(stack[inside])
    if values is not None and config.threshold != "manual":
        pore, why = pore_phase(stack, values, name, pores, pore_label)
        found = _Pores(pore & inside, np.full(len(stack), np.nan), "segmented", why)
    elif pore_label is not None:
        raise InputError(
            f"a pore label belongs to a segmented image and its own phases, {name} has greys or a "
            "manual threshold; choose the phase with --pores dark or bright instead"
        )
    else:
        found = _thresholded(stack, config, name, inside, pores)
    counted = found.pore if found.kind == "segmented" else None
    labels = np.empty(stack.shape, np.int32)
    for k, (pore, view) in enumerate(zip(found.pore, inside, strict=True)):
        clean = _without_specks(pore | ~view, config.min_area) & view
        if not clean.any() or clean[view].all():
            only = "pore" if clean.any() else "solid"
            raise InputError(
                f"slice {k} of {name} must show pores and solid, got {only} only; leave it out, "
                "or choose another threshold"
            )
        labels[k] = split_pores(clean, config.min_distance, view)
        labels[k][~view] = -1
    counted = labels > 0 if counted is None else counted
    return Segmented(
        labels,
        found.threshold,
        counted.sum(axis=(1, 2)) / inside.sum(axis=(1, 2)),
        Reading(
            found.kind, found.why, float(inside.mean()), outside,
            () if found.warning is None else (found.warning,),
            found.doubt,
        ),
    )  # fmt: skip


def check_slices(
    stack: NDArray[np.generic], name: str, inside: NDArray[np.bool_] | None = None
) -> None:
    """Raise InputError unless these are slices (n, h, w) of at least 32 pixels, none blank.

    Parameters
    ----------
    stack : (n, h, w)
    name : for messages
    inside : (n, h, w) bool, the field of view that is looked at
    """
    _check_size(stack, name)
    view = np.broadcast_to(True, stack.shape) if inside is None else inside
    if stack.dtype.kind == "f" and not np.isfinite(stack[view]).all():
        raise InputError(f"grey levels must be finite, {name} holds NaN or infinity; repair it")
    seen = [image[mask] for image, mask in zip(stack, view, strict=True)]
    blank = [k for k, values in enumerate(seen) if not len(values) or values.min() == values.max()]
    if blank:
        listed = ", ".join(map(str, blank[:5])) + ", …" * (len(blank) > 5)
        raise InputError(
            f"a slice must show something, {len(blank)} of {len(stack)} of {name} are blank "
            f"(number {listed}); leave them out"
        )


def denoised(image: Floats, method: str, noise: float) -> Floats:
    """Return one slice (h, w) without its noise, edges kept as the method can.

    Parameters
    ----------
    image : (h, w) float32
    method : of `SegmentConfig`
    noise : its standard deviation, for "nlm" [grey level]
    """
    if method == "nlm":
        from skimage.restoration import denoise_nl_means

        if noise == 0:
            return image
        # the patch distance is of the size of a pore: noise has no structure at that length
        return np.asarray(
            denoise_nl_means(
                image, patch_size=3, patch_distance=5, h=0.8 * noise, sigma=noise, fast_mode=True
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


def _check_size(stack: NDArray[np.generic], name: str) -> None:
    if stack.ndim != 3 or min(stack.shape[1:]) < 32 or not len(stack):
        raise InputError(
            f"slices must be at least 32 x 32 pixels, {name} has shape {stack.shape}; "
            "give larger slices"
        )


def _view(
    stack: NDArray[np.generic], mask: NDArray[np.generic] | None, name: str, *, segmented: bool
) -> tuple[Mask, str | None]:
    """Return the field of view, and what lies outside."""
    if mask is not None:
        return given_view(mask, stack.shape, name), "the outside of the mask"
    found = detected_view(stack, segmented=segmented)
    if found is None:
        return np.ones(stack.shape, bool), None
    inside, value = found
    return inside, f"a border of constant grey {value:g}"


def _thresholded(
    stack: NDArray[np.generic],
    config: SegmentConfig,
    name: str,
    inside: Mask,
    pores: Pores | None,
) -> _Pores:
    """Return what is darker than the threshold, or brighter if the pores are bright."""
    sign = -1 if pores == "bright" else 1
    grey = stack.astype(np.float32)
    if not inside.all():
        # the filter and the windows look beyond the edge of the field of view
        grey = filled(grey, inside)
    noise = _noise(grey, inside)
    smooth = sign * np.stack(
        [
            denoised(image, config.denoise, _noise(image[None], view[None]))
            for image, view in zip(grey, inside, strict=True)
        ]
    )
    phase = f"the {pores or 'dark'} phase" + (
        "" if pores else " (--pores bright counts the other)"
    )
    if config.threshold == "manual":
        if config.level is None:
            raise InputError(
                "a manual threshold must have a level, got segmentation.level null; "
                "give the grey level below which a pixel is pore"
            )
        pore = (smooth < sign * config.level) & inside
        level = np.full(len(stack), float(config.level))
        return _Pores(pore, level, "grey", f"{phase}, threshold {config.level:g} as given")
    local = config.threshold == "local_otsu"
    trend = shading(smooth, inside) if local else np.zeros((1, 1), np.float32)
    flat = smooth - trend
    values = sample(flat[inside])
    found = levels(values)
    warning = check_two_phases(values, found, noise, name)
    limits = np.broadcast_to(np.float32(found.threshold), stack.shape)
    if local:
        limits = np.stack(
            [
                local_thresholds(image, view, found, config.window)
                for image, view in zip(flat, inside, strict=True)
            ]
        )
    level = sign * np.array([a[b].mean() for a, b in zip(limits + trend, inside, strict=True)])
    why = f"{phase}, threshold {level.mean():.4g} by Otsu's method"
    doubt = _DOUBT if found.doubtful else 1.0
    return _Pores((flat < limits) & inside, level, "grey", why, warning, doubt)


def _noise(stack: Floats, inside: Mask) -> float:
    """Return the noise's standard deviation: the median absolute detail (Donoho & Johnstone)."""
    every = max(len(stack) // 4, 1)
    some, seen = stack[::every], inside[::every]
    h, w = (n - n % 2 for n in some.shape[1:])
    places = [(slice(None), slice(y, h, 2), slice(x, w, 2)) for y in (0, 1) for x in (0, 1)]
    a, b, c, d = (some[place] for place in places)
    known = np.logical_and.reduce([seen[place] for place in places])
    return float(np.median(np.abs(a - b - c + d)[known]) / 2 / 0.6745) if known.any() else 0.0


def _without_specks(pore: NDArray[np.bool_], min_area: int) -> NDArray[np.bool_]:
    from skimage.morphology import remove_small_holes, remove_small_objects

    # scikit-image removes areas up to max_size
    filled = remove_small_holes(pore, max_size=min_area - 1)
    return np.asarray(remove_small_objects(filled, max_size=min_area - 1))
