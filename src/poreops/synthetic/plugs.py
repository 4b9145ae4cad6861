"""Synthetic plugs of different genesis, from PoreSpy's generators.

Axis 0 is the axis of the plug: slices are perpendicular to it, and fluid flows along it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.base.arrays import Array
from poreops.base.extras import needs
from poreops.errors import InputError
from poreops.synthetic import further_kinds
from poreops.synthetic.spheres import legacy_seed

Genesis = Literal[
    "sphere_pack", "overlapping", "cemented", "blobs", "vuggy", "fractured", "consolidated",
    "clay_lined", "oolites", "fibres", "foams",
]  # fmt: skip
Image = NDArray[np.bool_]

Edge = Annotated[int, Field(ge=32)]
Shape = tuple[int, int, int]

_TRIES = 20  # draws before a genesis counts as one that does not percolate


class PlugsConfig(BaseModel):
    """Which plugs are drawn.

    Attributes
    ----------
    seed : of all plugs; each has one of its own
    shape : voxels along the plug and across it; wide slices say more than a long plug
    counts : number of plugs of each genesis
    grain_radius : range of the mean radius of grains [voxel], uniform
    voxel_size : range of the edge of a voxel [m], uniform in its logarithm
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    shape: tuple[Edge, Edge, Edge]
    counts: Mapping[Genesis, Annotated[int, Field(ge=0)]]
    grain_radius: tuple[Annotated[float, Field(ge=3)], Annotated[float, Field(ge=3)]]
    voxel_size: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]]


@dataclass(frozen=True)
class Plug:
    """A plug to be drawn: its name, genesis, seed and voxel size [m]."""

    name: str
    genesis: Genesis
    seed: int
    voxel_size: float


def plugs(config: PlugsConfig) -> list[Plug]:
    """List the plugs of a configuration; the names and seeds of no two are the same.

    Parameters
    ----------
    config : PlugsConfig
    """
    listed = []
    for place, (genesis, count) in enumerate(config.counts.items()):
        for index in range(count):
            rng = np.random.default_rng((config.seed, place, index))
            low, high = np.log(config.voxel_size)
            voxel_size = float(f"{np.exp(rng.uniform(low, high)):.4g}")
            seed = int(rng.integers(2**31))
            listed.append(Plug(f"{genesis}_{index:02d}", genesis, seed, voxel_size))
    return listed


def draw_plug(config: PlugsConfig, plug: Plug) -> Image:
    """Draw a plug through which fluid can pass along axis 0.

    Parameters
    ----------
    config : PlugsConfig
    plug : Plug

    Returns
    -------
    bool, of the shape of the configuration
        True = pore.

    Raises
    ------
    InputError
        If none of twenty draws lets fluid pass.
    """
    needs("synthetic", "a plug")
    rng = np.random.default_rng(plug.seed)
    for _ in range(_TRIES):
        radius = rng.uniform(*config.grain_radius)
        with legacy_seed(int(rng.integers(2**31))):
            im = _DRAWINGS[plug.genesis](config.shape, radius, rng)
        if _percolates(im):
            return im
    raise InputError(
        f"a plug must let fluid pass, got none of {_TRIES} draws of {plug.name} of "
        f"{config.shape} voxels; raise plugs.shape or lower plugs.grain_radius"
    )


def _sphere_pack(shape: Shape, radius: float, rng: np.random.Generator) -> Image:
    """Hard spheres dropped one on the other; the pores between them."""
    import porespy

    margin = 2 * round(radius)
    grains = porespy.generators.pseudo_gravity_packing(
        shape=_widened(shape, margin), r=round(radius), edges="extended", maxiter=10**6,
        axis=int(rng.integers(3)), seed=int(rng.integers(2**31)),
    )  # fmt: skip
    return _cropped(grains == 0, margin)


def _overlapping(shape: Shape, radius: float, rng: np.random.Generator) -> Image:
    """Grains that penetrate each other."""
    return _spheres(shape, radius, rng.uniform(0.16, 0.42))


def _cemented(shape: Shape, radius: float, rng: np.random.Generator) -> Image:
    """Grow cement of even thickness on loose grains, as quartz overgrowth does."""
    return _grown(shape, radius, rng.uniform(0.1, 0.3), rng)


