"""Cut pore-throat-pore conduits out of a partitioned image.

A conduit is the bounding box of two touching regions, as a uint8 array holding 1 and 2 in the
two regions and 0 elsewhere (Misaghian et al., Computers & Geosciences 2022, section 2.2).

Regions that a user gives may be in several pieces. What every method solves, measures or predicts
is `joined.joined`: the largest cluster of faces that holds voxels of both regions.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np
import scipy.ndimage as spim
from numba import njit
from numpy.typing import NDArray

from poreops.base.arguments import checked_array
from poreops.base.arrays import Integers
from poreops.conduits.joined import joined, rejoin
from poreops.conduits.table import Conduits
from poreops.errors import InputError

ROI_SIZE = 64  # edge of the cube the published network sees
MOST_LABELS = 10**8  # arrays as long are made


def conduit_boxes(labels: Integers, conns: Integers) -> NDArray[np.int64]:
    """Bounding box of each pair of regions, in one pass over the image.

    Parameters
    ----------
    labels : (nx, ny, nz) or (nx, ny) int
        0 solid, 1..N regions.
    conns : (Nt, 2) int
        0-based region indices of each throat.

    Returns
    -------
    (Nt, 2 * ndim) int64
        First corner, then last corner plus one, in voxels.

    Raises
    ------
    InputError
        When ``conns`` names a region that the image does not hold.
    """
    conns = checked_conns(labels, conns)
    labels = np.asarray(labels)
    slices = spim.find_objects(labels)
    start = np.full((len(slices), labels.ndim), -1, dtype=np.int64)
    stop = np.full_like(start, -1)
    for region, box in enumerate(slices):
        if box is not None:
            start[region] = [s.start for s in box]
            stop[region] = [s.stop for s in box]
    named = np.unique(conns)
    missing = named[(start[named] < 0).any(axis=1)]
    if missing.size:
        raise InputError(
            f"conns must name regions present in labels, got conns to an empty region "
            f"(label {missing[0] + 1} has no voxel); recompute conns with partition()"
        )
    return np.hstack([start[conns].min(axis=1), stop[conns].max(axis=1)])


def checked_conns(labels: Integers, conns: Integers) -> NDArray[np.int64]:
    """Return ``conns`` as (Nt, 2) int64 or raise InputError naming the broken rule.

    Parameters
    ----------
    labels : (nx, ny[, nz]) int, 0 solid, 1..N regions
    conns : as the user gave them, pairs of 0-based regions
    """
    labels = checked_labels(labels)
    array = checked_array(conns, "conns")
    if array.size == 0:
        return np.zeros((0, 2), dtype=np.int64)
    if array.ndim != 2 or array.shape[1] != 2 or not np.issubdtype(array.dtype, np.integer):
        raise InputError(
            f"conns must be (Nt, 2) integers, got shape {array.shape} {array.dtype}; "
            "pass Regions.conns"
        )
    count = int(labels.max(initial=0))
    if array.min() < 0 or array.max() >= count:
        raise InputError(
            f"conns must lie in 0..{count - 1} (0-based, as PoreSpy and OpenPNM have them), "
            f"got {array.min()}..{array.max()}; subtract 1 if they are labels"
        )
    if (array[:, 0] == array[:, 1]).any():
        raise InputError("conns must join two different regions, got a region joined to itself")
    return array.astype(np.int64)


def checked_labels(labels: Integers) -> Integers:
    """Return the image of regions as an array, or raise InputError naming the broken rule.

    Parameters
    ----------
    labels : as the user gave them
    """
    labels = checked_array(labels, "labels")
    if labels.ndim not in (2, 3) or not np.issubdtype(labels.dtype, np.integer):
        raise InputError(
            f"labels must be a 2D or 3D integer image, got {labels.ndim}D {labels.dtype}; "
            "make one with partition()"
        )
    low, high = int(labels.min(initial=0)), int(labels.max(initial=0))
    if low < 0 or high > MOST_LABELS:
        raise InputError(
            f"labels must lie in 0..{MOST_LABELS}, 0 in the solid, got {low}..{high}; "
            "number the regions from 1 on"
        )
    return labels


def crop_conduit(labels: Integers, conn: Integers, box: Integers) -> NDArray[np.uint8]:
    """Cut one conduit: 1 in region ``conn[0]``, 2 in region ``conn[1]``, 0 elsewhere.

    Parameters
    ----------
    labels : (nx, ny[, nz]) int, 0 solid, 1..N regions
    conn : (2,) int, its regions, 0-based
    box : (2 ndim,) int, the first index along each axis, then the last + 1
    """
    corner = len(box) // 2
    window = labels[tuple(slice(box[a], box[a + corner]) for a in range(corner))]
    crop: NDArray[np.uint8] = (window == conn[0] + 1).view(np.uint8)
    crop |= (window == conn[1] + 1).view(np.uint8) << 1
    return crop


def crop_conduits(labels: Integers, conns: Integers) -> Iterator[NDArray[np.uint8]]:
    """Cut the conduits one after another (each is freed before the next is made).

    Parameters
    ----------
    labels : (nx, ny[, nz]) int, 0 solid, 1..N regions
    conns : (Nt, 2) int, regions of each conduit, 0-based
    """
    boxes, labels = conduit_boxes(labels, conns), np.asarray(labels)
    for conn, box in zip(np.asarray(conns, dtype=np.int64), boxes, strict=True):
        yield crop_conduit(labels, conn, box)


def face_regions(labels: Integers, axis: int, side: int) -> NDArray[np.int64]:
    """0-based indices of the regions that touch an image face.

    Parameters
    ----------
    axis : int
    side : int
        0 for the face at index 0, 1 for the opposite one.
    """
    face = np.take(labels, -1 if side else 0, axis=axis)
    return np.unique(face[face > 0]).astype(np.int64) - 1


def mirrored_conduit(
    labels: Integers, region: int, axis: int, side: int, box: tuple["slice[int, int, None]", ...]
) -> NDArray[np.uint8]:
    """Conduit made of a region (1) and its mirror image across an image face (2).

    The half of it is the conduit from the region to that face: by antisymmetry the field is
    constant on the face, so size factor(region, face) = 2 size factor(region, mirror image).

    Parameters
    ----------
    box : tuple of slice
        Bounding box of the region; it must reach the face.
    """
    half = (labels[box] == region + 1).astype(np.uint8)
    image = 2 * np.flip(half, axis=axis)
    return np.concatenate([half, image] if side else [image, half], axis=axis)


def resize_conduit(
    crop: NDArray[np.uint8], size: int = ROI_SIZE, *, out: NDArray[np.uint8] | None = None
) -> tuple[NDArray[np.uint8], float]:
    """Pad a conduit to a cube and zoom it to ``size`` voxels by nearest neighbours.

    The same voxels as PoreSpy's ``_resize_to_AI_input`` (``scipy.ndimage.zoom`` of order 0,
    which maps the first and last voxel onto each other), read by index instead of resampled.

    Parameters
    ----------
    crop : uint8, 2D or 3D
    size : edge of the result
    out : C-contiguous (size,) * ndim uint8, optional
        Where to write it: fresh memory costs more than the zoom.

    Returns
    -------
    roi : (size,) * ndim uint8
    zoom_ratio : float
        ``size`` / edge of the padded cube; a size factor in voxels scales with it.
    """
    edge = max(crop.shape)
    index = nearest_index(edge, size)
    shape = (size,) * crop.ndim
    roi = np.empty(shape, dtype=np.uint8) if out is None else out
    roi.fill(0)
    box = crop.reshape(*crop.shape, *(1,) * (3 - crop.ndim))
    sources = [index - round((edge - n) / 2) for n in crop.shape]
    if crop.ndim == 2:
        sources.append(np.zeros(1, dtype=np.int64))
    _gather(box, *sources, roi.reshape(*shape, *(1,) * (3 - crop.ndim)))
    return roi, size / edge


def zoomed_conduit(
    crop: NDArray[np.uint8], *, out: NDArray[np.uint8] | None = None
) -> tuple[NDArray[np.uint8], float]:
    """Zoom a conduit as `resize_conduit` does, and keep it in one piece when it is shrunk.

    Nearest neighbours alone drop what lies between the samples: one in three of the shrunk
    conduits of sphere packs falls apart, a few at the throat.

    Parameters
    ----------
    crop : uint8, 2D or 3D
        One cluster, as `joined` gives it.
    out : as for `resize_conduit`
    """
    roi, ratio = resize_conduit(crop, out=out)
    if ratio < 1:
        edge = max(crop.shape)
        index = nearest_index(edge, ROI_SIZE)
        nearest = np.searchsorted((index[1:] + index[:-1]) / 2, np.arange(edge))
        starts = [round((edge - n) / 2) for n in crop.shape]
        rejoin(roi, crop, [nearest[at:][:n] for at, n in zip(starts, crop.shape, strict=True)])
    return roi, ratio


@njit(cache=True, nogil=True)
def _gather(
    box: NDArray[np.uint8],
    ix: NDArray[np.int64],
    iy: NDArray[np.int64],
    iz: NDArray[np.int64],
    out: NDArray[np.uint8],
) -> None:
    """out[i, j, k] = box[ix[i], iy[j], iz[k]] where these lie inside the box."""
    nx, ny, nz = box.shape
    first, last = 0, iz.size
    while first < last and iz[first] < 0:
        first += 1
    while last > first and iz[last - 1] >= nz:
        last -= 1
    for i in range(ix.size):
        if ix[i] < 0 or ix[i] >= nx:
            continue
        if i > 0 and ix[i] == ix[i - 1]:  # enlarged: the same plane again
            out[i] = out[i - 1]
            continue
        for j in range(iy.size):
            if iy[j] < 0 or iy[j] >= ny:
                continue
            row = box[ix[i], iy[j]]
            for k in range(first, last):
                out[i, j, k] = row[iz[k]]


@cache
def nearest_index(edge: int, size: int) -> NDArray[np.int64]:
    """Source index of each target voxel, as scipy's order-0 zoom rounds it.

    Parameters
    ----------
    edge : number of source voxels
    size : number of target voxels
    """
    line = np.arange(edge, dtype=np.float64)
    return np.asarray(spim.zoom(line, size / edge, order=0), dtype=np.int64)


def extract_conduits(
    labels: Integers, conns: Integers, *, volume: int, batch: int = 256
) -> Iterator[Conduits]:
    """Cut and zoom the conduits of a volume, some at a time.

    Parameters
    ----------
    labels : (nx, ny[, nz]) int, 0 solid, 1..N regions
    conns : (Nt, 2) int, 0-based
    volume : index of the volume, kept with each conduit
    batch : conduits per yielded table

    Raises
    ------
    InputError
        The regions of a pair share no face.
    """
    boxes = conduit_boxes(labels, conns)
    centroids = region_centroids(labels)
    for start in range(0, len(conns), batch):
        some = slice(start, start + batch)
        rois, ratios = zip(
            *(
                _zoomed_pair(labels, conn, box)
                for conn, box in zip(conns[some], boxes[some], strict=True)
            ),
            strict=True,
        )
        yield Conduits(
            roi=np.stack(rois),
            volume=np.full(len(rois), volume, dtype=np.int32),
            conns=conns[some].astype(np.int32),
            box=boxes[some].astype(np.int32),
            zoom_ratio=np.array(ratios),
            centroids=centroids[conns[some]],
        )


def _zoomed_pair(
    labels: Integers, conn: Integers, box: Integers
) -> tuple[NDArray[np.uint8], float]:
    crop = joined(crop_conduit(labels, conn, box))
    if crop is None:
        raise InputError(
            f"conns must be pairs of touching regions, got {tuple(conn.tolist())}; "
            "pass those of partition()"
        )
    return zoomed_conduit(crop)


def region_centroids(labels: Integers) -> NDArray[np.float64]:
    """Centroid of every region in index coordinates, (N, ndim) float64, in one pass.

    Parameters
    ----------
    labels : (nx, ny[, nz]) int, 0 solid, 1..N regions
    """
    flat = labels.ravel()
    count = int(labels.max(initial=0))
    volume = np.bincount(flat, minlength=count + 1)[1:].astype(np.float64)
    columns = []
    for axis, n in enumerate(labels.shape):
        shape = [1] * labels.ndim
        shape[axis] = n
        index = np.broadcast_to(np.arange(n, dtype=np.float64).reshape(shape), labels.shape)
        columns.append(np.bincount(flat, weights=index.ravel(), minlength=count + 1)[1:] / volume)
    return np.stack(columns, axis=1)
