"""What the compact networks see of a conduit: an area-averaged image and a few scalars.

Both come from the published input, the ROI zoomed to a 64-voxel cube (regions.conduit), so a
prediction depends on nothing else. Lengths are in voxels of the cube before the zoom, which the
ROI still shows where it was enlarged; the coarse size factor is in voxels of the ROI, as the
target is.
"""

import math
import os
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from poreops.conductance.learning.blocks import unzoomed
from poreops.conductance.learning.coarse_solve import Workspace, coarse_solve, write_dissipation
from poreops.conductance.learning.priors import prior_names, priors
from poreops.conduits.crop import ROI_SIZE, nearest_index
from poreops.conduits.joined import without_loose_pieces
from poreops.errors import InputError
from poreops.solvers.box.distance import filled, squared_distance

ImageEncoding = Literal[
    "none", "labels", "labels+distance", "occupancy", "occupancy+distance", "occupancy+field",
    "priors+centroid", "priors+porespy", "priors+stepped", "priors+smooth",
]  # fmt: skip
ScalarEncoding = Literal["none", "geometry", "physics", "coarse"]

VERSION = 2
"""Of the encoding: a network that was trained on another one answers wrong numbers."""

SCALARS = (
    "log_volume",
    "log_volume_ratio",
    "log_throat_area",
    "log_wall_area",
    "log_centroid_distance",
    "log_path_ratio",
    "log_small_radius",
    "log_large_radius",
    "log_throat_spread",
    "log_edge",
    "log_coarse_size_factor",
)
"""Names of the scalars; none changes under label swap, flip or rotation. The last one, a solve on
blocks of two voxels to 1e-3, belongs to ``physics``, and alone is ``coarse``."""

# for each edge of the cube before the zoom: where two neighbouring voxels of the ROI come from
# two voxels of it
_JUMPS = np.ones((ROI_SIZE + 1, ROI_SIZE - 1), dtype=np.bool_)
for _edge in range(1, ROI_SIZE + 1):
    _JUMPS[_edge] = np.diff(nearest_index(_edge, ROI_SIZE)) > 0
_LOCAL = threading.local()


@dataclass(frozen=True)
class Encoded:
    """A batch of encoded conduits.

    Attributes
    ----------
    image : (n, 64, 64[, 64], 1 or 2) or (n, 32, 32[, 32], 2 or 3) uint8
        Labels 0/1/2, or voxels of each region in a block of 2 (0..8, 0..4 in 2D) and, when asked
        for, four times the distance to the wall, or the dissipation of the coarse solve on a
        logarithmic scale. Of no image: (n, 0).
    scalars : (n, len(SCALARS)) float32, of priors those of `learning.priors`
    """

    image: NDArray[np.uint8]
    scalars: NDArray[np.float32]


