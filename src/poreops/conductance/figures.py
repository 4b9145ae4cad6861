"""Figures of the conductance line: the published ones, on our data."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from poreops.show.pictures import subplots
from poreops.show.ticks import log_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = {
    "dns": "DNS of conduits",
    "model": "champion",
    "coarse": "coarse solve",
    "scalars": "scalars",
    "image": "ResNet (images only)",
    "resnet": "ResNet (images only)",
    "distance": "ResNet with distance",
    "both": "scalars and image",
    "geometry": "geometry-based",
    "shape_factor": "shape-factor-based",
}
COLOURS = {
    "dns": "#222222",
    "model": "#1764ab",
    "coarse": "#8c8c8c",
    "scalars": "#1764ab",
    "image": "#7b3294",
    "resnet": "#7b3294",
    "distance": "#b2abd2",
    "both": "#0b8a8f",
    "geometry": "#c1440e",
    "shape_factor": "#2e8b57",
}
Floats = NDArray[np.float64]


def losses(history: Mapping[str, Sequence[float]], loss: str) -> "Figure":
    """Training and validation loss against the epoch."""
    figure, (axes,) = subplots(1, 1, (6, 4))
    epochs = range(1, len(history["loss"]) + 1)
    axes[0].plot(epochs, history["loss"], "-o", ms=3, label="training")
    axes[0].plot(epochs, history["val_loss"], "-o", ms=3, label="validation")
    axes[0].set(xlabel="epoch", ylabel=f"{loss} of the scaled target", yscale="log")
    log_ticks(axes[0].yaxis)
    axes[0].legend()
    return figure


def parity(predicted: Mapping[str, Floats], truth: Floats, quantity: str) -> "Figure":
    """One panel a method: prediction against simulation, with the 10 % band (Figs 8, 9)."""
    figure, (axes,) = subplots(1, len(predicted), (4.2 * len(predicted), 4.8))
    every = np.concatenate([truth, *predicted.values()])
    low, high = every.min() * 0.9, every.max() * 1.1
    line = np.array([low, high])
    for panel, (method, values) in zip(axes, predicted.items(), strict=True):
        panel.fill_between(line, 0.9 * line, 1.1 * line, color="#dddddd", lw=0, label="± 10 %")
        panel.plot(line, line, color="black", lw=0.8)
        panel.scatter(truth, values, s=3, alpha=0.35, lw=0, color=COLOURS[method])
        panel.set(
            xscale="log", yscale="log", xlim=(low, high), ylim=(low, high), aspect="equal",
            xlabel=f"{quantity}, DNS", title=NAMES[method],
        )  # fmt: skip
        for axis in (panel.xaxis, panel.yaxis):
            log_ticks(axis)
    axes[0].set_ylabel(f"{quantity}, predicted")
    axes[0].legend(loc="upper left")
    return figure


def error_by_size(error: Mapping[str, Floats], truth: Floats, quantity: str) -> "Figure":
    """Median and 90th percentile of the relative error in each tenth of the size factors."""
    figure, (axes,) = subplots(1, 1, (8, 4))
    edges = np.quantile(truth, np.linspace(0, 1, 11))
    place = np.clip(np.searchsorted(edges, truth, side="right") - 1, 0, 9)
    centres = [float(np.median(truth[place == i])) for i in range(10)]
    for method, values in error.items():
        for share, style in ((0.5, "-o"), (0.9, "--")):
            curve = [100 * float(np.quantile(values[place == i], share)) for i in range(10)]
            label = f"{NAMES[method]}, {'median' if share == 0.5 else '90th percentile'}"
            axes[0].plot(centres, curve, style, ms=3, color=COLOURS[method], label=label)
    axes[0].axhline(10, color="black", lw=0.6)
    axes[0].set(xlabel=f"{quantity}, DNS", ylabel="relative error [%]", xscale="log", yscale="log")
    for axis in (axes[0].xaxis, axes[0].yaxis):
        log_ticks(axis)
    axes[0].legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.01, 1))
    return figure


def worst_conduits(rois: NDArray[np.uint8], titles: Sequence[str]) -> "Figure":
    """Surfaces of some conduits, region 1 and 2 in two colours (Fig. 10)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from skimage.measure import marching_cubes

    figure = Figure(figsize=(3.2 * len(rois), 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    for i, (roi, title) in enumerate(zip(rois, titles, strict=True)):
        if roi.ndim == 2:
            panel: Any = figure.add_subplot(1, len(rois), i + 1)
            panel.imshow(roi.T, origin="lower", cmap="viridis")
        else:
            panel = figure.add_subplot(1, len(rois), i + 1, projection="3d")
            for label, colour in ((1, "#1764ab"), (2, "#e08e0b")):
                solid = np.pad((roi == label).astype(np.float32), 1)
                points, faces, _, _ = marching_cubes(solid, 0.5, step_size=2)
                panel.plot_trisurf(
                    *points.T[:2], faces, points[:, 2], color=colour, lw=0, alpha=0.85
                )
            panel.set_box_aspect((1, 1, 1))
        panel.set_axis_off()
        panel.set_title(title, fontsize=8)
    return figure


def networks(found: Mapping[str, Floats], truth: Floats, quantity: str) -> "Figure":
    """Plot what the network of each volume gives by each method against full DNS (Fig. 12)."""
    figure, (axes,) = subplots(1, 1, (5.2, 5))
    every = np.concatenate([truth, *found.values()])
    line = np.array([every.min() * 0.95, every.max() * 1.05])
    axes[0].plot(line, line, color="black", lw=0.8)
    for method, values in found.items():
        axes[0].scatter(truth, values, s=18, color=COLOURS[method], label=NAMES[method])
    axes[0].set(
        xscale="log", yscale="log", xlabel=f"{quantity}, full DNS",
        ylabel=f"{quantity}, pore network", aspect="equal",
    )  # fmt: skip
    for axis in (axes[0].xaxis, axes[0].yaxis):
        log_ticks(axis)
    axes[0].legend()
    return figure


def run_times(steps: Mapping[str, Mapping[str, float]]) -> "Figure":
    """Stacked bars of seconds by step for each volume (Fig. 13).

    Parameters
    ----------
    steps : name of the bar → step → seconds
    """
    figure, (axes,) = subplots(1, 1, (1.2 + 0.9 * len(steps), 4))
    bottom = np.zeros(len(steps))
    for step in next(iter(steps.values())):
        seconds = np.array([bar[step] for bar in steps.values()])
        axes[0].bar(list(steps), seconds, bottom=bottom, label=step)
        bottom += seconds
    axes[0].set(ylabel="seconds")
    axes[0].tick_params(axis="x", rotation=30)
    axes[0].legend(fontsize=7)
    return figure


def coloured_networks(
    coords: Floats, conns: NDArray[np.integer], panels: Mapping[str, tuple[Floats, str]]
) -> "Figure":
    """Draw a network once per panel, throats coloured by a value (Fig. 11).

    Parameters
    ----------
    coords : (Np, 3) float, pores
    conns : (Nt, 2) int
    panels : title → ((Nt,) values, name of the colour map)
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from mpl_toolkits.mplot3d.art3d import Line3DCollection

    figure = Figure(figsize=(4.4 * len(panels), 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    for i, (title, (values, colours)) in enumerate(panels.items()):
        panel: Any = figure.add_subplot(1, len(panels), i + 1, projection="3d")
        low, high = np.quantile(values, [0.02, 0.98])
        lines = Line3DCollection(coords[conns], cmap=colours, lw=1.6)
        lines.set_array(values)
        lines.set_clim(low, high)
        panel.add_collection(lines)
        panel.scatter(*coords.T, s=4, color="black")
        for axis, column in zip("xyz", coords.T, strict=True):
            getattr(panel, f"set_{axis}lim")(column.min(), column.max())
        panel.set_box_aspect((1, 1, 1))
        panel.set_axis_off()
        panel.set_title(title, fontsize=9)
        figure.colorbar(lines, ax=panel, shrink=0.6)
    return figure
