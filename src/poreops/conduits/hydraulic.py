"""Hydraulic size factor of pore-throat-pore conduits by direct simulation of Stokes flow.

Definition. The throat is the set of faces between regions 1 and 2, and the middle surface of a
region its voxels as far from the throat as its centroid (within half a voxel). A region's voxels
beyond that distance are a reservoir of uniform pressure, 1 in region 1 and 0 in region 2, which
fluid leaves and enters fully developed; all other faces of the regions are walls. The size factor
is the flow rate over the difference of the mean pressures on the two middle surfaces, at unit
viscosity [m³].

Of regions in several pieces the part counts that `poreops.conduits.joined` keeps; where the two
have no common face, the size factor is 0.

So the conduit reaches from middle to middle, as the network's pores lie there: the size factor of
a straight pipe is that of Poiseuille flow over the distance of the centroids, π R⁴ / 8 L for a
cylinder, and those of pipes in series add as resistances. The half conduit from a region to an
image face has twice the size factor of the region and its mirror image.

"""

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from poreops.base.arguments import checked_voxel_size
from poreops.base.arrays import Integers
from poreops.base.conventions import WALLS, Walls, checked_walls
from poreops.conduits.crop import checked_conns, crop_conduits
from poreops.conduits.diffusive import throat_area
from poreops.conduits.joined import joined
from poreops.conduits.loop import Names, pair_names, solve_each
from poreops.conduits.middles import fill_reservoirs
from poreops.errors import NotConvergedError
from poreops.machine.progress import watched
from poreops.solvers.stokes.saddle import StokesSolver, Team
from poreops.solvers.stokes.staggered import (
    EDGE_FRICTION,
    PORE,
    FloatArray,
    StaggeredFlow,
    discretise,
)

TOLERANCE = 1e-4
ITERATIONS = 1000
MOST_PARTS = 4  # into which a voxel's edge is split where the grid is too coarse for a conduit
_LOOSE = 1e-6  # friction of a wall that is none, by rounding


def hydraulic_size_factors(
    labels: Integers,
    conns: Integers,
    *,
    voxel_size: float = 1.0,
    walls: Walls = WALLS,
    workers: int | None = None,
    progress: bool = False,
) -> FloatArray:
    """Solve Stokes flow through every conduit and return its hydraulic size factor.

    Parameters
    ----------
    labels : (nx, ny, nz) or (nx, ny) int
        0 solid, 1..N regions.
    conns : (Nt, 2) int
        0-based region indices of each throat, as PoreSpy and OpenPNM have them.
    voxel_size : float
        [m]; 1 gives the result in voxel³.
    walls : "stepped" or "smooth"
        See `poreops.solvers.stokes.permeability.permeability`.
    workers : int, optional
        Threads; all available processors by default. The result does not depend on it.
    progress : bool
        Show a bar on stderr, or below the cell of a notebook.

    Returns
    -------
    (Nt,) float64
        [m³], flow rate times viscosity over the difference of pressures (see the module). A 2D
        image is a layer one voxel deep of a medium that does not vary along the third axis.
        0 where the two regions have no common face, NaN where the solver does not settle.

    Raises
    ------
    InputError
        Voxel size not positive or anisotropic, conns out of range, unknown walls.

    Warns
    -----
    UnsettledWarning
        When a solve misses its tolerance: names the conduits.

    Examples
    --------
    A slot of width 4 cut into two regions of length 6: w³/12 over the distance of the centroids.

    >>> labels = np.zeros((12, 6), dtype=int)
    >>> labels[:6, 1:5], labels[6:, 1:5] = 1, 2
    >>> hydraulic_size_factors(labels, np.array([[0, 1]])).round(4)
    array([0.8889])
    """
    voxel_size = checked_voxel_size(voxel_size)
    conns = checked_conns(labels, conns)
    crops = watched(crop_conduits(labels, conns), len(conns), progress)
    factors = conduit_hydraulic_size_factors(
        crops, walls=walls, workers=workers, names=pair_names(conns)
    )
    return factors * voxel_size**3


def conduit_hydraulic_size_factors(
    crops: Iterable[NDArray[np.uint8]],
    *,
    walls: Walls = WALLS,
    workers: int | None = None,
    names: Names = "conduit {}".format,
) -> FloatArray:
    """Hydraulic size factor in voxel³ of each conduit crop (0/1/2, 2D or 3D uint8).

    NaN, with an `UnsettledWarning` that calls them by `names`, of those that do not settle.

    Parameters
    ----------
    crops : of conduits, (n0, n1[, n2]) uint8 with 0/1/2
    walls : convention of the walls
    workers : threads; all processors by default
    names : what a warning calls the conduits
    """
    solve = partial(conduit_hydraulic_size_factor, walls=checked_walls(walls))
    return solve_each(crops, solve, workers, names)


def conduit_hydraulic_size_factor(crop: NDArray[np.uint8], *, walls: Walls = WALLS) -> float:
    """Hydraulic size factor in voxel³ of one conduit crop (0/1/2).

    Parameters
    ----------
    crop : (n0, n1[, n2]) uint8 with 0/1/2
    walls : convention of the walls
    """
    problem = flow_problem(crop, walls)
    return 0.0 if problem is None else _solve(problem) / problem.finer


