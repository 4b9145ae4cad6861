"""Synthetic pore volumes: overlapping polydisperse spheres by PoreSpy."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.base.extras import needs

Role = Literal["train", "unseen", "network", "gate"]
ROLES: tuple[Role, ...] = ("train", "unseen", "network", "gate")
Interval = Annotated[tuple[float, float], Field(description="low, high")]


class SpherePackConfig(BaseModel):
    """How one family of sphere packs is drawn.

    Attributes
    ----------
    shape : voxels per edge of a 3D volume
    shape_2d : voxels per edge of a 2D volume
    porosity : range of the porosity, uniform
    radius : range of the mean radius [voxel], uniform
    radius_spread : standard deviation of the radii over their mean
    radius_min : smallest radius [voxel]
    radius_bins : number of radii that stand for the normal distribution
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    shape: Annotated[int, Field(ge=16)]
    shape_2d: Annotated[int, Field(ge=32)]
    porosity: tuple[float, float]
    radius: tuple[float, float]
    radius_spread: Annotated[float, Field(ge=0)]
    radius_min: Annotated[int, Field(ge=1)]
    radius_bins: Annotated[int, Field(ge=2)]


class VolumesConfig(BaseModel):
    """Volumes of the conductance line: how many in each role, and the base seed.

    Attributes
    ----------
    seed : of all
    train : to learn from, some of them to stop and search on
    gate : to choose the champion on
    unseen, network : read once, by the reports
    ndim : 2 or 3
    spheres : SpherePackConfig
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    train: Annotated[int, Field(ge=1)]
    gate: Annotated[int, Field(ge=1)]
    unseen: Annotated[int, Field(ge=1)]
    network: Annotated[int, Field(ge=1)]
    ndim: Literal[2, 3]
    spheres: SpherePackConfig


def volume_seed(base: int, role: Role, index: int) -> int:
    """Seed of one volume; no two volumes of a base seed share one.

    Parameters
    ----------
    base : seed that all volumes share
    role : what the volume is for
    index : of the volume within its role

    Examples
    --------
    >>> len({volume_seed(7, role, i) for role in ROLES for i in range(1000)})
    4000
    """
    if not 0 <= index < 100_000:
        raise ValueError(f"index must lie in 0..99999, got {index}")
    # numpy takes 32-bit seeds; roles and indices occupy disjoint ranges of the low part
    return (base * 300_007 + ROLES.index(role) * 100_000 + index) % 2**32


def sphere_pack(config: SpherePackConfig, ndim: int, seed: int) -> NDArray[np.bool_]:
    """Draw overlapping spheres (disks in 2D) with normally distributed radii.

    Parameters
    ----------
    config : SpherePackConfig
    ndim : 2 or 3
    seed : int

    Returns
    -------
    (n, n, n) or (n, n) bool
        True in the pores between the spheres.
    """
    needs("synthetic", "a sphere pack")
    import porespy
    import scipy.stats

    rng = np.random.default_rng(seed)
    porosity = rng.uniform(*config.porosity)
    mean = rng.uniform(*config.radius)
    radii = scipy.stats.norm(loc=mean, scale=mean * config.radius_spread)
    edge = config.shape if ndim == 3 else config.shape_2d
    with legacy_seed(int(rng.integers(2**31))):
        im = porespy.generators.polydisperse_spheres(
            shape=[edge] * ndim,
            porosity=porosity,
            dist=radii,
            nbins=config.radius_bins,
            r_min=config.radius_min,
        )
    return np.asarray(im, dtype=bool)


@contextmanager
def legacy_seed(seed: int) -> Iterator[None]:
    """Seed numpy's global generator, which PoreSpy draws from, and put it back afterwards.

    Parameters
    ----------
    seed : of numpy's global generator
    """
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
