"""How a block of Stokes flow answers to tractions, and to velocities, at its patches.

The velocities at the patches of a block are u[copy] through its faces and, along them,
u[copy] + soft × traction, what the unknown in the middle of a friction has.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array
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
    """A block of which a few velocities are left: those at its patches, and where a force is.

    Attributes
    ----------
    copy : (r,) int64, which of them each velocity at its patches is, as of `Terminals`
    friction : (k, k) float64, symmetric, least friction of the block for given velocities
    flux : (k, c) float64
        What they let into each closed part of the block; it must be 0.
    force : (k,) float64
    motions : (k, z) float64, motions as a whole, which no wall hinders
    open : bool, whether fluid can leave the block elsewhere than through its patches
    """

    copy: Array
    friction: Array
    flux: Array
    force: Array
    motions: Array
    open: bool


def condensed(equations: Equations, ends: Terminals) -> Condensed:
    """Condense a block.

    Parameters
    ----------
    equations : of the block
    ends : its patches, with any modes
    """
    force, gradient = equations.force, equations.gradient
    kept = force != 0
    kept[ends.copy] = True
    friction, part = condense_flow(equations.friction, gradient, equations.place, kept)
    number = np.cumsum(kept) - 1
    rim = gradient[kept].tocoo()
    flux = np.zeros((len(friction), int(part.max(initial=-1)) + 1))
    closed = part[rim.coords[1]] >= 0
    np.add.at(flux, (rim.coords[0][closed], part[rim.coords[1]][closed]), rim.data[closed])
    at_end = np.diff(gradient.indptr) == 1
    at_end[ends.copy[ends.soft == 0]] = False
    motions = _motions(equations.friction, equations.wall)[kept]
    return Condensed(
        number[ends.copy], friction, flux, force[kept], motions, bool(at_end.any())
    )  # fmt: skip


def response(block: Condensed, ends: Terminals) -> Response:
    """Return how a block moves under tractions at its patches.

    Parameters
    ----------
    block : condensed
    ends : its patches
    """
    friction, at = block.friction, block.copy
    if block.motions.shape[1]:
        # held at one face each: without a force on it that takes up nothing
        friction = friction.copy()
        held = block.motions.argmax(axis=0)
        friction[held, held] += 1.0
    load = np.zeros((len(friction), ends.modes.shape[1] + 1))
    np.add.at(load[:, :-1], at, ends.modes)
    load[:, -1] = block.force
    moved = _constrained(friction, block.flux, load, np.zeros((block.flux.shape[1], 1)))
    matrix = load.T @ moved
    matrix[:-1, :-1] += ends.modes.T @ (ends.soft[:, None] * ends.modes)
    trace = moved[at]
    trace[:, :-1] += ends.soft[:, None] * ends.modes
    return Response(
        (matrix + matrix.T) / 2,
        np.concatenate([trace, block.motions[at]], axis=1),
        block.motions.T @ load,
    )


def held_flow(block: Condensed, ends: Terminals, velocity: Array) -> tuple[Array, Array]:
    """Return friction and work of the force, (a,) each, of the flow with the least friction.

    Parameters
    ----------
    block : condensed
    ends : its patches
    velocity : (r, a) float64, of which at the patches that of each column is given
    """
    at, through = block.copy, ends.soft == 0
    free = np.ones(len(block.force), dtype=bool)
    free[at[through]] = False
    rub = np.zeros(len(at))
    rub[~through] = 1 / ends.soft[~through]
    u = np.zeros((len(free), velocity.shape[1]))
    u[at[through]] = velocity[through]
    push = block.force[:, None] - block.friction @ u
    np.add.at(push, at, rub[:, None] * (velocity - u[at]))
    inner = block.friction[np.ix_(free, free)]
    number = np.cumsum(free) - 1
    along = at[~through]
    rubbed = free[along]
    np.add.at(inner, (number[along[rubbed]],) * 2, rub[~through][rubbed])
    # without an end what the faces let in is what they let out, and one part knows it
    flux = block.flux if block.open else block.flux[:, 1:]
    u[free] = _constrained(inner, flux[free], push[free], -flux.T @ u)
    slip = u[along] - velocity[~through]
    lost = (u * (block.friction @ u)).sum(axis=0)
    return lost + (rub[~through, None] * slip**2).sum(axis=0), block.force @ u


def _constrained(friction: Array, flux: Array, force: Array, inflow: Array) -> Array:
    """Return u of A u + D p = f, D'u = g, by Cholesky's factors of A."""
    if not len(friction):
        return force
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
