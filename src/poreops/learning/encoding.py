"""What the compact networks see of a conduit: an area-averaged image and a few scalars.

Both come from the published input, the ROI zoomed to a 64-voxel cube (regions.conduit), so a
prediction depends on nothing else. Lengths are in voxels of that cube.
"""

import os
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from poreops.errors import InputError
from poreops.learning.coarse_solve import coarse_size_factor
from poreops.regions.conduit import ROI_SIZE, nearest_index
from poreops.regions.joined import without_loose_pieces
from poreops.transport.distance import deepest, filled, squared_distance
from poreops.transport.laplace import workspace_sizes

ImageEncoding = Literal["labels", "occupancy", "occupancy+distance"]
ScalarEncoding = Literal["none", "geometry", "physics"]

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
32 cells per edge to 1e-3, belongs to ``physics`` only."""

# For each edge of the cube before the zoom: where two neighbouring voxels of the ROI come from
# two voxels of it, and the first voxel of the ROI that comes from each.
_JUMPS = np.ones((ROI_SIZE + 1, ROI_SIZE - 1), dtype=np.bool_)
_FIRST = np.zeros((ROI_SIZE + 1, ROI_SIZE), dtype=np.int64)
for _edge in range(1, ROI_SIZE + 1):
    _index = nearest_index(_edge, ROI_SIZE)
    _JUMPS[_edge] = np.diff(_index) > 0
    _FIRST[_edge, :_edge] = np.searchsorted(_index, np.arange(_edge))
_LOCAL = threading.local()


@dataclass(frozen=True)
class Encoded:
    """A batch of encoded conduits.

    Attributes
    ----------
    image : (n, 64, 64[, 64], 1) or (n, 32, 32[, 32], 2 or 3) uint8
        Labels 0/1/2, or voxels of each region in a block of 2 (0..8, 0..4 in 2D) and, when asked
        for, four times the distance to the wall.
    scalars : (n, len(SCALARS)) float32
    """

    image: NDArray[np.uint8]
    scalars: NDArray[np.float32]


def image_shape(encoding: ImageEncoding, ndim: int) -> tuple[int, ...]:
    """Shape of one encoded image."""
    if encoding == "labels":
        return (ROI_SIZE,) * ndim + (1,)
    return (ROI_SIZE // 2,) * ndim + (3 if encoding == "occupancy+distance" else 2,)


def scalar_count(encoding: ScalarEncoding) -> int:
    """Return the number of leading columns of ``Encoded.scalars`` that an encoding uses."""
    return {"none": 0, "geometry": len(SCALARS) - 1, "physics": len(SCALARS)}[encoding]


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
        pieces are left out, see ``poreops.regions.joined``.
    image : "labels", "occupancy" or "occupancy+distance"
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
    scalars = np.empty((len(rois), len(SCALARS)), np.float32)
    boxes = rois if ndim == 3 else rois[..., None]
    # rows in words of eight voxels, to compare them at once
    words = rois.view(np.uint64) if ndim == 3 else boxes.astype(np.uint64)
    counts = out if ndim == 3 else out[:, :, :, None]

    def one(i: int) -> None:
        work32, work64, faces = _workspace(ndim)
        # one kernel after another: one that calls them all takes twice as long to compile
        edge = _edge_before_zoom(boxes[i], words[i])
        share, label, values, centre, radius = _summary(boxes[i], edge, faces)
        area = np.exp(float(values[2])) - 0.5
        size_factor = coarse_size_factor(share, centre, radius, faces, area, work32, work64)
        values[10] = np.log(min(max(size_factor, 0.01), 1000.0))
        if not np.isfinite(values).all():
            names = ", ".join(np.array(SCALARS)[~np.isfinite(values)])
            raise RuntimeError(f"the scalars of a conduit must be finite, got no {names}")
        scalars[i] = values
        if image == "labels":
            out[i, ..., 0] = rois[i]
        else:
            counts[i, ..., :2] = share
        if image == "occupancy+distance":
            depth = np.sqrt(squared_distance(label, ndim == 3))
            counts[i, ..., 2] = np.minimum(4 * depth, 255) * (label > 0)

    workers = workers or len(os.sched_getaffinity(0))
    if workers == 1 or len(rois) < 8:
        for i in range(len(rois)):
            one(i)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(one, range(len(rois)), chunksize=8))
    return Encoded(out, scalars)


def checked_rois(rois: NDArray[np.generic] | Iterable[NDArray[np.generic]]) -> NDArray[np.uint8]:
    """Return ROIs as a C-contiguous uint8 batch, or raise InputError naming the broken rule."""
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


def _workspace(ndim: int) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float32]]:
    """Buffers of this thread for one coarse solve."""
    work = getattr(_LOCAL, f"work{ndim}", None)
    if work is None:
        n = ROI_SIZE // 2
        shape = (n + 2, n + 2, n + 2 if ndim == 3 else 3)
        need32, need64 = workspace_sizes(shape)
        size = int(np.prod(shape))
        faces = np.empty((3, size), np.float32)
        work = (np.empty(need32, np.float32), np.empty(need64 + 2 * size), faces)
        setattr(_LOCAL, f"work{ndim}", work)
    return work


@njit(cache=True, nogil=True, error_model="numpy")
def _summary(
    roi: NDArray[np.uint8], edge: int, faces: NDArray[np.float32]
) -> tuple[
    NDArray[np.uint8],
    NDArray[np.uint8],
    NDArray[np.float32],
    NDArray[np.float64],
    NDArray[np.float64],
]:
    """Return counts in blocks, their majority label, the scalars but the last, centres, radii.

    The conductances of the faces between blocks are written to ``faces``.
    """
    size, _, depth = roi.shape
    n = size // 2
    step = 2 if depth > 1 else 1  # blocks are 2 x 2 in 2D
    nz = depth // step
    share = np.zeros((n, n, nz, 2), np.uint8)
    label = np.zeros((n, n, nz), np.uint8)
    faces[:] = np.float32(0)
    half = np.float32(0.5)
    sy = nz + 2
    sx = (n + 2) * sy
    count = np.zeros(2)
    centre = np.zeros((2, 3))
    throat = np.zeros(3)
    throat_square, area, walls = 0.0, 0.0, 0.0
    for i in range(size):
        for j in range(size):
            first, last = filled(roi[i, j])
            for k in range(first, last):
                here = roi[i, j, k]
                if here == 0:
                    continue
                r = here - 1
                share[i // 2, j // 2, k // step, r] += 1
                count[r] += 1
                centre[r, 0] += i
                centre[r, 1] += j
                centre[r, 2] += k
                m = (i // 2 + 1) * sx + (j // 2 + 1) * sy + k // step + 1
                for axis in range(3):
                    di, dj, dk = int(axis == 0), int(axis == 1), int(axis == 2)
                    if axis == 2 and depth == 1:
                        continue
                    outside = i + di == size or j + dj == size or k + dk == depth
                    near = 0 if outside else roi[i + di, j + dj, k + dk]
                    if near == 0:
                        walls += 1.0
                        continue
                    if (i * di + j * dj + k * dk) % 2 == 1:
                        faces[axis, m] += half  # the face between two blocks
                    if near != here:
                        area += 1.0
                        a, b, c = i + 0.5 * di, j + 0.5 * dj, k + 0.5 * dk
                        throat[0] += a
                        throat[1] += b
                        throat[2] += c
                        throat_square += a * a + b * b + c * c
    for i in range(n):
        for j in range(n):
            for k in range(nz):
                ones, twos = share[i, j, k, 0], share[i, j, k, 1]
                if 2 * (ones + twos) >= 4 * step and ones != twos:  # a tie must not favour a label
                    label[i, j, k] = 1 if ones > twos else 2
    for axis in range(3):
        centre[0, axis] /= count[0]
        centre[1, axis] /= count[1]
        throat[axis] /= area
    radius = _radii(roi, edge) if edge < size else 2 * _radii(label, n)
    apart = np.sqrt(((centre[0] - centre[1]) ** 2).sum())
    legs = np.sqrt(((centre[0] - throat) ** 2).sum()) + np.sqrt(((centre[1] - throat) ** 2).sum())
    spread = throat_square / area - (throat**2).sum()
    values = np.empty(11, np.float32)
    values[0] = np.log(count[0] + count[1] + 1)
    values[1] = abs(np.log((count[0] + 1) / (count[1] + 1)))
    values[2] = np.log(area + 0.5)
    values[3] = np.log(walls + 0.5)
    values[4] = np.log(apart + 0.5)
    values[5] = np.log((legs + 1) / (apart + 1))
    values[6] = np.log(radius.min() + 0.5)
    values[7] = np.log(radius.max() + 0.5)
    values[8] = 0.5 * np.log(max(spread, 0.0) + 0.25)
    values[9] = np.log(edge)
    return share, label, values, centre, radius


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


@njit(cache=True, nogil=True)
def _radii(roi: NDArray[np.uint8], edge: int) -> NDArray[np.float64]:
    """Return both inscribed radii, rounded as ``pore_spheres`` does, in voxels of ``roi``.

    Parameters
    ----------
    roi : enlarged from a cube of ``edge`` voxels (or that cube itself)
    """
    size, _, depth = roi.shape
    deep = depth > 1
    box = roi
    if edge < size:
        box = np.empty((edge, edge, edge if deep else 1), np.uint8)
        for i in range(edge):
            for j in range(edge):
                row = roi[_FIRST[edge, i], _FIRST[edge, j]]
                for k in range(box.shape[2]):
                    box[i, j, k] = row[_FIRST[edge, k] if deep else 0]
    diagonal = np.sqrt(3.0 if deep else 2.0)
    radii: NDArray[np.float64]
    radii = np.round((2 * np.sqrt(deepest(box, deep)) - diagonal) / 2) * (size / edge)
    return radii
