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

from poreops.solvers.stokes.rows import factored, solve_rows, work_of
from poreops.solvers.stokes.saddle import _schur
from poreops.solvers.stokes.staggered import FloatArray, Matrix, StaggeredFlow

TOLERANCE = 1e-4
"""Of the pressure, in the energy norm: what is left of it is no flow without sources."""

_ROUGH = 300.0  # times this for the mobility, any of which is admissible, and for the upper bound
_FAST = {"contract", "reassoc", "nsz", "arcp"}
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
    rough = _ROUGH * tolerance
    rows = factored(flow.friction)
    ones = np.ones(flow.inflow.size)
    mobility = np.maximum(solve_rows(rows, ones, rough).x, _LEAST)
    laplacian = Matrix(*_schur(flow.faces, flow.cells, mobility, flow.place))
    source = _source(flow.faces, flow.inflow, mobility)
    pressure = solve_rows(factored(laplacian), source, tolerance).x
    push, velocity, darcy, width, spread = _driven(flow.cells, flow.inflow, mobility, pressure)
    lower = darcy**2 / work_of(rows, velocity)
    upper = solve_rows(rows, push, rough).energy
    return FlowBounds(lower, upper, darcy, pressure, width, spread)


@njit(cache=True, nogil=True)
def _source(faces, inflow, mobility):
    """Return what enters each cell less what leaves it, of the inlet's pressure alone."""
    total = np.zeros(faces.shape[0])
    for c in range(faces.shape[0]):
        for side in range(6):
            f = faces[c, side]
            if f < mobility.size and inflow[f] != 0:
                rate = mobility[f] * inflow[f]
                total[c] += -rate if side % 2 else rate
    return total


@njit(cache=True, nogil=True, fastmath=_FAST)
def _driven(cells, inflow, mobility, pressure):
    """Return push and velocity of the guess, and `darcy`, `width` and `spread` of `FlowBounds`."""
    faces = mobility.size
    push, velocity = np.empty(faces), np.empty(faces)
    around = np.append(pressure, 0.0)  # the last is no cell
    darcy = work = weighted = squared = 0.0
    for f in range(faces):
        push[f] = inflow[f] + around[cells[f, 0]] - around[cells[f, 1]]
        velocity[f] = mobility[f] * push[f]
        darcy += inflow[f] * velocity[f]
        lost = velocity[f] * push[f]
        work += lost
        weighted += lost * mobility[f]
        squared += lost * lost
    return push, velocity, darcy, weighted / work, work * work / squared
