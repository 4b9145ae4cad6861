"""Solve div(D grad c) = 0 in the pores of an image, with c = 1 and 0 on two opposite faces.

The unknowns sit at the centres of the conducting voxels (finite volumes): two neighbours
exchange ``g (c_i - c_j)`` with g the harmonic mean of their diffusivities, walls are insulating.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.linalg import LinearOperator, cg

from poreops.errors import InputError
from poreops.transport.laplace import NotConvergedError
from poreops.transport.percolation import percolating

Ends = Literal["face", "node"]
FloatArray = NDArray[np.float64]

TOLERANCE = 1e-5


@dataclass(frozen=True)
class BulkDiffusion:
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
        Mean flux density [D0 Δc / voxel] through the first and the last face.
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
    _shape: tuple[int, ...] = field(repr=False)
    _conducting: NDArray[np.uint8] = field(repr=False, compare=False)
    _concentration: FloatArray = field(repr=False, compare=False)

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
        size = math.prod(self._shape)
        concentration = np.full(size, np.nan)
        conducting = np.unpackbits(self._conducting, count=size).view(bool)
        concentration[conducting] = self._concentration
        return concentration.reshape(self._shape)


def formation_factor(
    im: NDArray[Any],
    axis: int,
    *,
    diffusivity: Mapping[int, float] | None = None,
    ends: Ends = "face",
    periodic: Sequence[int] = (),
    tolerance: float = TOLERANCE,
) -> BulkDiffusion:
    """Solve for the formation factor F = D₀/D_eff of an image along one axis.

    Parameters
    ----------
    im : (nx, ny, nz) or (nx, ny) bool or int
        True = pore; with ``diffusivity`` the labels of the phases.
    axis : int
        Numpy axis of the mean flux; at least 3 voxels long.
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
        Largest deviation of the flux through any layer from the mean, relative to it.

    Returns
    -------
    BulkDiffusion
        With ``formation_factor = inf`` and ``percolates = False`` if no pores join the two faces.

    Raises
    ------
    InputError
        Not 2D or 3D, not binary or a label without diffusivity, NaN, a diffusivity that is
        negative or not finite, axis out of range or shorter than 3 voxels, tolerance <= 0.
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
    image = np.asarray(im)
    axis, sides = _checked_axes(image, axis, periodic)
    if ends not in ("face", "node"):
        raise InputError(f"ends must be 'face' or 'node', got {ends!r}")
    if not 0 < tolerance < 1:
        raise InputError(f"tolerance must lie between 0 and 1, got {tolerance}; 1e-5 is usual")
    local = _diffusivity_of_voxels(image, diffusivity)
    mean = float(local.mean())
    conducting = local > 0
    porosity = int(np.count_nonzero(conducting)) / image.size
    cube = (1,) * (3 - image.ndim) + image.shape
    axis3, sides3 = axis + 3 - image.ndim, tuple(side + 3 - image.ndim for side in sides)
    flowing = percolating(conducting.reshape(cube), axis3, sides3)
    used = int(np.count_nonzero(flowing))
    floating = 1 - used / max(int(np.count_nonzero(conducting)), 1)
    if not used:
        nothing = np.zeros(flowing.shape, bool)
        return BulkDiffusion(
            axis, 0.0, mean, porosity, floating, 0.0, 0.0, 0.0, 0, image.shape,
            np.packbits(nothing), np.empty(0),
        )  # fmt: skip
    local = np.where(flowing, local.reshape(cube), 0.0)
    concentration, flux, iterations = _solve(local, axis3, sides3, ends, tolerance)
    flow = flux.mean()
    residual = float(np.abs(flux - flow).max() / flow)
    if residual > tolerance:
        raise NotConvergedError(f"flux deviates by {residual:.1e} > {tolerance:.1e}")
    length = image.shape[axis] - (ends == "node")
    area = image.size // image.shape[axis]
    return BulkDiffusion(
        axis=axis,
        effective_diffusivity=float(flow * length / area),
        mean_diffusivity=mean,
        porosity=porosity,
        floating_share=floating,
        flux_in=float(flux[0] / area),
        flux_out=float(flux[-1] / area),
        residual=residual,
        iterations=iterations,
        _shape=image.shape,
        _conducting=np.packbits(flowing),
        _concentration=concentration,
    )


def _checked_axes(
    image: NDArray[Any], axis: int, periodic: Sequence[int]
) -> tuple[int, tuple[int, ...]]:
    if image.ndim not in (2, 3):
        raise InputError(f"image must be 2D or 3D, got {image.ndim}D of shape {image.shape}")
    if isinstance(axis, bool) or not -image.ndim <= axis < image.ndim:
        raise InputError(
            f"axis must lie in 0..{image.ndim - 1} for a {image.ndim}D image, got {axis}"
        )
    axis %= image.ndim
    if image.shape[axis] < 3:
        raise InputError(
            f"axis {axis} must be at least 3 voxels long, got shape {image.shape}; "
            "give a larger image"
        )
    sides = tuple(dict.fromkeys(periodic))
    if any(side not in range(image.ndim) or side == axis for side in sides):
        raise InputError(
            f"periodic must name sides other than axis {axis} in 0..{image.ndim - 1}, got {sides}"
        )
    return axis, sides


