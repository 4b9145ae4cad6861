"""Judge the members on materials that they never saw: reports/conductance/materials.json."""

from pathlib import Path

from poreops.base.files import write_json
from poreops.base.settings import section
from poreops.base.targets import joined, targets_in
from poreops.conductance.judging.materials import lines, material_report
from poreops.conductance.materials import MaterialsConfig, material_images
from poreops.conduits.partition import PartitionConfig
from poreops.errors import exit_on_input_error
from poreops.mlops.tracking import run
from poreops.synthetic.spheres import VolumesConfig

ARTIFACTS, REPORT = Path("artifacts/conductance"), Path("reports/conductance/materials.json")
REAL = Path("data/conductance/materials.csv")


def main() -> None:
    """Write the scores on each material, which the gate reads."""
    config = section("conductance.materials", MaterialsConfig)
    cut = section("conductance.partition", PartitionConfig)
    ndim = section("conductance.volumes", VolumesConfig).ndim
    images = material_images(config, ndim, REAL, print)
    reports = {}
    for of in targets_in(ARTIFACTS / "judged", "gate.json"):
        report = material_report(images, cut, config.conduits, ARTIFACTS, of)
        with run("conductance_materials", f"{len(images)} materials") as tracked:
            tracked.log_metrics(report["materials"])
            tracked.set_tags({"champion": report["champion"]})
        print(*lines(report), sep="\n")
        reports[of] = report
    write_json(REPORT, joined(reports))


if __name__ == "__main__":
    with exit_on_input_error():
        main()
