"""Modes of traction on a patch: polynomials of pressure and of shear."""

import numpy as np

from poreops.base.arrays import Array
from poreops.networks.interface.flow.pieces import Joint
from poreops.networks.interface.modes import orthonormal

TOP = 5
"""Highest level that is made of polynomials."""
ALL = TOP + 1
"""Level at which every velocity of a patch has a mode of its own."""


def traction_modes(joint: Joint, level: int) -> Array:
    """Return the tractions that the first block takes up, and the second one with the other sign.

    Level 0 is a uniform pressure; level n are pressures of degree n, and of degree n - 1 the
    viscous tractions, one for each component of the velocity and axis that faces lie across. They
    are orthonormal and hold those of the level below.

    Parameters
    ----------
    joint : of the patch
    level : 0..`TOP`, or `ALL`

    Returns
    -------
    (r, m) float64
    """
    rows = len(joint.soft)
    if level >= ALL:
        return np.eye(rows)
    through = joint.through
    if not through.any():
        return np.zeros((rows, 0))
    x = joint.place - joint.place[through].mean(axis=0)
    radius = np.sqrt((x[through] ** 2).sum(axis=1).mean())
    high = _monomials(x / radius if radius > 0 else x, level)
    low = high[:, : _count(level - 1)]
    shares = [high * through[:, None]]
    shares += [low * (through & (joint.across == axis))[:, None] for axis in range(3) if level > 0]
    columns = [_basis(np.concatenate(shares, axis=1) * joint.sign[:, None])]
    for component in range(3):
        for axis in range(3):
            own = ~through & (joint.component == component) & (joint.across == axis)
            if level > 0 and own.any():
                columns.append(_basis(low * (own * joint.sign * joint.share)[:, None]))
    return np.concatenate(columns, axis=1)


def _basis(columns: Array) -> Array:
    """Return an orthonormal basis of columns that may be 0 outside a few rows."""
    rows = np.flatnonzero(columns.any(axis=1))
    inner = orthonormal(columns[rows][:, columns.any(axis=0)])
    found = np.zeros((len(columns), inner.shape[1]))
    found[rows] = inner
    return found


def _count(degree: int) -> int:
    """Return the number of monomials of up to a degree in three variables."""
    return (degree + 1) * (degree + 2) * (degree + 3) // 6


def _monomials(x: Array, degree: int) -> Array:
    """Return the monomials (n, m) of points (n, 3) up to a degree, by degree."""
    return np.stack(
        [
            x[:, 0] ** a * x[:, 1] ** b * x[:, 2] ** (total - a - b)
            for total in range(degree + 1)
            for a in range(total, -1, -1)
            for b in range(total - a, -1, -1)
        ],
        axis=1,
    )
