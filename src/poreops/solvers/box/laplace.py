"""Solve div(grad c) = -source in the pores of a small voxel box, on one thread, without a matrix.

The unknowns sit at voxel centres; two neighbouring pore voxels exchange ``c_i - c_j`` through
their common face (finite volumes), walls are insulating. The box is dense and padded by one
layer of solid, so that each kernel is one flat loop that the compiler vectorises. For whole
volumes see ``bulk``, which stores pore voxels only.

Conjugate gradients in float64, preconditioned by one float32 V-cycle of cell-centred multigrid:
2x2x2 aggregates, coarse face conductances half the sum of the fine ones (twice the distance), a
pair of Chebyshev-weighted Jacobi sweeps before and after.
See Trottenberg, Oosterlee & Schueller, *Multigrid* (2001), sections 2.8 and 7.
"""

import numpy as np
from numba import njit

from poreops.solvers.box.grid_levels import coarsen, grid_levels, prolong, restrict

# Roots of the degree-2 Chebyshev polynomial on [0.4, 2], the upper part of the spectrum of
# D^-1 A: the pair of sweeps damps every rough error by at least 3.5.
_W1 = np.float32(1.0 / (1.2 - 0.8 * np.sqrt(0.5)))
_W2 = np.float32(1.0 / (1.2 + 0.8 * np.sqrt(0.5)))
_COARSEST_SWEEPS = 8  # pairs of sweeps on the coarsest level
_FAST = {"contract", "reassoc", "nsz", "arcp"}


# The kernels loop from 0 over shifted views: an index that may be negative (``x[i - sx]``) makes
# numba test for wrap-around, which stops the vectoriser and costs a factor of nine. Levels lie
# behind one another in flat buffers; lo..hi-1 are the planes of one level without its padding.


@njit(cache=True, nogil=True)
def _shifted(x, sx, sy, lo, hi):
    """Return views of x on lo..hi-1 at the voxel itself and its six neighbours."""
    return (
        x[lo:hi],
        x[lo - sx : hi - sx],
        x[lo + sx : hi + sx],
        x[lo - sy : hi - sy],
        x[lo + sy : hi + sy],
        x[lo - 1 : hi - 1],
        x[lo + 1 : hi + 1],
    )


@njit(cache=True, nogil=True)
def _face_views(gx, gy, gz, sx, sy, lo, hi):
    """Conductances of the six faces of voxels lo..hi-1, in the order of ``_shifted``."""
    return (
        gx[lo - sx : hi - sx],
        gx[lo:hi],
        gy[lo - sy : hi - sy],
        gy[lo:hi],
        gz[lo - 1 : hi - 1],
        gz[lo:hi],
    )


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _assemble(pore, gx, gy, gz, degree, inv, sx, sy, lo, hi):
    """Face conductances, their sums and the inverse of these on the finest level."""
    c, x0, x1, y0, y1, z0, z1 = _shifted(pore, sx, sy, lo, hi)
    ox, oy, oz = gx[lo:hi], gy[lo:hi], gz[lo:hi]
    total, scale = degree[lo:hi], inv[lo:hi]
    for i in range(hi - lo):
        ox[i] = c[i] * x1[i]
        oy[i] = c[i] * y1[i]
        oz[i] = c[i] * z1[i]
        total[i] = c[i] * (x0[i] + x1[i] + y0[i] + y1[i] + z0[i] + z1[i])
        scale[i] = np.float32(1) / total[i] if total[i] > np.float32(0) else np.float32(0)


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _inverse(gx, gy, gz, inv, sx, sy, lo, hi):
    a, b, c, d, e, f = _face_views(gx, gy, gz, sx, sy, lo, hi)
    scale = inv[lo:hi]
    for i in range(hi - lo):
        total = a[i] + b[i] + c[i] + d[i] + e[i] + f[i]
        scale[i] = np.float32(1) / total if total > np.float32(0) else np.float32(0)


# A conduit fills half of its box or less: on the finest level each plane is swept from its first
# pore row to its last. Outside, what the corrections leave in x meets conductances of 0 only.


@njit(cache=True, nogil=True)
def _segments(pore):
    """Ranges (m, 2) of the flat box that hold its pores, one for each plane."""
    nx, ny, nz = pore.shape
    found = np.empty((nx, 2), np.int64)
    count = 0
    for i in range(nx):
        first, last = ny, -1
        for j in range(ny):
            for k in range(nz):
                if pore[i, j, k] > 0:
                    first, last = min(first, j), j
                    break
        if last >= 0:
            found[count, 0] = (i * ny + first) * nz
            found[count, 1] = (i * ny + last + 1) * nz
            count += 1
    return found[:count]


