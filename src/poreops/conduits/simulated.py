"""Label the conduits of a volume: their size factors by simulation."""

import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import Integers
from poreops.conduits.diffusive import diffusive_size_factors
from poreops.conduits.hydraulic import hydraulic_size_factors
from poreops.conduits.labels import LabelConfig


def simulated_size_factors(
    labels: Integers,
    conns: Integers,
    config: LabelConfig,
    *,
    workers: int | None = None,
) -> NDArray[np.float64]:
    """Return the size factor of every conduit by direct simulation.

    Parameters
    ----------
    labels : (nx, ny[, nz]) int, 0 solid, 1..N regions
    conns : (Nt, 2) int, regions of each conduit, 0-based
    config : LabelConfig
    workers : threads; all processors by default

    Returns
    -------
    (Nt,) float64
        In voxels (diffusion) or voxels³ (flow).
    """
    if config.target == "hydraulic":
        return hydraulic_size_factors(labels, conns, walls=config.walls, workers=workers)
    return diffusive_size_factors(labels, conns, convention=config.convention, workers=workers)
