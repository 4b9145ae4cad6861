"""Report every member on the unseen volumes, read here alone: reports/conductance/scores.json."""

from pathlib import Path

from poreops.base.files import write_json
from poreops.conductance.judging.unseen import key_figures, unseen_report
from poreops.errors import exit_on_input_error
from poreops.mlops.tracking import run

ARTIFACTS, REPORTS = Path("artifacts/conductance"), Path("reports/conductance")


def main() -> None:
    """Write the scores, the figures that matter, and what conductance_report draws."""
    report = unseen_report(ARTIFACTS, ARTIFACTS / "scores/unseen.h5")
    write_json(REPORTS / "scores.json", report)
    write_json(REPORTS / "metrics.json", key_figures(report))
    with run("conductance_scores", "unseen volumes") as tracked:
        tracked.log_metrics({k: v for k, v in report.items() if k != "champion"})
        tracked.set_tags({"champion": report["champion"]})


if __name__ == "__main__":
    with exit_on_input_error():
        main()
