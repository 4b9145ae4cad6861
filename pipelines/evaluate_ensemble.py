"""Judge every model on the random split and on rocks left out: reports/properties.json.

What the learners predict is kept in artifacts/.partial/evaluate_ensemble, so that a killed run
goes on with the next of them.
"""

import hashlib
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poreops import plots, rock_plots
from poreops.compute import ComputeConfig, parallel_map
from poreops.errors import exit_on_input_error
from poreops.learning.comparison import (
    Predictions,
    importance,
    left_out,
    of_rocks,
    predict_plans,
    stacked,
)
from poreops.learning.ensemble import (
    STACKS,
    EnsembleConfig,
    fit_stack,
    group_means,
    kozeny_carman,
)
from poreops.learning.intervals import conformal_width, coverage_left_out, slice_width
from poreops.learning.plans import (
    Plan,
    SliceSplitConfig,
    plan_at_random,
    plan_by_group,
    random_test,
)
from poreops.learning.rock_model import in_units, targets
from poreops.learning.scores import regression_scores
from poreops.rock_evaluation import RockEvaluationConfig
from poreops.rock_report import write_page
from poreops.sections import overridden, section
from poreops.slices.features import design
from poreops.store import (
    read_hdf5,
    read_json,
    read_table,
    read_yaml,
    sha256,
    write_hdf5,
    write_json,
)
from poreops.tracking import run

ARTIFACTS, REPORTS = Path("artifacts"), Path("reports")
PARTIAL = ARTIFACTS / ".partial/evaluate_ensemble"
Floats = NDArray[np.float64]


class Data:
    """The slices with their inputs and targets, the tuned learners, and a folder for this data."""

    def __init__(self) -> None:
        table, selected = (
            ARTIFACTS / "features/slices.parquet",
            ARTIFACTS / "selection/features.json",
        )
        self.table, self.features = read_table(table), read_json(selected)["features"]
        self.x, self.y = design(self.table, self.features), targets(self.table)
        self.rocks = self.table["rock"].to_numpy()
        self.truth = in_units(self.y, self.table)
        chosen = read_yaml(ARTIFACTS / "tune/ensemble/best.yaml")["chosen"]
        self.config = overridden(section("ensemble", EnsembleConfig), chosen)
        self.split = section("slice_split", SliceSplitConfig)
        self.judged = section("evaluate_ensemble", RockEvaluationConfig)
        state = f"{self.config}{self.split}{self.judged}{sha256(table)}{sha256(selected)}"
        self.folder = PARTIAL.resolve() / hashlib.sha256(state.encode()).hexdigest()[:16]

    def kozeny_carman(self, rows: NDArray[np.bool_]) -> Floats:
        """Predict by the law whose constant is fitted on some rows."""
        log_porosity = np.log(self.table["areal_porosity"].to_numpy())
        return kozeny_carman(log_porosity, self.y, rows)


def predict(data: Data, plans: list[Plan], folder: Path, name: str) -> Predictions:
    """Predict with one learner under these plans unless that is done already; a task."""
    path = folder / f"{name}.h5"
    if not path.exists():
        found = predict_plans(name, data.config, data.x, data.y, plans)
        arrays = {"out_of_fold": found.out_of_fold, "full": found.full}
        seconds = {"fit_seconds": found.fit_seconds, "predict_seconds": found.predict_seconds}
        write_hdf5(path, arrays, seconds)
    arrays, seconds = read_hdf5(path)
    return Predictions(**arrays, **{key: float(value) for key, value in seconds.items()})


def random_split(data: Data) -> tuple[dict[str, Floats], dict[str, Any], NDArray[np.bool_]]:
    """Predict the test slices of the paper's split; also seconds of each model, and the test."""
    test = random_test(len(data.x), data.split)
    plan = plan_at_random(~test, data.split.folds, data.split.seed)
    for name in ("mr", "xgb", "m1"):  # so that no time below holds the import of a framework
        predict_plans(
            name, data.config, data.x[:60], data.y[:60], [plan_at_random(test[:60], 2, 1)]
        )
    levels = {
        name: predict(data, [plan], data.folder / "random", name)
        for names in STACKS.values()
        for name in names
    }
    found = {name: values[0] for name, values in stacked(levels, data.y, [plan]).items()}
    found["kozeny_carman"] = data.kozeny_carman(~test)
    seconds = {n: {"fit": p.fit_seconds, "predict": p.predict_seconds} for n, p in levels.items()}
    for stack, names in STACKS.items():
        seconds[stack] = {k: sum(seconds[n][k] for n in names) for k in ("fit", "predict")}
    return {name: in_units(values, data.table) for name, values in found.items()}, seconds, test


