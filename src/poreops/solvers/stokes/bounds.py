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

from poreops.solvers.stokes.rows import factored, solve_rows
from poreops.solvers.stokes.saddle import _momentum, _schur
from poreops.solvers.stokes.staggered import FloatArray, Matrix, StaggeredFlow

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
    factor = factored(friction)
    mobility = np.maximum(solve_rows(friction, factor, np.ones(faces), rough).x, _LEAST)
    laplacian = Matrix(*_schur(flow.faces, flow.cells, mobility, flow.place))
    source = _outflow(flow.faces, mobility * force)
    pressure = np.zeros(cells + 1)
    pressure[:-1] = solve_rows(laplacian, factored(laplacian), -source, tolerance).x
    push = force + pressure[flow.cells[:, 0]] - pressure[flow.cells[:, 1]]
    velocity, rubbed = np.append(mobility * push, 0.0), np.empty(faces)
    darcy = float(force @ velocity[:-1])
    lost = _momentum(*friction[:4], flow.cells, velocity, np.zeros(cells + 1), rubbed, 0, faces)
    upper = solve_rows(friction, factor, push, rough).energy
    work = velocity[:-1] * push
    return FlowBounds(
        lower=darcy**2 / float(lost),
        upper=upper,
        darcy=darcy,
        pressure=pressure[:-1],
        width=float(work @ mobility / work.sum()),
        spread=float(work.sum() ** 2 / (work @ work)),
    )


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
