"""How a block of Stokes flow answers to tractions, and to velocities, at its patches.

The velocities at the patches of a block are u[copy] through its faces and, along them,
u[copy] + soft × traction, what the unknown in the middle of a friction has.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import block_array, csr_array, eye_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from poreops.base.arrays import Array
from poreops.errors import NotConvergedError
from poreops.networks.interface.flow.pieces import Joint

_SOFT = 1e-7  # compressibility that the factors have and the solutions have not
_EXACT, _PASSES = 1e-11, 12
_FREE = 1e-9  # friction with walls that is none


class Saddle:
    """Factors of A u + G p = f, G'u = g of one block."""

    def __init__(self, friction: csr_array, gradient: csr_array) -> None:
        self.size, self.cells = gradient.shape
        if not self.size:
            return
        self.matrix = block_array([[friction, gradient], [gradient.T, None]], format="csc")
        # quasi-definite: factors without pivoting in any order (Vanderbei 1995)
        soft = block_array([[friction, gradient], [gradient.T, -_SOFT * eye_array(self.cells)]])
        self._factor = splu(
            soft.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )  # fmt: skip

    def solve(self, force: Array, sources: Array | None = None) -> Array:
        """Return the velocities (n, k) of forces (n, k) and, if any, sources (nc, k)."""
        right = np.zeros((self.size + self.cells, force.shape[1]))
        if not self.size:
            return right[:0]
        right[: self.size] = force
        if sources is not None:
            right[self.size :] = sources
        found = self._factor.solve(right)
        limit = _EXACT * np.maximum(np.abs(right).max(axis=0), 1e-300)
        for _ in range(_PASSES):
            rest = right - self.matrix @ found
            if (np.abs(rest).max(axis=0) <= limit).all():
                velocity: Array = found[: self.size]
                return velocity
            found += self._factor.solve(rest)
        raise NotConvergedError(
            f"the factors of a block of {self.size} faces leave a residual of "
            f"{np.abs(rest).max():.1e}; partition the image with a smaller sigma"
        )


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


def response(
    friction: csr_array, gradient: csr_array, force: Array, wall: Array, ends: Terminals
) -> Response:
    """Return how a block moves under tractions at its patches.

    Parameters
    ----------
    friction, gradient, force, wall : of `Pieces.block`
    ends : its patches
    """
    motions = _motions(friction, wall)
    if motions.shape[1]:
        # held at one face each: without a force on it that takes up nothing
        held = np.zeros(len(force))
        held[motions.argmax(axis=0)] = 1.0
        friction = (friction + csr_array((held, (np.arange(held.size),) * 2))).tocsr()
    load = np.zeros((len(force), ends.modes.shape[1] + 1))
    np.add.at(load[:, :-1], ends.copy, ends.modes)
    load[:, -1] = force
    moved = Saddle(friction, gradient).solve(load)
    matrix = load.T @ moved
    matrix[:-1, :-1] += ends.modes.T @ (ends.soft[:, None] * ends.modes)
    trace = moved[ends.copy]
    trace[:, :-1] += ends.soft[:, None] * ends.modes
    return Response(
        (matrix + matrix.T) / 2,
        np.concatenate([trace, motions[ends.copy]], axis=1),
        motions.T @ load,
    )


class Held:
    """A block whose velocities at the patches are given."""

    def __init__(
        self, friction: csr_array, gradient: csr_array, force: Array, ends: Terminals
    ) -> None:
        self._ends = ends
        self._whole, self._force = friction, force
        through = ends.soft == 0
        self._through = through
        self._free = np.ones(len(force), dtype=bool)
        self._free[ends.copy[through]] = False
        self._rub = np.zeros(len(ends.soft))
        self._rub[~through] = 1 / ends.soft[~through]
        rub = np.bincount(ends.copy, self._rub, len(force))
        every = np.arange(len(force))
        self._matrix = (friction + csr_array((rub, (every, every)))).tocsr()
        # without an end what the faces let in is what they let out, and one cell knows it
        ends_here = np.diff(gradient.indptr)[self._free] == 1
        self._gradient = gradient[:, 0 if ends_here.any() else 1 :].tocsr()
        inner = self._matrix[self._free][:, self._free]
        self._saddle = Saddle(inner, self._gradient[self._free])

    def flow(self, velocity: Array) -> tuple[float, float]:
        """Return friction and work of the force of the flow with the least friction.

        Parameters
        ----------
        velocity : (r,) float64, at the patches
        """
        free, through, at = self._free, self._through, self._ends.copy
        u = np.zeros(len(free))
        u[at[through]] = velocity[through]
        push = self._force + np.bincount(at, self._rub * velocity, len(free)) - self._matrix @ u
        sources = -(self._gradient.T @ u)
        u[free] = self._saddle.solve(push[free, None], sources[:, None])[:, 0]
        along = ~through
        slip = u[at[along]] - velocity[along]
        lost = float(u @ (self._whole @ u) + (self._rub[along] * slip) @ slip)
        return lost, float(self._force @ u)


def _motions(friction: csr_array, wall: Array) -> Array:
    """Return the motions (n, z) of parts of a block that no wall hinders."""
    if not len(wall):
        return np.zeros((0, 0))
    count, part = connected_components(friction, directed=False)
    free = np.flatnonzero(np.bincount(part, wall, count) < _FREE)
    found: Array = (part[:, None] == free).astype(np.float64)
    return found
