"""A small rock to try the commands on; it needs no package of an extra."""

import numpy as np
from numpy.typing import NDArray

from poreops.base.arguments import checked_count
from poreops.errors import InputError

VOXEL_SIZE = 5.3e-6  # [m], of a common tomogram of sandstone
_SPACING = 9.0  # radius of the grains [voxel] that the number of grains is chosen for


def sample_rock(size: int = 96, porosity: float = 0.25, seed: int = 1) -> NDArray[np.bool_]:
    """Draw grains of one radius that overlap, as cemented sand does.

    Grains sit at independent random places and grow until the pores are left that were asked
    for: the voxels farther from the nearest centre than a quantile of that distance.

    Parameters
    ----------
    size : int
        Edge of the cube [voxel], 32 to 512.
    porosity : float
        Share of the pores, 0.1 to 0.9; met within a voxel layer of equal distances.
    seed : int
        Another seed gives other places.

    Returns
    -------
    (size, size, size) bool
        True = pore.

    Raises
    ------
    InputError
        If an argument is out of its range.
    """
    import edt

    size, seed = checked_count(size, "size", 32, 512), checked_count(seed, "seed", 0)
    if not 0.1 <= porosity <= 0.9:
        raise InputError(
            f"porosity must be from 0.1 to 0.9, got {porosity:g}; 0.25 is a sandstone"
        )
    margin = round(2 * _SPACING)  # grains beside the cube reach into it
    whole = size + 2 * margin
    # of independent spheres the pores are exp(-grains a voxel times their volume)
    grains = round(-np.log(porosity) * whole**3 / (4 / 3 * np.pi * _SPACING**3))
    free = np.ones((whole,) * 3, dtype=bool)
    free[tuple(np.random.default_rng(seed).integers(whole, size=(3, grains)))] = False
    distance = edt.edt(free)[(slice(margin, -margin),) * 3]
    return np.ascontiguousarray(distance > np.quantile(distance, 1 - porosity))
