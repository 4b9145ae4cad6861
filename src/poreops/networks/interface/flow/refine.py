"""Give the patches with the largest share of the gap more tractions until the bounds are close."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from poreops.base.arrays import Array
from poreops.machine.progress import Tick
from poreops.networks.interface.bounds import Bounds
from poreops.networks.interface.flow.bounds import Sides, UpperFlow, flow_bounds, upper_flow
from poreops.networks.interface.flow.pieces import Pieces
from poreops.networks.interface.flow.response import (
    Condensed,
    Response,
    Terminals,
    condensed,
    held_flow,
    response,
)
from poreops.networks.interface.flow.tractions import TOP, traction_modes
from poreops.networks.interface.joints import CLOSED
from poreops.networks.interface.ports import Patches

CACHE_BYTES = 2**32
"""Of condensed blocks that are kept until velocities at their patches are given."""
_CLOSED_PART = 0.6  # of a patch's gap that the next level closes, about
_LEAST_SHARE = 0.3  # of the gap that a round takes on, so that few rounds do

Key = tuple[int, int]
"""A block, and the axis whose inlet or outlet it touches, or `CLOSED`."""


@dataclass
class FlowBlocks:
    """The blocks of an image, their modes, and how they answer.

    Attributes
    ----------
    pieces : axis → equations
    patches : that join the blocks
    ends : (Nb, 3) bool, whether a block touches the two image faces across an axis
    level : (Np,) int64, of the tractions of each patch
    modes : axis → modes of each patch; blocks without ends have the same along every axis
    """

    pieces: Mapping[int, Pieces]
    patches: Patches
    ends: Array
    level: Array
    modes: dict[int, list[Array]] = field(init=False)
    _sides: list[list[tuple[int, int]]] = field(init=False)
    _responses: dict[Key, Response] = field(default_factory=dict)
    _condensed: dict[Key, Condensed] = field(default_factory=dict)
    _cached: int = 0

    def __post_init__(self) -> None:
        self._sides = [[] for _ in range(len(self.ends))]
        for patch, pair in enumerate(self.patches.pair.tolist()):
            for side, block in enumerate(pair):
                self._sides[block].append((patch, side))
        self.modes = {
            axis: [
                traction_modes(joint, int(level))
                for joint, level in zip(pieces.joints, self.level, strict=True)
            ]
            for axis, pieces in self.pieces.items()
        }

    def raise_level(self, which: Array) -> None:
        """Give patches the next level.

        Parameters
        ----------
        which : their numbers
        """
        self.level[which] += 1
        for axis, pieces in self.pieces.items():
            for patch in which.tolist():
                self.modes[axis][patch] = traction_modes(
                    pieces.joints[patch], int(self.level[patch])
                )
        changed = set(self.patches.pair[which].ravel().tolist())
        self._responses = {k: v for k, v in self._responses.items() if k[0] not in changed}

    def bounds(self, tick: Tick) -> dict[int, Bounds]:
        """Bound the flow rate along each axis that something flows along.

        Parameters
        ----------
        tick : called after each block that had to answer
        """
        upper = {axis: self._upper(axis, tick) for axis in self.pieces}
        lost: dict[int, dict[int, tuple[float, float]]] = {axis: {} for axis in upper}
        together: dict[Key, list[int]] = {}
        for axis, one in upper.items():
            for block in one.sides:
                together.setdefault(self._key(block, axis), []).append(axis)
        for (block, _), axes in together.items():
            given = np.stack([upper[axis].at_patches(block) for axis in axes], axis=1)
            ends = self._ends(block, axes[0])
            rubbed, driven = held_flow(self._condense(block, axes[0], ends), given)
            for axis, found in zip(axes, zip(rubbed, driven, strict=True), strict=True):
                lost[axis][block] = found
        return {axis: flow_bounds(one, lost[axis]) for axis, one in upper.items()}

    def _upper(self, axis: int, tick: Tick) -> UpperFlow:
        pieces = self.pieces[axis]
        sides: dict[int, Sides] = {block: self._sides[block] for block in pieces.members()}
        responses = {}
        for block in sides:
            key = self._key(block, axis)
            if key not in self._responses:
                ends = self._ends(block, axis)
                self._responses[key] = response(self._condense(block, axis, ends), ends)
                tick("")
            responses[block] = self._responses[key]
        return upper_flow(axis, sides, pieces.joints, self.modes[axis], responses)

    def _key(self, block: int, axis: int) -> Key:
        return block, axis if self.ends[block, axis] else CLOSED

    def _ends(self, block: int, axis: int) -> Terminals:
        joints, modes = self.pieces[axis].joints, self.modes[axis]
        return Terminals.of([(joints[p], side, modes[p]) for p, side in self._sides[block]])

    def _condense(self, block: int, axis: int, ends: Terminals) -> Condensed:
        key = self._key(block, axis)
        if key in self._condensed:
            return self._condensed[key]
        found = condensed(self.pieces[axis].block(block), ends)
        if self._cached + found.factor.nbytes <= CACHE_BYTES:
            self._cached += found.factor.nbytes
            self._condensed[key] = found
        return found


def refined_flow(blocks: FlowBlocks, rtol: float | None, tick: Tick) -> dict[int, Bounds]:
    """Return the bounds along each axis that something flows along.

    Parameters
    ----------
    blocks : with the tractions to begin with; they are given more
    rtol : width of the bracket relative to its middle; None asks for no more
    tick : called after each block
    """
    while True:
        found = blocks.bounds(tick)
        if rtol is None:
            return found
        which = _next(blocks, found, rtol)
        if not which.size:
            return found
        blocks.raise_level(which)


def _next(blocks: FlowBlocks, found: Mapping[int, Bounds], rtol: float) -> Array:
    """Return the patches to give more tractions; none if the bounds are close enough."""
    chosen = np.zeros(len(blocks.patches), dtype=bool)
    for one in found.values():
        if one.width <= rtol:
            continue
        gap = np.where(blocks.level >= TOP, 0.0, one.gap)
        share = (1 - 0.9 * rtol / one.width) / _CLOSED_PART
        order = np.argsort(-gap, kind="stable")
        wanted = min(max(share, _LEAST_SHARE), 1.0) * gap.sum()
        count = int(np.searchsorted(gap[order].cumsum(), wanted)) + 1
        chosen[order[:count][gap[order[:count]] > 0]] = True
    return np.flatnonzero(chosen)
