"""Materials that no member learns from: plugs of other genesis, and real volumes of a table."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.conductance.volumes import real_volumes
from poreops.synthetic.plugs import Genesis, PlugsConfig, draw_plug, plugs

Radius = Annotated[float, Field(ge=3)]
Edge = Annotated[int, Field(ge=32)]


class MaterialsConfig(BaseModel):
    """Which materials are drawn, and how much of each is judged on.

    Attributes
    ----------
    seed : of all of them; each has one of its own
    kinds : of `synthetic.plugs`, one volume of each; only where the line is of 3D
    edge : of a drawn volume [voxel]
    real_edge : of a real volume at most [voxel], its middle
    grain_radius : range of the mean radius of grains [voxel], uniform
    conduits : of each volume at most, spread evenly over it
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    kinds: tuple[Genesis, ...]
    edge: Edge
    real_edge: Edge
    grain_radius: tuple[Radius, Radius]
    conduits: Annotated[int, Field(ge=1)]


def material_images(
    config: MaterialsConfig, ndim: int, table: Path, announce: Callable[[str], object]
) -> dict[str, NDArray[np.bool_]]:
    """Draw the kinds of a configuration, and read the volumes of a table if it is there.

    Parameters
    ----------
    config : MaterialsConfig
    ndim : 2 or 3, of the conduits that the members know; other images are left out
    table : CSV with the columns of inputs/conductance/volumes.csv
    announce : told how each file was read

    Returns
    -------
    kind, or ``real_<name>`` → (nx, ny[, nz]) bool, True = pore

    Raises
    ------
    InputError
        If a file of the table is not what its row says, or a kind does not percolate.
    """
    images = real_volumes(table, announce) if table.exists() else {}
    found = {name: _middle(im, config.real_edge) for name, im in images.items() if im.ndim == ndim}
    if ndim == 2:
        return found
    drawn = PlugsConfig(
        seed=config.seed,
        shape=(config.edge,) * 3,
        counts=dict.fromkeys(config.kinds, 1),
        grain_radius=config.grain_radius,
        voxel_size=(1.0, 1.0),
    )
    return {plug.genesis: draw_plug(drawn, plug) for plug in plugs(drawn)} | found


def _middle(im: NDArray[np.bool_], edge: int) -> NDArray[np.bool_]:
    """Return the middle of an image, so many voxels of each axis at most."""
    starts = [max(n - edge, 0) // 2 for n in im.shape]
    return np.ascontiguousarray(im[tuple(slice(start, start + edge) for start in starts)])
