"""Eliminate unknowns of a dense symmetric matrix: first positive ones, then negative ones.

A velocity has a positive pivot, a pressure that comes after its velocities a negative one, so
A = U'DU with D = ±1 needs no exchange of rows, and one pass takes both.
"""

import numpy as np
from numba import njit

from poreops.base.arrays import Array
from poreops.networks.interface.pivots import factorised

_BLOCK = 48  # rows that are eliminated before the rest of the panel is touched
_PANEL = 256  # rows that are eliminated before the rest of the matrix is touched
_STRIP = 128  # columns of the rest at a time: what lies below the diagonal is left out
_TILE = 192  # rows of a strip at a time: what is taken away from them stays in the cache


@njit(cache=True, nogil=True, fastmath={"contract"})
def eliminate_signed(front: Array, positive: int, count: int) -> None:
    """Eliminate the first unknowns of a symmetric matrix, in place, upper triangle only.

    What is left of the rest is the Schur complement.

    Parameters
    ----------
    front : (m, m) float64, C-contiguous
    positive : unknowns whose part of the matrix is positive definite, to eliminate first
    count : unknowns to eliminate; with the first ones gone the others are negative definite
    """
    m = front.shape[0]
    for first in range(0, count, _PANEL):
        last = min(first + _PANEL, count)
        for start in range(first, last, _BLOCK):
            _eliminate_block(front, start, min(start + _BLOCK, last), last, positive)
        if last == m:
            continue
        rows = front[first:last, last:].copy()
        turned = _turned(rows, first, positive)
        for left in range(0, m - last, _STRIP):
            right = min(left + _STRIP, m - last)
            strip = rows[:, left:right].copy()
            for top in range(0, right, _TILE):
                taken = np.dot(turned[top : min(top + _TILE, right)], strip)
                for i in range(top, min(top + _TILE, right)):
                    line, less = front[last + i], taken[i - top]
                    for j in range(max(left, i), right):
                        line[last + j] -= less[j - left]


@njit(cache=True, nogil=True, fastmath={"contract"})
def _eliminate_block(front: Array, first: int, last: int, panel: int, positive: int) -> None:
    """Eliminate a few rows from the rows up to the end of their panel."""
    inverse = factorised(front, first, last, positive)
    if last == front.shape[0]:
        return
    rows = np.dot(inverse.T, front[first:last, last:].copy())
    for i in range(max(positive - first, 0), last - first):
        rows[i] *= -1.0
    front[first:last, last:] = rows
    if last < panel:
        taken = np.dot(_turned(rows[:, : panel - last], first, positive), rows)
        for i in range(panel - last):
            line, less = front[last + i], taken[i]
            for j in range(i, less.size):
                line[last + j] -= less[j]


@njit(cache=True, nogil=True)
def _turned(rows: Array, first: int, positive: int) -> Array:
    """Return U'D of some rows of U, the first of which has this number."""
    turned = np.ascontiguousarray(rows.T)
    begin = max(positive - first, 0)
    if begin < turned.shape[1]:
        turned[:, begin:] *= -1.0
    return turned
