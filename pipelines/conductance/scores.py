"""Report every member on the unseen volumes, read here alone: reports/conductance/scores.json."""

from pathlib import Path

from poreops.base.files import write_json
from poreops.base.targets import joined, targets_in
from poreops.conductance.judging.unseen import unseen_report
from poreops.errors import exit_on_input_error
from poreops.mlops import metrics
from poreops.mlops.tracking import run

ARTIFACTS, REPORTS = Path("artifacts/conductance"), Path("reports/conductance")


def main() -> None:
    """Write the scores, the figures that matter, and what conductance_report draws."""
    reports = {}
    for of in targets_in(ARTIFACTS / "labels", "unseen.h5"):
        reports[of] = unseen_report(ARTIFACTS, ARTIFACTS / "scores" / of / "unseen.h5", of)
        with run("conductance_scores", "unseen volumes") as tracked:
            tracked.log_metrics({k: v for k, v in reports[of].items() if k != "champion"})
            tracked.set_tags({"champion": reports[of]["champion"]})
    write_json(REPORTS / "scores.json", joined(reports))
    few = {of: metrics.conductance(report) for of, report in reports.items()}
    write_json(REPORTS / "metrics.json", joined(few))


if __name__ == "__main__":
    with exit_on_input_error():
        main()
