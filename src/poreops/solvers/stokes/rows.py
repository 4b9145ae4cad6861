"""Solve (diag(d) - W) x = b for a symmetric M-matrix of few rows, on one thread.

Conjugate gradients preconditioned by the modified incomplete Cholesky factor without fill
(Gustafsson, BIT 18, 1978; Bridson, *Fluid Simulation for Computer Graphics*, 2015, section 5.5):
for the hundreds to thousands of rows of a conduit its factor is made faster than a hierarchy.

Row after row each triangular solve would wait for the row before. So rows stand by levels (Saad,
*Iterative Methods for Sparse Linear Systems*, 2003, section 11.6.1): those of one level do not
touch each other, and the factor is the same.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from poreops.errors import NotConvergedError
from poreops.solvers.stokes.staggered import FloatArray, Matrix

_BLEND = 0.97  # share of what is dropped that the diagonal takes up, Bridson's
_NEAR = 3  # neighbours before a row and behind it, as on any grid that is not periodic
_FAST = {"contract", "reassoc", "nsz", "arcp"}


class Rows(NamedTuple):
    """A matrix of n rows by levels, with its incomplete factor.

    Attributes
    ----------
    before, behind : (n, 3) uint32, neighbours in earlier and in later levels; n stands for none
    pull, push : (n, 3) float32, their entries of W, 0 where there is none; None if all are 1
    diagonal : (n,) float32
    inverse : (n + 1,) float64, of the diagonal of the factor; the last is 0, of no row
    number : (n,) uint32, where each row of the matrix stands
    """

    before: NDArray[np.uint32]
    behind: NDArray[np.uint32]
    pull: NDArray[np.float32] | None
    push: NDArray[np.float32] | None
    diagonal: NDArray[np.float32]
    inverse: FloatArray
    number: NDArray[np.uint32]


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


def factored(matrix: Matrix) -> Rows:
    """Sort the rows of a matrix by levels and factor it.

    Parameters
    ----------
    matrix : Matrix, its columns before the diagonal first in each row

    Raises
    ------
    ValueError
        A row with more than three entries before its diagonal, or behind it.
    """
    weight = None if (matrix.weight == 1).all() else matrix.weight
    number = _levels(matrix.start, matrix.column, matrix.middle)
    before, behind, pull, push, diagonal = _by_levels(
        matrix.start, matrix.column, weight, matrix.diagonal, matrix.middle, number
    )
    inverse = _factor(before, behind, pull, push, diagonal, _BLEND)
    return Rows(before, behind, pull, push, diagonal, inverse, number)


def solve_rows(rows: Rows, right: FloatArray, tolerance: float, limit: int = 500) -> Solved:
    """Solve for x until its error, in the energy norm, is a share of x.

    Parameters
    ----------
    rows : of `factored`
    right : (n,) float64, in the order of the matrix, as is x
    tolerance : of the error relative to the solution, both in the energy norm
    limit : most iterations

    Raises
    ------
    NotConvergedError
    """
    x = np.empty(right.size)
    iterations, error, energy = _gradients(*rows, right, x, tolerance, limit)
    if not error <= tolerance:
        raise NotConvergedError(
            f"{right.size} rows reached a relative error of {error:.1e} after {limit} iterations, "
            f"the tolerance is {tolerance:.0e}"
        )
    return Solved(x, float(energy), int(iterations))


def work_of(rows: Rows, x: FloatArray) -> float:
    """Return x'(diag(d) - W) x.

    Parameters
    ----------
    rows : of `factored`
    x : (n,) float64, in the order of the matrix
    """
    return float(_work(rows.before, rows.pull, rows.diagonal, rows.number, x))


@njit(cache=True, nogil=True)
def _levels(start, column, middle):
    """Return where each row stands once they are sorted by levels."""
    rows = middle.size
    level, number = np.empty(rows, np.int32), np.empty(rows, np.uint32)
    most = 0
    for i in range(rows):
        here = 0
        for e in range(start[i], middle[i]):
            here = max(here, level[column[e]] + 1)
        level[i] = here
        most = max(most, here)
    first = np.zeros(most + 2, np.int64)
    for i in range(rows):
        first[level[i] + 1] += 1
    for n in range(most + 1):
        first[n + 1] += first[n]
    for i in range(rows):
        number[i] = first[level[i]]
        first[level[i]] += 1
    return number


@njit(cache=True, nogil=True)
def _by_levels(start, column, weight, diagonal, middle, number):
    """Return the first five fields of `Rows`; compiled for itself where no weights are given."""
    rows = diagonal.size
    before = np.full((rows, _NEAR), rows, np.uint32)
    behind = np.full((rows, _NEAR), rows, np.uint32)
    moved = np.empty(rows, np.float32)
    pull = None if weight is None else np.zeros((rows, _NEAR), np.float32)
    push = None if weight is None else np.zeros((rows, _NEAR), np.float32)
    for i in range(rows):
        n = number[i]
        moved[n] = diagonal[i]
        first, last = middle[i] - start[i], start[i + 1] - middle[i]
        if max(first, last) > _NEAR:
            raise ValueError("rows must have at most three neighbours on each side")
        for k in range(first):
            before[n, k] = number[column[start[i] + k]]
            if weight is not None:
                pull[n, k] = weight[start[i] + k]  # type: ignore[index]
        for k in range(last):
            behind[n, k] = number[column[middle[i] + k]]
            if weight is not None:
                push[n, k] = weight[middle[i] + k]  # type: ignore[index]
    return before, behind, pull, push, moved


@njit(cache=True, nogil=True, error_model="numpy")
def _factor(before, behind, pull, push, diagonal, blend):
    """Return the inverse of the factor's diagonal, and 0 for no row."""
    rows = diagonal.size
    inverse, later = np.ones(rows + 1), np.zeros(rows + 1)
    inverse[rows] = 0.0  # of no row
    for i in range(rows):
        later[i] = _near(behind, push, inverse, i)  # ones so far
    for i in range(rows):
        pivot = float(diagonal[i])
        for k in range(_NEAR):
            j = before[i, k]
            w = 1.0
            if pull is not None:
                w = float(pull[i, k])
            pivot -= w * inverse[j] * (w + blend * (later[j] - w))
        if pivot <= 1e-3 * diagonal[i]:  # what was dropped must not turn it round
            pivot = float(diagonal[i])
        inverse[i] = 1.0 / pivot if pivot > 0 else 1.0  # a row of nothing
    return inverse


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _near(table, entry, values, i):
    """Sum over the three neighbours of a row."""
    one, two, three = values[table[i, 0]], values[table[i, 1]], values[table[i, 2]]
    if entry is not None:
        one, two, three = entry[i, 0] * one, entry[i, 1] * two, entry[i, 2] * three
    return one + two + three


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _work(before, pull, diagonal, number, x):
    values = np.zeros(x.size + 1)
    for i in range(x.size):
        values[number[i]] = x[i]
    total = 0.0
    for n in range(x.size):
        # each pair of neighbours stands once among those before
        total += values[n] * (diagonal[n] * values[n] - 2.0 * _near(before, pull, values, n))
    return total


