"""Solve div(D grad c) = 0 in the pores of an image, with c = 1 and 0 on two opposite faces.

The unknowns sit at the centres of the conducting voxels (finite volumes): two neighbours
exchange ``g (c_i - c_j)`` with g the harmonic mean of their diffusivities, walls are insulating.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from poreops.base.arguments import (
    checked_array,
    checked_axis,
    checked_choice,
    checked_tolerance,
    checked_workers,
    shown,
)
from poreops.base.arrays import Array
from poreops.base.show.result import Result
from poreops.errors import InputError
from poreops.machine.memory import require_memory
from poreops.machine.progress import Tick, ticking
from poreops.solvers.diffusion.multigrid import Multigrid
from poreops.solvers.diffusion.phases import diffusivity_of, labels_of, phases_of
from poreops.solvers.diffusion.voxel_graph import (
    MAX_PHASES,
    MAX_VOXELS,
    Numbering,
    codes,
    connect,
    number,
)
from poreops.solvers.diffusion.voxel_solver import Solution, solve
from poreops.solvers.shared.threads import Team, team_of

Ends = Literal["face", "node"]
FloatArray = NDArray[np.float64]

TOLERANCE = 1e-5
ITERATIONS = 1000
# peaks measured on images of 160³ to 400³ voxels, porosity 0.2 to 1
BYTES_PER_VOXEL = 3
BYTES_PER_UNKNOWN = 80, 106  # one conducting phase, several


@dataclass(frozen=True, repr=False)
class BulkDiffusion(Result, kind="diffusion"):
    """Steady diffusion through an image along one axis, c = 1 before it and 0 behind it.

    Attributes
    ----------
    axis : int
    effective_diffusivity : float
        D_eff = J L / (A Δc), in the unit of the given diffusivities (1 in pores by default).
    mean_diffusivity : float
        Of the whole image; equal to its porosity for a binary image.
    porosity : float
        Share of conducting voxels in the image, floating ones included.
    floating_share : float
        Share of these that is not connected to both ends, and is left out.
    flux_in, flux_out : float
        Mean flux density [D₀ Δc / voxel] through the first and the last face.
    residual : float
        Largest deviation of the flux through any layer from the mean, relative to it.
    iterations : int
    """

    axis: int
    effective_diffusivity: float
    mean_diffusivity: float
    porosity: float
    floating_share: float
    flux_in: float
    flux_out: float
    residual: float
    iterations: int
    _concentration: "_Concentration" = field(repr=False, compare=False)

    @property
    def percolates(self) -> bool:
        """Whether conducting voxels join the two faces."""
        return self.effective_diffusivity > 0

    @property
    def formation_factor(self) -> float:
        """F = D₀/D_eff with D₀ = 1; infinite if nothing percolates."""
        return 1 / self.effective_diffusivity if self.percolates else math.inf

    @property
    def tortuosity(self) -> float:
        """τ = φF; with several phases the mean diffusivity stands for the porosity φ."""
        return self.mean_diffusivity * self.formation_factor

    @property
    def flux_mismatch(self) -> float:
        """Difference of the fluxes in and out, relative to their mean."""
        if not self.percolates:
            return 0.0
        return abs(self.flux_in - self.flux_out) / (0.5 * (self.flux_in + self.flux_out))

    @cached_property
    def field(self) -> FloatArray:
        """Concentration, in the shape of the image; NaN where nothing flows from end to end."""
        return self._concentration.image()


@dataclass(frozen=True)
class _Content:
    """What an image holds: conducting voxels, sum and largest of all diffusivities."""

    shape: tuple[int, ...]
    conducting: int
    total: float
    largest: float


@dataclass(frozen=True)
class _Domain:
    """What conducts, as 3D phases: 0 insulates, phase p has ``diffusivities[p]``, at most 1.

    Attributes
    ----------
    phase : (nx, ny, nz) uint8
        Without the end layers if these hold the concentrations ("node"). Repeated along periodic
        axes until the length is a multiple of 4, or else even and odd voxels, or blocks of
        voxels, would not alternate around the axis.
    ends : (2, ...) uint8
        Phase of the end layers ("node"), empty for "face".
    """

    phase: Array
    diffusivities: FloatArray
    axis: int
    periodic: Array
    ends: Array


@dataclass(frozen=True)
class _Concentration:
    """What it takes to draw the field."""

    shape: tuple[int, ...]
    domain_shape: tuple[int, int, int]
    axis: int
    numbering: Numbering
    values: FloatArray
    ends: Array

    def image(self) -> FloatArray:
        if not self.values.size:
            return np.full(self.shape, np.nan)
        image = self.numbering.place(self.values, self.domain_shape)
        if self.ends.size:
            layers = [
                np.where(end > 0, value, np.nan)
                for end, value in zip(self.ends, (1, 0), strict=True)
            ]
            first, last = (np.expand_dims(layer, self.axis) for layer in layers)
            image = np.concatenate([first, image, last], axis=self.axis)
        cube = _cube(self.shape)
        return image[: cube[0], : cube[1], : cube[2]].reshape(self.shape)


def formation_factor(
    im: Array,
    axis: int | str,
    *,
    diffusivity: Mapping[int, float] | None = None,
    ends: Ends = "face",
    periodic: Sequence[int | str] = (),
    tolerance: float = TOLERANCE,
    workers: int | None = None,
    progress: bool = False,
) -> BulkDiffusion:
    """Solve for the formation factor F = D₀/D_eff of an image along one axis.

    Parameters
    ----------
    im : (nx, ny, nz) or (nx, ny) bool or int
        True = pore; with ``diffusivity`` the labels of the phases.
    axis : int or "x", "y", "z"
        Array axis 0, 1 or 2 of the mean flux; at least 3 voxels long.
    diffusivity : {label: float}, optional
        Diffusivity >= 0 of each label in the image, relative to D₀; by default 1 in pores and 0
        in solid.
    ends : "face" or "node"
        Where the concentrations 1 and 0 are fixed: on the outer faces of the end layers (half a
        voxel from the first centres, the length is that of the image), or at the centres of the
        end layers, as PoreSpy's ``tortuosity_fd`` does (the length is one voxel less).
    periodic : sequence of int
        Axes with periodic sides; the others are insulating.
    tolerance : float
        Largest deviation of the flux through any layer from the mean, relative to it. F itself is
        more accurate by orders of magnitude: its error is quadratic in that of the field.
    workers : int, optional
        Threads; all cores by default. The result does not depend on it.
    progress : bool
        Show a bar on stderr, or below the cell of a notebook.

    Returns
    -------
    BulkDiffusion
        With ``formation_factor = inf`` and ``percolates = False`` if no pores join the two faces.

    Raises
    ------
    InputError
        Not 2D or 3D, not binary or a label without diffusivity, NaN, a diffusivity that is
        negative or not finite, more than 20 different ones, axis out of range or shorter than 3
        voxels, tolerance <= 0, more voxels than fit in memory.
    NotConvergedError
        When the fluxes miss the tolerance.

    Examples
    --------
    A straight channel of a quarter of the cross-section:

    >>> im = np.zeros((8, 4, 4), dtype=bool)
    >>> im[:, 1:3, 1:3] = True
    >>> result = formation_factor(im, axis=0)
    >>> round(result.formation_factor, 6), round(result.tortuosity, 6), result.percolates
    (4.0, 1.0, True)
    """
    image = checked_array(im, "image")
    axis, sides = _checked_axes(image, axis, periodic)
    ends = cast(Ends, checked_choice(ends, get_args(Ends), "ends"))
    tolerance = checked_tolerance(tolerance, TOLERANCE)
    workers = checked_workers(workers)
    labels, counts = labels_of(image)
    local = diffusivity_of(labels, diffusivity)
    conducting = int(counts[local > 0].sum())
    with team_of(workers) as team, ticking(progress, "diffusion") as tick:
        domain = _domain(image, labels, local, axis, sides, ends)
        _refuse_too_large(domain, conducting / image.size)
        numbering, solution = _conduct(domain, team, tolerance, tick)
    content = _Content(image.shape, conducting, float(counts @ local), float(local.max()))
    return _result(content, axis, domain, numbering, solution)


def memory_needed(shape: Sequence[int], porosity: float, *, phases: int = 1) -> int:
    """Estimate the bytes that `formation_factor` takes at its peak, the image included.

    Parameters
    ----------
    shape : shape of the image
    porosity : share of conducting voxels
    phases : number of phases of different diffusivity > 0

    Examples
    --------
    >>> memory_needed((400, 400, 400), 0.2) / 2**30 < 1.5
    True
    """
    voxels = math.prod(shape)
    return int(voxels * (BYTES_PER_VOXEL + porosity * BYTES_PER_UNKNOWN[phases > 1]))


def _cube(shape: Sequence[int]) -> tuple[int, int, int]:
    """Shape in 3D; a 2D image becomes one voxel thick, across its second axis."""
    return (shape[0], 1, shape[1]) if len(shape) == 2 else (shape[0], shape[1], shape[2])


def _domain(
    image: Array, labels: Array, local: FloatArray, axis: int, sides: tuple[int, ...], ends: Ends
) -> _Domain:
    levels = np.unique(local[local > 0])
    if levels.size > MAX_PHASES:
        raise InputError(
            f"at most {MAX_PHASES} different diffusivities are possible, got {levels.size}; "
            "merge phases"
        )
    phase_of = np.searchsorted(levels, local).astype(np.uint8) + np.uint8(1)
    phase_of[local == 0] = 0
    phase = phases_of(image, labels, phase_of).reshape(_cube(image.shape))
    if image.ndim == 2:
        axis, sides = 2 * axis, tuple(2 * side for side in sides)
    layers = np.empty((2, 0), np.uint8)
    if ends == "node":
        layers = np.stack([phase.take(0, axis), phase.take(-1, axis)])
        phase = phase.take(range(1, phase.shape[axis] - 1), axis)
    for side in sides:
        if phase.shape[side] > 1:
            copies = 4 // math.gcd(4, phase.shape[side])
            phase = np.concatenate([phase] * copies, axis=side)
            if layers.size:
                layers = np.concatenate([layers] * copies, axis=side + (side < axis))
    periodic = np.isin(np.arange(3), [side for side in sides if phase.shape[side] > 1])
    unit = levels[-1] if levels.size else 1.0
    return _Domain(
        np.ascontiguousarray(phase), np.concatenate([[0.0], levels / unit]), axis, periodic, layers
    )


def _refuse_too_large(domain: _Domain, porosity: float) -> None:
    shape = domain.phase.shape
    what = f"diffusion in {' x '.join(str(n) for n in shape)} voxels of porosity {porosity:.2f}"
    if porosity * math.prod(shape) > MAX_VOXELS:
        raise InputError(
            f"at most {MAX_VOXELS} conducting voxels are possible, got {what}; crop it"
        )
    need = memory_needed(shape, porosity, phases=domain.diffusivities.size - 1)
    require_memory(need, what, "crop the image to a part")


def _conduct(
    domain: _Domain, team: Team, tolerance: float, tick: Tick
) -> tuple[Numbering, Solution]:
    phase, axis, values = domain.phase, domain.axis, domain.diffusivities
    pair, table = codes(values)
    outer = np.stack([phase.take(0, axis), phase.take(-1, axis)])
    # the last column of pair is an end half a voxel away
    beyond = domain.ends if domain.ends.size else np.full(outer.shape, values.size, np.uint8)
    code = pair[outer, beyond]
    faces = table[code]
    numbering = number(phase, domain.periodic, axis, faces, team)
    if not numbering.count:
        return numbering, Solution(np.empty(0), np.zeros(2), 0.0, 0)
    graph, aggregates = connect(
        numbering, phase, values, domain.periodic, axis, faces, code[0], team
    )
    coarse = Multigrid(aggregates, team)
    del aggregates  # their lists take memory that the solver does not need
    return numbering, solve(
        graph, coarse, length=phase.shape[axis],
        offset=1.0 if domain.ends.size else 0.5, team=team, tolerance=tolerance, limit=ITERATIONS,
        tick=tick,
    )  # fmt: skip


def _result(
    content: _Content, axis: int, domain: _Domain, numbering: Numbering, solution: Solution
) -> BulkDiffusion:
    """Bring the fluxes of a domain back to the image and to the given unit of diffusivity."""
    shape, size = content.shape, math.prod(content.shape)
    node = domain.ends.size > 0
    copies = domain.phase.size / (size // shape[axis] * (shape[axis] - 2 * node))
    # layers that hold the concentrations are connected to an end anyway
    used = (numbering.count + np.count_nonzero(domain.ends)) / copies if numbering.count else 0
    area = copies * size / shape[axis]
    fluxes = content.largest * solution.fluxes / area
    mean_flux = float(fluxes.mean())
    return BulkDiffusion(
        axis=axis,
        effective_diffusivity=content.largest * solution.conductance * (shape[axis] - node) / area,
        mean_diffusivity=content.total / size,
        porosity=content.conducting / size,
        floating_share=1 - used / content.conducting if content.conducting else 0.0,
        flux_in=float(fluxes[0]),
        flux_out=float(fluxes[-1]),
        residual=float(np.abs(fluxes - mean_flux).max()) / mean_flux if mean_flux > 0 else 0.0,
        iterations=solution.iterations,
        _concentration=_Concentration(
            shape, domain.phase.shape, domain.axis, numbering, solution.concentration, domain.ends
        ),
    )


def _checked_axes(
    image: Array, axis: int | str, periodic: Sequence[int | str]
) -> tuple[int, tuple[int, ...]]:
    if image.ndim not in (2, 3):
        raise InputError(f"image must be 2D or 3D, got {image.ndim}D of shape {image.shape}")
    axis = checked_axis(axis, image.ndim)
    if image.shape[axis] < 3:
        raise InputError(
            f"axis {axis} must be at least 3 voxels long, got shape {image.shape}; "
            "give a larger image"
        )
    if not isinstance(periodic, list | tuple):
        raise InputError(f"periodic must be a sequence of axes, got {shown(periodic)}")
    sides = tuple(dict.fromkeys(checked_axis(side, image.ndim) for side in periodic))
    if axis in sides:
        raise InputError(f"periodic must name sides other than axis {axis}, got {sides}")
    return axis, sides
