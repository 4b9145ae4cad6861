"""Permeability of voxel images by direct simulation of Stokes flow."""

import warnings
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from poreops.base.arguments import checked_voxel_size
from poreops.base.arrays import Array
from poreops.base.content import Json
from poreops.base.conventions import WALLS, Walls
from poreops.base.show.result import Result
from poreops.base.units import MILLIDARCY
from poreops.errors import InputError
from poreops.machine.memory import require_memory
from poreops.machine.progress import ticking
from poreops.solvers.stokes.arguments import How, checked_how
from poreops.solvers.stokes.face_velocity import FaceVelocity
from poreops.solvers.stokes.flow_domain import (
    PERIODIC,
    REFLECTED,
    SEALED,
    Boundary,
    checked_image,
    flowing_pores,
    padded_box,
    periodic_axes,
)
from poreops.solvers.stokes.gap_width import UnderResolvedWarning, resolution_message, throat_width
from poreops.solvers.stokes.refinement import (
    Discretisation,
    checked_refine,
    discretisation,
    split_voxels,
)
from poreops.solvers.stokes.saddle import StokesSolver, team_of
from poreops.solvers.stokes.staggered import EDGE_FRICTION, FloatArray, discretise

__all__ = [
    "PERIODIC",
    "REFLECTED",
    "SEALED",
    "Boundary",
    "Discretisation",
    "Permeability",
    "PermeabilityTensor",
    "UnderResolvedWarning",
    "Walls",
    "permeability",
    "permeability_tensor",
]

# peak measured on Berea 128³ and 160³ (porosity 0.2) and on spheres 96³ (porosity 0.97)
BYTES_PER_VOXEL = 30
BYTES_PER_PORE = 650
TOLERANCE = 1e-3
ITERATIONS = 2000


@dataclass(frozen=True, repr=False)
class Permeability(Result, kind="permeability"):
    """Steady Stokes flow through an image along one axis.

    Attributes
    ----------
    axis : int
    permeability : float
        k = u µ L / Δp [m²] with u the superficial velocity; 0 if nothing percolates.
    porosity : float
        Share of pore voxels, floating ones included.
    floating_share : float
        Share of these that cannot carry flow from end to end, and is left out.
    residual : float
        Range of the flow rates through all layers across the axis, relative to their mean.
    iterations : int
    history : (iterations,) float64
        Permeability after each iteration [m²].
    residual_history : (iterations,) float64
        Residual of the equations in the norm of the preconditioner, relative to the first.
    flow_rates : (n + 1,) float64
        Through each layer of faces across the axis, from the first to the last face of the
        image [voxel³ Δp / µ]; Δp is the drop over the image.
    voxel_size : float [m]
    boundary : Boundary
    walls : "stepped" or "smooth", see `permeability`
    throat_width : float
        Mean width of the throats [voxel], see `poreops.solvers.stokes.gap_width`; 0 if nothing
        percolates.
    discretisation : Discretisation or None
        What splitting the voxels says of the permeability, if it was asked for.
    """

    axis: int
    permeability: float
    porosity: float
    floating_share: float
    residual: float
    iterations: int
    history: FloatArray = field(repr=False, compare=False)
    residual_history: FloatArray = field(repr=False, compare=False)
    flow_rates: FloatArray = field(repr=False, compare=False)
    voxel_size: float
    boundary: Boundary
    walls: Walls
    throat_width: float
    _shape: tuple[int, ...] = field(repr=False)
    _faces: FaceVelocity | None = field(repr=False, compare=False)
    discretisation: Discretisation | None = None

    @property
    def percolates(self) -> bool:
        """Whether fluid can pass from end to end."""
        return self.permeability > 0

    @property
    def permeability_md(self) -> float:
        """Permeability in millidarcy, for a voxel size in metres."""
        return self.permeability / MILLIDARCY

    def superficial_velocity(self, pressure_gradient: float, viscosity: float) -> float:
        """Darcy's u = k/µ ``|dp/dx|`` [m/s] for a gradient [Pa/m] and a viscosity [Pa s].

        Parameters
        ----------
        pressure_gradient : [Pa/m]
        viscosity : [Pa s]
        """
        return self.permeability / viscosity * pressure_gradient

    @cached_property
    def velocity(self) -> FloatArray:
        """Velocity at the voxel centres, (ndim, nx, ny[, nz]) float64 [voxel Δp / µ]."""
        ndim = len(self._shape)
        if self._faces is None:
            return np.zeros((ndim, *self._shape))
        centre = self._faces.at_voxels((1,) * (3 - ndim) + self._shape)
        return centre[3 - ndim :].reshape(ndim, *self._shape)


