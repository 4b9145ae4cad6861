"""Where the flow through a conduit begins and ends: its middle surfaces and reservoirs."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from poreops.solvers.stokes.staggered import INLET, PORE

_FAST = {"contract", "reassoc", "nsz", "arcp", "nnan"}
_TOGETHER = 512  # points that stay in the nearest cache
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
    regions = _voxels(box)
    throats = _touching(box, regions[1], 1), _touching(box, regions[0], 2)
    for r in range(2):
        voxels = regions[r]
        across, points = _columns(throats[r]), _columns(voxels)
        distance = np.sqrt(_squared(points, across).astype(np.float64))
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
    found = np.full(points.shape[1], np.float32(2**30), np.float32)
    half, none = np.float32(0.5), np.float32(0)
    for first in range(0, found.size, _TOGETHER):
        part = slice(first, min(first + _TOGETHER, found.size))
        x, y, z, best = points[0, part], points[1, part], points[2, part], found[part]
        for n in range(cubes.shape[1]):
            i, j, k = cubes[0, n], cubes[1, n], cubes[2, n]
            for v in range(best.size):
                a = max(abs(x[v] - i) - half, none)
                b = max(abs(y[v] - j) - half, none)
                c = max(abs(z[v] - k) - half, none)
                best[v] = min(best[v], a * a + b * b + c * c)
    return found


@njit(cache=True, nogil=True)
def _columns(voxels: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return the coordinates (3, n) of voxels (n, 3), each in one row."""
    found = np.empty((3, voxels.shape[0]), np.float32)
    for v in range(voxels.shape[0]):
        found[0, v], found[1, v], found[2, v] = voxels[v, 0], voxels[v, 1], voxels[v, 2]
    return found


@njit(cache=True, nogil=True)
def _voxels(box: NDArray[np.uint8]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the places (n, 3) of the labels 1 and 2."""
    one, two = 0, 0
    for label in box.ravel():
        one += label == 1
        two += label == 2
    found = np.empty((one, 3), np.int32), np.empty((two, 3), np.int32)
    count = np.zeros(2, np.int64)
    for i in range(box.shape[0]):
        for j in range(box.shape[1]):
            line = box[i, j]
            for k in range(line.size):
                if line[k] == 1 or line[k] == 2:
                    places, n = found[line[k] - 1], count[line[k] - 1]
                    places[n, 0], places[n, 1], places[n, 2] = i, j, k
                    count[line[k] - 1] += 1
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
