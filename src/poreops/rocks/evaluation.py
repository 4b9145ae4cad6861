"""Every model under the random split and on rocks left out: predictions, scores, intervals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from poreops.compute import ComputeConfig, parallel_map
from poreops.learning.comparison import Predictions, left_out, of_rocks, predict_plans, stacked
from poreops.learning.ensemble import STACKS, EnsembleConfig, group_means, kozeny_carman
from poreops.learning.intervals import conformal_width, coverage_left_out, slice_width
from poreops.learning.plans import (
    Plan,
    SliceSplitConfig,
    plan_at_random,
    plan_by_group,
    random_test,
)
from poreops.learning.predictors import Floats
from poreops.learning.rock_model import in_units, targets
from poreops.learning.scores import regression_scores
from poreops.rocks.gate import RockEvaluationConfig
from poreops.slices.features import design
from poreops.store import read_hdf5, write_hdf5

Scores = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Slices:
    """Measured slices and how models of them are judged.

    table : one row a slice. features : the inputs. folder : for what was predicted so far.
    """

    table: pd.DataFrame
    features: Sequence[str]
    learners: EnsembleConfig
    split: SliceSplitConfig
    judged: RockEvaluationConfig
    folder: Path

    @cached_property
    def x(self) -> Floats:
        """Inputs (n, d)."""
        return design(self.table, self.features)

    @cached_property
    def y(self) -> Floats:
        """Targets (n, 2): porosity and log(k/ℓ²)."""
        return targets(self.table)

    @cached_property
    def truth(self) -> Floats:
        """Porosity and log(k/m²), (n, 2)."""
        return in_units(self.y, self.table)

    @cached_property
    def rocks(self) -> NDArray[Any]:
        """Name of the rock of each slice."""
        return self.table["rock"].to_numpy()

    @cached_property
    def truth_of_rocks(self) -> Floats:
        """Means of `truth` over the slices of each rock, in sorted order, (rocks, 2)."""
        return group_means(self.truth, self.rocks)

    @cached_property
    def test(self) -> NDArray[np.bool_]:
        """The test slices of the paper's random split."""
        return random_test(len(self.table), self.split)

    @cached_property
    def random_plan(self) -> Plan:
        """Folds of the other slices."""
        return plan_at_random(~self.test, self.judged.random_folds, self.split.seed)

    def kozeny_carman(self, rows: NDArray[np.bool_]) -> Floats:
        """Predict by the law whose constant is fitted on some rows."""
        return kozeny_carman(np.log(self.table["areal_porosity"].to_numpy()), self.y, rows)


def predict(slices: Slices, plans: Sequence[Plan], folder: Path, name: str) -> Predictions:
    """Predict with one learner under these plans unless that is done already; a task."""
    path = folder / f"{name}.h5"
    if not path.exists():
        found = predict_plans(name, slices.learners, slices.x, slices.y, plans)
        seconds = {"fit_seconds": found.fit_seconds, "predict_seconds": found.predict_seconds}
        write_hdf5(path, {k: v for k, v in vars(found).items() if k not in seconds}, seconds)
    arrays, attributes = read_hdf5(path)
    return Predictions(
        out_of_fold=arrays["out_of_fold"],
        full=arrays["full"],
        mean=arrays["mean"],
        fit_seconds=float(attributes["fit_seconds"]),
        predict_seconds=float(attributes["predict_seconds"]),
    )