@dataclass(frozen=True, repr=False)
class PermeabilityTensor(Result, kind="permeability tensor"):
    """Permeability of a periodic medium.

    Attributes
    ----------
    tensor : (ndim, ndim) float64 [m²]
        Superficial velocity along the first index for a unit gradient along the second, at unit
        viscosity; symmetric up to the tolerance.
    along : tuple of Permeability
        The runs it consists of.
    """

    tensor: FloatArray
    along: tuple[Permeability, ...] = field(repr=False)

    @property
    def residual(self) -> float:
        """Largest residual of the runs."""
        return max(run.residual for run in self.along)

    @cached_property
    def principal(self) -> tuple[FloatArray, FloatArray]:
        """Principal permeabilities (ndim,), ascending, and directions as columns (ndim, ndim)."""
        values, directions = np.linalg.eigh(0.5 * (self.tensor + self.tensor.T))
        return values, directions


def permeability(
    im: Array,
    axis: int | str,
    *,
    voxel_size: float = 1.0,
    boundary: Boundary = REFLECTED,
    walls: Walls = WALLS,
    refine: int = 1,
    tolerance: float = TOLERANCE,
    iterations: int = ITERATIONS,
    workers: int | None = None,
    progress: bool = False,
) -> Permeability:
    """Solve Stokes flow through the pores of an image and return its permeability k.

    Parameters
    ----------
    im : (nx, ny, nz) or (nx, ny) bool
        True = pore. A 2D image is a medium that does not vary along the third axis.
    axis : int or "x", "y", "z"
        Array axis 0, 1 or 2 of the mean flow; at least 3 voxels long.
    voxel_size : float
        [m]; 1 gives k in voxel².
    boundary : Boundary
        `REFLECTED` (default), `SEALED`, `PERIODIC` or another `Boundary`.
    walls : "stepped" or "smooth"
        ``stepped`` takes the voxels as cubes, as other solvers do; ``smooth`` as samples of
        smooth grains, which gives 10 to 40 % more. Only figures of one convention compare; see
        docs/permeability.md for which to take when.
    refine : int
        2 to 4 solves the image once more, with each edge of its voxels split into so many parts,
        and states the discretisation error. 2 takes eight times the memory and ten times as long.
    tolerance : float
        Largest range of the flow rates through the layers, and largest change of k over ten
        iterations, relative to the mean and to k. The error of k is about a tenth of it.
    iterations : int
        Most of them.
    workers : int, optional
        Threads; all available processors by default.
    progress : bool
        Show a bar on stderr, or below the cell of a notebook.

    Returns
    -------
    Permeability
        With ``permeability = 0`` and ``percolates = False`` if nothing can flow.

    Raises
    ------
    InputError
        Not 2D or 3D, not binary, no pore or no wall, axis out of range or shorter than 3 voxels,
        anisotropic or not positive voxel size, tolerance or refine out of range, unknown
        walls, smooth ones to be refined, more memory needed than there is.
    NotConvergedError
        When the tolerance is not reached.

    Warns
    -----
    UnderResolvedWarning
        When the throats of the finest grid are less than 4 voxels wide in the mean.

    Examples
    --------
    Two plates six voxels apart, k = h²/12 of the gap and a share 6/8 of the cross-section:

    >>> im = np.zeros((4, 8), dtype=bool)
    >>> im[:, 1:-1] = True
    >>> round(permeability(im, axis=0).permeability, 4)
    2.25
    """
    how = checked_how(
        im, axis, boundary, walls, tolerance=tolerance, usual=TOLERANCE, iterations=iterations,
        workers=workers, progress=progress,
    )  # fmt: skip
    refine, voxel_size = checked_refine(refine, walls), checked_voxel_size(voxel_size)
    found = _solve(im, voxel_size, how, parts=refine ** np.ndim(im))
    if found.percolates and refine > 1:
        split = _solve(split_voxels(im, refine), voxel_size / refine, how).permeability
        found = replace(found, discretisation=discretisation(found.permeability, split, refine))
    return _resolved(found, refine)