def _blobs(shape: Shape, radius: float, rng: np.random.Generator) -> Image:
    """Threshold a random field; its correlation length is a third of the radius."""
    return _field(shape, radius / 3, rng.uniform(0.2, 0.42))


def _vuggy(shape: Shape, radius: float, rng: np.random.Generator) -> Image:
    """Cut round vugs into a cemented rock."""
    matrix = _grown(shape, 0.8 * radius, rng.uniform(0.1, 0.2), rng)
    vugs = ~_spheres(shape, radius * rng.uniform(0.8, 1.4), rng.uniform(0.85, 0.96))
    return np.asarray(matrix | vugs)


def _fractured(shape: Shape, radius: float, rng: np.random.Generator) -> Image:
    """Cut a rough fracture along axis 0 into a tight matrix."""
    from scipy.ndimage import gaussian_filter

    matrix = (
        _grown(shape, radius, rng.uniform(0.08, 0.16), rng)
        if rng.random() < 0.5
        else _field(shape, radius / 3, rng.uniform(0.17, 0.24))
    )
    axis = int(rng.integers(1, 3))  # across the fracture
    across, wide = shape[axis], (shape[0], shape[3 - axis])
    rough = gaussian_filter(rng.standard_normal((2, *wide)), (0, across / 12, across / 12))
    rough /= rough.std(axis=(1, 2), keepdims=True)
    middle = across * rng.uniform(0.3, 0.7) + 0.03 * across * rough[0]
    aperture = rng.uniform(2.5, 7.0) * np.maximum(1 + 0.25 * rough[1], 0.3)
    place = np.arange(across)[:, None, None]
    fracture = np.abs(place - middle) <= aperture / 2  # (across, along the plug, the other)
    along = np.moveaxis(fracture, 0, axis)
    return np.asarray(matrix | along)


_DRAWINGS: Mapping[Genesis, Callable[[Shape, float, np.random.Generator], Image]] = {
    "sphere_pack": _sphere_pack,
    "overlapping": _overlapping,
    "cemented": _cemented,
    "blobs": _blobs,
    "vuggy": _vuggy,
    "fractured": _fractured,
    "consolidated": further_kinds.consolidated,
    "clay_lined": further_kinds.clay_lined,
    "oolites": further_kinds.oolites,
    "fibres": further_kinds.fibres,
    "foams": further_kinds.foams,
}


def _grown(shape: Shape, radius: float, porosity: float, rng: np.random.Generator) -> Image:
    """Place hard spheres at random, and let all of them grow evenly to this porosity."""
    import edt
    import porespy

    margin = 2 * round(radius)
    grains = porespy.generators.random_spheres(
        shape=_widened(shape, margin), r=round(radius), edges="extended", maxiter=10**6,
        seed=int(rng.integers(2**31)),
    )  # fmt: skip
    distance = _cropped(edt.edt(grains == 0), margin)
    return np.asarray(distance > np.quantile(distance, 1 - porosity))


def _spheres(shape: Shape, radius: float, porosity: float) -> Image:
    import porespy

    margin = 2 * round(radius)
    im = porespy.generators.overlapping_spheres(
        _widened(shape, margin), r=round(radius), porosity=porosity
    )
    return np.asarray(_cropped(im, margin), dtype=bool)


def _widened(shape: Shape, margin: int) -> list[int]:
    """Add a margin that is cut off: at the faces of PoreSpy's images, grains lie otherwise."""
    return [n + 2 * margin for n in shape]


def _cropped(im: Array, margin: int) -> Array:
    return np.ascontiguousarray(im[(slice(margin, -margin),) * 3])


def _field(shape: Shape, length: float, porosity: float) -> Image:
    import porespy

    # PoreSpy's sigma is the mean edge / (40 blobiness)
    blobiness = [np.mean(shape) / (40 * length)] * 3
    return np.asarray(
        porespy.generators.blobs(list(shape), porosity=porosity, blobiness=blobiness), dtype=bool
    )


def _percolates(pore: Image) -> bool:
    import cc3d

    clusters = cc3d.connected_components(pore, connectivity=6)
    return bool(np.intersect1d(clusters[0], clusters[-1]).any())
