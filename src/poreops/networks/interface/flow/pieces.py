"""Cut the equations of Stokes flow through an image into those of its blocks.

The friction of `solvers.stokes.staggered` is a sum of squares, w (u_f - u_g)² of two faces and
γ u_f² of a face at a wall. Each is given to blocks so that their sum is the whole:

* a voxel face between two blocks has a copy in each of them;
* two faces one behind the other rub within the voxel between them: in its block;
* two faces side by side have two voxels behind and two ahead of them. Half of their friction
  belongs to each of these pairs of voxels: to their block, or, where the pair lies in two, the
  friction is cut in the middle by a new unknown, a velocity along the face between the voxels
  (where both pairs lie in the same two blocks, one unknown for the two halves).

Velocities are continuous if the copies agree and so do both views of the unknowns in the middle.
Then the friction of the blocks is that of the image.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array, csr_array

from poreops.base.arrays import Array
from poreops.networks.interface.ports import Blocks, Patches

if TYPE_CHECKING:
    from poreops.solvers.stokes.staggered import StaggeredFlow


@dataclass(frozen=True)
class Joint:
    """The velocities that two blocks share at a patch: through its faces, then along them.

    Attributes
    ----------
    copy : (2, r) int64, face of the first and of the second block (counted from its start)
        Through: its copy of the shared face. Along: the face that rubs on the unknown.
    soft : (r,) float64, 0 through a face; along it 1 / friction between unknown and face
    component : (r,) int64, axis of the velocity
    across : (r,) int64, axis that the patch's face lies across
    sign : (r,) int64, 1 where the second block lies on the high side, else -1
    place : (r, 3) float64 [voxel]
    """

    copy: Array
    soft: Array
    component: Array
    across: Array
    sign: Array
    place: Array

    @property
    def through(self) -> Array:
        """Which of the velocities pass the faces, (r,) bool."""
        found: Array = self.component == self.across
        return found

    @property
    def share(self) -> Array:
        """Halves of a friction that each velocity along the faces is for, (r,) float64."""
        return np.divide(1.0, self.soft, out=np.zeros_like(self.soft), where=self.soft > 0)


@dataclass(frozen=True)
class Equations:
    """Equations A u + G p = f, G'u = 0 of a block.

    Attributes
    ----------
    friction, gradient : A (n, n) and G (n, nc)
    force : (n,) float64
    wall : (n,) float64, part of the diagonal of A that is no friction between faces
    place : (n, 3) int32, voxel behind each face
    """

    friction: csr_array
    gradient: csr_array
    force: Array
    wall: Array
    place: Array


@dataclass(frozen=True)
class Pieces:
    """Equations A u + G p = f, G'u = 0 of all blocks along one axis, not joined.

    Attributes
    ----------
    start, cell_start : (Nb + 1,) int64, first face and first cell of each block
    friction : (n, n), A of all blocks
    wall : (n,) float64, part of its diagonal that is no friction between faces
    gradient : (n, nc), G of all blocks
    force : (n,) float64, of the unit pressure at the inlet
    place : (n, 3) int32, voxel behind each face
    joints : one for each patch
    """

    start: Array
    cell_start: Array
    friction: csr_array
    wall: Array
    gradient: csr_array
    force: Array
    place: Array
    joints: list[Joint]

    def members(self) -> list[int]:
        """Return the blocks that something flows through."""
        found: list[int] = np.flatnonzero(np.diff(self.cell_start)).tolist()
        return found

    def block(self, number: int) -> Equations:
        """Return the equations of a block.

        Parameters
        ----------
        number : of the block
        """
        own = slice(int(self.start[number]), int(self.start[number + 1]))
        cells = slice(int(self.cell_start[number]), int(self.cell_start[number + 1]))
        return Equations(
            self.friction[own, own], self.gradient[own, cells], self.force[own], self.wall[own],
            self.place[own],
        )  # fmt: skip


def cut_flow(flow: "StaggeredFlow", blocks: Blocks, number: Array, patches: Patches) -> Pieces:
    """Cut the equations of an image along the borders of its blocks.

    Parameters
    ----------
    flow : equations of the pores that something flows through
    blocks, number, patches : of the image's regions
    """
    cut = _Cut(flow, blocks, number, patches)
    along: list[tuple[Array, ...]] = [cut.through()]
    pairs = [*cut.inside(), *cut.beside(along)]
    one, two, weight = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
    n = cut.count
    every = np.arange(n)
    diagonal = cut.wall + np.bincount(one, weight, n) + np.bincount(two, weight, n)
    entries = np.concatenate([-weight, -weight, diagonal]), (
        np.concatenate([one, two, every]), np.concatenate([two, one, every]),
    )  # fmt: skip
    return Pieces(
        cut.start, cut.cell_start, coo_array(entries, shape=(n, n)).tocsr(), cut.wall,
        cut.gradient(), cut.force(), cut.place, _joints(along, cut.start, patches),
    )  # fmt: skip


@dataclass
class _Cut:
    """Tables of the faces of an image and of their copies in the blocks."""

    flow: "StaggeredFlow"
    blocks: Blocks
    number: Array
    patches: Patches
    count: int = 0
    start: Array = field(init=False)
    cell_start: Array = field(init=False)
    wall: Array = field(init=False)
    place: Array = field(init=False)

    def __post_init__(self) -> None:
        flow, nb = self.flow, len(self.blocks)
        self.faces = flow.friction.diagonal.size
        self.component = np.searchsorted(
            flow.friction.block[1:3], np.arange(self.faces), side="right"
        )
        voxel = flow.place.astype(np.int64) - 1
        self.voxel = np.append(self.number[tuple(voxel.T)], -1)
        owner = np.repeat(np.arange(nb), np.diff(self.blocks.start))
        block = owner[self.voxel[:-1]]
        self.sides = flow.cells.astype(np.int64)
        self.held = np.append(block, -1)[self.sides]
        # a face that leads from a cell to itself: the axis that a 2D image does not vary along
        self.real = (self.held >= 0) & (self.sides[:, :1] != self.sides[:, 1:])
        key = self.held * self.faces + np.arange(self.faces)[:, None]
        found, inverse = np.unique(key[self.real], return_inverse=True)
        self.count = len(found)
        self.place = flow.friction.place[found % self.faces].astype(np.int32)
        self.copy = np.full(key.shape, -1, np.int64)
        self.copy[self.real] = inverse
        self.start = np.searchsorted(found, np.arange(nb + 1) * self.faces)
        order = np.argsort(block, kind="stable")
        self.column = np.empty(len(block), np.int64)
        self.column[order] = np.arange(len(block))
        self.cell_start = np.searchsorted(block[order], np.arange(nb + 1))
        self.patch_face = np.full((3, len(owner)), -1, np.int64)
        patches = self.patches
        low = patches.voxel[np.arange(len(patches.sign)), (patches.sign < 0).astype(np.int64)]
        self.patch_face[patches.axis, low] = np.arange(len(low))
        self._pairs()
        self._walls()

    def _pairs(self) -> None:
        """Find the pairs of faces that rub on each other, the one with the lower number first."""
        friction = self.flow.friction
        row = np.repeat(np.arange(self.faces), np.diff(friction.start))
        weight = friction.weight.astype(np.float64)
        self.taken = np.bincount(row, weight, self.faces)
        upper = (friction.column > row) & self.real.any(axis=1)[row]
        self.f, self.g = row[upper], friction.column[upper].astype(np.int64)
        self.w = weight[upper]
        step = friction.place[self.g] - friction.place[self.f]
        self.apart = np.argmax(step, axis=1)

    def _walls(self) -> None:
        """Share the friction of each face with walls: ahead, behind, and beside it."""
        opposite = np.full((self.faces, 2), self.faces, np.int64)
        for side in range(2):
            at = self.real[:, side]
            cell = self.sides[at, side]
            opposite[at, side] = self.flow.faces[cell, 2 * self.component[at] + side]
        normal = (self.real & (opposite == self.faces)).astype(np.float64)
        rest = self.flow.friction.diagonal - self.taken - normal.sum(axis=1)
        share = normal + (rest / np.maximum(self.real.sum(axis=1), 1))[:, None]
        self.wall = np.bincount(self.copy[self.real], share[self.real], self.count)

    def inside(self) -> Iterator[tuple[Array, Array, Array]]:
        """Yield copies and friction of the faces one behind the other."""
        at = self.apart == self.component[self.f]
        yield self.copy[self.f[at], 1], self.copy[self.g[at], 0], self.w[at]

    def beside(self, along: list[tuple[Array, ...]]) -> Iterator[tuple[Array, Array, Array]]:
        """Yield copies and friction of faces side by side; append what lies in two blocks."""
        at = self.apart != self.component[self.f]
        f, g, across = self.f[at], self.g[at], self.apart[at]
        weight = self.w[at] / self.real[f].sum(axis=1)
        real = self.real[f] & self.real[g]
        same = real & (self.held[f] == self.held[g])
        two = real & ~same
        # both halves of a friction between the same two blocks: one unknown does for them
        whole = two.all(axis=1)
        for face in (f, g):
            whole &= self.held[face, 0] == self.held[face, 1]
        for side in range(2):
            own = same[:, side]
            yield self.copy[f[own], side], self.copy[g[own], side], weight[own]
            cut = two[:, side] & ~(whole & (side == 1))
            low, high, axis = f[cut], g[cut], across[cut]
            face = self.patch_face[axis, self.voxel[self.sides[low, side]]]
            component = self.component[low]
            place = self.patches.centre[face].copy()
            place[np.arange(len(face)), component] += 0.5 - side
            along.append(
                (
                    face, self._ordered(face, self.copy[low, side], self.copy[high, side]),
                    0.5 / np.where(whole, 2 * weight, weight)[cut], component, place,
                )
            )  # fmt: skip

    def through(self) -> tuple[Array, ...]:
        """Return the faces between two blocks."""
        f = np.flatnonzero(self.real.all(axis=1) & (self.held[:, 0] != self.held[:, 1]))
        face = self.patch_face[self.component[f], self.voxel[self.sides[f, 0]]]
        copies = self._ordered(face, self.copy[f, 0], self.copy[f, 1])
        return face, copies, np.zeros(len(f)), self.component[f], self.patches.centre[face]

    def gradient(self) -> csr_array:
        """Return the pressure gradient of the copies."""
        rows, columns, values = [], [], []
        for side, value in ((0, -1.0), (1, 1.0)):
            at = self.real[:, side]
            rows.append(self.copy[at, side])
            columns.append(self.column[self.sides[at, side]])
            values.append(np.full(np.count_nonzero(at), value))
        return coo_array(
            (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))),
            shape=(self.count, len(self.column)),
        ).tocsr()

    def force(self) -> Array:
        """Return the force of the unit pressure at the inlet on the copies."""
        found = np.zeros(self.count)
        for side in range(2):
            at = self.real[:, side] & (self.flow.inflow != 0)
            found[self.copy[at, side]] = self.flow.inflow[at]
        return found

    def _ordered(self, face: Array, low: Array, high: Array) -> Array:
        """Return the copies of the patch's first and second block."""
        swap = self.patches.sign[face] < 0
        return np.stack([np.where(swap, high, low), np.where(swap, low, high)])


def _joints(found: list[tuple[Array, ...]], start: Array, patches: Patches) -> list[Joint]:
    face = np.concatenate([one[0] for one in found])
    copy = np.concatenate([one[1] for one in found], axis=1)
    soft, component, place = (np.concatenate([one[k] for one in found]) for k in (2, 3, 4))
    patch = np.searchsorted(patches.start, face, side="right") - 1
    order = np.argsort(patch, kind="stable")
    ends = np.searchsorted(patch[order], np.arange(len(patches) + 1))
    across, sign = patches.axis.astype(np.int64), patches.sign.astype(np.int64)
    joints = []
    for number, (low, high) in enumerate(pairwise(ends.tolist())):
        own = order[low:high]
        first = start[patches.pair[number]][:, None]
        joints.append(
            Joint(
                copy[:, own] - first, soft[own], component[own], across[face[own]],
                sign[face[own]], place[own],
            )
        )  # fmt: skip
    return joints