# A finest level of 0 and 1 knows its conductances: x is 0 in solid, so neighbours just add up.


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _sweep_fine(x, y, b, degree, inv, weight, sx, sy, segments):
    for s in range(segments.shape[0]):
        lo, hi = segments[s, 0], segments[s, 1]
        c, x0, x1, y0, y1, z0, z1 = _shifted(x, sx, sy, lo, hi)
        out, source, total, scale = y[lo:hi], b[lo:hi], degree[lo:hi], inv[lo:hi]
        for i in range(hi - lo):
            near = (x0[i] + x1[i]) + (y0[i] + y1[i]) + (z0[i] + z1[i])
            out[i] = c[i] + weight * scale[i] * (source[i] + near - total[i] * c[i])


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _residual_fine(x, y, b, pore, degree, sx, sy, segments):
    for s in range(segments.shape[0]):
        lo, hi = segments[s, 0], segments[s, 1]
        c, x0, x1, y0, y1, z0, z1 = _shifted(x, sx, sy, lo, hi)
        out, source, total, mask = y[lo:hi], b[lo:hi], degree[lo:hi], pore[lo:hi]
        for i in range(hi - lo):
            near = (x0[i] + x1[i]) + (y0[i] + y1[i]) + (z0[i] + z1[i])
            out[i] = mask[i] * (source[i] + near - total[i] * c[i])


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _apply_fine(p, q, degree, sx, sy, segments):
    # q is wrong in solid, where every factor it meets (p, z) is 0
    dot = 0.0
    for s in range(segments.shape[0]):
        lo, hi = segments[s, 0], segments[s, 1]
        c, x0, x1, y0, y1, z0, z1 = _shifted(p, sx, sy, lo, hi)
        out, total = q[lo:hi], degree[lo:hi]
        for i in range(hi - lo):
            near = (x0[i] + x1[i]) + (y0[i] + y1[i]) + (z0[i] + z1[i])
            flow = total[i] * c[i] - near
            out[i] = flow
            dot += flow * c[i]
    return dot


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _flow(c, x0, x1, y0, y1, z0, z1, gx0, gx1, gy0, gy1, gz0, gz1, i):
    return (
        gx0[i] * (x0[i] - c[i])
        + gx1[i] * (x1[i] - c[i])
        + gy0[i] * (y0[i] - c[i])
        + gy1[i] * (y1[i] - c[i])
        + gz0[i] * (z0[i] - c[i])
        + gz1[i] * (z1[i] - c[i])
    )


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _apply(p, q, gx, gy, gz, sx, sy, segments):
    dot = 0.0
    for s in range(segments.shape[0]):
        lo, hi = segments[s, 0], segments[s, 1]
        c, x0, x1, y0, y1, z0, z1 = _shifted(p, sx, sy, lo, hi)
        gx0, gx1, gy0, gy1, gz0, gz1 = _face_views(gx, gy, gz, sx, sy, lo, hi)
        out = q[lo:hi]
        for i in range(hi - lo):
            flow = -_flow(c, x0, x1, y0, y1, z0, z1, gx0, gx1, gy0, gy1, gz0, gz1, i)
            out[i] = flow
            dot += flow * c[i]
    return dot


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _sweep(x, y, b, gx, gy, gz, inv, weight, sx, sy, segments):
    for s in range(segments.shape[0]):
        lo, hi = segments[s, 0], segments[s, 1]
        c, x0, x1, y0, y1, z0, z1 = _shifted(x, sx, sy, lo, hi)
        gx0, gx1, gy0, gy1, gz0, gz1 = _face_views(gx, gy, gz, sx, sy, lo, hi)
        out, source, scale = y[lo:hi], b[lo:hi], inv[lo:hi]
        for i in range(hi - lo):
            flow = _flow(c, x0, x1, y0, y1, z0, z1, gx0, gx1, gy0, gy1, gz0, gz1, i)
            out[i] = c[i] + weight * scale[i] * (source[i] + flow)


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _residual(x, y, b, gx, gy, gz, sx, sy, segments):
    for s in range(segments.shape[0]):
        lo, hi = segments[s, 0], segments[s, 1]
        c, x0, x1, y0, y1, z0, z1 = _shifted(x, sx, sy, lo, hi)
        gx0, gx1, gy0, gy1, gz0, gz1 = _face_views(gx, gy, gz, sx, sy, lo, hi)
        out, source = y[lo:hi], b[lo:hi]
        for i in range(hi - lo):
            out[i] = source[i] + _flow(c, x0, x1, y0, y1, z0, z1, gx0, gx1, gy0, gy1, gz0, gz1, i)


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _first_sweep(y, b, inv, weight, segments):
    for s in range(segments.shape[0]):
        lo, hi = segments[s, 0], segments[s, 1]
        out, source, scale = y[lo:hi], b[lo:hi], inv[lo:hi]
        for i in range(hi - lo):
            out[i] = weight * scale[i] * source[i]


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _step(x, r, p, q, b, alpha, segments):
    for s in range(segments.shape[0]):
        lo, hi = segments[s, 0], segments[s, 1]
        xs, rs, ps, qs, bs = x[lo:hi], r[lo:hi], p[lo:hi], q[lo:hi], b[lo:hi]
        for i in range(hi - lo):
            xs[i] += alpha * ps[i]
            rs[i] -= alpha * qs[i]
            bs[i] = np.float32(rs[i])


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _dots(r, q, z, segments):
    rz = 0.0
    qz = 0.0
    for s in range(segments.shape[0]):
        lo, hi = segments[s, 0], segments[s, 1]
        rs, qs, zs = r[lo:hi], q[lo:hi], z[lo:hi]
        for i in range(hi - lo):
            rz += rs[i] * zs[i]
            qz += qs[i] * zs[i]
    return rz, qz


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _direction(p, z, beta, segments):
    for s in range(segments.shape[0]):
        lo, hi = segments[s, 0], segments[s, 1]
        ps, zs = p[lo:hi], z[lo:hi]
        for i in range(hi - lo):
            ps[i] = zs[i] + beta * ps[i]


