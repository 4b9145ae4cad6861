"""Solve (diag(d) - W) x = b for a symmetric M-matrix of few rows, on one thread.

Conjugate gradients preconditioned by the modified incomplete Cholesky factor without fill
(Gustafsson, BIT 18, 1978; Bridson, *Fluid Simulation for Computer Graphics*, 2015, section 5.5):
for the hundreds to thousands of rows of a conduit its factor is made faster than a hierarchy.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from poreops.errors import NotConvergedError
from poreops.solvers.stokes.staggered import FloatArray, Matrix

_BLEND = 0.97  # share of what is dropped that the diagonal takes up, Bridson's
_FAST = {"contract", "reassoc", "nsz", "arcp"}


class Solved(NamedTuple):
    """Solution of a system of rows.

    Attributes
    ----------
    x : (n,) float64
    energy : b'x, from below
    iterations : int
    """

    x: FloatArray
    energy: float
    iterations: int


def factored(matrix: Matrix) -> FloatArray:
    """Return the inverse of the diagonal (n,) of a matrix's incomplete factor.

    Parameters
    ----------
    matrix : Matrix, its columns before the diagonal first in each row
    """
    factor: FloatArray = _factor(*matrix[:5], _BLEND)
    return factor


def solve_rows(
    matrix: Matrix, factor: FloatArray, right: FloatArray, tolerance: float, limit: int = 500
) -> Solved:
    """Solve for x until its error, in the energy norm, is a share of x.

    Parameters
    ----------
    matrix : Matrix
    factor : of it, by `factored`
    right : (n,) float64
    tolerance : of the error relative to the solution, both in the energy norm
    limit : most iterations

    Raises
    ------
    NotConvergedError
    """
    x, work = np.empty(right.size), np.empty((4, right.size))
    iterations, error, energy = _gradients(*matrix[:5], factor, right, x, *work, tolerance, limit)
    if not error <= tolerance:
        raise NotConvergedError(
            f"{right.size} rows reached a relative error of {error:.1e} after {limit} iterations, "
            f"the tolerance is {tolerance:.0e}"
        )
    return Solved(x, float(energy), int(iterations))


@njit(cache=True, nogil=True, error_model="numpy")
def _factor(start, column, weight, diagonal, middle, blend):
    """Return the inverse of the factor's diagonal."""
    rows = diagonal.size
    inverse, later = np.empty(rows), np.zeros(rows)
    for i in range(rows):
        for e in range(middle[i], start[i + 1]):
            later[i] += weight[e]
    for i in range(rows):
        pivot = float(diagonal[i])
        for e in range(start[i], middle[i]):
            j, w = column[e], weight[e]
            pivot -= w * inverse[j] * (w + blend * (later[j] - w))
        if pivot <= 1e-3 * diagonal[i]:  # what was dropped must not turn it round
            pivot = float(diagonal[i])
        inverse[i] = 1.0 / pivot if pivot > 0 else 1.0  # a row of nothing
    return inverse


# Eisenstat's form (SIAM J. Sci. Stat. Comput. 2, 1981) of the preconditioned iteration: with the
# factor (P - L) P^-1 (P - U) of D - L - U, the matrix never has to be applied for itself.


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _gradients(
    start, column, weight, diagonal, middle, inverse, right, x, r, p, t, s, tolerance, limit
):
    rows = diagonal.size
    energy, before, error = 0.0, 1.0, np.inf
    now = 0.0
    for i in range(rows):
        total = right[i]
        for e in range(start[i], middle[i]):
            total += weight[e] * r[column[e]]
        r[i] = total * inverse[i]
        x[i], p[i] = 0.0, 0.0
        now += r[i] * r[i] / inverse[i]
    for iteration in range(limit + 1):
        error = np.sqrt(now / energy) if energy > 0.0 else np.inf
        if now == 0.0 or error <= tolerance:
            return iteration, min(error, tolerance), energy
        ratio = now / before if iteration > 0 else 0.0
        for i in range(rows):
            p[i] = r[i] / inverse[i] + ratio * p[i]
        for i in range(rows - 1, -1, -1):
            total = p[i]
            for e in range(middle[i], start[i + 1]):
                total += weight[e] * t[column[e]]
            t[i] = total * inverse[i]
        work = 0.0
        for i in range(rows):
            total = p[i] + (diagonal[i] - 2.0 / inverse[i]) * t[i]
            for e in range(start[i], middle[i]):
                total += weight[e] * s[column[e]]
            s[i] = total * inverse[i]
            work += (t[i] + s[i]) * p[i]
        length = now / work
        energy += length * now
        before, now = now, 0.0
        for i in range(rows):
            x[i] += length * t[i]
            r[i] -= length * (t[i] + s[i])
            now += r[i] * r[i] / inverse[i]
    return limit, error, energy
