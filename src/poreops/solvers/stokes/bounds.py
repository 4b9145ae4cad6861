"""Bound the flow rate of a Stokes problem from both sides by three scalar solves.

With the friction A over the faces, the gradient G and the force f of the unit inlet pressure, the
flow rate of the discrete problem (`solvers.stokes.saddle`) is

    Q = max over G'u = 0 of 2 f'u - u'A u = min over p of (f - G p)' A^-1 (f - G p).

So any flow without sources bounds it from below, Q >= (f'u)² / u'A u, and any pressure from above
(the two principles of Helmholtz and of Kelvin; Brenner & Happel, *Low Reynolds Number
Hydrodynamics*, 1983, section 3.6). Both come from one guess: the mobility m = A^-1 1, the velocity
that a unit force gives the fluid, as the local conductance of Darcy's law, G'(m G p) = G'(m f). In
a straight pipe m is the profile of the flow and both bounds are the flow rate itself.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from poreops.solvers.stokes.rows import factored, factored_tables, solve_rows, work_of
from poreops.solvers.stokes.staggered import FloatArray, StaggeredFlow

TOLERANCE = 1e-4
"""Of the pressure, in the energy norm: what is left of it is no flow without sources."""

_ROUGH = 300.0  # times this for the mobility, any of which is admissible, and for the upper bound
_LEAST = 1e-3  # mobility; a lone voxel's is 0.05


class FlowBounds(NamedTuple):
    """The flow rate of a Stokes problem between a lower and an upper bound.

    Attributes
    ----------
    lower, upper : flow rates at unit pressure difference and viscosity
    darcy : flow rate of the guess
    pressure : (nc,) float64 of the guess, in each pore voxel
    width : mobility where the guess loses its work, the mean over it [voxel²]
    spread : number of faces over which it loses it
    """

    lower: float
    upper: float
    darcy: float
    pressure: FloatArray
    width: float
    spread: float


def flow_bounds(flow: StaggeredFlow, tolerance: float = TOLERANCE) -> FlowBounds:
    """Bound the flow rate of a problem that inlet voxels at pressure 1 and outlet ones at 0 drive.

    Parameters
    ----------
    flow : of `solvers.stokes.staggered.discretise`
    tolerance : of the pressure in the energy norm, a hundredth at most. The lower bound holds up
        to it, the upper one up to ten times its root.

    Raises
    ------
    NotConvergedError
    """
    friction, force = flow.friction, flow.inflow.astype(np.float64)
    faces, cells = friction.diagonal.size, flow.faces.shape[0]
    rough = _ROUGH * tolerance
    rows = factored(friction)
    mobility = np.maximum(solve_rows(rows, np.ones(faces), rough).x, _LEAST)
    darcy_law = factored_tables(_darcy(flow.faces, flow.cells, mobility))
    source = _outflow(flow.faces, mobility * force)
    pressure = np.zeros(cells + 1)
    pressure[:-1] = solve_rows(darcy_law, -source, tolerance).x
    push = force + pressure[flow.cells[:, 0]] - pressure[flow.cells[:, 1]]
    velocity = mobility * push
    darcy = float(force @ velocity)
    upper = solve_rows(rows, push, rough).energy
    work = velocity * push
    return FlowBounds(
        lower=darcy**2 / work_of(rows, velocity),
        upper=upper,
        darcy=darcy,
        pressure=pressure[:-1],
        width=float(work @ mobility / work.sum()),
        spread=float(work.sum() ** 2 / (work @ work)),
    )


@njit(cache=True, nogil=True)
def _darcy(faces, cells, mobility):
    """Return G' M G as tables of rows, the neighbours of a cell along the axes."""
    count = faces.shape[0]
    before = np.full((count, 3), count, np.uint32)
    behind = np.full((count, 3), count, np.uint32)
    pull = np.zeros((count, 3), np.float32)
    push = np.zeros((count, 3), np.float32)
    diagonal = np.zeros(count, np.float32)
    for c in range(count):
        for side in range(6):
            f = faces[c, side]
            if f >= mobility.size:
                continue
            other = cells[f, side % 2]
            if other == c:
                continue
            diagonal[c] += mobility[f]
            if other == count:
                continue
            if (other < c) != (side % 2 == 0):
                raise ValueError("a flow that is bounded must not be periodic")
            if other < c:
                before[c, side // 2], pull[c, side // 2] = other, mobility[f]
            else:
                behind[c, side // 2], push[c, side // 2] = other, mobility[f]
    return before, behind, pull, push, diagonal


@njit(cache=True, nogil=True)
def _outflow(faces, velocity):
    """Return what leaves each cell less what enters it."""
    total = np.zeros(faces.shape[0])
    for c in range(faces.shape[0]):
        for side in range(6):
            f = faces[c, side]
            if f < velocity.size:
                total[c] += velocity[f] if side % 2 else -velocity[f]
    return total
