"""Measure diameters, areas and lengths of regions and throats, as PoreSpy measures them."""

from collections.abc import Sequence
from dataclasses import dataclass

import edt
import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import Integers
from poreops.errors import InputError

FloatArray = NDArray[np.float64]
CORNER = (0, 0, 0)  # of an image that is whole


@dataclass(frozen=True)
class RegionGeometry:
    """Sizes of Np regions and their Nt throats in voxels, as PoreSpy's `regions_to_network`.

    Attributes
    ----------
    pore_volume : (Np,) number of voxels of the region
    pore_centroid : (Np, ndim) index coordinates
    pore_equivalent_diameter : (Np,) of the sphere (2D: circle) of the region's volume
    pore_inscribed_diameter : (Np,) of the largest sphere inside the region
    throat_inscribed_diameter : (Nt,) of the largest sphere of the pore space centred in the throat
    throat_area : (Nt,) number of voxels of the second region that touch the first
    throat_length : (Nt,) from centroid to centroid by the throat's widest point
    """

    pore_volume: FloatArray
    pore_centroid: FloatArray
    pore_equivalent_diameter: FloatArray
    pore_inscribed_diameter: FloatArray
    throat_inscribed_diameter: FloatArray
    throat_area: FloatArray
    throat_length: FloatArray


@dataclass(frozen=True)
class FaceGeometry:
    """Sizes of Nb places where a region meets an image face, in voxels.

    Measured as the throat between the region and its mirror image across the face.

    Attributes
    ----------
    inscribed_diameter : (Nb,) of the largest sphere of the pore space centred on the face
    area : (Nb,) number of voxels on the face
    length : (Nb,) from the centroid to its mirror image by the widest point on the face
    """

    inscribed_diameter: FloatArray
    area: FloatArray
    length: FloatArray


def region_geometry(
    labels: Integers,
    conns: Integers,
    distance: NDArray[np.float32],
    origin: Sequence[int] = CORNER,
) -> RegionGeometry:
    """Measure regions and throats.

    Parameters
    ----------
    labels : (nx, ny[, nz]) int, 0 solid, 1..Np regions
    conns : (Nt, 2) int, pairs of touching regions, 0-based, the smaller first
    distance : (nx, ny[, nz]) float32, Euclidean distance of each pore voxel to the solid
    origin : first voxel of the labels in the image that they are a part of; centroids are of that

    Returns
    -------
    RegionGeometry

    Raises
    ------
    InputError
        A pair of `conns` does not touch.
    """
    ndim = labels.ndim
    volume, centroid = _moments(labels, origin)
    count = len(volume)
    inscribed = np.zeros(count + 1, dtype=np.float32)
    own_distance = edt.edt(np.ascontiguousarray(labels, dtype=np.uint32), black_border=True)
    np.maximum.at(inscribed, labels.ravel(), own_distance.ravel())
    del own_distance

    keys, voxels = _interfaces(labels, count)
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    wanted = conns[:, 0].astype(np.int64) * count + conns[:, 1]
    found = _positions(keys[starts], wanted)
    if (missing := np.flatnonzero(found < 0)).size:
        raise InputError(
            f"conns must be pairs of touching regions, smaller first, got "
            f"{tuple(conns[missing[0]].tolist())}; pass those of partition()"
        )
    widest, peaks = _widest(distance.ravel()[voxels], voxels, starts)
    peak = _places(peaks[found], labels.shape, origin)
    first, second = centroid[conns[:, 0]] - peak, centroid[conns[:, 1]] - peak
    return RegionGeometry(
        pore_volume=volume,
        pore_centroid=centroid,
        pore_equivalent_diameter=2 * ((3 / 4 if ndim == 3 else 1) * volume / np.pi) ** (1 / ndim),
        pore_inscribed_diameter=2 * inscribed[1:].astype(np.float64),
        throat_inscribed_diameter=2 * widest[found].astype(np.float64),
        throat_area=np.diff(np.append(starts, len(keys)))[found].astype(np.float64),
        throat_length=np.linalg.norm(first, axis=1) + np.linalg.norm(second, axis=1),
    )


