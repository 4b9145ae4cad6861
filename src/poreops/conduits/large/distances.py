"""Exact distances to the solid in a box, from as much of the volume as they depend on."""

from collections.abc import Callable

import edt
import numpy as np
from numpy.typing import NDArray

from poreops.conduits.large.chunks import Box, slices
from poreops.machine.memory import require_memory

HALO = 16  # voxels that pores may be wide before more is read
BYTES = 20
"""Bytes that a voxel of the box and its halo takes at the peak."""


def squared_distance(
    pores: Callable[[Box], NDArray[np.bool_]],
    inner: Box,
    shape: tuple[int, ...],
    what: str,
    remedy: str,
    halo: int = HALO,
) -> tuple[NDArray[np.float32], int]:
    """Return squared distances of the voxels of a box to the solid, and the halo that they took.

    The halo grows until no solid beyond it can be nearer than what was found.

    Parameters
    ----------
    pores : reads a box, True = pore
    inner : box of the volume
    shape : of the volume [voxel]
    what, remedy : the job and what to do instead, where it does not fit in memory
    halo : to begin with [voxel]

    Returns
    -------
    float32 of the shape of the box, int

    Raises
    ------
    InputError
        Pores so wide that the box and its halo do not fit in memory.
    """
    while True:
        block = grown(inner, halo, shape)
        voxels = int(np.prod([b - a for a, b in block]))
        require_memory(voxels * BYTES, f"{what} whose pores reach {halo} voxels beyond it", remedy)
        pore = np.ascontiguousarray(pores(block), dtype=bool)
        squared = edt.edtsq(pore, black_border=False, parallel=1)[slices(inner, block)]
        farthest = float(squared.max())
        whole = all((0, n) == side for side, n in zip(block, shape, strict=True))
        # solid that was not read is at least halo + 1 away
        if whole or farthest <= (halo + 1) ** 2:
            return np.ascontiguousarray(squared), halo
        # what was found is too far rather than too near; a block without solid has found nothing
        halo = min(2 * halo, int(min(farthest, 4.0 * halo**2) ** 0.5) + 1)


def grown(box: Box, by: int, shape: tuple[int, ...]) -> Box:
    """Return a box and so many voxels round it, as far as the volume has them.

    Parameters
    ----------
    box : of the volume
    by : on each side [voxel]
    shape : of the volume
    """
    return tuple((max(a - by, 0), min(b + by, n)) for (a, b), n in zip(box, shape, strict=True))
