"""Read the conducting phases out of a segmented image."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from poreops.base.arguments import checked_number, shown
from poreops.base.arrays import Array
from poreops.errors import InputError


def labels_of(image: Array) -> tuple[Array, Array]:
    """Find the labels of an image and count their voxels, slab by slab to spare memory.

    Parameters
    ----------
    image : of bool or numbers
    """
    if not image.size:
        raise InputError(f"image must hold voxels, got shape {image.shape}")
    if image.dtype.kind not in "buif":
        raise InputError(f"image must be bool or integer, got dtype {image.dtype}")
    if image.dtype.kind == "f" and any(np.isnan(slab).any() for slab in image):
        raise InputError("image must not hold NaN; segment it first")
    if image.dtype == bool:
        pores = int(np.count_nonzero(image))
        return np.array([0, 1]), np.array([image.size - pores, pores])
    found: dict[float, int] = {}
    for slab in image:
        for label, count in zip(*_unique(slab), strict=True):
            found[label.item()] = found.get(label.item(), 0) + int(count)
    labels = sorted(found)
    return np.array(labels), np.array([found[label] for label in labels])


def _unique(slab: Array) -> tuple[Array, Array]:
    if slab.dtype == np.uint8:
        counts = np.bincount(slab.ravel(), minlength=256)
        present = np.flatnonzero(counts)
        return present, counts[present]
    return np.unique(slab, return_counts=True)


def diffusivity_of(labels: Array, diffusivity: Mapping[int, float] | None) -> NDArray[np.float64]:
    """Look up the diffusivity of each label.

    Parameters
    ----------
    labels : (m,) those of the image
    diffusivity : as the user gave it; None for 1 in pores
    """
    if diffusivity is None:
        if not np.isin(labels, (0, 1)).all():
            raise InputError(
                f"image must be binary (1 = pore, 0 = solid), got values {_few(labels)}; give "
                "im == label, or diffusivity={label: value, ...} for several conducting phases"
            )
        diffusivity = {0: 0.0, 1: 1.0}
    if not isinstance(diffusivity, Mapping):
        raise InputError(
            f"diffusivity must be a mapping {{label: value, ...}}, got {shown(diffusivity)}"
        )
    for label, value in diffusivity.items():
        checked_number(label, "a label of diffusivity", "name the labels of the image")
        value = checked_number(value, f"diffusivity of label {label}", "give 0 to insulate")
        if value < 0:
            raise InputError(f"diffusivity must be finite and >= 0, got {value} for label {label}")
    missing = labels[~np.isin(labels, list(diffusivity))]
    if missing.size:
        raise InputError(
            f"each label needs a diffusivity, got none for {_few(missing)}; give 0 to insulate"
        )
    return np.array([float(diffusivity[label]) for label in labels.tolist()])


def phases_of(image: Array, labels: Array, phase_of: Array) -> Array:
    """Replace each label by its phase; ``labels`` are sorted.

    Parameters
    ----------
    image : of labels
    labels : (m,) sorted
    phase_of : (m,) uint8, the phase of each
    """
    if image.dtype == bool and phase_of.tolist() == [0, 1]:
        return np.ascontiguousarray(image).view(np.uint8)
    if image.dtype in (np.uint8, bool):
        table = np.zeros(256, np.uint8)
        table[labels] = phase_of
        return table[image.view(np.uint8)]
    phase = np.empty(image.shape, np.uint8)
    for slab, out in zip(image, phase, strict=True):
        out[...] = phase_of[np.searchsorted(labels, slab)]
    return phase


def _few(values: Array) -> str:
    shown = ", ".join(f"{value:g}" for value in values[:5])
    return shown + (f", ... ({values.size} values)" if values.size > 5 else "")