@njit(cache=True, nogil=True)
def _v_cycle(levels, segments, binary, x, t, b, gx, gy, gz, inv, pore, degree):
    """Approximate x = A^-1 b on the finest level; a symmetric positive operation."""
    coarsest = levels.shape[0] - 2
    whole = np.empty((1, 2), np.int64)
    for level in range(coarsest + 1):
        sx, sy = levels[level, 3], levels[level, 4]
        start, stop = levels[level, 5], levels[level + 1, 5]
        whole[0, 0], whole[0, 1] = start + sx, stop - sx
        parts = segments if level == 0 else whole
        _first_sweep(t, b, inv, _W1, parts)
        if binary and level == 0:
            _sweep_fine(t, x, b, degree, inv, _W2, sx, sy, parts)
        else:
            _sweep(t, x, b, gx, gy, gz, inv, _W2, sx, sy, parts)
        if level == coarsest:
            for _ in range(_COARSEST_SWEEPS - 1):
                _sweep(x, t, b, gx, gy, gz, inv, _W1, sx, sy, parts)
                _sweep(t, x, b, gx, gy, gz, inv, _W2, sx, sy, parts)
        else:
            if binary and level == 0:
                _residual_fine(x, t, b, pore, degree, sx, sy, parts)
            else:
                _residual(x, t, b, gx, gy, gz, sx, sy, parts)
            restrict(t, b, levels[level, :5], start, levels[level + 1, :5], stop)
    for level in range(coarsest - 1, -1, -1):
        sx, sy = levels[level, 3], levels[level, 4]
        start, stop = levels[level, 5], levels[level + 1, 5]
        whole[0, 0], whole[0, 1] = start + sx, stop - sx
        parts = segments if level == 0 else whole
        prolong(x, pore, levels[level, :5], start, levels[level + 1, :5], stop)
        if binary and level == 0:
            _sweep_fine(x, t, b, degree, inv, _W2, sx, sy, parts)
            _sweep_fine(t, x, b, degree, inv, _W1, sx, sy, parts)
        else:
            _sweep(x, t, b, gx, gy, gz, inv, _W2, sx, sy, parts)
            _sweep(t, x, b, gx, gy, gz, inv, _W1, sx, sy, parts)


@njit(cache=True, nogil=True)
def workspace_sizes(shape):
    """Lengths of the float32 and float64 workspaces for a padded box of this shape."""
    total = grid_levels(shape[0] - 2, shape[1] - 2, shape[2] - 2)[-1, 5]
    size = shape[0] * shape[1] * shape[2]
    return 8 * total + size, 3 * size


