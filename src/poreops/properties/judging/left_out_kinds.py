"""Models judged on kinds of rock that they did not see, beside nulls and the law.

The gate part and the report part go through the same functions; what they decide they decide on
the gate part alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.base.files import read_table
from poreops.base.finite import check_finite
from poreops.properties.judging.scores import regression_scores
from poreops.properties.learning.intervals import half_width, scales
from poreops.properties.learning.laws import (
    LAW,
    NULLS,
    TARGETS,
    by_law,
    group_means,
    in_units,
    law_inputs,
    targets,
)
from poreops.properties.learning.left_out import corrections
from poreops.properties.learning.predictors import Floats
from poreops.properties.learning.stacks import STACKS, Stack
from poreops.properties.model import RockModel
from poreops.properties.slices.features import design

CANDIDATES = (LAW, *STACKS)
Scores = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Trained:
    """What the stage properties_train made of the rocks to learn from.

    models : kind left out ("" for none) → stack → RockModel.
    errors : of models without one kind or two, on the slices and plugs of those.
    learned : the slices that all of it learned from.
    """

    models: Mapping[str, Mapping[str, RockModel]]
    errors: pd.DataFrame
    learned: pd.DataFrame

    @classmethod
    def read(cls, artifacts: Path) -> "Trained":
        """Read it from the folder of artifacts.

        Parameters
        ----------
        artifacts : with parts/learn.parquet, models/ and left_out/
        """
        learned = read_table(artifacts / "parts/learn.parquet")
        folders = {"": artifacts / "models"}
        folders |= {kind: artifacts / f"left_out/{kind}" for kind in np.unique(learned["kind"])}
        models = {
            kind: {stack: RockModel.load(folder / stack) for stack in STACKS}
            for kind, folder in folders.items()
        }
        return cls(models, read_table(artifacts / "left_out/errors.parquet"), learned)

    def without(self, kind: str) -> Mapping[str, RockModel]:
        """Return the models that never saw a kind: those of all kinds if it was never there.

        Parameters
        ----------
        kind : of rock, as "blobs"
        """
        return self.models.get(kind, self.models[""])


@dataclass(frozen=True)
class Predicted:
    """What candidates answer for rocks whose kind they never saw.

    rocks, kinds : (r,) of plugs, in sorted order. truth : (r, 2) porosity and log(k/m²).
    plugs : candidate → (r, 2). slice_rocks : (n,) of slices. slice_truth : (n, 2).
    slices : candidate → (n, 2).
    """

    rocks: Array
    kinds: Array
    truth: Floats
    plugs: Mapping[str, Floats]
    slice_rocks: Array
    slice_truth: Floats
    slices: Mapping[str, Floats]


def predict_left_out(trained: Trained, table: pd.DataFrame) -> Predicted:
    """Predict each rock of a part by candidates and nulls that learned nothing of its kind.

    Parameters
    ----------
    trained : Trained
    table : slices of a part, with their features, ``rock``, ``kind`` and targets
    """
    rocks = table["rock"].to_numpy()
    names, first = np.unique(rocks, return_index=True)
    slice_truth = in_units(targets(table), table)
    slices = {name: np.zeros_like(slice_truth) for name in CANDIDATES}
    plugs = {name: np.zeros((len(names), 2)) for name in (*CANDIDATES, *NULLS)}
    kinds = table["kind"].to_numpy()[first].astype(str)
    for row, (rock, kind) in enumerate(zip(names, kinds, strict=True)):
        own = rocks == rock
        law = by_law(table[own])
        models = trained.without(kind)
        for name in CANDIDATES:
            x, found = _model(models, name, table[own])
            of_slices, of_plug = corrections(found, x)
            slices[name][own] = of_slices + law
            plugs[name][row] = of_plug + law.mean(axis=0)
        counted, truth = plug_means(trained.learned[trained.learned["kind"] != kind])
        for name, null in NULLS.items():
            plugs[name][row] = null(counted, truth, law[:, 0].mean(keepdims=True))[0]
    return Predicted(
        names, kinds, group_means(slice_truth, rocks), plugs, rocks, slice_truth, slices
    )


def _model(
    models: Mapping[str, RockModel], name: str, table: pd.DataFrame
) -> tuple[Floats, Stack | Floats]:
    if name == LAW:
        return law_inputs(table), next(iter(models.values())).law
    return design(table, models[name].features), models[name].stack


def plug_means(table: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return counted porosity (r,), and porosity and log(k/m²) (r, 2), of each rock of a table.

    Parameters
    ----------
    table : slices, with ``rock`` and targets
    """
    rocks = table["rock"].to_numpy()
    truth = group_means(in_units(targets(table), table), rocks)
    return group_means(table["areal_porosity"].to_numpy(np.float64), rocks), truth


