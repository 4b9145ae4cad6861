"""Estimates of size factors that cost less than a simulation, with what tells how sure they are.

Of diffusion the estimate is the simulation itself, stopped after a few cycles of its solver. Of
flow it is the geometric middle of a lower and an upper bound of the flow rate, over the pressures
of the guess that both come from (`solvers.stokes.bounds`).
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from poreops.base.conventions import CONVENTION, WALLS, Convention, Walls
from poreops.conduits.diffusive import solved_conduit
from poreops.conduits.hydraulic import flow_problem
from poreops.solvers.stokes.bounds import flow_bounds

STOPPED = 1e-2
"""Error of the field, in the energy norm, at which the simulation of diffusion is stopped."""

DIFFUSIVE_TRAITS = (
    "log_size_factor",
    "log_residual",
    "log_throat",
    "log_volume",
    "log_small_radius",
    "log_large_radius",
)
"""What `diffusive_estimate` tells of a conduit, in voxels; no flip, turn or swap changes any."""

HYDRAULIC_TRAITS = (
    "log_size_factor",
    "log_gap",
    "log_darcy",
    "log_drop",
    "log_width",
    "log_spread",
    "log_throat",
    "log_narrow_end",
    "log_wide_end",
    "log_cells",
)
"""What `hydraulic_estimate` tells of a conduit; ``log_gap`` is that between the two bounds."""


class Estimate(NamedTuple):
    """An estimate of one size factor.

    Attributes
    ----------
    size_factor : in powers of a voxel
    lower, upper : bounds of the flow rate of a unit pressure difference between the reservoirs,
        over the estimate's own share of that difference between the middles; of diffusion the
        upper one is the throat's area, which no conduit exceeds, and the lower one 0
    traits : of `DIFFUSIVE_TRAITS` or `HYDRAULIC_TRAITS`
    """

    size_factor: float
    lower: float
    upper: float
    traits: tuple[float, ...]


def diffusive_estimate(
    crop: NDArray[np.uint8], convention: Convention = CONVENTION
) -> Estimate | None:
    """Estimate the diffusive size factor in voxels of one conduit crop (0/1/2).

    Parameters
    ----------
    crop : uint8, 2D or 3D
    convention : "centroid" or "porespy"

    Returns
    -------
    Estimate, or None where the regions share no face.
    """
    found = solved_conduit(crop, convention, STOPPED)
    if found is None:
        return None
    traits = (
        found.size_factor,
        max(found.residual, 1e-9),
        found.throat,
        found.volume,
        found.radii.min() + 0.5,
        found.radii.max() + 0.5,
    )
    return Estimate(found.size_factor, 0.0, float(found.throat), _logarithms(traits))


def hydraulic_estimate(crop: NDArray[np.uint8], walls: Walls = WALLS) -> Estimate | None:
    """Estimate the hydraulic size factor in voxel³ of one conduit crop (0/1/2).

    Parameters
    ----------
    crop : uint8, 2D or 3D
    walls : "stepped" or "smooth"

    Returns
    -------
    Estimate, or None where the regions share no face.

    Raises
    ------
    NotConvergedError
        If the conduit has no length.
    """
    problem = flow_problem(crop, walls)
    if problem is None:
        return None
    flow, found = problem.flow, flow_bounds(problem.flow)
    scale = problem.drop(found.pressure) * problem.finer
    middle = (found.lower * found.upper) ** 0.5
    ends = sorted(np.count_nonzero(faces) for faces in (flow.inflow, flow.outflow))
    traits = (
        middle / scale,
        found.upper / found.lower,
        found.darcy / middle,
        scale / problem.finer,
        found.width,
        found.spread,
        problem.throat,
        *ends,
        flow.faces.shape[0],
    )
    lower, upper = found.lower / scale, found.upper / scale
    return Estimate(traits[0], lower, upper, _logarithms(traits))


def _logarithms(values: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(math.log(value) for value in values)