def random_split(slices: Slices) -> tuple[dict[str, Floats], dict[str, dict[str, float]]]:
    """Judge on the paper's random split: slices of a rock are on both sides.

    Returns
    -------
    predicted : model → (n, 2) porosity and log(k/m²) of all slices
    seconds : model → {"fit", "predict"}, of all its fits and of all slices
    """
    plan, few = slices.random_plan, replace(slices, table=slices.table[:60])
    for name in ("mr", "xgb", "m1"):  # so that no time below holds the import of a framework
        predict_plans(name, few.learners, few.x, few.y, [plan_at_random(~few.test, 2, 1)])
    levels = {
        name: predict(slices, [plan], slices.folder / "random", name)
        for names in STACKS.values()
        for name in names
    }
    found = {name: values[0] for name, values in stacked(levels, slices.y, [plan]).items()}
    found["kozeny_carman"] = slices.kozeny_carman(~slices.test)
    seconds = {n: {"fit": p.fit_seconds, "predict": p.predict_seconds} for n, p in levels.items()}
    fits = len(plan.masks)  # a stack predicts with all of them, a base learner with the last
    for stack, names in STACKS.items():
        seconds[stack] = {
            "fit": sum(seconds[name]["fit"] for name in names),
            "predict": fits * sum(seconds[name]["predict"] for name in names),
        }
    return {name: in_units(values, slices.table) for name, values in found.items()}, seconds


def rocks_left_out(
    slices: Slices, compute: ComputeConfig, announce: Callable[[str], None]
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Judge on each rock with models that learned from the others.

    Returns
    -------
    of_slices : model → (n, 2) porosity and log(k/m²)
    of_rocks : model → (rocks, 2), from the means over the slices of each rock
    """
    rocks, y, names = slices.rocks, slices.y, np.unique(slices.rocks)
    plans = [plan_by_group(rocks, slices.judged.folds, slices.split.seed, n) for n in names]
    task = partial(predict, slices, plans, slices.folder / "left_out")
    # networks in this process, which holds TensorFlow; the longest of the others first, so that
    # no process waits for the last
    levels = {name: task(name) for name in STACKS["smr_nn"]}
    learners = STACKS["smr_ml"][::-1]
    done = parallel_map(task, learners, compute, announce=announce)
    levels |= dict(zip(learners, done, strict=True))
    found = left_out(stacked(levels, y, plans), plans)
    found["kozeny_carman"] = np.zeros_like(y)
    for name in names:
        own = rocks == name
        found["kozeny_carman"][own] = slices.kozeny_carman(~own)[own]
    of_slices = {name: in_units(values, slices.table) for name, values in found.items()}
    levels, y_rocks, plans = of_rocks(levels, y, plans, rocks)
    means = left_out(stacked(levels, y_rocks, plans), plans)
    means["kozeny_carman"] = group_means(found["kozeny_carman"], rocks)
    # means of logarithms: the unit of a rock is the mean of those of its slices
    unit = group_means(slices.truth - y, rocks)
    return of_slices, {name: values + unit for name, values in means.items()}


def scored(predicted: Mapping[str, Floats], truth: Floats) -> dict[str, Scores]:
    """Score the porosity, and the permeability in decades, of each model."""

    def decades(values: Floats) -> Floats:
        return np.asarray(values[:, 1] / np.log(10))

    return {
        name: {
            "porosity": regression_scores(values[:, 0], truth[:, 0]),
            "log_permeability": regression_scores(decades(values), decades(truth)),
        }
        for name, values in predicted.items()
    }


def intervals(slices: Slices, of_slices: Floats, of_rocks: Floats) -> dict[str, Any]:
    """Return half widths from the errors on rocks left out, and the coverage across rocks."""
    level, (names, counts) = slices.judged.coverage, np.unique(slices.rocks, return_counts=True)
    error = of_slices - slices.truth
    error_of_rocks = of_rocks - slices.truth_of_rocks
    columns = (0, 1)
    return {
        "coverage": level,
        "slices": int(np.median(counts)),
        "slice": [slice_width(error[:, k], slices.rocks, level) for k in columns],
        "plug": [conformal_width(error_of_rocks[:, k], level) for k in columns],
        "measured": {
            "slice": [coverage_left_out(error[:, k], slices.rocks, level) for k in columns],
            "plug": [coverage_left_out(error_of_rocks[:, k], names, level) for k in columns],
        },
    }
