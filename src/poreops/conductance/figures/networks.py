"""Pictures of whole networks: what they carry, what they take, where they err."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poreops.base.content import Json
from poreops.base.hdf5 import read_hdf5
from poreops.base.show.pictures import subplots
from poreops.base.show.ticks import log_ticks
from poreops.conductance.figures.colours import COLOURS
from poreops.conductance.judging.methods import NAMES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS = ("extraction", "ROI preparation", "size factors", "transport")
"""Of the way from an image to its formation factor, in the order in which they are taken."""
Floats = NDArray[np.float64]


def network_figures(report: Mapping[str, Json], first: Path) -> "dict[str, Figure]":
    """Draw what the stage conductance_networks wrote, the published figures 11 to 13.

    Parameters
    ----------
    report : content of networks.json
    first : HDF5 file of the network of one volume: ``coords`` (Np, 3) float64, ``conns`` (Nt, 2)
        int64 and ``size_factors/<method>`` (Nt,) float64

    Returns
    -------
    name of the file → Figure
    """
    quantity, values = report["quantity"], report["values"]
    truth = np.array(values["full_dns"])
    found = {name: np.array(values[name]) for name in NAMES if name in values}
    drawn = {f"{quantity}.png": networks(found, truth, quantity.replace("_", " "))}
    if report["run_time"]:
        timed = sorted(report["run_time"].items(), key=lambda item: item[1]["conduits"])
        drawn["run_time.png"] = run_times(
            {
                f"{name} {way}": seconds[key]
                for name, seconds in timed
                for way, key in (("model", "model"), ("DNS", "dns"))
            }
        )
    network, _ = read_hdf5(first)
    if network["coords"].shape[1] == 3:
        dns = network["size_factors/dns"]
        panels = {"log₁₀ size factor, DNS": (np.log10(dns), "viridis")}
        for name in (n for n in NAMES if n != "dns" and f"size_factors/{n}" in network):
            error = 100 * np.abs(network[f"size_factors/{name}"] / dns - 1)
            panels[f"error of {NAMES[name]} [%]"] = (error, "magma")
        drawn["network.png"] = coloured_networks(network["coords"], network["conns"], panels)
    return drawn


def networks(found: Mapping[str, Floats], truth: Floats, quantity: str) -> "Figure":
    """Plot what the network of each volume gives by each method against full DNS (Fig. 12).

    Parameters
    ----------
    found : method → (n,) float64
    truth : (n,) float64, by full DNS
    quantity : name and unit, for the axes
    """
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
    for step in STEPS:
        seconds = np.array([bar[step] for bar in steps.values()])
        axes[0].bar(list(steps), seconds, bottom=bottom, label=step)
        bottom += seconds
    axes[0].set(ylabel="seconds")
    axes[0].tick_params(axis="x", rotation=30)
    axes[0].legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.01, 1))
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
        panel = figure.add_subplot(1, len(panels), i + 1, projection="3d")
        low, high = np.nanquantile(values, [0.02, 0.98])  # NaN where nothing settled
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
