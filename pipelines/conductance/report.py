"""Draw every picture of the line from what other stages wrote: reports/conductance/figures."""

from pathlib import Path

from poreops.base.files import sha256
from poreops.base.show.pictures import save
from poreops.conductance.figures.members import member_figures
from poreops.conductance.figures.networks import network_figures
from poreops.errors import exit_on_input_error
from poreops.mlops.tracking import run

ARTIFACTS, REPORTS = Path("artifacts/conductance"), Path("reports/conductance")
LOSSES, COSTS = REPORTS / "losses", ARTIFACTS / "training"
SCORES, FIRST = ARTIFACTS / "scores/unseen.h5", ARTIFACTS / "networks/first.h5"
NETWORKS = REPORTS / "networks.json"


def main() -> None:
    """Write the pictures, and a run that holds them and says what they were drawn from."""
    figures = member_figures(LOSSES, COSTS, SCORES) | network_figures(NETWORKS, FIRST)
    with run("conductance_report", "figures") as tracked:
        drawn = (LOSSES, COSTS, SCORES, FIRST, NETWORKS)
        tracked.set_tags({f"sha256.{path.as_posix()}": sha256(path) for path in drawn})
        for name, figure in figures.items():
            save(figure, REPORTS / "figures" / name)
            tracked.log_file(REPORTS / "figures" / name)  # drawn once


if __name__ == "__main__":
    with exit_on_input_error():
        main()