@njit(cache=True, nogil=True, error_model="numpy")
def solve_box(pore, source, tolerance, limit, work32, work64):
    """Solve for the field of given sources in one connected cluster of pore voxels.

    Parameters
    ----------
    pore : (nx + 2, ny + 2, nz + 2) float32
        1 in the cluster, 0 in solid and in the padding.
    source : same size, flat float64
        Source of each voxel, 0 outside the cluster, with a sum of 0; overwritten.
    tolerance : float
        Bound of the error in the energy norm, relative to the energy of the field.
    limit : int
        Largest number of iterations.
    work32, work64 : 1D float32, 1D float64
        At least ``workspace_sizes(pore.shape)`` long; the content does not matter. Fresh pages
        would cost more than the solve.

    Returns
    -------
    field : flat float64, a view of ``work64``
        Up to a constant, 0 in solid.
    residual : float
        The relative error reached, as the preconditioner estimates it.
    iterations : int
    """
    px, py, pz = pore.shape
    levels = grid_levels(px - 2, py - 2, pz - 2)
    return _solve(levels, pore.shape, pore.ravel(), source, tolerance, limit, work32, work64)


@njit(cache=True, nogil=True, error_model="numpy")
def solve_conductances(shape, conductances, source, tolerance, limit, work32, work64):
    """Solve as ``solve_box`` does, on a padded box of that shape with given face conductances.

    Parameters
    ----------
    shape : 3 ints, padding included
    conductances : (3, n) float32
        Of the face between each voxel and the next one along each axis, 0 to the padding.
    """
    n = shape[0] * shape[1] * shape[2]
    levels = grid_levels(shape[0] - 2, shape[1] - 2, shape[2] - 2)
    total = levels[-1, 5]
    for axis in range(3):
        work32[axis * total : axis * total + n] = conductances[axis]
    return _solve(levels, shape, work32[:0], source, tolerance, limit, work32, work64)


@njit(cache=True, nogil=True, error_model="numpy")
def _solve(levels, shape, pore, source, tolerance, limit, work32, work64):
    total = levels[-1, 5]
    n = source.size
    binary = pore.size > 0
    if binary:
        work32[: 3 * total] = np.float32(0)
    else:
        for axis in range(3):
            work32[axis * total + n : (axis + 1) * total] = np.float32(0)
    work32[5 * total : 8 * total] = np.float32(0)  # the rest is overwritten
    work64[: 3 * n] = 0.0
    gx = work32[:total]
    gy = work32[total : 2 * total]
    gz = work32[2 * total : 3 * total]
    inv = work32[3 * total : 4 * total]
    mask = work32[4 * total : 5 * total]
    z = work32[5 * total : 6 * total]
    t = work32[6 * total : 7 * total]
    b = work32[7 * total : 8 * total]
    degree = work32[8 * total : 8 * total + n]
    x, p, q = work64[:n], work64[n : 2 * n], work64[2 * n : 3 * n]
    mask[:] = np.float32(1)  # only the binary finest level needs one: elsewhere inv is 0 in solid
    sx, sy = levels[0, 3], levels[0, 4]
    lo, hi = sx, n - sx
    if binary:
        mask[:n] = pore
        _assemble(mask, gx, gy, gz, degree, inv, sx, sy, lo, hi)
    else:
        _inverse(gx, gy, gz, inv, sx, sy, lo, hi)
    inv[:lo], inv[hi:n] = np.float32(0), np.float32(0)
    # inv is positive just where there is a neighbour to exchange with
    segments = _segments(inv[:n].reshape(shape))
    for level in range(1, levels.shape[0] - 1):
        start, stop = levels[level, 5], levels[level + 1, 5]
        coarsen(gx, gy, gz, levels[level - 1, :5], levels[level - 1, 5], levels[level, :5], start)
        cx, cy = levels[level, 3], levels[level, 4]
        _inverse(gx, gy, gz, inv, cx, cy, start + cx, stop - cx)
    r = source
    b[:n] = r
    energy, rz_old, alpha, residual = 0.0, 1.0, 0.0, np.inf
    for iteration in range(limit + 1):
        _v_cycle(levels, segments, binary, z, t, b, gx, gy, gz, inv, mask, degree)
        rz, qz = _dots(r, q, z, segments)
        residual = np.sqrt(abs(rz) / energy) if energy > 0.0 else np.inf
        if rz == 0.0 or residual <= tolerance:
            return x, min(residual, tolerance), iteration
        # flexible (Polak-Ribiere) direction: the float32 cycle is not exactly linear
        _direction(p, z, -alpha * qz / rz_old, segments)
        if binary:
            pq = _apply_fine(p, q, degree, sx, sy, segments)
        else:
            pq = _apply(p, q, gx, gy, gz, sx, sy, segments)
        alpha = rz / pq
        energy += alpha * rz
        rz_old = rz
        _step(x, r, p, q, b, alpha, segments)
    return x, residual, limit