def _diffusivity_of_voxels(
    image: NDArray[Any], diffusivity: Mapping[int, float] | None
) -> FloatArray:
    """Diffusivity of each voxel; checks the labels."""
    if not image.size:
        raise InputError(f"image must hold voxels, got shape {image.shape}")
    if image.dtype.kind not in "buif":
        raise InputError(f"image must be bool or integer, got dtype {image.dtype}")
    if image.dtype.kind == "f" and np.isnan(image).any():
        raise InputError(f"image must not hold NaN, got {np.isnan(image).sum()}; segment it first")
    labels = np.unique(image)
    if diffusivity is None:
        if not np.isin(labels, (0, 1)).all():
            raise InputError(
                f"image must be binary (1 = pore, 0 = solid), got values {_few(labels)}; give "
                "im == label, or diffusivity={label: value, ...} for several conducting phases"
            )
        diffusivity = {0: 0.0, 1: 1.0}
    for label, value in diffusivity.items():
        if not (math.isfinite(value) and value >= 0):
            raise InputError(f"diffusivity must be finite and >= 0, got {value} for label {label}")
    missing = labels[~np.isin(labels, list(diffusivity))]
    if missing.size:
        raise InputError(
            f"each label needs a diffusivity, got none for {_few(missing)}; give 0 to insulate"
        )
    order = sorted(diffusivity)
    values = np.array([diffusivity[label] for label in order], dtype=float)
    return np.asarray(values[np.searchsorted(order, image)])


def _few(values: NDArray[Any]) -> str:
    shown = ", ".join(f"{value:g}" for value in values[:5])
    return shown + (f", ... ({values.size} values)" if values.size > 5 else "")


def _solve(
    local: FloatArray, axis: int, periodic: tuple[int, ...], ends: Ends, tolerance: float
) -> tuple[FloatArray, FloatArray, int]:
    """Concentrations of the conducting voxels, flux through every layer, iterations."""
    conducting = local > 0
    index = np.full(local.shape, -1, np.int64)
    count = np.count_nonzero(conducting)
    index[conducting] = np.arange(count)
    rows, columns, faces = [], [], []
    i: Any
    j: Any
    g: Any
    here: Any
    for side in range(3):
        length = local.shape[side]
        here = np.arange(length if side in periodic and length > 1 else length - 1)
        there = (here + 1) % length
        i, j = (index.take(layers, side).ravel() for layers in (here, there))
        both = (i >= 0) & (j >= 0)
        a, b = (local.take(layers, side).ravel()[both] for layers in (here, there))
        rows.append(i[both])
        columns.append(j[both])
        faces.append(2 * a * b / (a + b))
    i, j, g = (np.concatenate(parts) for parts in (rows, columns, faces))
    layer: Any = np.nonzero(conducting)[axis]
    last = local.shape[axis] - 1
    first_g = np.where(layer == 0, 2 * local[conducting], 0.0)
    last_g = np.where(layer == last, 2 * local[conducting], 0.0)
    fixed = np.full(count, np.nan)
    if ends == "node":
        fixed[layer == 0], fixed[layer == last] = 1.0, 0.0
        first_g[:] = last_g[:] = 0.0
    free = np.isnan(fixed)
    known: FloatArray = np.nan_to_num(fixed)
    off = coo_array((np.r_[g, g], (np.r_[i, j], np.r_[j, i])), shape=(count, count)).tocsr()
    diagonal = off.sum(axis=1) + first_g + last_g
    matrix = (coo_array((diagonal, (np.arange(count),) * 2)).tocsr() - off)[free][:, free]
    source = (first_g + off @ known)[free]
    length = local.shape[axis]
    start = 1 - (layer[free] + 0.5) / length
    inverse = 1 / diagonal[free]
    jacobi = LinearOperator(matrix.shape, matvec=lambda r: inverse * r, dtype=float)
    iterations = 0

    def count_iterations(_: FloatArray) -> None:
        nonlocal iterations
        iterations += 1

    x, _ = cg(
        matrix, source, x0=start, rtol=1e-4 * tolerance, maxiter=20000, M=jacobi,
        callback=count_iterations,
    )  # fmt: skip
    concentration = known.copy()
    concentration[free] = x
    flow = g * (concentration[i] - concentration[j])
    across = np.abs(layer[i] - layer[j]) == 1
    direction = np.where(layer[i] < layer[j], flow, -flow)[across]
    inner = np.bincount(np.minimum(layer[i], layer[j])[across], direction, length - 1)
    if ends == "node":
        return concentration, inner, iterations
    flux_in = first_g @ (1 - concentration)
    flux_out = last_g @ concentration
    return concentration, np.r_[flux_in, inner, flux_out], iterations