def scored(predicted: Mapping[str, Floats], truth: Floats) -> dict[str, Scores]:
    """Score the porosity, and the permeability in decades, of each model.

    Parameters
    ----------
    predicted : model → (n, 2) porosity and log(k/m²)
    truth : (n, 2)
    """
    units = np.array([1.0, np.log(10)])
    return {
        name: {
            target: regression_scores((values / units)[:, k], (truth / units)[:, k])
            for k, target in enumerate(TARGETS)
        }
        for name, values in predicted.items()
    }


def combined(found: Mapping[str, Floats], served: Sequence[str]) -> Floats:
    """Return porosity by one candidate and log k by another, (n, 2).

    Parameters
    ----------
    found : candidate → (n, 2)
    served : candidate of the porosity and of log k
    """
    return np.stack([found[name][:, k] for k, name in enumerate(served)], axis=1)


def widths_of(
    errors: pd.DataFrame, served: Sequence[str], coverage: float, without: str | None
) -> tuple[Floats, Floats]:
    """Return half widths for one slice and for a plug, (2,) each, from rocks of kinds left out.

    They are of errors divided by their `scales`.

    Parameters
    ----------
    errors : of a `Trained`
    served : candidate of each target
    coverage : of the intervals
    without : a kind whose rocks must have no part in it; None for the widths that are served
    """
    if without is None:
        rows = errors[errors["without"] == ""]
    else:
        rows = errors[(errors["without"] == without) & (errors["kind"] != without)]
        if rows.empty:  # too few kinds for pairs, or a kind that nothing was learned from
            rows = errors[(errors["without"] == "") & (errors["kind"] != without)]
    widths = []
    for of_plugs in (False, True):
        chosen = rows[(rows["slice"] < 0) == of_plugs]
        # every candidate has the same rocks and slices, in the same order
        own = {name: chosen[chosen["candidate"] == name] for name in {*served, LAW}}
        found = {name: of[list(TARGETS)].to_numpy() for name, of in own.items()}
        # what a stack gained on the law for these kinds it need not gain for the next
        errors_scaled = {
            name: np.maximum(np.abs(of), np.abs(found[LAW])) / scales(of - found[LAW])
            for name, of in found.items()
        }
        rocks, kinds = (own[LAW][name].to_numpy() for name in ("rock", "kind"))
        widths.append(
            [
                half_width(errors_scaled[name][:, k], rocks, kinds, coverage)
                for k, name in enumerate(served)
            ]
        )
    return np.array(widths[0]), np.array(widths[1])


def coverage_left_out(
    trained: Trained, found: Predicted, served: Sequence[str], coverage: float
) -> dict[str, dict[str, float]]:
    """Return the share of slices and plugs inside intervals that knew nothing of their kind.

    Neither the model nor the width has seen a rock of the kind: nothing holds by construction.

    Parameters
    ----------
    trained : Trained
    found : Predicted, of a part that calibrated nothing
    served : candidate of each target
    coverage : that is asked for, as 0.9

    Returns
    -------
    {"slice" | "plug": {target: share}}, a plug counting as much as another
    """
    plug_error, slice_error = (
        np.abs(combined(of, served) - truth) / scales(combined(of, served) - of[LAW])
        for of, truth in ((found.plugs, found.truth), (found.slices, found.slice_truth))
    )
    inside = {"slice": np.zeros(slice_error.shape), "plug": np.zeros(plug_error.shape)}
    slice_kinds = found.kinds[np.searchsorted(found.rocks, found.slice_rocks)]
    for kind in np.unique(found.kinds):
        of_slice, of_plug = widths_of(trained.errors, served, coverage, str(kind))
        own = found.kinds == kind
        inside["plug"][own] = plug_error[own] <= of_plug
        of_kind = slice_kinds == kind
        inside["slice"][of_kind] = slice_error[of_kind] <= of_slice
    means = {
        "slice": group_means(inside["slice"], found.slice_rocks).mean(axis=0),
        "plug": inside["plug"].mean(axis=0),
    }
    return {
        of: dict(zip(TARGETS, map(float, values), strict=True)) for of, values in means.items()
    }