def rocks_left_out(data: Data) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Predict each rock with models that learned from the others: its slices, and itself."""
    names = np.unique(data.rocks)
    plans = [plan_by_group(data.rocks, data.judged.folds, data.split.seed, n) for n in names]
    task = partial(predict, data, plans, data.folder / "left_out")
    # networks in this process, which holds TensorFlow; the longest of the others first, so that
    # no process waits for the last
    levels = {name: task(name) for name in STACKS["smr_nn"]}
    learners = STACKS["smr_ml"][::-1]
    done = parallel_map(task, learners, section("compute", ComputeConfig), announce=print)
    levels |= dict(zip(learners, done, strict=True))
    found = left_out(stacked(levels, data.y, plans), plans)
    found["kozeny_carman"] = np.zeros_like(data.y)
    for name in names:
        own = data.rocks == name
        found["kozeny_carman"][own] = data.kozeny_carman(~own)[own]
    slices = {name: in_units(values, data.table) for name, values in found.items()}
    levels, y, plans = of_rocks(levels, data.y, plans, data.rocks)
    rocks = left_out(stacked(levels, y, plans), plans)
    rocks["kozeny_carman"] = group_means(found["kozeny_carman"], data.rocks)
    # means of logarithms: the unit of a rock is the mean of those of its slices
    unit = group_means(data.truth - data.y, data.rocks)
    return slices, {name: values + unit for name, values in rocks.items()}


def scored(predicted: Floats, truth: Floats) -> dict[str, dict[str, float]]:
    """Score porosity, and the permeability in decades."""
    return {
        "porosity": regression_scores(predicted[:, 0], truth[:, 0]),
        "log_permeability": regression_scores(*(v[:, 1] / np.log(10) for v in (predicted, truth))),
    }


def intervals(data: Data, slices: Floats, rocks: Floats) -> dict[str, Any]:
    """Return half widths from the errors on rocks left out, and the coverage across rocks."""
    level, names = data.judged.coverage, np.unique(data.rocks)
    error = slices - data.truth
    error_of_rocks = rocks - group_means(data.truth, data.rocks)
    columns = (0, 1)
    return {
        "coverage": level,
        "slices": int(np.median(np.unique(data.rocks, return_counts=True)[1])),
        "slice": [slice_width(error[:, k], data.rocks, level) for k in columns],
        "plug": [conformal_width(error_of_rocks[:, k], level) for k in columns],
        "measured": {
            "slice": [coverage_left_out(error[:, k], data.rocks, level) for k in columns],
            "plug": [coverage_left_out(error_of_rocks[:, k], names, level) for k in columns],
        },
    }


def main() -> None:
    """Write scores, widths, figures, the page and an MLflow run."""
    data = Data()
    at_random, seconds, test = random_split(data)
    by_rock, means = rocks_left_out(data)
    mean_truth = group_means(data.truth, data.rocks)
    report = {
        "random": {n: scored(v[test], data.truth[test]) for n, v in at_random.items()},
        "leave_one_rock_out": {n: scored(v, data.truth) for n, v in by_rock.items()},
        "leave_one_rock_out_plugs": {n: scored(v, mean_truth) for n, v in means.items()},
    }
    plugs = report["leave_one_rock_out_plugs"]
    chosen = min(STACKS, key=lambda n: sum(1 - target["r2"] for target in plugs[n].values()))
    widths = {stack: intervals(data, by_rock[stack], means[stack]) for stack in STACKS}
    plan = plan_at_random(~test, data.split.folds, data.split.seed)
    stack = fit_stack(STACKS[chosen], data.config, data.x, data.y, plan, data.rocks)
    falls = importance(stack.predict, data.x[test], data.y[test], data.split.seed)
    details = {
        "chosen": chosen, "rocks": len(mean_truth), "slices": len(data.x), "seconds": seconds,
        "intervals": widths,
        "importance": dict(zip(data.features, falls.tolist(), strict=True)),
    }  # fmt: skip
    write_json(REPORTS / "properties.json", report)
    write_json(REPORTS / "properties_models.json", details)
    write_json(ARTIFACTS / "widths/widths.json", {"chosen": chosen, "stacks": widths})
    shown = (*STACKS, "kozeny_carman")
    figures = {
        "parity_random.png": rock_plots.parity(
            {n: at_random[n][test] for n in shown}, data.truth[test], data.rocks[test]
        ),
        "parity_left_out.png": rock_plots.parity(
            {n: means[n] for n in shown}, mean_truth, np.unique(data.rocks),
            {n: widths[n]["plug"] for n in STACKS},
        ),
        "models.png": rock_plots.model_table(report, seconds, len(data.x)),
        "importance.png": rock_plots.importance(data.features, falls),
    }  # fmt: skip
    with run("evaluate_ensemble", chosen) as tracked:
        tracked.log_metrics(report)
        for name, figure in figures.items():
            tracked.log_figure(figure, name)
            plots.save(figure, REPORTS / "properties/evaluation" / name)
    write_page(
        REPORTS / "properties/evaluation/index.html", REPORTS / "properties", report, details
    )
    shutil.rmtree(PARTIAL, ignore_errors=True)
    for target in ("porosity", "log_permeability"):
        line = ", ".join(f"{n} {plugs[n][target]['r2']:.3f}" for n in shown)
        print(f"R² of {target} over rocks left out: {line}")


if __name__ == "__main__":
    with exit_on_input_error():
        main()
