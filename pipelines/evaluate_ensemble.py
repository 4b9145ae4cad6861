"""Judge every model on the random split and on rocks left out: reports/properties.json.

What the learners predict is kept in artifacts/.partial/evaluate_ensemble, so that a killed run
goes on with the next of them.
"""

import hashlib
import shutil
from pathlib import Path

from poreops import plots
from poreops.compute import ComputeConfig
from poreops.errors import exit_on_input_error
from poreops.learning.comparison import importance
from poreops.learning.ensemble import STACKS, EnsembleConfig, fit_stack
from poreops.learning.plans import SliceSplitConfig
from poreops.rocks.evaluation import Slices, intervals, random_split, rocks_left_out, scored
from poreops.rocks.gate import RockEvaluationConfig
from poreops.rocks.plots import evaluation_figures
from poreops.rocks.report import write_page
from poreops.sections import overridden, section
from poreops.store import read_json, read_table, read_yaml, sha256, write_json
from poreops.tracking import run

ARTIFACTS, REPORTS = Path("artifacts"), Path("reports")
TABLE, SELECTED = ARTIFACTS / "features/slices.parquet", ARTIFACTS / "selection/features.json"
PARTIAL, PAGE = ARTIFACTS / ".partial/evaluate_ensemble", REPORTS / "properties/evaluation"


def measured() -> Slices:
    """Return the slices, the tuned learners, and a folder for this data and these choices."""
    chosen = read_yaml(ARTIFACTS / "tune/ensemble/best.yaml")["chosen"]
    config = overridden(section("ensemble", EnsembleConfig), chosen)
    split = section("slice_split", SliceSplitConfig)
    judged = section("evaluate_ensemble", RockEvaluationConfig)
    state = f"{config}{split}{judged}{sha256(TABLE)}{sha256(SELECTED)}"
    folder = PARTIAL.resolve() / hashlib.sha256(state.encode()).hexdigest()[:16]
    features = read_json(SELECTED)["features"]
    return Slices(read_table(TABLE), features, config, split, judged, folder)


def main() -> None:
    """Write scores, widths, figures, the page and an MLflow run."""
    slices = measured()
    test, truth, mean_truth = slices.test, slices.truth, slices.truth_of_rocks
    at_random, seconds = random_split(slices)
    by_rock, means = rocks_left_out(slices, section("compute", ComputeConfig), print)
    report = {
        "random": scored({n: v[test] for n, v in at_random.items()}, truth[test]),
        "leave_one_rock_out": scored(by_rock, truth),
        "leave_one_rock_out_plugs": scored(means, mean_truth),
    }
    plugs = report["leave_one_rock_out_plugs"]
    chosen = min(STACKS, key=lambda n: sum(1 - target["r2"] for target in plugs[n].values()))
    widths = {stack: intervals(slices, by_rock[stack], means[stack]) for stack in STACKS}
    x, y, plan = slices.x, slices.y, slices.random_plan
    stack = fit_stack(STACKS[chosen], slices.learners, x, y, plan, slices.rocks)
    falls = importance(stack.predict, x[test], y[test], slices.split.seed)
    details = {
        "chosen": chosen, "rocks": len(mean_truth), "slices": len(x), "seconds": seconds,
        "intervals": widths,
        "importance": dict(zip(slices.features, falls.tolist(), strict=True)),
    }  # fmt: skip
    write_json(REPORTS / "properties.json", report)
    write_json(REPORTS / "properties_models.json", details)
    write_json(ARTIFACTS / "widths/widths.json", {"chosen": chosen, "stacks": widths})
    with run("evaluate_ensemble", chosen) as tracked:
        tracked.log_metrics(report)
        for name, figure in evaluation_figures(slices, at_random, means, report, details).items():
            tracked.log_figure(figure, name)
            plots.save(figure, PAGE / name)
    write_page(PAGE / "index.html", REPORTS / "properties", report, details)
    shutil.rmtree(PARTIAL, ignore_errors=True)
    for target in ("porosity", "log_permeability"):
        line = ", ".join(f"{n} {plugs[n][target]['r2']:.3f}" for n in (*STACKS, "kozeny_carman"))
        print(f"R² of {target} over rocks left out: {line}")


if __name__ == "__main__":
    with exit_on_input_error():
        main()
