"""Keep of a conduit what carries from one region to the other, and keep it when it is shrunk."""

import cc3d
import numpy as np
import scipy.ndimage as spim
from numba import njit
from numpy.typing import NDArray

from poreops.base.arrays import Integers
from poreops.errors import InputError

BoolArray = NDArray[np.bool_]


def joined(crop: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """Return the part of a conduit that carries from region 1 to region 2, cut to its own box.

    That is the largest cluster of voxels joined by faces that holds both labels; of equal ones
    that with the larger throat, then the more compact. The conduit itself if it is one cluster.

    Parameters
    ----------
    crop : uint8, 2D or 3D
        1 and 2 in the regions, 0 elsewhere.

    Returns
    -------
    uint8 array, or None if no cluster holds both labels: the size factor is 0 then.

    Raises
    ------
    InputError
        Other values than 0, 1 and 2, or one of the regions is missing.

    Examples
    --------
    >>> joined(np.array([[1, 2, 0, 1, 0], [0, 0, 0, 1, 2]], dtype=np.uint8))
    array([[1, 0],
           [1, 2]], dtype=uint8)
    >>> joined(np.array([[1, 0], [0, 2]], dtype=np.uint8)) is None
    True
    """
    kept = without_loose_pieces(crop)
    if kept is None or all(kept.take(end, a).any() for a in range(kept.ndim) for end in (0, -1)):
        return kept
    return np.ascontiguousarray(kept[spim.find_objects(np.minimum(kept, 1))[0]])


def without_loose_pieces(crop: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """Return what `joined` does, in the box of the crop.

    Parameters
    ----------
    crop : (n0, n1[, n2]) uint8 with 0/1/2
    """
    if crop.ndim not in (2, 3):
        raise InputError(f"a conduit must be 2D or 3D, got shape {crop.shape}")
    count, highest, both = _survey(_in_3d(crop))
    if highest > 2 or not both:
        raise InputError(
            f"a conduit must hold labels 1 and 2, got {np.unique(crop).tolist()}; "
            "cut it with regions.conduit.crop_conduit"
        )
    if count == 1:
        return crop
    cluster, count = spim.label(crop > 0)
    best, found = (-1, 0, 0), 0
    for number, box in enumerate(spim.find_objects(cluster), start=1):
        part = np.where(cluster[box] == number, crop[box], 0)
        if (throat := _throat_area(part)) > 0:
            place = np.argwhere(part)
            spread = int(len(place) * (place**2).sum() - (place.sum(axis=0) ** 2).sum())
            # by what no flip, turn or swap of the labels changes
            best, found = max((best, found), ((len(place), throat, -spread), number))
    return np.where(cluster == found, crop, np.uint8(0)) if found else None


def regions_in_pieces(labels: Integers) -> NDArray[np.bool_]:
    """Tell which of the regions 1..N of an image are more than one cluster of faces, (N,).

    Parameters
    ----------
    labels : (nx, ny[, nz]) int, 0 solid, 1..N regions
    """
    piece = cc3d.connected_components(labels, connectivity=6 if labels.ndim == 3 else 4)
    region = np.zeros(int(piece.max(initial=0)) + 1, dtype=np.int64)
    region[piece.ravel()] = labels.ravel()
    pieces: NDArray[np.int64] = np.bincount(region, minlength=int(labels.max(initial=0)) + 1)[1:]
    return pieces > 1


def _in_3d(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(crop).reshape(*crop.shape, *(1,) * (3 - crop.ndim))


def _throat_area(crop: NDArray[np.uint8]) -> int:
    """Count the faces between the labels 1 and 2."""
    swapped = crop.astype(np.int8)
    return sum(
        int((np.diff(swapped, axis=a) ** 2 * _both(crop, a)).sum()) for a in range(crop.ndim)
    )


def _both(crop: NDArray[np.uint8], axis: int) -> NDArray[np.bool_]:
    """Tell where a voxel and the next one along the axis are in the regions."""
    filled = np.moveaxis(crop > 0, axis, 0)
    return np.moveaxis(filled[1:] & filled[:-1], 0, axis)


@njit(cache=True, nogil=True)
def _survey(crop: NDArray[np.uint8]) -> tuple[int, int, bool]:
    """Return the number of clusters, the highest label, and whether 1 and 2 are there.

    Rows are taken in runs, and a run is merged with those that it touches in the row before and
    in the layer before: a flood from voxel to voxel takes several times as long.
    """
    nx, ny, nz = crop.shape
    most = nx * ny * ((nz + 1) // 2)
    start = np.empty(most, np.int32)
    stop, parent = np.empty_like(start), np.empty_like(start)
    first = np.zeros(nx * ny + 1, np.int32)  # run of each row
    runs, merged, highest = 0, 0, 0
    one, two = False, False
    for r in range(nx * ny):
        row = crop[r // ny, r % ny]
        k = 0
        while k < nz:
            if row[k] == 0:
                k += 1
                continue
            start[runs] = k
            while k < nz and row[k] != 0:
                one |= row[k] == 1
                two |= row[k] == 2
                highest = max(highest, row[k])
                k += 1
            stop[runs], parent[runs] = k, runs
            runs += 1
        first[r + 1] = runs
        for layer in (False, True):
            step = ny if layer else 1
            if r < ny if layer else r % ny == 0:
                continue
            here, other = first[r], first[r - step]
            while here < first[r + 1] and other < first[r - step + 1]:
                if start[here] < stop[other] and start[other] < stop[here]:
                    a, b = _root(parent, here), _root(parent, other)
                    if a != b:
                        parent[max(a, b)] = min(a, b)
                        merged += 1
                if stop[here] < stop[other]:
                    here += 1
                else:
                    other += 1
    return runs - merged, highest, one and two


@njit(cache=True, nogil=True)
def _root(parent: NDArray[np.int32], run: int) -> int:
    while parent[run] != run:
        parent[run] = parent[parent[run]]
        run = parent[run]
    return run


def rejoin(
    roi: NDArray[np.uint8], crop: NDArray[np.uint8], cells: list[NDArray[np.int64]]
) -> None:
    """Join again, in place, what a sampled image of a conduit has lost.

    Where a throat or a neck slips between the samples, the voxels on the shortest ways across
    are added, among those that stand for some voxel of the conduit.

    Parameters
    ----------
    roi : uint8, 2D or 3D, a sample of the conduit
    crop : uint8
        The conduit, one cluster.
    cells : (n,) int64 for each axis
        Voxel of ``roi`` that each voxel of ``crop`` belongs to; neighbours have the same or the
        next one, so all voxels of ``roi`` that have some of the conduit are one cluster.
    """
    count, _, both = _survey(_in_3d(roi))
    if count == 1 and both:
        return
    shares = []
    for label in (1, 2):
        place = [cell[at] for cell, at in zip(cells, np.nonzero(crop == label), strict=True)]
        flat = np.ravel_multi_index(tuple(place), roi.shape)
        shares.append(np.bincount(flat, minlength=roi.size).reshape(roi.shape))
    pooled = np.where(shares[1] > shares[0], 2, 1).astype(np.uint8)
    allowed = shares[0] + shares[1] > 0
    for label, share in enumerate(shares, start=1):
        if not (roi == label).any():
            roi.flat[share.argmax()] = label
    while True:
        cluster, count = spim.label(roi)
        if count == 1:
            return
        main = cluster == np.bincount(cluster[cluster > 0]).argmax()
        bridge = _shortest_ways(main, (cluster > 0) & ~main, allowed)
        roi[bridge] = pooled[bridge]


def _shortest_ways(main: BoolArray, others: BoolArray, allowed: BoolArray) -> BoolArray:
    """Mark the voxels on all shortest ways between two sets, both left out."""
    fronts, seen = [main], main.copy()
    while not (fronts[-1] & others).any():
        fronts.append(spim.binary_dilation(fronts[-1]) & allowed & ~seen)
        seen |= fronts[-1]
    reached, ways = fronts[-1] & others, np.zeros_like(main)
    for front in fronts[-2:0:-1]:
        reached = spim.binary_dilation(reached) & front
        ways |= reached
    return ways
