"""Levels of a padded voxel box for cell-centred multigrid, and the transfers between them.

Levels lie behind one another in flat buffers; a row of a table of levels holds the sizes without
padding, the strides of the first two axes and the offset of the level.
"""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def coarsen(gx, gy, gz, fine, lo, coarse, base):
    """Coarse face conductances: half the sum of the four fine faces between two aggregates."""
    nx, ny, nz, cx, cy = coarse
    sx, sy = fine[3], fine[4]
    half = np.float32(0.5)
    for i in range(1, nx + 1):
        for j in range(1, ny + 1):
            row = base + i * cx + j * cy
            first = lo + (2 * i - 1) * sx + (2 * j - 1) * sy
            for k in range(1, nz + 1):
                m = first + 2 * k - 1
                a = m + sx
                gx[row + k] = half * (gx[a] + gx[a + 1] + gx[a + sy] + gx[a + sy + 1])
                a = m + sy
                gy[row + k] = half * (gy[a] + gy[a + 1] + gy[a + sx] + gy[a + sx + 1])
                a = m + 1
                gz[row + k] = half * (gz[a] + gz[a + sy] + gz[a + sx] + gz[a + sx + sy])


@njit(cache=True, nogil=True, error_model="numpy")
def restrict(t, b, fine, lo, coarse, base):
    """Sum the residual of each 2x2x2 aggregate."""
    nx, ny, nz, cx, cy = coarse
    sx, sy = fine[3], fine[4]
    for i in range(1, nx + 1):
        for j in range(1, ny + 1):
            row = base + i * cx + j * cy
            first = lo + (2 * i - 1) * sx + (2 * j - 1) * sy
            out = b[row + 1 : row + nz + 1]
            r0 = t[first + 1 : first + 2 * nz + 1]
            r1 = t[first + sy + 1 : first + sy + 2 * nz + 1]
            r2 = t[first + sx + 1 : first + sx + 2 * nz + 1]
            r3 = t[first + sx + sy + 1 : first + sx + sy + 2 * nz + 1]
            for k in range(nz):
                even = r0[2 * k] + r1[2 * k] + r2[2 * k] + r3[2 * k]
                odd = r0[2 * k + 1] + r1[2 * k + 1] + r2[2 * k + 1] + r3[2 * k + 1]
                out[k] = even + odd


@njit(cache=True, nogil=True, error_model="numpy")
def prolong(x, pore, fine, lo, coarse, base):
    """Add the coarse correction to each voxel of its aggregate; solid stays 0."""
    nx, ny, nz, cx, cy = coarse
    sx, sy = fine[3], fine[4]
    twice = np.empty(2 * nz, x.dtype)  # each value for two voxels: the rows then vectorise
    for i in range(1, nx + 1):
        for j in range(1, ny + 1):
            row = base + i * cx + j * cy
            correction = x[row + 1 : row + nz + 1]
            for k in range(nz):
                twice[2 * k] = correction[k]
                twice[2 * k + 1] = correction[k]
            first = lo + (2 * i - 1) * sx + (2 * j - 1) * sy + 1
            for f in (first, first + sy, first + sx, first + sx + sy):
                out = x[f : f + 2 * nz]
                mask = pore[f : f + 2 * nz]
                for k in range(2 * nz):
                    out[k] += mask[k] * twice[k]


@njit(cache=True, nogil=True)
def grid_levels(nx, ny, nz):
    """Interior sizes, strides and offset of each level; the last row holds the total length."""
    levels = np.zeros((32, 6), np.int64)
    count = 0
    offset = 0
    while True:
        sy = nz + 2
        sx = (ny + 2) * sy
        row = levels[count]  # one by one: assigning a tuple compiles for two seconds
        row[0], row[1], row[2], row[3], row[4], row[5] = nx, ny, nz, sx, sy, offset
        offset += (nx + 2) * sx
        count += 1
        if max(nx, ny, nz) <= 2:
            levels[count, 5] = offset
            return levels[: count + 1]
        nx, ny, nz = (nx + 1) // 2, (ny + 1) // 2, (nz + 1) // 2
