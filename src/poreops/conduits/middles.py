"""Where the flow through a conduit begins and ends: its middle surfaces and reservoirs."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from poreops.solvers.stokes.staggered import INLET, PORE

_FAST = {"contract", "reassoc", "nsz", "arcp", "nnan"}
_TIE = 1e-6  # of a distance [voxel], so that a flip does not move a voxel to the other side


@njit(cache=True, nogil=True, error_model="numpy")
def fill_reservoirs(box: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Turn a padded conduit into a flow problem in place, and mark its two middle surfaces.

    Parameters
    ----------
    box : (nx + 2, ny + 2, nz + 2) uint8, 1 and 2 in the regions, 0 elsewhere
        Gets the states of `solvers.stokes.staggered`: an inlet in region 1, an outlet in region 2.

    Returns
    -------
    uint8, of the same shape
        1 and 2 on the middle surface of each region, 0 elsewhere; see `conduits.hydraulic`.
    """
    mark = np.zeros(box.shape, np.uint8)
    regions = _voxels(box, 1), _voxels(box, 2)
    throats = _touching(box, regions[1], 1), _touching(box, regions[0], 2)
    for r in range(2):
        voxels = regions[r]
        across = throats[r].T.astype(np.float32)
        distance = np.sqrt(_squared(voxels.T.astype(np.float32), across).astype(np.float64))
        count = voxels.shape[0]
        centre = np.zeros(3)
        for v in range(count):
            centre += voxels[v]
        middle = min(_distance(centre / count, across), distance.max())
        for v in range(count):
            i, j, k = voxels[v]
            mark[i, j, k] = (r + 1) * (abs(distance[v] - middle) <= 0.5 + _TIE)
            box[i, j, k] = INLET + r if distance[v] >= middle - _TIE else PORE
    return mark


@njit(cache=True, nogil=True, fastmath=_FAST)
def _squared(points: NDArray[np.float32], cubes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Squared distances of points (3, n) to the nearest of some voxels (3, m), taken as cubes.

    Exact for centres of voxels. Cube after cube: the loop over the points vectorises.
    """
    x, y, z = points[0].copy(), points[1].copy(), points[2].copy()
    best = np.full(x.size, np.float32(2**30), np.float32)
    half, none = np.float32(0.5), np.float32(0)
    for n in range(cubes.shape[1]):
        i, j, k = cubes[0, n], cubes[1, n], cubes[2, n]
        for v in range(x.size):
            a = max(abs(x[v] - i) - half, none)
            b = max(abs(y[v] - j) - half, none)
            c = max(abs(z[v] - k) - half, none)
            best[v] = min(best[v], a * a + b * b + c * c)
    return best


@njit(cache=True, nogil=True)
def _voxels(box: NDArray[np.uint8], label: int) -> NDArray[np.int32]:
    """Return the places (n, 3) of a label."""
    found = np.empty((np.count_nonzero(box == label), 3), np.int32)
    n = 0
    for i in range(box.shape[0]):
        for j in range(box.shape[1]):
            for k in range(box.shape[2]):
                if box[i, j, k] == label:
                    found[n, 0], found[n, 1], found[n, 2] = i, j, k
                    n += 1
    return found


@njit(cache=True, nogil=True)
def _touching(box: NDArray[np.uint8], voxels: NDArray[np.int32], label: int) -> NDArray[np.int32]:
    """Return those of the voxels that share a face with a label."""
    kept = np.zeros(voxels.shape[0], np.bool_)
    for v in range(voxels.shape[0]):
        i, j, k = voxels[v]
        kept[v] = (
            box[i - 1, j, k] == label
            or box[i + 1, j, k] == label
            or box[i, j - 1, k] == label
            or box[i, j + 1, k] == label
            or box[i, j, k - 1] == label
            or box[i, j, k + 1] == label
        )
    return voxels[kept]


@njit(cache=True, nogil=True)
def _distance(point: NDArray[np.float64], cubes: NDArray[np.float32]) -> float:
    """Distance of a point to the nearest of the voxels (3, n), taken as cubes."""
    best = np.inf
    for n in range(cubes.shape[1]):
        squared = 0.0
        for axis in range(3):
            beside = max(abs(point[axis] - cubes[axis, n]) - 0.5, 0.0)
            squared += beside * beside
        best = min(best, squared)
    return float(np.sqrt(best))
