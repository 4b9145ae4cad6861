"""What the commands state of a flow."""

import math
from typing import TYPE_CHECKING

from poreops.base.content import Json

if TYPE_CHECKING:
    from poreops.networks.effective import NetworkFlow
    from poreops.solvers.stokes.permeability import Permeability
    from poreops.solvers.stokes.refinement import Discretisation

Results = dict[str, Json]


def of_any(flow: "Permeability | NetworkFlow") -> Results:
    """Return the permeability of an image or of a network."""
    return {
        "permeability_m2": float(flow.permeability),
        "permeability_md": float(flow.permeability_md),
        "percolates": bool(flow.percolates),
    }


def of_image(flow: "Permeability", refine: int) -> Results:
    """Return what one solve found, and with `refine` > 1 what splitting the voxels says of it."""
    found = of_any(flow) | {
        "floating_share": flow.floating_share,
        "throat_width_voxels": flow.throat_width,
        "residual": flow.residual,
        "iterations": flow.iterations,
    }
    return found if refine == 1 else found | _of_split_voxels(flow.discretisation)


def _of_split_voxels(found: "Discretisation | None") -> Results:
    """Return the limit with its interval, all 0 where nothing percolates."""
    from poreops.base.units import MILLIDARCY

    limit, interval, error = 0.0, (0.0, 0.0), 0.0
    if found is not None:
        limit, interval, error = found.limit, found.interval, found.error
    return {
        "extrapolated_m2": limit,
        "extrapolated_md": limit / MILLIDARCY,
        "interval_m2": list(interval),
        "interval_md": [end / MILLIDARCY for end in interval],
        # JSON has no infinity, `float("Infinity")` reads ours
        "discretisation_error": error if math.isfinite(error) else "Infinity",
    }