def image_shape(encoding: ImageEncoding, ndim: int) -> tuple[int, ...]:
    """Shape of one encoded image.

    Parameters
    ----------
    encoding : ImageEncoding
    ndim : 2 or 3
    """
    if encoding == "none" or encoding.startswith("priors"):
        return (0,)
    if encoding.startswith("labels"):
        return (ROI_SIZE,) * ndim + (1 if encoding == "labels" else 2,)
    return (ROI_SIZE // 2,) * ndim + (2 if encoding == "occupancy" else 3,)


def covers(image: ImageEncoding, other: ImageEncoding) -> bool:
    """Tell whether an encoding holds all that another one does, as its first channels.

    Parameters
    ----------
    image, other : ImageEncoding

    Examples
    --------
    >>> covers("occupancy+field", "occupancy"), covers("labels", "occupancy")
    (True, False)
    """
    if "priors" in image + other:
        return image == other
    return other in ("none", image) or image.startswith(f"{other}+")


def richest(images: Iterable[ImageEncoding]) -> ImageEncoding:
    """Return the encoding that covers most of some, the first of those that do.

    Parameters
    ----------
    images : ImageEncoding of each
    """
    every = list(images)
    return max(every, key=lambda image: sum(covers(image, other) for other in every))


def narrowed(encoded: Encoded, image: ImageEncoding) -> Encoded:
    """Return what an encoding holds of one that covers it, as a view.

    Parameters
    ----------
    encoded : of n conduits
    image : ImageEncoding
    """
    if image == "none" or image.startswith("priors"):
        return Encoded(np.empty((len(encoded.scalars), 0), np.uint8), encoded.scalars)
    channels = image_shape(image, 2)[-1]
    return Encoded(encoded.image[..., :channels], encoded.scalars)


def scalar_columns(encoding: ScalarEncoding) -> slice:
    """Return the columns of ``Encoded.scalars`` that an encoding uses.

    Parameters
    ----------
    encoding : ScalarEncoding
    """
    last = len(SCALARS) - 1
    return {
        "none": slice(0, 0), "geometry": slice(0, last), "physics": slice(0, None),
        "coarse": slice(last, None),
    }[encoding]  # fmt: skip


def scalar_count(encoding: ScalarEncoding) -> int:
    """Return the number of scalars that an encoding uses.

    Parameters
    ----------
    encoding : ScalarEncoding
    """
    return len(SCALARS[scalar_columns(encoding)])


def encode(
    rois: NDArray[np.uint8],
    image: ImageEncoding = "occupancy",
    *,
    workers: int | None = None,
    whole: bool = False,
) -> Encoded:
    """Encode ROIs for the networks.

    Parameters
    ----------
    rois : (n, 64, 64, 64) or (n, 64, 64) uint8
        Conduits as ``zoomed_conduit`` makes them: 1 and 2 in the regions, 0 elsewhere. Loose
        pieces are left out, see ``poreops.conduits.joined``.
    image : one of `ImageEncoding`
    workers : int, optional
        Threads, all cores by default.
    whole : bool
        Each ROI is known to be one cluster, as ``zoomed_conduit`` makes it: do not look again.

    Raises
    ------
    InputError
        Wrong shape, values other than 0, 1, 2, or regions that do not touch.
    """
    rois = checked_rois(rois)
    if not whole:
        rois = _joined_rois(rois)
    ndim = rois.ndim - 1
    out = np.empty((len(rois), *image_shape(image, ndim)), np.uint8)
    known = prior_names(image) if image.startswith("priors") else SCALARS
    scalars = np.empty((len(rois), len(known)), np.float32)
    boxes = rois if ndim == 3 else rois[..., None]
    # rows in words of eight voxels, to compare them at once
    words = rois.view(np.uint64) if ndim == 3 else boxes.astype(np.uint64)
    counts = out if ndim == 3 or out.ndim == 2 else out[:, :, :, None]

    def one(i: int) -> None:
        edge = _edge_before_zoom(boxes[i], words[i])
        if image.startswith("priors"):
            box = unzoomed(boxes[i], edge)
            scalars[i] = priors(box if ndim == 3 else box[..., 0], image, ROI_SIZE / edge)
            return
        coarse = coarse_solve(unzoomed(boxes[i], edge), _workspace(ndim))
        scalars[i, :-1] = coarse.values
        scalars[i, -1] = _log_size_factor(coarse.size_factor * (ROI_SIZE / edge) ** (ndim - 2))
        if not np.isfinite(scalars[i]).all():
            names = ", ".join(np.array(SCALARS)[~np.isfinite(scalars[i])])
            raise RuntimeError(f"the scalars of a conduit must be finite, got no {names}")
        if image.startswith("labels"):
            out[i, ..., 0], label = rois[i], boxes[i]
        elif image != "none":
            label = np.zeros(counts.shape[1:-1], np.uint8)
            _occupancy(boxes[i], counts[i], label)
        if image == "occupancy+field":
            write_dissipation(edge, *coarse[2:], counts[i, ..., 2])
        if image.endswith("+distance"):
            depth = np.sqrt(squared_distance(label, ndim == 3))
            counts[i, ..., -1] = np.minimum(4 * depth, 255) * (label > 0)

    workers = workers or len(os.sched_getaffinity(0))
    if workers == 1 or len(rois) < 8:
        for i in range(len(rois)):
            one(i)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(one, range(len(rois)), chunksize=8))
    return Encoded(out, scalars)


