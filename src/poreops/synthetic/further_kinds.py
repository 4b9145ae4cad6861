"""Plugs of further genesis: rough and clay-lined sandstones, oolites, fibres and foams."""

import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.base.content import Json

Image = NDArray[np.bool_]
Shape = tuple[int, int, int]


def consolidated(shape: Shape, radius: float, rng: np.random.Generator) -> Image:
    """Grow uneven cement on loose grains: rough walls, and throats of which some are closed.

    Parameters
    ----------
    shape : of the image
    radius : of the grains [voxel]
    rng : of all that is drawn
    """
    distance = _from_grains(shape, radius, rng, packed=False)
    rough = _field(shape, radius / 2, rng)
    height = np.where(distance > 0, distance + 0.25 * radius * rough, -np.inf)
    return _open(height, rng.uniform(0.09, 0.24))


def clay_lined(shape: Shape, radius: float, rng: np.random.Generator) -> Image:
    """Line the pores of an evenly cemented sandstone with a rough coat, and leave some walls bare.

    The coat stands for clay whose own pores the image does not resolve: it counts as solid.

    Parameters
    ----------
    shape : of the image
    radius : of the grains [voxel]
    rng : of all that is drawn
    """
    distance = _from_grains(shape, radius, rng, packed=False)
    depth = distance - np.quantile(distance, 1 - rng.uniform(0.22, 0.34))
    cover = _field(shape, radius, rng)
    lined = cover < np.quantile(cover, rng.uniform(0.4, 0.9))
    thickness = radius * rng.uniform(0.1, 0.25) * (1 + 0.5 * _field(shape, 1.0, rng))
    return np.asarray(depth > np.where(lined, np.maximum(thickness, 0), 0))


def oolites(shape: Shape, radius: float, rng: np.random.Generator) -> Image:
    """Coat a dense pack of round grains evenly, and dissolve some patches of it.

    Parameters
    ----------
    shape : of the image
    radius : of the grains [voxel]
    rng : of all that is drawn
    """
    distance = _from_grains(shape, radius, rng, packed=True)
    coated = _open(distance, rng.uniform(0.1, 0.26))
    patches = _field(shape, radius / 2, rng)
    return np.asarray(coated | (patches > np.quantile(patches, rng.uniform(0.92, 0.99))))


def fibres(shape: Shape, radius: float, rng: np.random.Generator) -> Image:
    """Lay straight fibres across one another, most of them near one plane.

    Parameters
    ----------
    shape : of the image
    radius : of the grains of other kinds; the fibres have half of it [voxel]
    rng : of all that is drawn
    """
    import edt

    size = np.array(shape)
    thickness, solid = 0.5 * radius, rng.uniform(0.1, 0.35)
    upright = rng.uniform(0.2, 1.0)  # 1 for no preferred direction
    normal = rng.permutation([upright, 1.0, 1.0])
    reach = float(np.linalg.norm(size))
    steps = np.arange(-reach, reach, 0.5)[:, None]
    core = np.zeros(shape, bool)
    # lines cross a box at random as they do a ball round it; overlaps are made up for by the log
    wanted = -np.log(1 - solid) / (np.pi * thickness**2)  # length in a voxel
    laid = 0.0
    while laid < wanted * size.prod():
        direction = rng.standard_normal(3) * normal
        direction /= np.linalg.norm(direction)
        points = np.round(rng.uniform(0, size) + steps * direction).astype(np.int64)
        inside = points[np.all((points >= 0) & (points < size), axis=1)]
        core[tuple(inside.T)] = True
        laid += 0.5 * len(inside)
    return np.asarray(edt.edt(~core) > thickness)


def foams(shape: Shape, radius: float, rng: np.random.Generator) -> Image:
    """Draw an open foam: solid where three cells meet, windows where two do.

    Parameters
    ----------
    shape : of the image
    radius : of the cells [voxel], half of it
    rng : of all that is drawn
    """
    from scipy.spatial import cKDTree

    margin = 4 * radius
    box = np.array(shape) + 2 * margin
    cells = round(float(box.prod()) / (4 / 3 * np.pi * (2 * radius) ** 3))
    tree = cKDTree(rng.uniform(0, box, (cells, 3)) - margin)
    places = np.moveaxis(np.indices(shape), 0, -1).reshape(-1, 3)
    nearest, _ = tree.query(places, k=3)
    strut = (nearest[:, 2] - nearest[:, 0]).reshape(shape)
    return _open(strut, rng.uniform(0.6, 0.88))


def _from_grains(
    shape: Shape, radius: float, rng: np.random.Generator, *, packed: bool
) -> NDArray[np.float32]:
    """Distance to the nearest hard grain, 0 inside; random or dropped one on the other."""
    import edt
    import porespy

    margin = 2 * round(radius)
    options: dict[str, Json] = {
        "shape": [n + 2 * margin for n in shape], "r": round(radius), "edges": "extended",
        "maxiter": 10**6, "seed": int(rng.integers(2**31)),
    }  # fmt: skip
    make = (
        porespy.generators.pseudo_gravity_packing if packed else porespy.generators.random_spheres
    )
    distance = edt.edt(make(**options) == 0)
    return np.asarray(distance[(slice(margin, -margin),) * 3])


def _field(shape: Shape, length: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Gaussian field of mean 0 and deviation 1 with this correlation length [voxel]."""
    from scipy.ndimage import gaussian_filter

    margin = int(np.ceil(3 * length))
    white = rng.standard_normal([n + 2 * margin for n in shape])
    field = gaussian_filter(white, length, mode="constant")[(slice(margin, -margin),) * 3]
    return np.asarray((field - field.mean()) / field.std())


def _open(height: Array, porosity: float) -> Image:
    """Return the highest places, as many as the porosity says."""
    return np.asarray(height > np.quantile(height, 1 - porosity))
