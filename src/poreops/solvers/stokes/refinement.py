"""The discretisation error of a permeability: from the same image with each voxel split.

Split voxels describe the same body, cubes with edges, and their permeability falls to that of the
body. The error is that at the edges round which the flow turns: along an edge of a cube the
velocity grows with the power 2/3 of the distance, across it with the power 0.545 (Moffatt,
J. Fluid Mech. 18, 1964: 3/2 π of fluid), and the permeability, which is the work of the flow, is
off by the power 4/3 or 1.09 of the voxel size. Both kinds of edges make the error of a rock;
`ORDER` lies between.
"""

import math
from dataclasses import dataclass

import numpy as np

from poreops.base.arguments import shown
from poreops.base.arrays import Array
from poreops.base.conventions import Walls
from poreops.errors import InputError

ORDER = 1.2
"""Order of convergence: between 1.09 and 4/3, see the module."""

MOST = 4  # the memory grows with the cube


@dataclass(frozen=True)
class Discretisation:
    """What splitting the voxels says of a permeability k.

    Attributes
    ----------
    refine : int
        Into how many parts each edge of a voxel was split.
    permeability : float
        Of the split voxels [m²].
    limit : float
        Of voxels split without end, extrapolated from both [m²].
    interval : (float, float)
        From the smaller to the larger of the native k and its limit [m²].
    error : float
        Of the native k, relative to the limit; infinite if that is 0.
    """

    refine: int
    permeability: float
    limit: float
    interval: tuple[float, float]
    error: float


def extrapolated(coarse: float, fine: float, ratio: float) -> float:
    """Return the limit of infinitely small voxels from two permeabilities, at least 0.

    Parameters
    ----------
    coarse, fine : of two grids
    ratio : of their voxel sizes, > 1
    """
    gain: float = ratio**ORDER - 1
    return max(fine + (fine - coarse) / gain, 0.0)


def discretisation(native: float, split: float, refine: int) -> Discretisation:
    """Extrapolate the permeability of an image and of its split voxels.

    Parameters
    ----------
    native : permeability of the image
    split : permeability of its split voxels, in the same unit
    refine : parts of an edge

    Examples
    --------
    >>> found = discretisation(1.2, 1.1, 2)
    >>> round(found.limit, 3), round(found.error, 3)
    (1.023, 0.173)
    """
    limit = extrapolated(native, split, refine)
    error = native / limit - 1 if limit > 0 else math.inf
    return Discretisation(refine, split, limit, (min(native, limit), max(native, limit)), error)


def split_voxels(im: Array, refine: int) -> Array:
    """Return an image whose voxels are split into `refine` parts along each axis.

    Parameters
    ----------
    im : (nx, ny[, nz]) bool
    refine : parts of an edge
    """
    return np.kron(im, np.ones((refine,) * np.ndim(im), np.bool_))


def checked_refine(refine: int, walls: Walls) -> int:
    """Return into how many parts voxels are split, or raise InputError.

    Parameters
    ----------
    refine : as the user gave it
    walls : convention of the walls
    """
    if isinstance(refine, bool) or not isinstance(refine, int | np.integer):
        raise InputError(
            f"refine must be a whole number of parts, got {shown(refine)}; 2 is usual"
        )
    if not 1 <= refine <= MOST:
        raise InputError(f"refine must lie in 1..{MOST}, got {refine}; 2 is usual, 1 is none")
    if refine > 1 and walls != "stepped":
        raise InputError(
            f"split voxels are cubes, whose limit is not that of {walls} walls; "
            "take walls stepped, or refine 1"
        )
    return int(refine)
