"""Solve the joined blocks again without some of them: nothing is simulated anew.

What is taken out becomes solid. For the blocks beside it the moments of the flux through the
patches that are shut are 0. In the cut blocks that is no flux at all, and the lower bound on the
conductance holds; in the shorted ones the potentials on such a patch are still those of its
modes, which is one more constraint, and the upper bound holds.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from poreops.base.arrays import Array
from poreops.errors import InputError
from poreops.networks.interface.bounds import Bounds, percolating, solve
from poreops.networks.interface.joints import Joints


def along_without(joints: Joints, pores: Array, throats: Array) -> dict[int, Bounds]:
    """Return the bounds along each axis that something still flows along.

    Parameters
    ----------
    joints : whose blocks have answered
    pores : (N,) bool, regions that are taken out
    throats : (Nt,) bool, throats that are shut

    Returns
    -------
    dict
        Axis → bounds. What is left of the gap is not shared among the patches.
    """
    opened, members = joined_without(joints, pores, throats)
    found: dict[int, Bounds] = {}
    for axis, blocks in members.items():
        keys = [(block, joints.variant(block, axis)) for block in blocks.tolist()]
        upper, lower = (
            sum(
                float(x @ responses[key].matrix @ x)
                for key, x in zip(
                    keys, solve(joints, keys, responses, modes, opened=opened), strict=True
                )
            )
            for responses, modes in ((joints.short, joints.potential), (joints.cut, joints.flux))
        )
        found[axis] = Bounds(axis, lower, upper, np.zeros(len(opened)))
    return found


def joined_without(
    joints: Joints, pores: Array, throats: Array
) -> tuple[NDArray[np.bool_], dict[int, Array]]:
    """Return the patches that still join their blocks, and the blocks of each axis that conducts.

    Parameters
    ----------
    joints, pores, throats : as for `along_without`
    """
    patches = joints.patches
    present = ~pores[joints.blocks.region]
    inner = patches.throat >= 0
    opened: NDArray[np.bool_] = np.asarray(present[patches.pair].all(axis=1))
    opened[inner] &= ~throats[patches.throat[inner]]
    found = {axis: percolating(joints, axis, opened) for axis in range(joints.ndim)}
    members = {axis: blocks[present[blocks]] for axis, blocks in found.items()}
    return opened, {axis: blocks for axis, blocks in members.items() if blocks.size}


def chosen(which: ArrayLike, count: int, name: str) -> NDArray[np.bool_]:
    """Return (count,) bool of what was chosen by indices or by a mask, or raise InputError.

    Parameters
    ----------
    which : (count,) bool, or indices from 0
    count : how many there are
    name : of the argument
    """
    given = np.asarray(which)
    if given.dtype == bool and given.shape == (count,):
        return given.copy()
    found = np.zeros(count, dtype=bool)
    whole = given.size == 0 or given.dtype.kind in "iu"
    if not whole or given.ndim != 1 or ((given < 0) | (given >= count)).any():
        raise InputError(
            f"{name} must be {count} truth values or indices from 0 to {count - 1}, got "
            f"{given.dtype} of shape {given.shape}; correct {name}"
        )
    found[given.astype(np.int64)] = True
    return found
