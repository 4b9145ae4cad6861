"""Report every member on the unseen volumes, read here alone: reports/conductance/scores.json."""

from pathlib import Path

from poreops.base.files import read_json, write_json
from poreops.conductance import figures as plots
from poreops.conductance.judging.scores import relative_error
from poreops.conductance.judging.tables import (
    Volumes,
    ablation,
    invariance,
    rules,
    split_comparison,
)
from poreops.errors import exit_on_input_error
from poreops.mlops.tracking import run
from poreops.show.pictures import save

ARTIFACTS, REPORTS = Path("artifacts/conductance"), Path("reports/conductance")


def main() -> None:
    """Write scores, figures and an MLflow run."""
    unseen = Volumes(
        ARTIFACTS / "regions/unseen.h5", ARTIFACTS / "conduits/unseen.h5",
        ARTIFACTS / "labels/unseen.h5",
    )  # fmt: skip
    chosen = read_json(ARTIFACTS / "judged/gate.json")["chosen"]
    table, found = ablation(unseen, ARTIFACTS / "models/members", ARTIFACTS / "training/members")
    if unseen.ndim == 3:  # both rules describe spheres and cones
        scores, others = rules(unseen)
        table |= scores
        found |= others
    random = ARTIFACTS / "splits/random.h5"
    report = {
        "champion": chosen,
        "conduits": len(unseen.truth),
        "unseen": table,
        "split": split_comparison(unseen, ARTIFACTS, random),
        "invariance": invariance(unseen, ARTIFACTS / f"models/members/{chosen}"),
    }
    write_json(REPORTS / "scores.json", report)
    quantity = f"size factor [voxel{'³' * (unseen.target == 'hydraulic')}]"
    truth = unseen.truth[unseen.known]
    shown = {name: values[unseen.known] for name, values in found.items()}
    error = {name: relative_error(values, truth) for name, values in shown.items()}
    rois, titles = unseen.worst(found, chosen)
    figures = {
        "parity.png": plots.parity(shown, truth, quantity),
        "error_by_size.png": plots.error_by_size(error, truth, quantity),
        "worst_conduits.png": plots.worst_conduits(rois, titles),
    }
    with run("conductance_scores", "unseen volumes") as tracked:
        tracked.log_metrics({k: v for k, v in report.items() if k != "champion"})
        tracked.set_tags({"champion": chosen})
        for name, figure in figures.items():
            tracked.log_figure(figure, name)
            save(figure, REPORTS / "figures" / name)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
