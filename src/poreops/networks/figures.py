"""Draw a partitioned image and its network."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poreops.base.show import plot
from poreops.conduits.methods import NO_CONNS
from poreops.conduits.partition import Regions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_regions(path: str | Path, labels: NDArray[np.integer], voxel_size: float) -> None:
    """Draw the middle slice across the last axis, each region in its own colour.

    Parameters
    ----------
    path : PNG to write
    labels : (nx, ny[, nz]) int, 0 solid, 1..N regions
    voxel_size : [m]
    """
    figure, axes = _figure()
    plot.plot("regions", Regions(labels.astype(np.int32), NO_CONNS), axes, voxel_size=voxel_size)
    _save(figure, path)


def draw_network(
    path: str | Path,
    coords: NDArray[np.float64],
    conns: NDArray[np.integer],
    size_factors: NDArray[np.float64],
    diameters: NDArray[np.float64],
    boundary: NDArray[np.bool_],
    title: str = "diffusive size factor [m]",
) -> None:
    """Draw a network in perspective, throats coloured by log₁₀ of the size factor.

    Parameters
    ----------
    coords : (Np, 3) float [m]
    conns : (Nt, 2) int
    size_factors : (Nt,) float
    diameters : (Np,) float [m]
    boundary : (Np,) bool, drawn as small grey points
    title : of the size factors, with their unit
    """
    figure, axes = _figure(projection="3d")
    plot.network(axes, coords, conns, size_factors, diameters, boundary, title)
    _save(figure, path)


def _figure(**axes: object) -> tuple["Figure", "Axes"]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 6), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot(**axes)


def _save(figure: "Figure", path: str | Path) -> None:
    figure.savefig(path, dpi=150, metadata={"Software": None})
