"""Draw every picture of the line from what other stages wrote: reports/conductance/figures."""

from pathlib import Path

from poreops.base.files import read_json, sha256
from poreops.base.show.pictures import save
from poreops.base.targets import part, targets_in
from poreops.conductance.figures.members import member_figures
from poreops.conductance.figures.networks import network_figures
from poreops.errors import exit_on_input_error
from poreops.mlops.tracking import run

ARTIFACTS, REPORTS = Path("artifacts/conductance"), Path("reports/conductance")
LOSSES, COSTS = REPORTS / "losses", ARTIFACTS / "training"
SCORES, FIRST = ARTIFACTS / "scores", ARTIFACTS / "networks"
NETWORKS = REPORTS / "networks.json"


def main() -> None:
    """Write the pictures, and a run that holds them and says what they were drawn from."""
    whole = read_json(NETWORKS)
    for of in targets_in(SCORES, "unseen.h5"):
        scores, first = SCORES / of / "unseen.h5", FIRST / of / "first.h5"
        figures = member_figures(LOSSES, COSTS, scores) | network_figures(part(whole, of), first)
        with run("conductance_report", "figures") as tracked:
            drawn = (LOSSES, COSTS, scores, first, NETWORKS)
            tracked.set_tags({f"sha256.{path.as_posix()}": sha256(path) for path in drawn})
            for name, figure in figures.items():
                save(figure, REPORTS / "figures" / of / name)
                tracked.log_file(REPORTS / "figures" / of / name)  # drawn once


if __name__ == "__main__":
    with exit_on_input_error():
        main()
