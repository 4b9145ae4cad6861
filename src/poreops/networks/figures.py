"""Draw a partitioned image and its network."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def draw_regions(path: str | Path, labels: NDArray[np.integer], voxel_size: float) -> None:
    """Draw the middle slice across the last axis, each region in its own colour."""
    figure, axes = _figure()
    section = labels if labels.ndim == 2 else labels[:, :, labels.shape[2] // 2]
    rng = np.random.default_rng(0)
    colours = rng.uniform(0.25, 1, (int(labels.max()) + 1, 3))
    colours[0] = 0.12
    unit, scale = _unit(max(section.shape) * voxel_size)
    extent = [0, section.shape[0] * voxel_size * scale, 0, section.shape[1] * voxel_size * scale]
    axes.imshow(
        colours[section].transpose(1, 0, 2), origin="lower", extent=extent, interpolation="nearest"
    )
    axes.set(xlabel=f"x [{unit}]", ylabel=f"y [{unit}]")
    shown = len(np.unique(section[section > 0]))
    where = "" if labels.ndim == 2 else f" at z = {labels.shape[2] // 2} voxels"
    axes.set_title(f"{shown} of {int(labels.max())} regions{where}")
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
    from matplotlib.colors import Normalize
    from mpl_toolkits.mplot3d.art3d import Line3DCollection

    figure, axes = _figure(projection="3d")
    size = np.ptp(coords, axis=0)
    unit, scale = _unit(size.max())
    points = coords * scale
    logs = np.log10(size_factors)
    low, high = np.quantile(logs, [0.02, 0.98])
    lines = Line3DCollection(
        points[conns],
        cmap="viridis",
        norm=Normalize(low, max(high, low + 1e-9)),
        linewidths=1.2 if len(conns) < 3000 else 0.5,
    )
    lines.set_array(logs)
    axes.add_collection3d(lines)
    # a marker's size is its area in square points; the axes are about 330 points wide
    area = np.maximum((330 * diameters / size.max()) ** 2 / 4, 0.5)
    inner = ~boundary
    axes.scatter(*points[inner].T, s=area[inner], c="0.35", alpha=0.35, linewidths=0)
    axes.scatter(*points[boundary].T, s=2, c="0.6", linewidths=0)
    for name, axis, values in zip("xyz", "xyz", points.T, strict=True):
        getattr(axes, f"set_{axis}lim")(values.min(), max(values.max(), values.min() + 1e-9))
        getattr(axes, f"set_{axis}label")(f"{name} [{unit}]")
    axes.set_box_aspect(np.maximum(size, 0.02 * size.max()))
    bar = figure.colorbar(lines, ax=axes, shrink=0.7, pad=0.1)
    bar.set_label(f"log₁₀ of the {title}")
    axes.set_title(f"{int(inner.sum())} pores, {len(conns)} throats")
    _save(figure, path)


def _figure(**axes: Any) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 6), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot(**axes)


def _save(figure: Any, path: str | Path) -> None:
    figure.savefig(path, dpi=150, metadata={"Software": None})


def _unit(length: float) -> tuple[str, float]:
    """Return the unit that suits a length in metres, and units per metre."""
    for unit, scale in (("m", 1.0), ("mm", 1e3), ("µm", 1e6)):
        if length * scale >= 1:
            return unit, scale
    return "nm", 1e9
