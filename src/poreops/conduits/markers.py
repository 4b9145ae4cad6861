"""One marker for each region: the peaks of the distance transform that SNOW keeps.

Gostick, Physical Review E 96, 023307 (2017). The same markers as PoreSpy's ``find_peaks``,
``trim_saddle_points`` and ``trim_nearby_peaks``, which dilate a window round every peak and
filter the whole image with a ball; here a voxel is left at the first neighbour that is higher,
and a peak is a list of voxels.
"""

from collections.abc import Sequence

import numpy as np
import scipy.ndimage as spim
from numba import njit, prange
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from poreops.base.arrays import Integers

SADDLE_STEPS = 20  # PoreSpy's maxiter
_SOLID = 2.0  # PoreSpy's value of the solid, which hides peaks beside a wall


def markers(
    distance: NDArray[np.float32], *, r_max: int, sigma: float
) -> tuple[NDArray[np.int32], int]:
    """Return an image of numbered peaks, 0 elsewhere, and their number.

    Parameters
    ----------
    distance : (nx, ny, nz) or (nx, ny) float32, 0 in the solid [voxel]
    r_max : radius of the ball in which a peak is the highest voxel [voxel]
    sigma : standard deviation of the Gaussian that smooths the distance first [voxel]
    """
    pore = distance > 0
    smooth = spim.gaussian_filter(distance, sigma) * pore if sigma > 0 else distance
    peaks = highest_in_ball(smooth, r_max)
    del smooth
    peaks = without_saddles(peaks, distance)
    numbered, _ = spim.label(peaks, np.ones((3,) * peaks.ndim))
    voxels = np.nonzero(numbered)
    places = centres(numbered[voxels] - 1, voxels)
    far = far_from_others(places, distance[tuple(places.T)])
    kept = np.concatenate([[False], far])
    numbers = np.where(kept, np.cumsum(kept), 0).astype(np.int32)
    return numbers[numbered], int(kept.sum())


def highest_in_ball(height: NDArray[np.float32], radius: int) -> NDArray[np.bool_]:
    """Mark the voxels that no other within a ball exceeds; the image is mirrored at its faces.

    Parameters
    ----------
    height : (nx, ny, nz) or (nx, ny) float32, 0 in the solid
    radius : of the ball, whose six outermost voxels do not belong to it
    """
    shape = height.shape
    box = np.ascontiguousarray(height).reshape(*shape, *(1,) * (3 - len(shape)))
    steps = np.indices((2 * radius + 1,) * len(shape)).reshape(len(shape), -1).T - radius
    squared = (steps**2).sum(axis=1)
    inside = (squared < radius**2) & (squared > 0)
    near_first = np.argsort(squared[inside], kind="stable")
    offsets = np.zeros((inside.sum(), 3), dtype=np.int64)
    offsets[:, : len(shape)] = steps[inside][near_first]
    found: NDArray[np.bool_] = _highest(box, offsets).reshape(shape)
    return found


