"""Exact distances to the wall inside the labels of a conduit.

Separable (Saito & Toriwaki, *Pattern Recognition* 27, 1994); what lies beyond the box is of no
label. No threads of their own, which the ``edt`` package has: they cost more than a small conduit.
"""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def squared_distance(crop, deep):
    """Squared distance of each labelled voxel to the nearest voxel that is not of its label.

    Parameters
    ----------
    crop : (nx, ny, nz) uint8, 0 without a label
    deep : bool
        False for a 2D image, whose nz is 1.

    Returns
    -------
    (nx, ny, nz) int32, 0 where there is no label
    """
    found, planar, spans = _in_planes(crop, deep)
    _along(0, crop, planar, found, spans)
    return found


@njit(cache=True, nogil=True)
def deepest(crop, deep):
    """Largest squared distances (2,) float64 of the labels 1 and 2, as ``squared_distance``.

    Parameters
    ----------
    crop : padded labels, 0/1/2
    deep : squared distances of its voxels
    """
    nx, ny, nz = crop.shape
    _, planar, spans = _in_planes(crop, deep)
    flat, near = crop.ravel(), planar.ravel()
    best = np.zeros(2)
    for i in range(nx):
        for j in range(ny):
            for k in range(spans[i, j, 0], spans[i, j, 1]):
                m = (i * ny + j) * nz + k
                # the distance in the plane bounds that in space: most voxels need no last pass
                if flat[m] > 0 and near[m] > best[flat[m] - 1]:
                    squared = _nearest_along(flat, near, m, ny * nz, i, nx - 1 - i)
                    best[flat[m] - 1] = max(best[flat[m] - 1], squared)
    return best


@njit(cache=True, nogil=True)
def _in_planes(crop, deep):
    """Zeros or distances along z, squared distances along y and z, and where labels lie in z."""
    nx, ny, nz = crop.shape
    far = np.int32(4 * (nx + ny + nz) ** 2)
    first = np.zeros(crop.shape, np.int32)
    second = np.empty(crop.shape, np.int32)
    spans = np.empty((nx, ny, 2), np.int64)  # most of a box holds no label
    for i in range(nx):
        for j in range(ny):
            line, out = crop[i, j], first[i, j]
            begin, end = filled(line)
            spans[i, j, 0], spans[i, j, 1] = begin, end
            run, last = 0, 0
            for k in range(begin, end):
                run = run + 1 if line[k] == last else 1
                last = line[k]
                if last > 0:
                    out[k] = run * run if deep else far
            if not deep:
                continue
            run, last = 0, 0
            for k in range(end - 1, begin - 1, -1):
                run = run + 1 if line[k] == last else 1
                last = line[k]
                out[k] = min(out[k], run * run)
    _along(1, crop, first, second, spans)
    return first, second, spans


@njit(cache=True, nogil=True)
def _along(axis, crop, squared, out, spans):
    """Write to ``out`` the squared distances that count steps along axis 0 or 1 too."""
    nx, ny, nz = crop.shape
    flat, near, nearer = crop.ravel(), squared.ravel(), out.ravel()
    stride, last = (ny * nz, nx - 1) if axis == 0 else (nz, ny - 1)
    for i in range(nx):
        for j in range(ny):
            before = i if axis == 0 else j
            for k in range(spans[i, j, 0], spans[i, j, 1]):
                m = (i * ny + j) * nz + k
                if flat[m] > 0:
                    nearer[m] = _nearest_along(flat, near, m, stride, before, last - before)


@njit(cache=True, nogil=True)
def filled(row):
    """First and last + 1 of the voxels of a row that are not 0, or 0 and 0.

    Parameters
    ----------
    row : (n,) of numbers
    """
    first, last = 0, row.size
    while last > 0 and row[last - 1] == 0:
        last -= 1
    while first < last and row[first] == 0:
        first += 1
    return first, last


@njit(cache=True, nogil=True)
def _nearest_along(label, squared, here, stride, before, after):
    """Least sum of a squared distance and the squared steps to it, in one label along a line."""
    best = squared[here]
    step = 1
    down, up = here, here
    while step * step < best and (before >= 0 or after >= 0):
        if after >= 0:
            up += stride
            if after < step or label[up] != label[here]:
                best, after = min(best, step * step), -1
            else:
                best = min(best, squared[up] + step * step)
        if before >= 0:
            down -= stride
            if before < step or label[down] != label[here]:
                best, before = min(best, step * step), -1
            else:
                best = min(best, squared[down] + step * step)
        step += 1
    return best