class FlowProblem(NamedTuple):
    """Stokes flow through one conduit, discretised.

    Attributes
    ----------
    flow : StaggeredFlow
    middle : (nc,) uint8, 1 and 2 where a pore cell is on the middle surface of a region
    inlet_share, outlet_share : number of cells of each middle surface in its own reservoir
    finer : by what a size factor in these cells is larger than one in voxels³
    throat : number of faces between the regions
    """

    flow: StaggeredFlow
    middle: NDArray[np.uint8]
    inlet_share: int
    outlet_share: int
    finer: float
    throat: int

    def drop(self, pressure: FloatArray) -> float:
        """Return the difference of the mean pressures on the middle surfaces, > 0.

        Parameters
        ----------
        pressure : (nc,) float64, of the pore cells; 1 in the inlet, 0 in the outlet

        Raises
        ------
        NotConvergedError
            Where regions wind through each other, so that the pressure does not fall.
        """
        one, two = pressure[self.middle == 1], pressure[self.middle == 2]
        high = (self.inlet_share + one.sum()) / (self.inlet_share + one.size)
        found = float(high - two.sum() / (self.outlet_share + two.size))
        if not found > 0:
            raise NotConvergedError(
                "the regions wind through each other: between their middles the pressure does "
                f"not fall, but changes by {-found:.2g} of that between the reservoirs"
            )
        return found


def flow_problem(crop: NDArray[np.uint8], walls: Walls = WALLS) -> FlowProblem | None:
    """Discretise the flow through one conduit crop (0/1/2), None where its regions do not touch.

    Parameters
    ----------
    crop : uint8, 2D or 3D
    walls : "stepped" or "smooth"

    Raises
    ------
    NotConvergedError
        If the conduit has no length.
    """
    part = joined(crop)
    if part is None:
        return None
    voxels = part.reshape((1,) * (3 - part.ndim) + part.shape)
    across = (int(part.ndim == 3), 1, 1)  # a 2D conduit does not vary along the third axis
    for parts in range(1, MOST_PARTS + 1):
        split = voxels
        for axis in np.flatnonzero(across) if parts > 1 else ():
            split = split.repeat(parts, axis)
        box = np.zeros([n + 2 for n in split.shape], np.uint8)
        box[1:-1, 1:-1, 1:-1] = split
        throat = throat_area(box)
        middles = fill_reservoirs(box)
        # what lies beyond the first layer of a reservoir takes no part
        ends, (one, two) = _extent(box, middles)
        if ends[0, 0] == ends[0, 1]:
            continue  # reservoirs meet on the throat itself
        near = tuple(slice(start - 1, stop + 1) for start, stop in ends.tolist())
        flow = discretise(box[near], (part.ndim == 2, False, False), EDGE_FRICTION[walls])
        if not _slips(flow):
            middle = middles[near][tuple(flow.place.T)]
            return FlowProblem(flow, middle, int(one), int(two), float(parts**part.ndim), throat)
    raise NotConvergedError(
        "the middles of both regions lie on their throat, which leaves a conduit of no length"
    )


@njit(cache=True, nogil=True)
def _extent(
    box: NDArray[np.uint8], middles: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return first and last + 1 of the pores along each axis, and the shares of `FlowProblem`."""
    ends, shares = np.zeros((3, 2), np.int64), np.zeros(2, np.int64)
    nothing = True
    for i in range(box.shape[0]):
        for j in range(box.shape[1]):
            for k in range(box.shape[2]):
                if box[i, j, k] != PORE:
                    if middles[i, j, k] > 0:
                        shares[middles[i, j, k] - 1] += 1
                    continue
                for axis in range(3):
                    at = i if axis == 0 else j if axis == 1 else k
                    ends[axis, 0] = at if nothing else min(ends[axis, 0], at)
                    ends[axis, 1] = max(ends[axis, 1], at + 1)
                nothing = False
    return ends, shares


def _slips(flow: StaggeredFlow) -> bool:
    """Tell whether reservoirs meet at faces that no wall slows: the flow there has no bound.

    Where the middle of a region is nearer to the throat than a voxel, the grid is too coarse.
    """
    between = (flow.inflow != 0) & (flow.outflow != 0)
    if not between.any():
        return False
    friction, count = flow.friction, flow.inflow.size
    matrix = csr_array((friction.weight, friction.column, friction.start), shape=(count, count))
    wall = friction.diagonal - matrix.sum(axis=1)
    _, group = connected_components(matrix, directed=False)
    held = (wall > _LOOSE) | (flow.cells < len(flow.place)).any(axis=1)
    return bool((np.bincount(group, held) == 0).any())


def _solve(problem: FlowProblem) -> float:
    flow = problem.flow
    inlet, outlet = np.flatnonzero(flow.inflow), np.flatnonzero(flow.outflow)
    into, out_of = flow.inflow[inlet], flow.outflow[outlet]

    def flow_rates(velocity: FloatArray) -> FloatArray:
        return np.array([(into * velocity[inlet]).sum(), (out_of * velocity[outlet]).sum()])

    solver = StokesSolver(flow, Team(1, None))
    force = flow.inflow.astype(np.float64)
    solved = solver.solve(force, flow_rates, TOLERANCE, ITERATIONS)
    return solved.power / problem.drop(solved.pressure)
