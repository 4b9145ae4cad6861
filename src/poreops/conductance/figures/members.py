"""Pictures of the members: losses, parity, error by size, and what is missed most."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from poreops.base.files import read_json
from poreops.base.hdf5 import read_hdf5
from poreops.base.show.pictures import subplots
from poreops.base.show.ticks import log_ticks
from poreops.conductance.figures.colours import COLOURS
from poreops.conductance.judging.methods import NAMES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]


def member_figures(losses_of: Path, costs: Path, scores: Path) -> "dict[str, Figure]":
    """Draw what the stages conductance_train and conductance_scores wrote.

    Parameters
    ----------
    losses_of : folder of the losses, <training>.csv at any depth
    costs : folder that says of each training which loss it minimised, <training>.json
    scores : HDF5 file with ``truth`` (n,) and ``found/<method>`` (n,) float64 in the unit that
        its attribute ``quantity`` names, ``worst/roi`` (k, 64, 64[, 64]) uint8 and, as the
        attribute ``worst``, a title for each

    Returns
    -------
    name of the file → Figure
    """
    found, stated = read_hdf5(scores)
    truth, quantity = found["truth"], str(stated["quantity"])
    shown = {name: found[f"found/{name}"] for name in NAMES if f"found/{name}" in found}
    error = {name: np.abs(values / truth - 1) for name, values in shown.items()}
    histories = {
        path.relative_to(losses_of).with_suffix("").as_posix(): pd.read_csv(path)
        for path in sorted(losses_of.rglob("*.csv"))
    }
    minimised = {name: read_json(costs / f"{name}.json")["loss"] for name in histories}
    return {
        "losses.png": losses(histories, minimised),
        "parity.png": parity(shown, truth, quantity),
        "error_by_size.png": error_by_size(error, truth, quantity),
        "worst_conduits.png": worst_conduits(found["worst/roi"], list(stated["worst"])),
    }


def losses(histories: Mapping[str, pd.DataFrame], minimised: Mapping[str, str]) -> "Figure":
    """One panel a training of several epochs: loss on both parts against the epoch.

    Parameters
    ----------
    histories : name → columns epoch, loss, val_loss
    minimised : name → what the loss is
    """
    several = {name: table for name, table in histories.items() if len(table) > 1}
    several = several or dict(histories)  # a toy of one epoch has its dots
    figure, (axes,) = subplots(1, len(several), (4.2 * len(several), 4))
    for panel, (name, table) in zip(axes, several.items(), strict=True):
        panel.plot(table["epoch"], table["loss"], "-o", ms=3, label="training")
        panel.plot(table["epoch"], table["val_loss"], "-o", ms=3, label="validation")
        panel.set(xlabel="epoch", ylabel=f"{minimised[name]} of the scaled target", yscale="log")
        panel.set_title(name.replace("/", ", "))
        panel.xaxis.get_major_locator().set_params(integer=True)
        log_ticks(panel.yaxis)
    axes[0].legend()
    return figure


def parity(predicted: Mapping[str, Floats], truth: Floats, quantity: str) -> "Figure":
    """One panel a method: prediction against simulation, with the 10 % band (Figs 8, 9).

    Parameters
    ----------
    predicted : method → (n,) float64
    truth : (n,) float64, by simulation
    quantity : name and unit, for the axes
    """
    figure, (axes,) = subplots(1, len(predicted), (4.2 * len(predicted), 4.8))
    every = np.concatenate([truth, *predicted.values()])
    low, high = np.nanmin(every) * 0.9, np.nanmax(every) * 1.1  # no answer is no point
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
    """Median and 90th percentile of the relative error in each tenth of the size factors.

    Parameters
    ----------
    error : method → (n,) float64, absolute and relative
    truth : (n,) float64, by simulation
    quantity : name and unit, for the axes
    """
    figure, (axes,) = subplots(1, 1, (8, 4))
    edges = np.quantile(truth, np.linspace(0, 1, 11))
    place = np.clip(np.searchsorted(edges, truth, side="right") - 1, 0, 9)
    centres = [float(np.median(truth[place == i])) for i in range(10)]
    for method, values in error.items():
        for share, style in ((0.5, "-o"), (0.9, "--")):
            curve = [100 * float(np.nanquantile(values[place == i], share)) for i in range(10)]
            label = f"{NAMES[method]}, {'median' if share == 0.5 else '90th percentile'}"
            axes[0].plot(centres, curve, style, ms=3, color=COLOURS[method], label=label)
    axes[0].axhline(10, color="black", lw=0.6)
    axes[0].set(xlabel=f"{quantity}, DNS", ylabel="relative error [%]", xscale="log", yscale="log")
    for axis in (axes[0].xaxis, axes[0].yaxis):
        log_ticks(axis)
    axes[0].legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.01, 1))
    return figure


def worst_conduits(rois: NDArray[np.uint8], titles: Sequence[str]) -> "Figure":
    """Surfaces of some conduits, region 1 and 2 in two colours (Fig. 10).

    Parameters
    ----------
    rois : (k, 64, 64[, 64]) uint8, 0 solid, 1 and 2 the regions
    titles : (k,) what to write above each
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from skimage.measure import marching_cubes

    figure = Figure(figsize=(3.2 * len(rois), 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    for i, (roi, title) in enumerate(zip(rois, titles, strict=True)):
        if roi.ndim == 2:
            panel = figure.add_subplot(1, len(rois), i + 1)
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
