"""Pore networks by the champion and its rivals against DNS: reports/conductance/networks.json."""

from pathlib import Path

from poreops.base.files import write_json
from poreops.base.settings import section
from poreops.base.targets import joined
from poreops.conductance.judging import networks
from poreops.conductance.judging.run_times import JudgingConfig, run_times
from poreops.conduits.labels import TargetsConfig
from poreops.conduits.partition import PartitionConfig
from poreops.errors import exit_on_input_error
from poreops.mlops.tracking import run
from poreops.synthetic.spheres import VolumesConfig

ARTIFACTS, REPORT = Path("artifacts/conductance"), Path("reports/conductance/networks.json")
IMAGES, MEMBERS = ARTIFACTS / "volumes/network.h5", ARTIFACTS / "models/members"
DRAWN, REGISTERED = ARTIFACTS / "networks", Path("mlflow/registered/conductance.json")


def main() -> None:
    """Compare all methods on new volumes; without a champion the others are judged anyway."""
    cut = section("conductance.partition", PartitionConfig)
    timed = section("conductance.judging", JudgingConfig)
    drawn, reports = section("conductance.volumes", VolumesConfig), {}
    for of, label in section("conductance.label", TargetsConfig).each.items():
        champion, models = networks.competing_models(REGISTERED, of, MEMBERS / of)
        compared = networks.compared_networks(IMAGES, cut, label, models, print)
        times = run_times(drawn, cut, label, timed, models["model"]) if champion else {}
        reports[of] = report = networks.network_report(label, compared, times, champion)
        networks.write_network(DRAWN / of / "first.h5", compared[0], models.get("model"))
        with run("conductance_networks", f"{len(compared)} volumes") as tracked:
            tracked.log_metrics({report["quantity"]: report[report["quantity"]]})
        print(*networks.lines(report), sep="\n")
    write_json(REPORT, joined(reports))


if __name__ == "__main__":
    with exit_on_input_error():
        main()
