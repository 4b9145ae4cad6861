"""Modes of potential and of flux on a patch of voxel faces: traces of harmonic polynomials."""

from collections.abc import Iterator

import numpy as np
from numba import njit

from poreops.base.arrays import Array

ALL = 4
"""Level at which every face has a mode of its own."""
_DEPENDENT = 1e-6  # part of a column that the columns before it leave


def potential_modes(centre: Array, level: int) -> Array:
    """Return orthonormal modes of potential on a patch.

    Parameters
    ----------
    centre : (f, 3) float64, of the faces [voxel]
    level : 0..3, degree of the polynomials; `ALL` for the unit vectors

    Returns
    -------
    (f, m) float64
        Columns of a level begin with those of the level below, the first is constant.
    """
    if level >= ALL:
        return np.eye(len(centre))
    x = _scaled(centre)
    modes: Array = orthonormal(np.stack(list(_polynomials(x, level)), axis=1))
    return modes


def flux_modes(centre: Array, axis: Array, sign: Array, level: int) -> Array:
    """Return orthonormal modes of flux through a patch, from its first block to its second.

    Beside the constant these are fluxes of harmonic polynomials through the faces, so that a
    uniform field passes a stepped patch without a change.

    Parameters
    ----------
    centre, level : as for `potential_modes`
    axis : (f,) int, that each face lies across
    sign : (f,) int, 1 where the second block lies on the high side, else -1
    """
    if level >= ALL:
        return np.eye(len(centre))
    x = _scaled(centre)
    fluxes = [np.choose(axis, gradient) * sign for gradient in _harmonic_gradients(x, level)]
    modes: Array = orthonormal(np.stack([np.ones(len(x)), *fluxes], axis=1))
    return modes


@njit(cache=True, nogil=True)
def orthonormal(columns: Array) -> Array:
    """Return an orthonormal basis of the columns in their order; dependent ones are left out.

    Parameters
    ----------
    columns : (n, m) float64
    """
    n, m = columns.shape
    kept = np.empty((min(n, m), n))
    count = 0
    for column in range(m):
        rest = columns[:, column].copy()
        norm = np.sqrt(np.dot(rest, rest))
        for _ in range(2):  # twice is enough (Giraud et al. 2005)
            for one in range(count):
                rest -= kept[one] * np.dot(kept[one], rest)
        left = np.sqrt(np.dot(rest, rest))
        if left > _DEPENDENT * max(norm, 1e-300):
            kept[count] = rest / left
            count += 1
        if count == n:
            break
    return kept[:count].T.copy()


def _scaled(centre: Array) -> Array:
    x = centre - centre.mean(axis=0)
    radius = np.sqrt((x**2).sum(axis=1).mean())
    scaled: Array = x / radius if radius > 0 else x
    return scaled


def _polynomials(x: Array, degree: int) -> Iterator[Array]:
    """Yield the monomials up to a degree, by degree."""
    for total in range(degree + 1):
        for a in range(total, -1, -1):
            for b in range(total - a, -1, -1):
                yield x[:, 0] ** a * x[:, 1] ** b * x[:, 2] ** (total - a - b)


def _harmonic_gradients(point: Array, degree: int) -> Iterator[tuple[Array, Array, Array]]:
    """Yield the gradients, their parts (f,), of harmonic polynomials of degrees 1..degree."""
    x, y, z = point.T
    zero, one = np.zeros_like(x), np.ones_like(x)
    if degree > 0:
        yield from ((one, zero, zero), (zero, one, zero), (zero, zero, one))
    if degree > 1:
        yield from ((y, x, zero), (zero, z, y), (z, zero, x), (x, -y, zero), (-x, -y, 2 * z))
    if degree > 2:
        yield from (
            (y * z, x * z, x * y),
            (2 * x * z, -2 * y * z, x**2 - y**2),
            (-2 * x * z, -2 * y * z, 2 * z**2 - x**2 - y**2),
            (x**2 - y**2, -2 * x * y, zero),
            (2 * x * y, x**2 - y**2, zero),
            (4 * z**2 - 3 * x**2 - y**2, -2 * x * y, 8 * x * z),
            (-2 * x * y, 4 * z**2 - x**2 - 3 * y**2, 8 * y * z),
        )
