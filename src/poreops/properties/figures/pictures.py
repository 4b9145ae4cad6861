"""Figures of the properties line, drawn from tables and arrays."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.base.content import Json
from poreops.base.show.pictures import scale_bar, subplots
from poreops.base.show.ticks import log_ticks
from poreops.base.units import MILLIDARCY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = {
    "mr": "multiple linear (MR)",
    "rg": "ridge (RG)",
    "lr": "lasso (LR)",
    "rf": "random forest (RF)",
    "gb": "gradient boosting (GB)",
    "xgb": "XGBoost",
    **{f"m{k}": f"network M{k}" for k in range(1, 6)},
    "smr_ml": "SMR-ML",
    "smr_nn": "SMR-NN",
    "kozeny_carman": "counted porosity, Kozeny–Carman",
    "porosity_alone": "porosity alone",
    "constant": "constant",
    "served": "what is served",
}
_PORE, _NECK = (0.1, 0.45, 0.9), (0.98, 0.75, 0.1)
_BLUE, _ORANGE, _GREY = "#1764ab", "#c1440e", "#777777"
Floats = NDArray[np.float64]


def overlays(
    rocks: Mapping[str, tuple[Array, NDArray[np.integer]]],
    pixel_sizes: Mapping[str, float] | None = None,
) -> "Figure":
    """Grey slice and its segmentation, a column for each rock, with a legend.

    Parameters
    ----------
    rocks : name → (grey (h, w), labels (h, w))
    pixel_sizes : name → edge of a pixel [m], of those that get a scale bar
    """
    from matplotlib.patches import Patch

    figure, panels = subplots(2, len(rocks), (max(2.2 * len(rocks), 3.0), 5.0))
    for column, (name, (grey, labels)) in enumerate(rocks.items()):
        inside = labels >= 0
        low, high = np.quantile(np.asarray(grey, float)[inside], [0.005, 0.995])
        shown = np.where(inside, grey, low)
        tone = np.clip((shown - float(low)) / max(high - low, 1e-12), 0, 1)
        image = np.repeat(tone[..., None], 3, axis=2)
        image[labels > 0] = 0.55 * image[labels > 0] + 0.45 * np.array(_PORE)
        image[_necks(labels)] = _NECK
        for panel, seen in zip((panels[0][column], panels[1][column]), (tone, image), strict=True):
            panel.imshow(seen, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            panel.set_axis_off()
        share = f"{100 * (labels > 0).sum() / inside.sum():.0f} % pore"
        panels[0][column].set_title(f"{name}\n{share}", fontsize=8)
        if pixel_sizes is not None and name in pixel_sizes:
            scale_bar(panels[1][column], labels.shape[1], pixel_sizes[name])
    legend = [Patch(color=_PORE, label="pore"), Patch(color=_NECK, label="neck between pores")]
    if any((labels < 0).any() for _, labels in rocks.values()):
        legend.append(Patch(color="black", label="outside the field of view"))
    figure.legend(handles=legend, loc="outside lower center", ncols=len(legend), fontsize=8)
    return figure


def correlation(table: pd.DataFrame) -> "Figure":
    """Correlation matrix of inputs and targets.

    Parameters
    ----------
    table : Pearson's correlation, its columns named as its rows
    """
    size = 2.4 + 0.32 * len(table)
    figure, panels = subplots(1, 1, (size + 0.9, size))
    image = panels[0][0].imshow(table, cmap="RdBu_r", vmin=-1, vmax=1)
    ticks = range(len(table))
    panels[0][0].set_xticks(ticks, table.columns, rotation=90, fontsize=8)
    panels[0][0].set_yticks(ticks, table.columns, fontsize=8)
    for (row, column), value in np.ndenumerate(table.to_numpy()):
        if row != column and abs(value) >= 0.5:
            dark = "white" if abs(value) > 0.75 else "black"
            panels[0][0].text(
                column, row, f"{value:.1f}".replace("0.", "."), ha="center", va="center",
                fontsize=6, color=dark,
            )  # fmt: skip
    figure.colorbar(image, ax=panels[0][0], shrink=0.7, label="Pearson correlation")
    return figure


def selection(found: Mapping[str, Json]) -> "Figure":
    """Variance inflation of every feature, and p of those that collinearity left.

    Parameters
    ----------
    found : of artifacts/properties/selection/statistics.json: ``names`` that are kept, pairs of
        name and factor in ``removed`` and ``inflation``, pairs of name and p for both targets in
        ``p_values``, and the ``limits``
    """
    inflation, removed, p_values = (found[key] for key in ("inflation", "removed", "p_values"))
    figure, panels = subplots(1, 2, (10.5, 0.9 + 0.3 * (len(removed) + len(inflation))))
    names, factors = zip(*inflation, *removed[::-1], strict=True)
    colours = [_BLUE] * len(inflation) + [_GREY] * len(removed)
    left, right = panels[0]
    left.barh(names, np.minimum(factors, 1e6), color=colours)
    left.axvline(found["limits"]["inflation_max"], color=_ORANGE, lw=1)
    left.set(xscale="log", xlabel="variance inflation factor (grey: at its removal)")
    place = np.arange(len(p_values))
    p = np.maximum(np.array([values for _, values in p_values]), 1e-12)
    for k, (title, colour) in enumerate((("porosity", _BLUE), ("permeability", _ORANGE))):
        right.barh(place + 0.2 - 0.4 * k, -np.log10(p[:, k]), 0.38, color=colour, label=title)
    right.axvline(-np.log10(found["limits"]["significance"]), color="black", lw=1)
    shown = [f"{'• ' if name in found['names'] else ''}{name}" for name, _ in p_values]
    right.set_yticks(place, shown)
    right.set(xlabel="−log₁₀ p, weighted least squares (• kept)")
    right.legend(fontsize=8, ncols=2, loc="lower right", bbox_to_anchor=(1, 1))
    for panel in (left, right):
        panel.invert_yaxis()
        panel.tick_params(axis="y", labelsize=8)
    return figure


def search_costs(costs: Mapping[str, Mapping[str, Json]]) -> "Figure":
    """Plot seconds and best error of randomised and exhaustive searches, for each learner.

    Parameters
    ----------
    costs : learner → "random" and "grid" → ``trials``, ``value`` (error of log k in decades) and
        ``seconds``
    """
    learners = [name for name in NAMES if name in costs]
    figure, panels = subplots(1, 2, (8.5, 3.2))
    place = np.arange(len(learners))
    for shift, sampler, colour in ((-0.2, "random", _BLUE), (0.2, "grid", _GREY)):
        found = [costs[name][sampler] for name in learners]
        for panel, quantity in zip(panels[0], ("seconds", "value"), strict=True):
            values = [one[quantity] for one in found]
            bars = panel.bar(place + shift, values, 0.38, color=colour, label=sampler)
            panel.bar_label(bars, [f"{one['trials']:.0f}" for one in found], fontsize=7)
    for panel, title in zip(
        panels[0], ("seconds (on the bars: trials)", "error, kinds left out"), strict=True
    ):
        panel.set_xticks(place, [name.upper() for name in learners])
        panel.set_ylabel(title)
        panel.margins(y=0.15)
    panels[0][0].legend(fontsize=8)
    return figure


def pore_sizes(diameters: Mapping[str, Floats]) -> "Figure":
    """Cumulative distributions of the pores' diameters, a curve for each plug of a kind.

    Parameters
    ----------
    diameters : "kind/rock" → equivalent diameters of the pores in all slices [m]
    """
    kinds = list(dict.fromkeys(name.split("/")[0] for name in diameters))
    figure, panels = subplots(1, len(kinds), (2.5 * len(kinds), 2.8))
    for panel, kind in zip(panels[0], kinds, strict=True):
        for sizes in (of for name, of in diameters.items() if name.startswith(f"{kind}/")):
            size = np.sort(1e6 * sizes)
            area = np.cumsum(size**2)
            panel.plot(size, area / area[-1], color=_BLUE, lw=0.8, alpha=0.7)
        panel.set(xscale="log", title=kind, xlabel="pore diameter [µm]", ylim=(0, 1))
        panel.tick_params(labelsize=7)
        log_ticks(panel.xaxis, most=4)
    panels[0][0].set_ylabel("share of the pore area")
    return figure


def parity(
    predicted: Mapping[str, Floats],
    truth: Floats,
    rocks: Array,
    widths: Mapping[str, Floats] | None = None,
) -> "Figure":
    """Predicted against measured porosity and permeability, a column for each model.

    Parameters
    ----------
    predicted : name → (n, 2), porosity and log(k/m²)
    truth : (n, 2)
    rocks : (n,) names; the part before "_" gives the colour
    widths : name → half widths of the intervals, (n, 2)
    """
    figure, panels = subplots(2, len(predicted), (3.3 * len(predicted), 6.4))
    kinds = np.array([str(rock).rpartition("_")[0] or str(rock) for rock in rocks])
    colours = dict(zip(np.unique(kinds), _QUALITATIVE * 9, strict=False))
    units: tuple[Callable[[Floats], Floats], ...] = (lambda v: v, lambda v: np.exp(v) / MILLIDARCY)
    for row, (target, unit) in enumerate(
        zip(("porosity", "permeability [mD]"), units, strict=True)
    ):
        every = np.concatenate([truth[:, row], *(values[:, row] for values in predicted.values())])
        low, high = every.min(), every.max()
        span = np.array([low - 0.05 * (high - low), high + 0.05 * (high - low)])
        for panel, (name, values) in zip(panels[row], predicted.items(), strict=True):
            if row:
                band = unit(span)
                panel.fill_between(
                    band, band / 2, band * 2, color="#e6e6e6", lw=0, label="factor 2"
                )
                panel.set(xscale="log", yscale="log")
            panel.plot(unit(span), unit(span), color="black", lw=0.8)
            for kind, colour in colours.items():
                own = kinds == kind
                x, y = truth[own, row], values[own, row]
                if widths is not None and name in widths:
                    w = widths[name][own, row]
                    panel.vlines(
                        unit(x), unit(y - w), unit(y + w), color=colour, lw=0.7, alpha=0.5
                    )
                panel.scatter(unit(x), unit(y), s=12, color=colour, lw=0, label=kind, alpha=0.85)
            panel.set(
                xlim=unit(span), ylim=unit(span), aspect="equal", xlabel=f"{target}, measured"
            )
            if row:
                for axis in (panel.xaxis, panel.yaxis):
                    log_ticks(axis)
            if not row:
                panel.set_title(NAMES[name])
        panels[row][0].set_ylabel(f"{target}, predicted")
    panels[1][0].legend(fontsize=6, loc="upper left")
    return figure


def model_table(
    report: Mapping[str, Mapping[str, Mapping[str, Mapping[str, float]]]],
    seconds: Mapping[str, Mapping[str, float]],
    slices: int,
) -> "Figure":
    """R² of every model, the kind of rock left out first, and what training and prediction take.

    Parameters
    ----------
    report : of reports/properties/scores.json; a model need not be in every split
    seconds : model → {"fit", "predict"}
    slices : how many the seconds of a prediction are for
    """
    splits = {
        "kind_left_out": "kind of rock left out",
        "siblings": "siblings seen",
        "random": "80:20 slices",
    }
    targets = ("porosity", "log_permeability")
    heads = [f"{t}\n{title}" for title in splits.values() for t in ("porosity", "permeability")]
    heads += ["training\n[s]", "prediction\n[ms per slice]"]
    models = [name for name in NAMES if name in report["kind_left_out"]]
    figure, (panels,) = subplots(1, 1, (12, 0.6 + 0.28 * len(models)))
    panels[0].set_axis_off()
    cells, tones = [], []
    for name in models:
        found = [report[s].get(name, {}).get(t, {}).get("r2") for s in splits for t in targets]
        spent = seconds.get(name)
        times = ["", ""]
        if spent:
            times = [f"{spent['fit']:.2f}", f"{1e3 * spent['predict'] / slices:.3f}"]
        cells.append(["" if v is None else f"{v:.3f}" for v in found] + times)
        green = [0.0 if v is None else np.clip(v, 0, 1) ** 3 for v in found]
        tones.append([(1 - 0.45 * g, 1 - 0.15 * g, 1 - 0.5 * g) for g in green] + ["white"] * 2)
    table = panels[0].table(
        cells, cellColours=tones, rowLabels=[NAMES[name] for name in models], colLabels=heads,
        loc="center", cellLoc="center", bbox=[0, 0, 1, 1],
    )  # fmt: skip
    table.auto_set_font_size(False)
    table.set_fontsize(8)
    for column in range(len(heads)):
        table[0, column].set_height(2 * table[1, 0].get_height())
    return figure


def importance(falls_of: Mapping[str, Sequence[float]]) -> "Figure":
    """Plot by how much R² of the corrections falls when one input is shuffled.

    Parameters
    ----------
    falls_of : input → fall for porosity and for log k
    """
    names, falls = list(falls_of), np.array(list(falls_of.values()))
    figure, (panels,) = subplots(1, 1, (7, 1 + 0.3 * len(names)))
    order = np.argsort(falls.sum(axis=1))
    place = np.arange(len(names))
    for k, (title, colour) in enumerate((("porosity", _BLUE), ("permeability", _ORANGE))):
        panels[0].barh(place - 0.2 + 0.4 * k, falls[order, k], 0.38, color=colour, label=title)
    panels[0].set_yticks(place, [names[i] for i in order], fontsize=8)
    panels[0].set(xlabel="fall of R² when the input is shuffled (test slices of the 80:20 split)")
    panels[0].legend(fontsize=8, loc="lower right")
    return figure


def _necks(labels: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return the pixels at which a pore touches another one."""
    touching = np.zeros(labels.shape, bool)
    for axis in (0, 1):
        a, b = (np.moveaxis(labels, axis, 0)[part] for part in (slice(None, -1), slice(1, None)))
        between = (a != b) & (a > 0) & (b > 0)
        np.moveaxis(touching, axis, 0)[:-1] |= between
        np.moveaxis(touching, axis, 0)[1:] |= between
    return touching


_QUALITATIVE = ["#1764ab", "#c1440e", "#2e8b57", "#8e5ea2", "#e08e0b", "#17a2a2", "#555555"]
