"""Approximate the inverse of an M-matrix on voxels by one V-cycle of aggregation multigrid.

Aggregates are the connected pieces of boxes of 2 x 2 x 2 cells, so that a thin wall never joins
two pores. The coarse matrix is half the Galerkin product: twice the distance between centres,
hence half the exchange (Trottenberg, Oosterlee & Schueller, *Multigrid*, 2001, section 2.8).
A forward Gauss-Seidel sweep before and a backward one after make the cycle symmetric.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from poreops.solvers.stokes.staggered import Entries, FloatArray, IntArray, Matrix

_FAST = {"contract", "reassoc", "nsz", "arcp"}
_COARSEST = 30  # rows that sweeps solve
_COARSEST_SWEEPS = 8
_LEVELS = 12

Vector = NDArray[np.float32]


class Level(NamedTuple):
    """One matrix of the hierarchy with its work space.

    Attributes
    ----------
    matrix : Matrix
    inverse : (n,) float32, of the diagonal; 0 for an isolated row
    aggregate : (n,) int32, row of the next level; empty on the coarsest
    x, b : (n,) float32
    """

    matrix: Matrix
    inverse: Vector
    aggregate: IntArray
    x: Vector
    b: Vector


class Hierarchy:
    """Levels of a matrix; `cycle` applies its approximate inverse to one block."""

    def __init__(self, matrix: Matrix) -> None:
        self.levels: list[Level] = []
        while True:
            rows = matrix.diagonal.size
            aggregate = np.empty(0, np.int32)
            blocks = matrix.block.size - 1
            last = rows <= _COARSEST * blocks or len(self.levels) + 1 == _LEVELS
            if not last:
                aggregate, count = _aggregate(matrix)
                last = count > 0.9 * rows
            inverse = _inverse(matrix.diagonal)
            work = np.empty(rows, np.float32)
            self.levels.append(
                Level(matrix, inverse, aggregate[: 0 if last else None], work, work.copy())
            )
            if last:
                break
            matrix = Matrix(*_galerkin(matrix, aggregate, count))

    def cycle(self, right: FloatArray, out: FloatArray, first: int, last: int) -> None:
        """Write the approximate inverse times right to out, in blocks first..last-1.

        Parameters
        ----------
        right : right-hand side
        out : array to write
        first, last : blocks, the last left out
        """
        levels = self.levels
        ranges = [(level.matrix.block[first], level.matrix.block[last]) for level in levels]
        lo, hi = ranges[0]
        levels[0].b[lo:hi] = right[lo:hi]
        for depth, level in enumerate(levels[:-1]):
            middle, (lo, hi) = level.matrix.middle, ranges[depth]
            _sweep_from_zero(*level.matrix[:3], middle, level.inverse, level.b, level.x, lo, hi)
            coarse = levels[depth + 1].b
            coarse[ranges[depth + 1][0] : ranges[depth + 1][1]] = 0
            _restrict(*level.matrix[:3], middle, level.x, level.aggregate, coarse, lo, hi)
        bottom, (lo, hi) = levels[-1], ranges[-1]
        _solve_coarsest(
            *bottom.matrix[:3], bottom.matrix.middle, bottom.inverse, bottom.b, bottom.x, lo, hi
        )
        for depth in range(len(levels) - 2, -1, -1):
            level, (lo, hi) = levels[depth], ranges[depth]
            _prolong(levels[depth + 1].x, level.aggregate, level.x, lo, hi)
            _sweep_back(*level.matrix[:3], level.inverse, level.b, level.x, lo, hi)
        lo, hi = ranges[0]
        out[lo:hi] = levels[0].x[lo:hi]


def _inverse(diagonal: Vector) -> Vector:
    inverse = np.zeros_like(diagonal)
    np.divide(np.float32(1), diagonal, out=inverse, where=diagonal > 1e-12)
    return inverse


@njit(cache=True, nogil=True)
def _root(parent: IntArray, i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@njit(cache=True, nogil=True)
def _aggregate(matrix: Matrix) -> tuple[IntArray, int]:
    """Row of the coarse matrix for each row: connected pieces of boxes of two cells an edge."""
    rows = matrix.diagonal.size
    place = matrix.place
    parent = np.arange(rows).astype(np.int32)
    for i in range(rows):
        for e in range(matrix.start[i], matrix.middle[i]):
            j = matrix.column[e]
            if (
                place[i, 0] >> 1 == place[j, 0] >> 1
                and place[i, 1] >> 1 == place[j, 1] >> 1
                and place[i, 2] >> 1 == place[j, 2] >> 1
            ):
                a, b = _root(parent, i), _root(parent, j)
                parent[max(a, b)] = min(a, b)
    aggregate = parent.copy()
    count = 0
    for i in range(rows):
        root = _root(parent, i)
        if root == i:
            aggregate[i] = count
            count += 1
        else:
            aggregate[i] = aggregate[root]
    return aggregate, count


@njit(cache=True, nogil=True)
def _galerkin(matrix: Matrix, aggregate: IntArray, count: int) -> Entries:
    """Half the sum of the rows and columns of each aggregate."""
    rows = matrix.diagonal.size
    first = np.zeros(count + 1, np.int32)
    for i in range(rows):
        first[aggregate[i] + 1] += 1
    for a in range(count):
        first[a + 1] += first[a]
    fill = first[:-1].copy()
    member = np.empty(rows, np.int32)
    for i in range(rows):
        member[fill[aggregate[i]]] = i
        fill[aggregate[i]] += 1
    start = np.zeros(count + 1, np.int32)
    middle = np.empty(count, np.int32)
    column = np.empty(matrix.column.size, np.int32)
    weight = np.empty(matrix.column.size, np.float32)
    diagonal = np.empty(count, np.float32)
    place = np.empty((count, 3), np.int16)
    seen = np.full(count, -1, np.int32)
    half = np.float32(0.5)
    entry = 0
    for a in range(count):
        begin = entry
        total = np.float32(0)
        for m in range(first[a], first[a + 1]):
            i = member[m]
            total += matrix.diagonal[i]
            for e in range(matrix.start[i], matrix.start[i + 1]):
                b = aggregate[matrix.column[e]]
                if b == a:
                    total -= matrix.weight[e]
                elif seen[b] >= begin:
                    weight[seen[b]] += half * matrix.weight[e]
                else:
                    seen[b] = entry
                    column[entry] = b
                    weight[entry] = half * matrix.weight[e]
                    entry += 1
        # entries before the diagonal first
        lower = begin
        for e in range(begin, entry):
            if column[e] < a:
                column[e], column[lower] = column[lower], column[e]
                weight[e], weight[lower] = weight[lower], weight[e]
                lower += 1
        middle[a] = lower
        start[a + 1] = entry
        diagonal[a] = half * total
        for d in range(3):
            place[a, d] = matrix.place[member[first[a]], d] >> 1
    block = np.empty_like(matrix.block)
    for n in range(block.size):
        block[n] = count
        if matrix.block[n] < rows:
            block[n] = aggregate[matrix.block[n]]
    return (
        start, column[:entry].copy(), weight[:entry].copy(), diagonal, middle, place, block
    )  # fmt: skip


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _sweep_from_zero(
    start: IntArray,
    column: IntArray,
    weight: Vector,
    middle: IntArray,
    inverse: Vector,
    b: Vector,
    x: Vector,
    lo: int,
    hi: int,
) -> None:
    """Forward Gauss-Seidel from x = 0: entries behind the diagonal do not count yet."""
    for i in range(lo, hi):
        total = b[i]
        for e in range(start[i], middle[i]):
            total += weight[e] * x[column[e]]
        x[i] = total * inverse[i]


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _restrict(
    start: IntArray,
    column: IntArray,
    weight: Vector,
    middle: IntArray,
    x: Vector,
    aggregate: IntArray,
    coarse: Vector,
    lo: int,
    hi: int,
) -> None:
    """Sum of the residual after that sweep, which only entries behind the diagonal leave."""
    for i in range(lo, hi):
        total = np.float32(0)
        for e in range(middle[i], start[i + 1]):
            total += weight[e] * x[column[e]]
        coarse[aggregate[i]] += total


@njit(cache=True, nogil=True)
def _prolong(coarse: Vector, aggregate: IntArray, x: Vector, lo: int, hi: int) -> None:
    for i in range(lo, hi):
        x[i] += coarse[aggregate[i]]


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _sweep_back(
    start: IntArray,
    column: IntArray,
    weight: Vector,
    inverse: Vector,
    b: Vector,
    x: Vector,
    lo: int,
    hi: int,
) -> None:
    for i in range(hi - 1, lo - 1, -1):
        total = b[i]
        for e in range(start[i], start[i + 1]):
            total += weight[e] * x[column[e]]
        x[i] = total * inverse[i]


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _solve_coarsest(
    start: IntArray,
    column: IntArray,
    weight: Vector,
    middle: IntArray,
    inverse: Vector,
    b: Vector,
    x: Vector,
    lo: int,
    hi: int,
) -> None:
    _sweep_from_zero(start, column, weight, middle, inverse, b, x, lo, hi)
    for _ in range(_COARSEST_SWEEPS):
        _sweep_back(start, column, weight, inverse, b, x, lo, hi)
        for i in range(lo, hi):
            total = b[i]
            for e in range(start[i], start[i + 1]):
                total += weight[e] * x[column[e]]
            x[i] = total * inverse[i]
    _sweep_back(start, column, weight, inverse, b, x, lo, hi)