def checked_rois(rois: NDArray[np.generic] | Iterable[NDArray[np.generic]]) -> NDArray[np.uint8]:
    """Return ROIs as a C-contiguous uint8 batch, or raise InputError naming the broken rule.

    Parameters
    ----------
    rois : (n, R, R[, R][, 1]) of 0, 1 and 2
    """
    batch = np.asarray(rois)
    if batch.ndim in (4, 5) and batch.shape[-1] == 1:
        batch = batch[..., 0]
    if batch.ndim not in (3, 4) or set(batch.shape[1:]) != {ROI_SIZE}:
        raise InputError(
            f"rois must be (n, {ROI_SIZE}, {ROI_SIZE}[, {ROI_SIZE}]), got shape {batch.shape}; "
            "zoom them with regions.conduit.resize_conduit"
        )
    if batch.size and not (batch.min() >= 0 and batch.max() <= 2):
        raise InputError(
            f"rois must hold 0, 1 and 2 only, got {batch.min()}..{batch.max()}; "
            "label the two regions of the pair 1 and 2"
        )
    if not np.issubdtype(batch.dtype, np.integer) and (batch != np.round(batch)).any():
        raise InputError("rois must hold whole numbers 0, 1 and 2, got fractions")
    return np.ascontiguousarray(batch, dtype=np.uint8)


def _joined_rois(rois: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the ROIs without loose pieces, or raise InputError if regions do not touch."""
    found = rois
    for i, roi in enumerate(rois):
        kept = without_loose_pieces(roi)
        if kept is None:
            raise InputError(
                f"rois must hold two regions that touch, those of ROI {i} do not; "
                "its size factor is 0"
            )
        if kept is not roi:
            found = rois.copy() if found is rois else found
            found[i] = kept
    return found


def _workspace(ndim: int) -> Workspace:
    """Buffers of this thread for one coarse solve."""
    work: Workspace | None = getattr(_LOCAL, f"work{ndim}", None)
    if work is None:
        work = Workspace(ndim)
        setattr(_LOCAL, f"work{ndim}", work)
    return work


def _log_size_factor(size_factor: float) -> float:
    """Logarithm of the coarse size factor, within the range that any conduit has."""
    return math.log(min(max(size_factor, 0.01), 1000.0)) if size_factor > 0 else -4.6


@njit(cache=True, nogil=True)
def _occupancy(roi: NDArray[np.uint8], share: NDArray[np.uint8], label: NDArray[np.uint8]) -> None:
    """Count the voxels of both regions in each block of the ROI, and name their majority."""
    size, _, depth = roi.shape
    step = 2 if depth > 1 else 1  # blocks are 2 x 2 in 2D
    share[..., :2] = 0
    for i in range(size):
        for j in range(size):
            first, last = filled(roi[i, j])
            for k in range(first, last):
                if roi[i, j, k] > 0:
                    share[i // 2, j // 2, k // step, roi[i, j, k] - 1] += 1
    for i in range(size // 2):
        for j in range(size // 2):
            for k in range(depth // step):
                ones, twos = share[i, j, k, 0], share[i, j, k, 1]
                if 2 * (ones + twos) >= 4 * step and ones != twos:  # a tie must not favour a label
                    label[i, j, k] = 1 if ones > twos else 2


@njit(cache=True, nogil=True)
def _differ(row: NDArray[np.uint64], other: NDArray[np.uint64]) -> bool:
    found = np.uint64(0)
    for k in range(row.size):
        found |= row[k] ^ other[k]
    return bool(found > 0)


@njit(cache=True, nogil=True)
def _changes(roi: NDArray[np.uint8], words: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Tell for each plane, along any axis, whether the next one differs."""
    size, _, depth = roi.shape
    changes = np.zeros(size, np.bool_)
    for i in range(size):
        for j in range(size):
            row = words[i, j]
            if i + 1 < size and not changes[i]:
                changes[i] = _differ(row, words[i + 1, j])
            if j + 1 < size and not changes[j]:
                changes[j] = _differ(row, words[i, j + 1])
            # a row like the one before it adds nothing along itself
            if depth > 1 and (j == 0 or _differ(row, words[i, j - 1])):
                line = roi[i, j]
                for k in range(depth - 1):
                    if line[k] != line[k + 1]:
                        changes[k] = True
    return changes


@njit(cache=True, nogil=True)
def _edge_before_zoom(roi: NDArray[np.uint8], words: NDArray[np.uint64]) -> int:
    """Edge of the cube that the ROI was zoomed from, ROI_SIZE if it was not enlarged.

    The inscribed radius of the definition is a whole number of voxels of that cube, so a network
    that does not know the edge misses the size factor of small conduits by several percent.
    """
    changes = _changes(roi, words)
    for edge in range(1, ROI_SIZE):
        possible = True
        for i in range(ROI_SIZE - 1):
            if changes[i] and not _JUMPS[edge, i]:
                possible = False
                break
        if possible:
            return edge
    return ROI_SIZE
