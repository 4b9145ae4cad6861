"""Give the patches with the largest share of the gap more modes until the bounds are as close."""

from collections.abc import Mapping, Sequence

import numpy as np

from poreops.base.arrays import Array
from poreops.machine.progress import Tick
from poreops.networks.interface.bounds import Bounds, bounds, percolating
from poreops.networks.interface.joints import Joints
from poreops.networks.interface.modes import ALL

_CLOSED_PART = 0.7  # of a patch's gap that the next level closes, about
_LEAST_SHARE = 0.2  # of the gap that a round takes on, so that few rounds do


def refined(joints: Joints, rtol: float | None, workers: int, tick: Tick) -> dict[int, Bounds]:
    """Return the bounds along each axis that something flows along.

    Parameters
    ----------
    joints : with the modes to begin with; they are given more
    rtol : width of the bracket relative to its middle; None asks for no more modes
    workers : threads
    tick : called after each block
    """
    members = {axis: percolating(joints, axis) for axis in range(3)}
    members = {axis: blocks for axis, blocks in members.items() if blocks.size}
    axes: dict[int, list[int]] = {}
    for axis, blocks in members.items():
        for block in blocks.tolist():
            axes.setdefault(block, []).append(axis)
    changed: Sequence[int] = sorted(axes)
    found: dict[int, Bounds] = {}
    wanting = list(members)
    while wanting:
        joints.answer(changed, axes, workers, tick)
        # the modes are those of all axes
        found = {axis: bounds(joints, axis, blocks) for axis, blocks in members.items()}
        wanting = [axis for axis, one in found.items() if rtol is not None and one.width > rtol]
        if not wanting or rtol is None:
            break
        which, level = _next_level(joints, found, wanting, rtol)
        if not which.size:
            break
        changed = [block for block in joints.raise_level(which, level) if block in axes]
    return found


def _next_level(
    joints: Joints, found: Mapping[int, Bounds], wanting: Sequence[int], rtol: float
) -> tuple[Array, Array]:
    """Return the patches to give more modes, and their levels."""
    faces = np.diff(joints.patches.start)
    complete = (joints.level >= ALL) | (_fewest_modes(joints) >= faces)
    chosen = np.zeros(len(faces), dtype=bool)
    for axis in wanting:
        gap = np.where(complete, 0.0, found[axis].gap) / found[axis].middle
        share = (1 - 0.9 * rtol / found[axis].width) / _CLOSED_PART
        order = np.argsort(-gap, kind="stable")
        wanted = min(max(share, _LEAST_SHARE), 1.0) * gap.sum()
        count = int(np.searchsorted(gap[order].cumsum(), wanted)) + 1
        chosen[order[:count][gap[order[:count]] > 0]] = True
    which = np.flatnonzero(chosen)
    level = joints.level[which] + 1
    return which, level


def _fewest_modes(joints: Joints) -> Array:
    """Return for each patch the number of its modes of potential or of flux, the smaller."""
    pairs = zip(joints.potential, joints.flux, strict=True)
    return np.array([min(a.shape[1], b.shape[1]) for a, b in pairs], dtype=np.int64)