def learners_left_out(trained: Trained, table: pd.DataFrame) -> dict[str, Floats]:
    """Predict each rock of a part by single base learners, each fitted on all rows; (r, 2).

    Parameters
    ----------
    trained : Trained
    table : slices of a part
    """
    rocks = table["rock"].to_numpy()
    found: dict[str, list[Floats]] = {name: [] for names in STACKS.values() for name in names}
    for rock in np.unique(rocks):
        own = table[rocks == rock]
        law = by_law(own).mean(axis=0)
        for model in trained.without(str(own["kind"].iloc[0])).values():
            x = design(own, model.features)
            for name, committee in model.stack.base.items():
                found[name].append(committee.members[-1].predict(x).mean(axis=0) + law)
    return {name: np.stack(values) for name, values in found.items()}


def probe_scores(model: RockModel, table: pd.DataFrame) -> dict[str, float]:
    """Score a model's own files on the plugs of a table; raises DivergedError for a dead one.

    Parameters
    ----------
    model : RockModel
    table : slices, with targets
    """
    rocks = table["rock"].to_numpy()
    found = np.stack([model.predict_plug(table[rocks == name]) for name in np.unique(rocks)])
    check_finite({"the answers to a probe": found}, f"the rock model {model.name}")
    truth = group_means(in_units(targets(table), table), rocks)
    scores = scored({"it": found}, truth)["it"]
    return {f"{target}_mae": of["mae"] for target, of in scores.items()}


def predict_siblings(model: RockModel, table: pd.DataFrame) -> dict[str, Floats]:
    """Predict rocks whose siblings a model has seen, by its own files.

    Parameters
    ----------
    model : RockModel
    table : slices of a part
    """
    rocks = table["rock"].to_numpy()
    corrected = {"served": model.corrected, model.name: (True, True), LAW: (False, False)}
    found = {}
    for name, choice in corrected.items():
        own = model.correcting(choice)
        plugs = [own.predict_plug(table[rocks == rock]) for rock in np.unique(rocks)]
        found[name] = np.stack(plugs)
    return found


def by_kind(
    plugs: Mapping[str, Floats], found: Predicted, names: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Return the mean factor that the permeability of each kind is off by, kind left out.

    Parameters
    ----------
    plugs : candidate → (r, 2) porosity and log(k/m²)
    found : Predicted, with truth and kinds of the same rocks
    names : of the candidates

    Returns
    -------
    {kind: {candidate: factor ≥ 1}}
    """
    off = {name: np.abs(plugs[name] - found.truth)[:, 1] for name in names}
    return {
        str(kind): {
            name: float(np.exp(of[found.kinds == kind].mean())) for name, of in off.items()
        }
        for kind in np.unique(found.kinds)
    }


def pore_diameters(
    labels: Mapping[str, NDArray[np.integer]], table: pd.DataFrame
) -> dict[str, Floats]:
    """Return the equivalent diameters of all pores, "kind/rock" → (pores,) [m].

    Parameters
    ----------
    labels : rock → (n, h, w) labels of its slices, 0 is solid; an open HDF5 file will do
    table : a row or more a rock, with ``rock``, ``kind`` and ``voxel_size``
    """
    found: dict[str, Floats] = {}
    for rock, rows in table.groupby("rock", sort=True):
        kind, voxel_size = str(rows["kind"].iloc[0]), float(rows["voxel_size"].iloc[0])
        areas = [np.bincount(image.ravel())[1:] for image in labels[str(rock)][()]]
        area = np.concatenate(areas)
        found[f"{kind}/{rock}"] = 2 * voxel_size * np.sqrt(area[area > 0] / np.pi)
    return found