# Eisenstat's form (SIAM J. Sci. Stat. Comput. 2, 1981) of the preconditioned iteration: with the
# factor (P - L) P^-1 (P - U) of D - L - U, the matrix never has to be applied for itself.


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _gradients(before, behind, pull, push, diagonal, inverse, number, right, x, tolerance, limit):
    rows = diagonal.size
    pivot, shift = np.empty(rows), np.empty(rows)
    y, p = np.zeros(rows), np.zeros(rows)
    r, t, s = np.zeros(rows + 1), np.zeros(rows + 1), np.zeros(rows + 1)  # the last is no row
    energy, last, now, error = 0.0, 1.0, 0.0, np.inf
    for i in range(rows):
        r[number[i]] = right[i]
    for i in range(rows):
        pivot[i] = 1.0 / inverse[i]
        shift[i] = diagonal[i] - 2.0 * pivot[i]
        r[i] = (r[i] + _near(before, pull, r, i)) * inverse[i]
        now += r[i] * r[i] * pivot[i]
    iteration = 0
    while iteration <= limit:
        error = np.sqrt(now / energy) if energy > 0.0 else np.inf
        if now == 0.0 or error <= tolerance:
            error = min(error, tolerance)
            break
        ratio = now / last if iteration > 0 else 0.0
        for n in range(rows):
            j = np.uintp(rows - 1 - n)  # an index that may be negative is tested for that
            p[j] = r[j] * pivot[j] + ratio * p[j]
            t[j] = (p[j] + _near(behind, push, t, j)) * inverse[j]
        work = 0.0
        for i in range(rows):
            s[i] = (p[i] + shift[i] * t[i] + _near(before, pull, s, i)) * inverse[i]
            work += (t[i] + s[i]) * p[i]
        length = now / work
        energy += length * now
        last, now = now, 0.0
        for i in range(rows):
            y[i] += length * t[i]
            r[i] -= length * (t[i] + s[i])
            now += r[i] * r[i] * pivot[i]
        iteration += 1
    for i in range(rows):
        x[i] = y[number[i]]
    return iteration, error, energy