def _solve(im: Array, voxel_size: float, how: How, parts: int = 1) -> Permeability:
    """Solve one image with checked arguments, if there is memory for `parts` times its voxels."""
    image = checked_image(im)
    ndim, boundary = np.ndim(im), how.boundary
    along = how.axis + image.ndim - ndim
    flowing = flowing_pores(image, along, boundary)
    pores, flowing_count = int(np.count_nonzero(image)), int(np.count_nonzero(flowing))
    facts: dict[str, Json] = {
        "axis": how.axis,
        "porosity": pores / image.size,
        "floating_share": 1 - flowing_count / pores,
        "voxel_size": voxel_size,
        "boundary": boundary,
        "walls": how.walls,
        "_shape": np.shape(im),
    }
    layers = image.shape[along]
    if not flowing_count:
        nothing = np.zeros(0)
        return Permeability(
            permeability=0.0, residual=0.0, iterations=0, history=nothing,
            residual_history=nothing, flow_rates=np.zeros(layers + 1), throat_width=0.0,
            _faces=None, **facts,
        )  # fmt: skip
    if flowing_count == image.size and boundary.sides != "no-slip":
        raise InputError("image must hold solid voxels (False), got pores only: k is infinite")
    require_memory(
        parts * (BYTES_PER_VOXEL * image.size + BYTES_PER_PORE * flowing_count),
        f"Stokes flow through {parts * flowing_count} pore voxels",
        "cut the image into parts",
    )
    periodic = periodic_axes(along, boundary, ndim)
    box = padded_box(flowing, along, boundary, ndim)
    flow = discretise(box, periodic, EDGE_FRICTION[how.walls])

    def faces(velocity: FloatArray) -> FaceVelocity:
        return FaceVelocity(velocity, flow.friction.place, flow.friction.block, periodic)

    force = flow.inflow.astype(np.float64)
    if periodic[along]:
        # the same unit drop of pressure over the image, spread over its length
        force[faces(force).across(along)] = 1 / layers
    with team_of(how.workers) as team, ticking(how.progress, "Stokes flow") as tick:
        solved = StokesSolver(flow, team).solve(
            force,
            lambda velocity: faces(velocity).layer_rates(along, layers),
            how.tolerance,
            how.iterations,
            tick,
        )
    # power = flow rate x the unit drop of pressure
    scale = voxel_size**2 * layers / (image.size / layers)
    found = faces(solved.velocity)
    return Permeability(
        permeability=solved.power * scale,
        residual=solved.mismatch,
        iterations=solved.power_history.size,
        history=solved.power_history * scale,
        residual_history=solved.residual_history,
        flow_rates=found.layer_rates(along, layers),
        throat_width=throat_width(flow, solved, force, box, periodic),
        _faces=found,
        **facts,
    )


def _resolved(found: Permeability, refine: int) -> Permeability:
    """Return what was found, with a warning if its throats are too narrow for the grid."""
    message = resolution_message(found.throat_width, refine) if found.percolates else None
    if message is not None:
        warnings.warn(message, UnderResolvedWarning, stacklevel=3)
    return found


def permeability_tensor(
    im: Array,
    *,
    voxel_size: float = 1.0,
    walls: Walls = WALLS,
    tolerance: float = TOLERANCE,
    iterations: int = ITERATIONS,
    workers: int | None = None,
    progress: bool = False,
) -> PermeabilityTensor:
    """Solve Stokes flow along every axis of a periodic image and return its permeability tensor.

    Errors and warnings are those of `permeability`; the boundary is `PERIODIC`.

    Parameters
    ----------
    im : (nx, ny[, nz]) bool, True in the pore; the image repeats along every axis
    voxel_size : edge of a voxel [m]
    walls, tolerance, iterations, workers, progress : as for `permeability`

    Returns
    -------
    PermeabilityTensor
        With ``.tensor``, (ndim, ndim) float64 [m²].

    Examples
    --------
    Channels along axis 0 only:

    >>> im = np.zeros((4, 8), dtype=bool)
    >>> im[:, 1:-1] = True
    >>> permeability_tensor(im).tensor.round(4) + 0.0
    array([[2.25, 0.  ],
           [0.  , 0.  ]])
    """
    ndim = np.ndim(im)
    runs = []
    tensor = np.zeros((ndim, ndim))
    for axis in range(ndim):
        run = permeability(
            im,
            axis,
            voxel_size=voxel_size,
            boundary=PERIODIC,
            walls=walls,
            tolerance=tolerance,
            iterations=iterations,
            workers=workers,
            progress=progress,
        )
        runs.append(run)
        if run._faces is not None:
            along = run._shape[axis]
            scale = run.voxel_size**2 * along / np.size(im)
            for row in range(ndim):
                faces = run._faces.across(row + 3 - ndim)
                tensor[row, axis] = scale * run._faces.value[faces].sum()
    return PermeabilityTensor(tensor, tuple(runs))