def without_saddles(peaks: NDArray[np.bool_], distance: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Drop the peaks from which a path leads uphill: saddles and ridges.

    A peak and the highest voxels round it, again and again, either stay what they are (a peak)
    or move away from where they were (a saddle).

    Parameters
    ----------
    peaks : (nx, ny[, nz]) bool
    distance : of the same shape, to the solid [voxel]
    """
    found = np.zeros(distance.shape, dtype=bool)
    found.ravel()[tops(peaks, distance)] = True
    return found & peaks


def tops(peaks: NDArray[np.bool_], distance: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the highest voxels round each peak from which no path leads uphill, as flat indices.

    Parameters
    ----------
    peaks : (nx, ny[, nz]) bool
    distance : of the same shape, to the solid [voxel]
    """
    shape = distance.shape
    box = np.ascontiguousarray(distance).reshape(*shape, *(1,) * (3 - len(shape)))
    numbered, _ = spim.label(peaks)
    voxels = np.flatnonzero(numbered)
    owner = numbered.ravel()[voxels]
    order = np.argsort(owner, kind="stable")
    found: NDArray[np.int64] = _true_peaks(box, voxels[order], owner[order])
    return found


def centres(owner: Integers, voxels: Sequence[Integers]) -> Integers:
    """Return the voxel at the centre of each peak, (count, ndim).

    Parameters
    ----------
    owner : (n,) number of the peak of each voxel, from 0
    voxels : (n,) their index along each axis
    """
    size = np.bincount(owner)
    means = [np.bincount(owner, axis) / size for axis in voxels]
    return np.stack(means, axis=1).astype(np.int64)


def far_from_others(places: Integers, distance: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell which of the peaks is not nearer to a higher peak than to the solid.

    Parameters
    ----------
    places : (count, ndim) voxel at the centre of each peak
    distance : (count,) from there to the solid [voxel]
    """
    count = len(places)
    if count < 2:
        return np.ones(count, dtype=bool)
    # of two peaks of one height the later wins, as in PoreSpy
    height = distance + np.arange(count) * 1e-6
    apart, nearest = cKDTree(places).query(places, k=2)
    near = np.flatnonzero(apart[:, 1] <= height)
    other = nearest[near, 1]
    far = np.ones(count, dtype=bool)
    far[np.where(height[near] < height[other], near, other)] = False
    return far


@njit(cache=True, parallel=True)
def _highest(height, offsets):
    nx, ny, nz = height.shape
    found = np.zeros(height.shape, np.bool_)
    for i in prange(nx):
        for j in range(ny):
            for k in range(nz):
                here = height[i, j, k]
                if here <= 0:
                    continue
                highest = True
                for n in range(offsets.shape[0]):
                    a = _mirrored(i + offsets[n, 0], nx)
                    b = _mirrored(j + offsets[n, 1], ny)
                    c = _mirrored(k + offsets[n, 2], nz)
                    there = height[a, b, c]
                    if there > here or (there <= 0 and here < _SOLID):
                        highest = False
                        break
                found[i, j, k] = highest
    return found


@njit(cache=True)
def _mirrored(i, n):
    """Index inside 0..n-1 of an index outside, the faces being mirrors."""
    while i < 0 or i >= n:
        i = -i - 1 if i < 0 else 2 * n - 1 - i
    return i


@njit(cache=True)
def _true_peaks(distance, voxels, owner):
    """Voxels (flat) of the peaks that are none of them saddles."""
    kept = [np.int64(-1)]
    start = 0
    while start < voxels.size:
        stop = start
        while stop < voxels.size and owner[stop] == owner[start]:
            stop += 1
        peak = voxels[start:stop].copy()
        for _ in range(SADDLE_STEPS):
            higher = _highest_round(distance, peak)
            if higher.size == peak.size and (higher == peak).all():
                kept.extend(peak)
                break
            if not _share(higher, peak):
                break
            peak = higher
        start = stop
    return np.array(kept[1:])


@njit(cache=True)
def _highest_round(distance, peak):
    """Return the highest of the voxels of a peak and those that touch it, sorted."""
    nx, ny, nz = distance.shape
    flat = distance.ravel()
    top = flat[peak[0]]
    found = [np.int64(0)]
    for turn in range(2):
        for voxel in peak:
            i, j, k = voxel // (ny * nz), voxel // nz % ny, voxel % nz
            for a in range(max(i - 1, 0), min(i + 2, nx)):
                for b in range(max(j - 1, 0), min(j + 2, ny)):
                    for c in range(max(k - 1, 0), min(k + 2, nz)):
                        there = (a * ny + b) * nz + c
                        if turn == 0:
                            top = max(top, flat[there])
                        elif flat[there] == top:
                            found.append(there)
    return np.unique(np.array(found[1:]))


@njit(cache=True)
def _share(first, second):
    """Tell whether two sorted lists share a number."""
    i, j = 0, 0
    while i < first.size and j < second.size:
        if first[i] == second[j]:
            return True
        if first[i] < second[j]:
            i += 1
        else:
            j += 1
    return False
