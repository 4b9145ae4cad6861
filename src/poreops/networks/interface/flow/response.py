"""How a block of Stokes flow answers to tractions, and to velocities, at its patches.

The velocities at the patches of a block are u[copy] through its faces and, along them, the
unknowns in the middle of a friction: u[copy] + soft × traction. Where an unknown is the only one
that a velocity rubs on there, a block is condensed onto the unknown. So the answer to tractions
takes one Cholesky factor, and the friction for given velocities little more than a product.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.lapack import dpotrf, dtfttr, dtrtrs, dtrttf
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from poreops.base.arrays import Array
from poreops.networks.interface.flow.condense import condense_flow
from poreops.networks.interface.flow.pieces import Equations, Joint

_FREE = 1e-9  # friction with walls that is none


@dataclass(frozen=True)
class Terminals:
    """What the patches of a block are to it.

    Attributes
    ----------
    copy, soft : (r,) of the velocities at all its patches
    modes : (r, m) float64, tractions of the modes of all its patches
    """

    copy: Array
    soft: Array
    modes: Array

    @classmethod
    def of(cls, sides: Sequence[tuple[Joint, int, Array]]) -> "Terminals":
        """Join the patches of a block.

        Parameters
        ----------
        sides : joint, which side of it the block is, and its modes
        """
        rows = sum(len(joint.soft) for joint, _, _ in sides)
        modes = np.zeros((rows, sum(each.shape[1] for _, _, each in sides)))
        row = column = 0
        for _, side, each in sides:
            height, width = each.shape
            modes[row : row + height, column : column + width] = -each if side else each
            row, column = row + height, column + width
        copies = [np.zeros(0, np.int64), *(joint.copy[side] for joint, side, _ in sides)]
        soft = [np.zeros(0), *(joint.soft for joint, _, _ in sides)]
        return cls(np.concatenate(copies), np.concatenate(soft), modes)


@dataclass(frozen=True)
class Response:
    """Answer of a block to tractions.

    Attributes
    ----------
    matrix : (m + 1, m + 1) float64
        Moments of the velocities and work of the force, for unit modes and the force.
    trace : (r, m + 1 + z) float64
        Velocities at the patches for these, and for motions as a whole, which no wall hinders.
    rigid : (z, m + 1) float64, force on these motions; it must vanish
    """

    matrix: Array
    trace: Array
    rigid: Array


@dataclass(frozen=True)
class Condensed:
    """A block of which k velocities are left, v: first those that those at its patches give.

    The flow of least ½ u'Au - s f'u for given v has the friction v'S v + s² e and lets the force f
    do the work s (g'v + s e).

    Attributes
    ----------
    at : (r,) int64, which of them each velocity at its patches is, or rubs on
    soft : (r,) float64, 0 where it is, else 1 / friction between the two
    free : number of those that only rub on velocities at the patches; they come last
    factor : (k (k + 1) / 2,) float64, of S = U'U, rectangular full packed
        With 1 added where the motions as a whole are held.
    flux : (k, c) float64
        What they let into each closed part of the block; it must be 0.
    drive : (k,) float64, g
    rate : e
    motions : (k, z) float64, motions as a whole, which no wall hinders
    held : (z,) int64, the velocity that each of them is held at
    open : bool, whether fluid can leave the block elsewhere than through its patches
    """

    at: Array
    soft: Array
    free: int
    factor: Array
    flux: Array
    drive: Array
    rate: float
    motions: Array
    held: Array
    open: bool

    def upper(self) -> Array:
        """Return U, (k, k) float64; what lies below the diagonal is no part of it."""
        k = len(self.drive)
        found: Array = dtfttr(k, self.factor)[0] if k else np.zeros((0, 0))
        return found


def condensed(equations: Equations, ends: Terminals) -> Condensed:
    """Condense a block.

    Parameters
    ----------
    equations : of the block
    ends : its patches, with any modes
    """
    n, copy = len(equations.force), ends.copy
    # a velocity that rubs on one unknown at the patches goes, and that unknown stays
    lone = (ends.soft > 0) & (np.bincount(copy, minlength=n)[copy] == 1)
    friction, gradient, place, wall = _with_unknowns_between(
        equations, copy[lone], ends.soft[lone]
    )
    soft = np.where(lone, 0.0, ends.soft)
    row = np.where(lone, n - 1 + np.cumsum(lone), copy)
    kept = np.zeros(len(place), dtype=bool)
    kept[row] = kept[-1] = True
    matrix, part = condense_flow(friction, gradient, place, kept)
    last = np.ones(len(place), dtype=bool)
    last[row[soft == 0]] = False
    found = np.flatnonzero(kept[:-1])
    found = found[np.argsort(last[found], kind="stable")]
    number = np.empty(len(place), np.int64)
    number[found] = np.arange(len(found))
    flux = np.zeros((len(found), int(part.max(initial=-1)) + 1))
    rim = gradient[found].tocoo()
    closed = part[rim.coords[1]] >= 0
    np.add.at(flux, (rim.coords[0][closed], part[rim.coords[1]][closed]), rim.data[closed])
    at_end = np.diff(equations.gradient.indptr) == 1
    at_end[copy[ends.soft == 0]] = False
    motions = _motions(friction[:-1, :-1], wall)[found]
    held = motions.argmax(axis=0) if len(found) else np.zeros(0, np.int64)
    order = (np.cumsum(kept) - 1)[found]
    left = matrix[np.ix_(order, order)]
    left[held, held] += 1.0  # without a force on it that takes up nothing
    return Condensed(
        number[row], soft, int(np.count_nonzero(last[found])), _factor(left), flux,
        -matrix[order, -1], float(-matrix[-1, -1]), motions, held, bool(at_end.any()),
    )  # fmt: skip


def response(block: Condensed, ends: Terminals) -> Response:
    """Return how a block moves under tractions at its patches.

    Parameters
    ----------
    block : condensed
    ends : its patches
    """
    load = np.zeros((len(block.drive), ends.modes.shape[1] + 1))
    np.add.at(load[:, :-1], block.at, ends.modes)
    load[:, -1] = block.drive
    upper = block.upper()
    moved = _solved(upper, np.concatenate([load, block.flux], axis=1), turned=True)
    moved, closed = moved[:, : load.shape[1]], moved[:, load.shape[1] :]
    if closed.shape[1]:
        closed = np.linalg.qr(closed)[0]
        moved = moved - closed @ (closed.T @ moved)
    between = block.soft[:, None] * ends.modes
    matrix = moved.T @ moved
    matrix[:-1, :-1] += ends.modes.T @ between
    matrix[-1, -1] += block.rate
    trace = _solved(upper, moved)[block.at]
    trace[:, :-1] += between
    return Response(
        matrix, np.concatenate([trace, block.motions[block.at]], axis=1), block.motions.T @ load
    )


def held_flow(block: Condensed, velocity: Array) -> tuple[Array, Array]:
    """Return friction and work of the force, (a,) each, of the flow with the least friction.

    Parameters
    ----------
    block : condensed
    velocity : (r, a) float64, of which at the patches that of each column is given
    """
    given = block.soft == 0
    at, rub = block.at[~given], 1 / block.soft[~given]
    upper, fixed = np.triu(block.upper()), len(block.drive) - block.free
    u = np.zeros((len(block.drive), velocity.shape[1]))
    u[block.at[given]] = velocity[given]
    if block.free:
        push = block.drive[:, None] - _friction(block, upper, u)
        np.add.at(push, at, rub[:, None] * (velocity[~given] - u[at]))
        inner = upper[:, fixed:].T @ upper[:, fixed:]
        diagonal = np.einsum("ii->i", inner)
        loose = at >= fixed
        np.add.at(diagonal, at[loose] - fixed, rub[loose])
        diagonal[block.held[block.held >= fixed] - fixed] -= 1.0
        # without an end what the faces let in is what they let out, and one part knows it
        flux = block.flux if block.open else block.flux[:, 1:]
        u[fixed:] = _constrained(inner, flux[fixed:], push[fixed:], -flux.T @ u)
    lost = (u * _friction(block, upper, u)).sum(axis=0)
    lost += (rub[:, None] * (u[at] - velocity[~given]) ** 2).sum(axis=0)
    return lost + block.rate, block.drive @ u + block.rate


def _friction(block: Condensed, upper: Array, u: Array) -> Array:
    """Return S u."""
    found: Array = upper.T @ (upper @ u)
    found[block.held] -= u[block.held]
    return found


def _with_unknowns_between(
    equations: Equations, copy: Array, soft: Array
) -> tuple[csr_array, csr_array, Array, Array]:
    """Append unknowns that rub on velocities, then one that is 1 and brings the force.

    Returns
    -------
    friction, gradient, place, wall
        The last without the one that brings the force.
    """
    n, a = len(equations.force), len(copy)
    old, more = equations.friction.tocoo(), 1 / soft
    between = n + np.arange(a)
    pushed = np.flatnonzero(equations.force)
    push = -equations.force[pushed]
    unit = np.full(len(pushed), n + a)
    rows = [old.coords[0], copy, copy, between, between, pushed, unit]
    columns = [old.coords[1], copy, between, copy, between, unit, pushed]
    weights = [old.data, more, -more, -more, more, push, push]
    friction = coo_array(
        (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))),
        shape=(n + a + 1,) * 2,
    ).tocsr()
    old = equations.gradient
    ends = np.concatenate([old.indptr, np.full(a + 1, old.nnz, old.indptr.dtype)])
    gradient = csr_array((old.data, old.indices, ends), shape=(n + a + 1, old.shape[1]))
    place = np.concatenate([equations.place, equations.place[copy], np.zeros((1, 3), np.int32)])
    return friction, gradient, place, np.concatenate([equations.wall, np.zeros(a)])


def _factor(matrix: Array) -> Array:
    """Return Cholesky's factor of a symmetric matrix, which is overwritten, packed."""
    if not len(matrix):
        return np.zeros(0)
    factor, failed = dpotrf(matrix.T, clean=0, overwrite_a=1)
    if failed:
        raise np.linalg.LinAlgError(f"friction of a block is not positive: pivot {failed}")
    packed: Array = dtrttf(factor)[0]
    return packed


def _solved(upper: Array, right: Array, turned: bool = False) -> Array:
    """Return U⁻¹ or, turned, U'⁻¹ times columns."""
    if not right.size:
        return right
    found: Array = dtrtrs(upper, right, trans=int(turned))[0]
    return found


def _constrained(friction: Array, flux: Array, force: Array, inflow: Array) -> Array:
    """Return u of A u + D p = f, D'u = g, by Cholesky's factors of A."""
    columns = force.shape[1]
    found = cho_solve(
        cho_factor(friction, check_finite=False), np.concatenate([force, flux], axis=1),
        check_finite=False,
    )  # fmt: skip
    free, pressed = found[:, :columns], found[:, columns:]
    moved: Array = free
    if flux.shape[1]:
        moved = free - pressed @ np.linalg.solve(flux.T @ pressed, flux.T @ free - inflow)
    return moved


def _motions(friction: csr_array, wall: Array) -> Array:
    """Return the motions (n, z) of parts of a block that no wall hinders."""
    if not len(wall):
        return np.zeros((0, 0))
    count, part = connected_components(friction, directed=False)
    free = np.flatnonzero(np.bincount(part, wall, count) < _FREE)
    found: Array = (part[:, None] == free).astype(np.float64)
    return found
