"""Factorise a small square on the diagonal of a dense symmetric matrix: A = U'DU, D = ±1."""

import numpy as np
from numba import njit

from poreops.base.arrays import Array


@njit(cache=True, nogil=True, fastmath={"contract"})
def factorised(front: Array, first: int, last: int, positive: int) -> Array:
    """Factorise a square on the diagonal, in place, and return the inverse of U there.

    To solve by the inverse is a product of matrices, and those are what BLAS is fastest at.

    Parameters
    ----------
    front : (m, m) float64, the rows above the square already taken off
    first, last : rows of the square
    positive : pivots before this row are positive, the others negative

    Returns
    -------
    (last - first, last - first) float64
    """
    for i in range(first, last):
        row = front[i]
        for r in range(first, i):
            other = front[r]
            factor = other[i] if r < positive else -other[i]
            for j in range(i, last):
                row[j] -= factor * other[j]
        sign = 1.0 if i < positive else -1.0
        scale = sign / np.sqrt(sign * row[i])
        for j in range(i, last):
            row[j] *= scale
    inverse = np.zeros((last - first, last - first))
    for i in range(last - first - 1, -1, -1):
        row = inverse[i]
        row[i] = 1.0
        for r in range(i + 1, last - first):
            factor, other = front[first + i, first + r], inverse[r]
            for j in range(r, last - first):
                row[j] -= factor * other[j]
        scale = 1.0 / front[first + i, first + i]
        for j in range(i, last - first):
            row[j] *= scale
    return inverse