def face_geometry(
    labels: Integers,
    region: Integers,
    axis: Integers,
    side: Integers,
    sizes: RegionGeometry,
    distance: NDArray[np.float32],
    origin: Sequence[int] = CORNER,
) -> FaceGeometry:
    """Measure where regions meet the image faces.

    Parameters
    ----------
    labels, distance, origin : as for `region_geometry`
    region : (Nb,) int, 0-based regions
    axis, side : (Nb,) int, the face that each touches: side 0 at index 0, 1 at the last index
    sizes : of the regions of the image

    Notes
    -----
    The mirror image brings no solid nearer than the solid that it mirrors, so the distance
    transform of the image is that of the mirrored image too.
    """
    diameter, area, length = (np.zeros(len(region)) for _ in range(3))
    for face_axis in range(labels.ndim):
        for face_side in (0, 1):
            here = np.flatnonzero((axis == face_axis) & (side == face_side))
            layer = face_side * (labels.shape[face_axis] - 1)
            face = np.take(labels, layer, axis=face_axis)
            voxels = np.argsort(face.ravel(), kind="stable")
            voxels = voxels[face.ravel()[voxels] > 0]
            keys = face.ravel()[voxels].astype(np.int64) - 1
            starts = np.flatnonzero(np.diff(keys, prepend=-1))
            near = np.take(distance, layer, axis=face_axis).ravel()[voxels]
            widest, peaks = _widest(near, voxels, starts)
            found = _positions(keys[starts], region[here])
            across = [start for a, start in enumerate(origin) if a != face_axis]
            peak = _places(peaks[found], face.shape, across)
            centroid = sizes.pore_centroid[region[here]]
            # the face is half a voxel outside the centres of its voxels
            depth = np.abs(centroid[:, face_axis] - (layer + origin[face_axis])) + 0.5
            aside = np.delete(centroid, face_axis, axis=1) - peak
            diameter[here] = 2 * widest[found]
            area[here] = np.diff(np.append(starts, len(keys)))[found]
            length[here] = 2 * np.sqrt(depth**2 + (aside**2).sum(axis=1))
    return FaceGeometry(diameter, area, length)


def _places(flat: NDArray[np.int64], shape: tuple[int, ...], origin: Sequence[int]) -> FloatArray:
    """Return the places (n, ndim) of flat indices in the image that a part of it begins in."""
    places = np.column_stack(np.unravel_index(flat, shape)).astype(np.float64)
    return places + np.array(origin[: len(shape)], np.float64)


def _moments(labels: Integers, origin: Sequence[int]) -> tuple[FloatArray, FloatArray]:
    """Return the volume and the centroid of each region, some layers at a time."""
    count = int(labels.max()) + 1
    sums = np.zeros((labels.ndim + 1, count))
    step = max(2**22 * len(labels) // labels.size, 1)
    for start in range(0, len(labels), step):
        slab = labels[start : start + step]
        flat = slab.ravel()
        sums[0] += np.bincount(flat, minlength=count)
        for axis, n in enumerate(slab.shape):
            along = [1] * labels.ndim
            along[axis] = n
            position = np.arange(n, dtype=np.float64) + origin[axis]
            position += start if axis == 0 else 0
            weights = np.broadcast_to(position.reshape(along), slab.shape).ravel()
            sums[axis + 1] += np.bincount(flat, weights, minlength=count)
    volume = sums[0, 1:]
    return volume, (sums[1:, 1:] / np.maximum(volume, 1)).T


def _positions(keys: NDArray[np.int64], wanted: Integers) -> NDArray[np.int64]:
    """Return where each wanted key stands among sorted keys, -1 if it does not."""
    found = np.searchsorted(keys, wanted)
    present = np.append(keys, -1)[found] == wanted
    return np.where(present, found, -1)


def _interfaces(labels: Integers, regions: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (pair key, flat index) of the voxels of a second region that touch a first, sorted.

    The key of a pair i < j (0-based) is i·Np + j.
    """
    strides = np.cumprod((1, *labels.shape[:0:-1]))[::-1]  # of the flat index, in voxels
    keys, voxels = [], []
    for axis in range(labels.ndim):
        below, above = _shifted(labels, axis)
        touch = np.nonzero((below != above) & (below > 0) & (above > 0))
        one, two = below[touch].astype(np.int64) - 1, above[touch].astype(np.int64) - 1
        lower = np.stack(touch, axis=1) @ strides
        keys.append(np.minimum(one, two) * regions + np.maximum(one, two))
        voxels.append(np.where(one > two, lower, lower + strides[axis]))
    both = np.unique(np.column_stack([np.concatenate(keys), np.concatenate(voxels)]), axis=0)
    return both[:, 0], both[:, 1]


def _shifted(array: Integers, axis: int) -> tuple[Integers, Integers]:
    """Return the array without its last and without its first layer along `axis`."""
    along = [slice(None)] * array.ndim
    below, above = list(along), list(along)
    below[axis], above[axis] = slice(None, -1), slice(1, None)
    return array[tuple(below)], array[tuple(above)]


def _widest(
    near: NDArray[np.float32], voxels: NDArray[np.int64], starts: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the greatest distance of each group of voxels and the first voxel that has it."""
    if not len(starts):
        return np.zeros(0, np.float32), np.zeros(0, np.int64)
    widest = np.maximum.reduceat(near, starts)
    counts = np.diff(np.append(starts, len(near)))
    at_peak = np.where(near == np.repeat(widest, counts), voxels, np.iinfo(np.int64).max)
    return widest, np.minimum.reduceat(at_peak, starts)
