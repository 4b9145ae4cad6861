"""The porosity of a volume, counted, and by how much the segmentation may have moved it."""

import math

import numpy as np
from numpy.typing import NDArray

from poreops.errors import InputError
from poreops.solvers.diffusion.johnson import wall_area

Interval = tuple[float, float, float]

SHIFT = 0.1
"""By how much of the contrast between solid and pore a threshold may be off."""
BLUR = 0.7
"""Of a scanner: sd in voxels."""


def segmented_porosity(pore: NDArray[np.bool_]) -> Interval:
    """Return the porosity of a segmented volume, and that of two thresholds in doubt.

    What was scanned is no longer there. In an image blurred with the deviation σ the grey rises by
    1/(√(2π) σ) of the contrast in a voxel at the wall, so that a threshold that is off by a tenth
    of the contrast moves every wall by `SHIFT` √(2π) σ = 0.18 voxels.

    Parameters
    ----------
    pore : (nx, ny, nz) or (nx, ny) bool

    Returns
    -------
    value, low, high : float

    Examples
    --------
    >>> half = np.zeros((8, 8, 8), bool)
    >>> half[:, :, 4:] = True
    >>> value, low, high = segmented_porosity(half)
    >>> value, round(low, 3), round(high, 3)
    (0.5, 0.478, 0.522)
    """
    counted = float(pore.mean())
    moved = SHIFT * math.sqrt(2 * math.pi) * BLUR * wall_area(pore) / pore.size
    return counted, max(counted - moved, 0.0), min(counted + moved, 1.0)


def thresholded(
    grey: NDArray[np.integer | np.floating], threshold: float
) -> tuple[NDArray[np.bool_], Interval]:
    """Return the pores of a grey volume, darker than the threshold, and their share.

    The interval is that of thresholds a tenth of the contrast to either side; the contrast is the
    distance of the mean greys of pore and solid.

    Parameters
    ----------
    grey : (nx, ny, nz)
    threshold : grey level

    Returns
    -------
    pore : bool, of the shape of `grey`
    porosity : value, low, high

    Raises
    ------
    InputError
        If all voxels lie on one side of the threshold.
    """
    pore = np.asarray(grey < threshold)
    if pore.all() or not pore.any():
        low, high = (float(pick(grey)) for pick in (np.min, np.max))
        raise InputError(
            f"the threshold must part pore from solid, got {threshold:g} for greys of {low:g} to "
            f"{high:g}; give a level between them"
        )
    shift = SHIFT * float(grey[~pore].mean() - grey[pore].mean())
    low, high = (float((grey < level).mean()) for level in (threshold - shift, threshold + shift))
    return pore, (float(pore.mean()), low, high)
