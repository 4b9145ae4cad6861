"""Pictures of the cores line, drawn from its tables: cores side by side, S2(r), losses."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poreops.base.content import Json
from poreops.base.show.pictures import subplots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = {
    "report": "real", "real": "real, training part", "wgan_gp": "WGAN-GP", "dcgan": "DCGAN",
    "r3gan": "R3GAN", "diffusion": "diffusion", "quilting": "quilting", "blobs": "drawn blobs",
}  # fmt: skip
COLOURS = {
    "report": "#222222", "real": "#777777", "wgan_gp": "#1764ab", "dcgan": "#c1440e",
    "r3gan": "#8e24aa", "diffusion": "#00838f", "quilting": "#2e7d32",
}  # fmt: skip
METHODS = ("wgan_gp", "dcgan", "r3gan", "diffusion", "quilting")
_LOSSES = {
    "critic_loss": ("critic", "#1764ab"), "generator_loss": ("generator", "#c1440e"),
    "loss": ("denoiser", "#00838f"),
}  # fmt: skip
Grey = NDArray[np.uint8]
_QUIZ, _DPI = 4, 130  # cores of each kind; pixels in an inch of the pictures
History = Mapping[str, Sequence[float]]
Curves = Mapping[str, Mapping[str, Json]]  # direction → "mean", "sd"[, "correlation_length"]
_TITLES = {"x": "down (axis 0)", "y": "across (axis 1)", "radial": "radial"}


def every(
    report: Mapping[str, Json], images: Mapping[str, Grey], histories: Mapping[str, History]
) -> dict[str, "Figure"]:
    """Return file name → picture, of all that the line shows.

    Parameters
    ----------
    report : reports/cores/scores.json
    images : source → some of its images, (n, size, size) uint8
    histories : method → loss → its mean in each epoch
    """
    trained = [name for name in NAMES if name in histories]
    drawn = [name for name in NAMES if name in trained or (name in images and name == "quilting")]
    curves = {name: report["structure"][name]["s2"] for name in ("report", "real", *drawn)}
    return {
        "cores.png": side_by_side({name: images[name] for name in ("report", *drawn, "blobs")}),
        "quiz.png": quiz(images["report"], images[_best(report["table"])]),
        "s2.png": correlations(curves, "report"),
        "losses.png": losses({name: histories[name] for name in trained}),
    }


def side_by_side(images: Mapping[str, Grey]) -> "Figure":
    """Show one row of cores a source, all with the same grey scale.

    Parameters
    ----------
    images : source → (n, size, size) uint8
    """
    count = min(len(rows) for rows in images.values())
    figure, panels = subplots(len(images), count, (1.9 * count, 2.0 * len(images)))
    every = np.concatenate([rows.ravel() for rows in images.values()])
    low, high = np.quantile(every, [0.0005, 0.9995])
    for line, (name, rows) in zip(panels, images.items(), strict=True):
        for panel, image in zip(line, rows, strict=False):
            panel.imshow(image, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
            panel.set(xticks=[], yticks=[])
        line[0].set_ylabel(NAMES[name])
    return figure


def quiz(real: Grey, drawn: Grey, seed: int = 5) -> "Figure":
    """Show real and generated cores at full resolution in a mixed order, with the key below.

    Parameters
    ----------
    real, drawn : (n, size, size) uint8
    seed : of the order
    """
    count = min(len(real), len(drawn), _QUIZ)
    every = [("real", image) for image in real[:count]]
    every += [("generated", image) for image in drawn[:count]]
    order = np.random.default_rng(seed).permutation(len(every))
    columns = len(every) // 2
    size = real.shape[1] / _DPI
    figure, panels = subplots(2, columns, (columns * (size + 0.25), 2 * (size + 0.45) + 0.4))
    low, high = np.quantile(real, [0.0005, 0.9995])
    for place, (panel, number) in enumerate(zip(panels.flat, order, strict=True)):
        panel.imshow(every[number][1], cmap="gray", vmin=low, vmax=high, interpolation="nearest")
        panel.set(xticks=[], yticks=[])
        panel.set_title("ABCDEFGH"[place], fontsize=9)
    key = ["ABCDEFGH"[i] for i, number in enumerate(order) if every[number][0] == "real"]
    figure.supxlabel(f"Real: {', '.join(key)}. The others are generated.", fontsize=7)
    return figure


def _best(table: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """Return the method of the lowest KID."""
    methods = [name for name in METHODS if name in table]
    return min(methods, key=lambda name: table[name]["kid"]["mean"])


def correlations(curves: Mapping[str, Curves], real: str) -> "Figure":
    """Plot S2(r) in each direction, the band of one standard deviation of the real cores, the fit.

    Parameters
    ----------
    curves : source → direction → {"mean", "sd"[, "correlation_length"]}
    real : the source whose spread and exponential are drawn
    """
    from poreops.images.statistics import exponential

    directions = [name for name in _TITLES if name in curves[real]]
    figure, panels = subplots(1, len(directions), (4.2 * len(directions), 3.6))
    for panel, direction in zip(panels.flat, directions, strict=True):
        mean, sd = (np.asarray(curves[real][direction][key]) for key in ("mean", "sd"))
        lags = np.arange(len(mean))
        panel.fill_between(
            lags, np.maximum(mean - sd, 0), mean + sd, color="#dddddd", lw=0, label="real ± 1 sd"
        )
        for name, found in curves.items():
            panel.plot(lags, found[direction]["mean"], color=COLOURS[name], label=NAMES[name])
        if length := curves[real][direction].get("correlation_length"):
            fitted = exponential(lags, float(mean[0]), length)
            label = f"real, exponential ({length:.1f} pixels)"
            panel.plot(lags, fitted, "--", color="#222222", lw=0.9, label=label)
        panel.set(xlabel="r [pixel]", title=_TITLES[direction], xlim=(0, lags[-1]), ylim=(0, None))
        panel.legend(fontsize=7)
    panels.flat[0].set_ylabel("S₂(r) of the pores")
    return figure


def losses(histories: Mapping[str, History]) -> "Figure":
    """Plot the losses of the networks against the epoch, one panel a method.

    Parameters
    ----------
    histories : method → "critic_loss", "generator_loss" or "loss" → one number an epoch
    """
    figure, panels = subplots(1, len(histories), (5 * len(histories), 3.6))
    for panel, (name, history) in zip(panels.flat, histories.items(), strict=True):
        for loss, (label, colour) in _LOSSES.items():
            if loss not in history:
                continue
            epochs = np.arange(1, len(history[loss]) + 1)
            panel.plot(epochs, history[loss], label=label, color=colour)
        panel.set(xlabel="epoch", ylabel="loss", title=NAMES[name])
        panel.xaxis.get_major_locator().set_params(integer=True)
        panel.legend()
    return figure
