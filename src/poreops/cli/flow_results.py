"""What the commands state of a flow."""

import math
from dataclasses import asdict
from typing import TYPE_CHECKING

from poreops.base.content import Json

if TYPE_CHECKING:
    from poreops.conduits.exchangeability import Exchangeability
    from poreops.conduits.sure import Sureness
    from poreops.networks.effective import NetworkFlow
    from poreops.solvers.stokes.permeability import Permeability
    from poreops.solvers.stokes.refinement import Discretisation

Results = dict[str, Json]


def of_any(flow: "Permeability | NetworkFlow") -> Results:
    """Return the permeability of an image or of a network.

    Parameters
    ----------
    flow : solved along an axis
    """
    return {
        "permeability_m2": float(flow.permeability),
        "permeability_md": float(flow.permeability_md),
        "percolates": bool(flow.percolates),
        **of_interval("permeability_interval_m2", getattr(flow, "interval", None)),
    }


def of_interval(name: str, interval: tuple[float, float] | None) -> Results:
    """Return an interval under its name, nothing if there is none.

    Parameters
    ----------
    name : key
    interval : lower and upper end, or None
    """
    return {} if interval is None else {name: list(interval)}


def of_sureness(sureness: "Sureness | None") -> Results:
    """Return how much of the conduits was predicted and how sure that is, nothing if unknown.

    Parameters
    ----------
    sureness : of a network or of size factors; None where no model states any
    """
    if sureness is None:
        return {}
    told = sureness.exchangeability
    return {
        "sureness": {
            "simulated_share": sureness.simulated_share,
            "typical_half_width": sureness.typical,
            "coverage": sureness.coverage,
            "unknown": sureness.unknown,
            "drawn": None if told is None else _of_drawn(told),
        }
    }


def _of_drawn(told: "Exchangeability") -> Results:
    from poreops.conduits.exchangeability import ALARM

    return {**asdict(told), "alarm": told.alarm, "alarm_from": ALARM}


def alarms(sureness: "Sureness | None") -> list[str]:
    """Return what is to be said where a model errs more on a rock than its intervals promise.

    Parameters
    ----------
    sureness : as of `of_sureness`
    """
    told = None if sureness is None else sureness.exchangeability
    if told is None or not told.alarm:
        return []
    text = (
        "the model errs more here than where its intervals come from (martingale "
        f"{told.martingale:.3g} on {told.conduits} conduits), so they cover less than they say; "
        "take --method dns or a smaller --rtol, or see poreops finetune"
    )
    return [text]


def of_image(flow: "Permeability", refine: int) -> Results:
    """Return what one solve found, and with `refine` > 1 what splitting the voxels says of it.

    Parameters
    ----------
    flow : solved along an axis
    refine : parts that each voxel's edge was split into
    """
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
