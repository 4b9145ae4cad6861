"""Pore networks by the champion and its rivals against DNS: reports/conductance/networks.json."""

from pathlib import Path

from poreops.base.files import write_json
from poreops.base.settings import section
from poreops.conductance.judging import networks
from poreops.conductance.judging.run_times import JudgingConfig, run_times
from poreops.conductance.registry import load_model, standing_champion
from poreops.conduits.labels import LabelConfig
from poreops.conduits.partition import PartitionConfig
from poreops.errors import exit_on_input_error
from poreops.mlops.tracking import run
from poreops.synthetic.spheres import VolumesConfig

ARTIFACTS, REPORT = Path("artifacts/conductance"), Path("reports/conductance/networks.json")


def main() -> None:
    """Compare all methods on new volumes; without a champion the others are judged anyway."""
    label = section("conductance.label", LabelConfig)
    cut = section("conductance.partition", PartitionConfig)
    judging = section("conductance.judging", JudgingConfig)
    volumes = section("conductance.volumes", VolumesConfig)
    champion, files = standing_champion(Path("mlflow/registered/conductance.json"))
    models = networks.competing_models(files, ARTIFACTS / "models/members")
    images = ARTIFACTS / "volumes/network.h5"
    compared = networks.compared_networks(images, cut, label, models, print)
    times = run_times(volumes, cut, label, judging, load_model(str(files))) if files else {}
    report = networks.network_report(label, compared, times, champion)
    write_json(REPORT, report)
    networks.write_network(ARTIFACTS / "networks/first.h5", compared[0])
    with run("conductance_networks", f"{len(compared)} volumes") as tracked:
        tracked.log_metrics({report["quantity"]: report[report["quantity"]]})
    print(*networks.lines(report), sep="\n")


if __name__ == "__main__":
    with exit_on_input_error():
        main()
