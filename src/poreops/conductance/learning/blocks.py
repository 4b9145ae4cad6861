"""A conduit on blocks of its own voxels: what the coarse solve and the scalars are made of.

The zoom to the network's cube repeats voxels unevenly: of 37 voxels in a row 27 are drawn twice
and 10 once, and a throat of three becomes five or six. So the cube is first shrunk back to the
voxels that it came from (`encoding` finds their number), and these are put into blocks of two.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from poreops.conduits.crop import ROI_SIZE, nearest_index
from poreops.solvers.box.distance import deepest, filled

SINGLE = 16
"""Up to this edge a block is one voxel: a throat of a small conduit is a voxel or two wide."""


def _first_voxels() -> NDArray[np.int64]:
    """Return, for each edge of the cube before the zoom, the first voxel drawn from each."""
    first = np.zeros((ROI_SIZE + 1, ROI_SIZE), np.int64)
    for edge in range(1, ROI_SIZE + 1):
        first[edge, :edge] = np.searchsorted(nearest_index(edge, ROI_SIZE), np.arange(edge))
    return first


def _block_tables() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return, for each edge, the number of blocks, the block of each voxel, the blocks' widths.

    An odd edge has one block of one or three voxels in the middle, so that a flip changes nothing.
    """
    count = np.zeros(ROI_SIZE + 1, np.int64)
    block = np.zeros((ROI_SIZE + 1, ROI_SIZE), np.int64)
    width = np.ones((ROI_SIZE + 1, ROI_SIZE // 2))
    for edge in range(1, ROI_SIZE + 1):
        widths = [1] * edge
        if edge > SINGLE:
            middle = [edge % 4] * (edge % 2)
            side = [2] * ((edge - sum(middle)) // 4)
            rest = [] if edge % 2 or edge % 4 == 0 else [2]
            widths = side + middle + rest + side
        count[edge] = len(widths)
        block[edge, :edge] = np.repeat(np.arange(len(widths)), widths)
        width[edge, : len(widths)] = widths
    return count, block, width


FIRST = _first_voxels()
COUNT, BLOCK, WIDTH = _block_tables()


@njit(cache=True, nogil=True)
def unzoomed(roi: NDArray[np.uint8], edge: int) -> NDArray[np.uint8]:
    """Return the cube of ``edge`` voxels that a ROI was enlarged from.

    Parameters
    ----------
    roi : (R, R, R or 1) uint8
    edge : of the cube before it was enlarged [voxel]
    """
    if edge == roi.shape[0]:
        return roi
    depth = edge if roi.shape[2] > 1 else 1
    box = np.empty((edge, edge, depth), np.uint8)
    for i in range(edge):
        for j in range(edge):
            row = roi[FIRST[edge, i], FIRST[edge, j]]
            for k in range(depth):
                box[i, j, k] = row[FIRST[edge, k] if depth > 1 else 0]
    return box


@njit(cache=True, nogil=True, error_model="numpy")
def summary(
    box: NDArray[np.uint8], faces: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
    """Return the scalars but the last, centroids and inscribed radii; fill the blocks.

    Parameters
    ----------
    box : (n, n, n) or (n, n, 1) uint8, 0/1/2
    faces : (3, m) float32, gets the conductances of the faces between padded blocks

    Returns
    -------
    values : (10,) float32, lengths in voxels of the box
    centre : (2, 3) float64
    radius : (2,) float64, rounded as ``pore_spheres`` does
    """
    size, _, depth = box.shape
    deep = depth > 1
    blocks = COUNT[size]
    sy = blocks + 2 if deep else 3
    sx = (blocks + 2) * sy
    faces[:] = np.float32(0)
    count, centre, throat = np.zeros(2), np.zeros((2, 3)), np.zeros(3)
    throat_square, area, walls = 0.0, 0.0, 0.0
    block, width = BLOCK[size], WIDTH[size]
    for i in range(size):
        for j in range(size):
            first, last = filled(box[i, j])
            for k in range(first, last):
                here = box[i, j, k]
                if here == 0:
                    continue
                r = here - 1
                count[r] += 1
                centre[r, 0] += i
                centre[r, 1] += j
                centre[r, 2] += k
                m = (block[i] + 1) * sx + (block[j] + 1) * sy + (block[k] if deep else 0) + 1
                for axis in range(3):
                    di, dj, dk = int(axis == 0), int(axis == 1), int(axis == 2)
                    if axis == 2 and not deep:
                        continue
                    outside = i + di == size or j + dj == size or k + dk == depth
                    near = 0 if outside else box[i + di, j + dj, k + dk]
                    if near == 0:
                        walls += 1.0
                        continue
                    along = i * di + j * dj + k * dk
                    a, b = block[along], block[along + 1]
                    if a != b:
                        faces[axis, m] += np.float32(2.0 / (width[a] + width[b]))
                    if near != here:
                        area += 1.0
                        x, y, z = i + 0.5 * di, j + 0.5 * dj, k + 0.5 * dk
                        throat[0] += x
                        throat[1] += y
                        throat[2] += z
                        throat_square += x * x + y * y + z * z
    for axis in range(3):
        centre[0, axis] /= count[0]
        centre[1, axis] /= count[1]
        throat[axis] /= area
    diagonal = np.sqrt(3.0 if deep else 2.0)
    radius: NDArray[np.float64] = np.round((2 * np.sqrt(deepest(box, deep)) - diagonal) / 2)
    apart = np.sqrt(((centre[0] - centre[1]) ** 2).sum())
    legs = np.sqrt(((centre[0] - throat) ** 2).sum()) + np.sqrt(((centre[1] - throat) ** 2).sum())
    spread = throat_square / area - (throat**2).sum()
    values = np.empty(10, np.float32)
    values[0] = np.log(count[0] + count[1] + 1)
    values[1] = abs(np.log((count[0] + 1) / (count[1] + 1)))
    values[2] = np.log(area + 0.5)
    values[3] = np.log(walls + 0.5)
    values[4] = np.log(apart + 0.5)
    values[5] = np.log((legs + 1) / (apart + 1))
    values[6] = np.log(radius.min() + 0.5)
    values[7] = np.log(radius.max() + 0.5)
    values[8] = 0.5 * np.log(max(spread, 0.0) + 0.25)
    values[9] = np.log(size)
    return values, centre, radius


@njit(cache=True, nogil=True, error_model="numpy")
def poles(
    box: NDArray[np.uint8],
    centre: NDArray[np.float64],
    radius: NDArray[np.float64],
    source: NDArray[np.float64],
    mean: NDArray[np.float64],
    whole: NDArray[np.float64],
) -> None:
    """Write the unit current, and the weights of the difference of the means in the spheres.

    Voxels and spheres are those of the definition (`transport.size_factor`), put into blocks.

    Parameters
    ----------
    box : (n, n, n) or (n, n, 1) uint8
    centre, radius : as `summary` returns them
    source, mean : (m,) float64, of the padded blocks
    whole : (m,) float64, gets the weights of the difference of the means in the whole regions
    """
    size, _, depth = box.shape
    deep = depth > 1
    blocks = COUNT[size]
    sy = blocks + 2 if deep else 3
    sx = (blocks + 2) * sy
    block = BLOCK[size]
    source[:] = 0.0
    mean[:] = 0.0
    whole[:] = 0.0
    counts = np.zeros(2)
    for i in range(size):
        for j in range(size):
            for k in range(depth):
                if box[i, j, k] > 0:
                    counts[box[i, j, k] - 1] += 1
    for i in range(size):
        for j in range(size):
            for k in range(depth):
                if box[i, j, k] > 0:
                    r = box[i, j, k] - 1
                    m = (block[i] + 1) * sx + (block[j] + 1) * sy + (block[k] if deep else 0) + 1
                    whole[m] += (1.0 - 2.0 * r) / counts[r]
    for r in range(2):
        sign = 1.0 - 2.0 * r
        nearest = _nearest(box, r + 1, centre[r])
        reach = int(radius[r])
        for row in range(nearest.shape[0]):
            ci, cj, ck = nearest[row]
            here = (block[ci] + 1) * sx + (block[cj] + 1) * sy + (block[ck] if deep else 0) + 1
            source[here] += sign / nearest.shape[0]
            inside = 0
            for turn in range(2):
                for i in range(max(ci - reach, 0), min(ci + reach + 1, size)):
                    for j in range(max(cj - reach, 0), min(cj + reach + 1, size)):
                        for k in range(max(ck - reach, 0), min(ck + reach + 1, depth)):
                            d2 = (i - ci) ** 2 + (j - cj) ** 2 + (k - ck) ** 2
                            if box[i, j, k] != r + 1 or d2 > radius[r] ** 2 or radius[r] < 0.5:
                                continue
                            if turn == 0:
                                inside += 1
                            else:
                                m = (block[i] + 1) * sx + (block[j] + 1) * sy
                                m += (block[k] if deep else 0) + 1
                                mean[m] += sign / (inside * nearest.shape[0])
        if radius[r] < 0.5:  # the whole region stands for a sphere of no radius
            for m in range(mean.size):
                if whole[m] * sign > 0:
                    mean[m] += whole[m]


@njit(cache=True, nogil=True)
def _nearest(box: NDArray[np.uint8], label: int, target: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the voxels (n, 3) of a label nearest to a point; an exact tie returns all."""
    size, _, depth = box.shape
    best = np.inf
    found = [(0, 0, 0)]
    for i in range(size):
        for j in range(size):
            row = (i - target[0]) ** 2 + (j - target[1]) ** 2
            if row > best + 1e-9:
                continue
            for k in range(depth):
                if box[i, j, k] == label:
                    d2 = row + (k - target[2]) ** 2
                    if d2 < best - 1e-9:
                        found.clear()
                        found.append((i, j, k))
                        best = d2
                    elif d2 <= best + 1e-9:
                        found.append((i, j, k))
    voxels = np.empty((len(found), 3), np.int64)
    for n, (i, j, k) in enumerate(found):
        voxels[n, 0], voxels[n, 1], voxels[n, 2] = i, j, k
    return voxels
