"""Report on rocks that nothing was chosen by: reports/properties.json, figures and the page.

The report part is read here, once, and nothing is decided. Its rocks are predicted by models that
never saw their kind, which is the headline, and by the very files that may be served, which have
seen siblings; its slices of rocks learned from are the test of the paper's random split.
"""

from pathlib import Path

from poreops import metrics, plots
from poreops.errors import exit_on_input_error
from poreops.learning.comparison import importance
from poreops.learning.ensemble import STACKS, EnsembleConfig
from poreops.learning.laws import LAW, TARGETS
from poreops.learning.plans import SliceSplitConfig
from poreops.learning.rock_model import RockModel
from poreops.rocks import plots as rock_plots
from poreops.rocks.evaluation import RandomSplit, compare, random_split
from poreops.rocks.gate import RockEvaluationConfig
from poreops.rocks.judging import (
    Trained,
    by_kind,
    combined,
    coverage_left_out,
    learners_left_out,
    pore_diameters,
    predict_left_out,
    predict_siblings,
    scored,
)
from poreops.rocks.report import write_page
from poreops.sections import overridden, section
from poreops.slices.features import design
from poreops.store import open_hdf5, read_json, read_table, read_yaml, write_json
from poreops.tracking import run

ARTIFACTS, REPORTS = Path("artifacts"), Path("reports")
PAGE = REPORTS / "properties/evaluation"


def main() -> None:
    """Write scores, figures, the page and an MLflow run."""
    judged = section("evaluate_ensemble", RockEvaluationConfig)
    trained, table = Trained.read(ARTIFACTS), read_table(ARTIFACTS / "parts/report.parquet")
    whole, siblings = table[~table["sibling"]], table[table["sibling"]]
    served = [read_json(ARTIFACTS / "judged/judged.json")["served"][t] for t in TARGETS]
    model = RockModel.load(ARTIFACTS / "judged/model")

    found = predict_left_out(trained, whole)
    plugs = {**found.plugs, **learners_left_out(trained, whole)}
    plugs["served"] = combined(plugs, served)
    of_siblings = predict_siblings(model, whole)

    chosen = read_yaml(ARTIFACTS / "tune/ensemble/best.yaml")["chosen"]
    learners = overridden(section("ensemble", EnsembleConfig), chosen.get("none", {}))
    features = read_json(ARTIFACTS / "selection/features.json")["features"]
    seed = section("slice_split", SliceSplitConfig).seed
    split = RandomSplit(trained.learned, siblings, features, learners, judged.random_folds, seed)
    at_random, seconds = random_split(split)
    truth = split.truth[split.test]

    report = {
        "kind_left_out": scored(plugs, found.truth),
        "siblings": scored(of_siblings, found.truth),
        "random": scored({n: v[split.test] for n, v in at_random.items()}, truth),
    }
    x = design(siblings, model.features)
    falls = importance(model.stack.predict, x, split.y[split.test], seed)
    details = {
        "served": dict(zip(TARGETS, served, strict=True)),
        "rocks": {"learn": trained.learned["rock"].nunique(), "report": len(found.rocks)},
        "slices": {"learn": len(trained.learned), "siblings": len(siblings)},
        "coverage": coverage_left_out(trained, found, served, judged.coverage),
        "widths": {"slice": model.widths.slice, "plug": model.widths.plug},
        "by_kind": by_kind(plugs, found, ("served", LAW, *STACKS)),
        "compared": compare(split, judged.compared),
        "seconds": seconds,
        "importance": dict(zip(model.features, falls.tolist(), strict=True)),
    }
    write_json(REPORTS / "properties.json", report)
    write_json(REPORTS / "properties_models.json", details)
    write_json(REPORTS / "properties-metrics.json", metrics.properties(report, details))
    figures = rock_plots.evaluation_figures(split, at_random, found, plugs, report, details)
    with open_hdf5(ARTIFACTS / "segmented/slices.h5") as file:
        labels = {rock: file[rock][()] for rock in found.rocks}
    figures["pore_sizes.png"] = rock_plots.pore_sizes(pore_diameters(labels, whole))
    with run("evaluate_ensemble", model.name) as tracked:
        tracked.log_metrics(report)
        for name, figure in figures.items():
            tracked.log_figure(figure, name)
            plots.save(figure, PAGE / name)
    write_page(PAGE / "index.html", REPORTS / "properties", report, details)
    for target in TARGETS:
        line = ", ".join(
            f"{name} {report['kind_left_out'][name][target]['mae']:.3f}"
            for name in ("served", LAW, *STACKS, "porosity_alone", "constant")
        )
        print(f"error of {target}, kind of rock left out: {line}")


if __name__ == "__main__":
    with exit_on_input_error():
        main()
