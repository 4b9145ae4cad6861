"""A flood of the pores from markers whose labels depend on no order of work.

Each voxel has a state: the level at which the flood reaches it (the least squared distance to the
solid on its way from a marker, on the best way), the steps that it took on that level, the level
that it came from, and the label. States are ordered, early ones first: high level, few steps, high
origin, small label. The state of a voxel follows from its earliest neighbour, and a step always
leads to a later state. So there is one set of states that fits together: of two that differ, take
the earliest state in which they do; what it follows from is earlier, hence the same in both. A
chunk that is flooded from the states round it, again and again until none changes, ends in that
set, wherever the chunks are cut and in whichever order they are worked on.

The order is that of the watershed of `poreops.conduits.partition`, but for ties that skimage
leaves to the age of an entry in one queue of the whole image.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

States = NDArray[np.int32]
"""(4, ...) level, steps, origin and label of each voxel; level 0 where the flood has not come."""

_FIRST = 2**31 - 1  # origin of a marker


def flood(squared: NDArray[np.int32], markers: NDArray[np.int32], around: States) -> States:
    """Flood a chunk from its markers and from the states of the voxels round it.

    Parameters
    ----------
    squared : (nx, ny, nz) int32, squared distance to the solid, 0 there
    markers : (nx, ny, nz) int32, label of each marker, 0 elsewhere
    around : (4, nx + 2, ny + 2, nz + 2) int32, states beside the chunk's faces; 0 inside it,
        where the flood is put

    Returns
    -------
    (4, nx, ny, nz) int32
    """
    inside = (slice(1, -1),) * 3
    height = np.zeros(around.shape[1:], np.int32)
    height[inside] = squared
    seeds = np.zeros(around.shape[1:], np.int32)
    seeds[inside] = markers
    states = around.reshape(4, -1)
    pores = np.flatnonzero(height)
    order = pores[np.argsort(-height.ravel()[pores], kind="stable")]
    come = np.flatnonzero(states[0])
    sources = come[np.lexsort((states[1, come], -states[0, come]))]
    _, ny, nz = height.shape
    beside = np.array([-ny * nz, -nz, -1, 1, nz, ny * nz])
    _flood(height.ravel(), seeds.ravel(), order, sources, beside, *states)
    return np.ascontiguousarray(states.reshape(around.shape)[(slice(None), *inside)])


@njit(cache=True)
def _flood(height, seeds, order, sources, beside, level, steps, origin, label):
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
                origin[voxel], label[voxel] = _FIRST, seeds[voxel]
            else:
                best = _earliest_above(voxel, top, beside, level, steps, origin, label)
                if best < 0:
                    continue
                origin[voxel], label[voxel] = level[best], label[best]
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
                voxel = front[n]
                best = _earliest_beside(voxel, top, step, beside, level, steps, origin, label)
                origin[voxel], label[voxel] = origin[best], label[best]
            start = end
            step += 1


@njit(cache=True)
def _earliest_above(voxel, top, beside, level, steps, origin, label):
    """Return the neighbour that the flood reached first, above a level; -1 for none."""
    best = -1
    for m in range(beside.size):
        other = voxel + beside[m]
        if level[other] <= top:
            continue
        if best < 0 or (-level[other], steps[other], -origin[other], label[other]) < (
            -level[best], steps[best], -origin[best], label[best],
        ):  # fmt: skip
            best = other
    return best


@njit(cache=True)
def _earliest_beside(voxel, top, step, beside, level, steps, origin, label):
    """Return the first of the neighbours that the flood reached on a level by so many steps."""
    best = -1
    for m in range(beside.size):
        other = voxel + beside[m]
        if level[other] != top or steps[other] != step:
            continue
        if best < 0 or (-origin[other], label[other]) < (-origin[best], label[best]):
            best = other
    return best
