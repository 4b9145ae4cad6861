"""A flood of the pores from markers whose labels depend on no order of work.

Each voxel has a state: the level at which the flood reaches it (the least squared distance to the
solid on its way from a marker, on the best way), the steps that it took on that level, level and
steps of where that level was entered from and of what lay before it, and the label. States are
ordered, early ones first: high level, few steps, the same of what lay before, small label. The
state of a voxel follows from its earliest neighbour, and a step always leads to a later state. So
there is one set of states that fits together: of two that differ, take the earliest state in
which they do; what it follows from is earlier, hence the same in both. A chunk that is flooded
from the states round it, again and again until none changes, ends in that set, wherever the
chunks are cut and in whichever order they are worked on.

The order is that of the watershed of `poreops.conduits.partition`, which remembers the whole way
by the age of an entry in one queue of the whole image; here `DEPTH` levels of it are remembered.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

DEPTH = 4
LABEL = 2

States = NDArray[np.int32]
"""(3 + DEPTH, ...) level, steps, label, and what lay before; level 0 where no flood has come."""

_FIRST = 2**31 - 1  # what lies before a marker
_MOST_STEPS, _MOST_LEVEL = 2**11 - 1, 2**20 - 1  # that are told apart of what lay before


def no_states(shape: tuple[int, ...]) -> States:
    """Return states of voxels that no flood has come to, of a chunk and one voxel round it.

    Parameters
    ----------
    shape : of the chunk
    """
    return np.zeros((3 + DEPTH, *(n + 2 for n in shape)), np.int32)


def flood(squared: NDArray[np.int32], markers: NDArray[np.int32], around: States) -> States:
    """Flood a chunk from its markers and from the states of the voxels round it.

    Parameters
    ----------
    squared : (nx, ny, nz) int32, squared distance to the solid, 0 there
    markers : (nx, ny, nz) int32, label of each marker, 0 elsewhere
    around : of `no_states`, with the states beside the chunk's faces; the flood is put inside

    Returns
    -------
    (3 + DEPTH, nx, ny, nz) int32
        The inside of `around`.
    """
    inside = (slice(1, -1),) * 3
    height = np.zeros(around.shape[1:], np.int32)
    height[inside] = squared
    seeds = np.zeros(around.shape[1:], np.int32)
    seeds[inside] = markers
    states = around.reshape(len(around), -1)
    pores = np.flatnonzero(height)
    order = pores[np.argsort(-height.ravel()[pores], kind="stable")]
    come = np.flatnonzero(states[0])
    sources = come[np.lexsort((states[1, come], -states[0, come]))]
    ny, nz = squared.shape[1] + 2, squared.shape[2] + 2
    beside = np.array([-ny * nz, -nz, -1, 1, nz, ny * nz])
    _flood(height.ravel(), seeds.ravel(), order, sources, beside, states)
    return around[(slice(None), *inside)]


@njit(cache=True)
def _flood(height, seeds, order, sources, beside, states):
    level, steps = states[0], states[1]
    front = np.empty(order.size + sources.size, np.int64)
    o, s = 0, 0
    while o < order.size or s < sources.size:
        top = np.int32(0)
        if o < order.size:
            top = height[order[o]]
        if s < sources.size:
            top = max(top, level[sources[s]])
        # what this level is reached at from above
        size = 0
        while o < order.size and height[order[o]] == top:
            voxel = order[o]
            o += 1
            if seeds[voxel] > 0:
                states[LABEL:, voxel] = _FIRST
                states[LABEL, voxel] = seeds[voxel]
            else:
                best = _earliest_above(voxel, top, beside, states)
                if best < 0:
                    continue
                _remember(states, voxel, best)
            level[voxel], steps[voxel] = top, 0
            front[size] = voxel
            size += 1
        # and from there step by step, on this level and into hollows above it
        step, start = 0, 0
        while True:
            while s < sources.size and level[sources[s]] == top and steps[sources[s]] == step:
                front[size] = sources[s]
                size += 1
                s += 1
            if start == size:
                if s == sources.size or level[sources[s]] != top:
                    break
                step = steps[sources[s]]
                continue
            end = size
            for n in range(start, end):
                for m in range(beside.size):
                    voxel = front[n] + beside[m]
                    if 0 <= voxel < height.size and height[voxel] >= top and level[voxel] == 0:
                        level[voxel], steps[voxel] = top, step + 1
                        front[size] = voxel
                        size += 1
            for n in range(end, size):
                best = _earliest_beside(front[n], top, step, beside, states)
                for row in range(LABEL, states.shape[0]):
                    states[row, front[n]] = states[row, best]
            start = end
            step += 1


@njit(cache=True)
def _earliest_above(voxel, top, beside, states):
    """Return the neighbour that the flood reached first, above a level; -1 for none."""
    best = -1
    for m in range(beside.size):
        other = voxel + beside[m]
        if states[0, other] > top and (best < 0 or _is_before(states, other, best)):
            best = other
    return best


@njit(cache=True)
def _earliest_beside(voxel, top, step, beside, states):
    """Return the first of the neighbours that the flood reached on a level by so many steps."""
    best = -1
    for m in range(beside.size):
        other = voxel + beside[m]
        if (
            states[0, other] == top
            and states[1, other] == step
            and (best < 0 or _is_before(states, other, best))
        ):
            best = other
    return best


@njit(cache=True)
def _is_before(states, one, other):
    """Tell whether the state of one voxel is earlier than that of another."""
    if states[0, one] != states[0, other]:
        return states[0, one] > states[0, other]
    if states[1, one] != states[1, other]:
        return states[1, one] < states[1, other]
    for row in range(LABEL + 1, states.shape[0]):
        if states[row, one] != states[row, other]:
            return states[row, one] > states[row, other]
    return states[LABEL, one] < states[LABEL, other]


@njit(cache=True)
def _remember(states, voxel, before):
    """Give a voxel the label of the one before, that one's level and steps, and its memory."""
    level, steps = min(states[0, before], _MOST_LEVEL), min(states[1, before], _MOST_STEPS)
    states[LABEL, voxel] = states[LABEL, before]
    for row in range(states.shape[0] - 1, LABEL + 1, -1):
        states[row, voxel] = states[row - 1, before]
    # a large number is early: high level, few steps
    states[LABEL + 1, voxel] = level * (_MOST_STEPS + 1) + _MOST_STEPS - steps
