"""How well two pores conduct through the throat between them, in a bracket for each conduit.

All other throats of the one pore (and inlet or outlet, where it touches one) are held at 1, those
of the other at 0. The principles of `bounds` hold for these two pores as for the whole network:
the interval is about the voxels of the pair, and with few modes it is wide where a conduit of two
terminals says little.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.networks.interface.joints import CLOSED, Joints
from poreops.networks.interface.response import Response

_MOST = 3000  # unknowns of a pair, a dense matrix


def pair_intervals(joints: Joints, conns: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return bounds on the conductance of each pair of touching pores, (Nt, 2) float64 [voxel].

    Parameters
    ----------
    joints : whose blocks have answered
    conns : (Nt, 2) int, 0-based regions

    Returns
    -------
    (Nt, 2) float64
        Lower and upper bound; 0 where one of the pores has no other opening, NaN where the pores
        are not of those that the network was solved for.
    """
    blocks: dict[int, list[int]] = {}
    for block, region in enumerate(joints.blocks.region.tolist()):
        blocks.setdefault(region, []).append(block)
    found = np.full((len(conns), 2), np.nan)
    for throat, (one, other) in enumerate(conns.tolist()):
        held = dict.fromkeys(blocks[one], 1.0) | dict.fromkeys(blocks[other], 0.0)
        keys = [_key(joints, block) for block in held]
        if any(key not in joints.short for key in keys):
            continue
        for side, responses, modes in (
            (0, joints.cut, joints.flux),
            (1, joints.short, joints.potential),
        ):
            found[throat, side] = _conductance(joints, held, keys, responses, modes)
    return found


def _key(joints: Joints, block: int) -> tuple[int, int]:
    """Return the block with inlet and outlet, if it answered along an axis where it has one."""
    variants = (0, 1, 2, CLOSED)
    return next(((block, v) for v in variants if (block, v) in joints.short), (block, CLOSED))


def _conductance(
    joints: Joints, held: Mapping[int, float], keys: Sequence[tuple[int, int]],
    responses: Mapping[tuple[int, int], Response], modes: Sequence[Array],
) -> float:  # fmt: skip
    """Return the energy of two pores whose openings are held at the potentials of their blocks."""
    pair = joints.patches.pair
    inner = {
        patch
        for block in held
        for patch, _ in joints.sides(block)
        if pair[patch, 0] in held and pair[patch, 1] in held
    }
    first, size = {}, 0
    for patch in sorted(inner):
        first[patch] = size
        size += modes[patch].shape[1]
    if size > _MOST:
        return float("nan")
    matrix, source, energy = np.zeros((size, size)), np.zeros(size), 0.0
    openings: dict[float, int] = {}
    for block, variant in keys:
        value = held[block]
        free, fixed, at = [], [], []
        begin = 0
        for patch, _ in joints.sides(block):
            columns = np.arange(begin, begin := begin + modes[patch].shape[1])
            if patch in inner:
                free.append(columns)
                at.append(first[patch] + np.arange(len(columns)))
            else:
                fixed.append((columns, value * modes[patch].sum(axis=0)))
        if variant != CLOSED:
            fixed.append((np.arange(begin, begin + 2), np.full(2, value)))
        openings[value] = openings.get(value, 0) + len(fixed)
        known = np.concatenate([np.zeros(0, np.int64), *(columns for columns, _ in fixed)])
        held_at = np.concatenate([np.zeros(0), *(values for _, values in fixed)])
        unknown = np.concatenate([np.zeros(0, np.int64), *free])
        where = np.concatenate([np.zeros(0, np.int64), *at])
        response = responses[block, variant].matrix
        matrix[np.ix_(where, where)] += response[np.ix_(unknown, unknown)]
        source[where] -= response[np.ix_(unknown, known)] @ held_at
        energy += float(held_at @ response[np.ix_(known, known)] @ held_at)
    if min(openings.get(1.0, 0), openings.get(0.0, 0)) == 0:
        return 0.0
    return energy - float(source @ np.linalg.solve(matrix, source))
