"""Compare rock, generators and nulls with crops nothing else reads: reports/cores/scores.json.

Some images of each are for the report: artifacts/cores/scores.
"""

from pathlib import Path

from poreops.base.files import write_json
from poreops.base.hdf5 import read_hdf5, write_hdf5
from poreops.base.settings import section
from poreops.cores.judging.bands import independent_fields
from poreops.cores.judging.comparison import PARTS, REPORT, Comparison, lines
from poreops.cores.judging.evaluation import JudgingConfig
from poreops.errors import exit_on_input_error
from poreops.mlops import metrics
from poreops.mlops.tracking import run

CROPS, MODELS = Path("artifacts/cores/crops"), Path("artifacts/cores/models")
OUT, REPORTS = Path("artifacts/cores/scores"), Path("reports/cores")


def main() -> None:
    """Write the scores, and the figures that matter."""
    crops = {part: read_hdf5(CROPS / f"{part}.h5")[0]["images"] for part in PARTS}
    found, attrs = read_hdf5(CROPS / f"{REPORT}.h5")
    places = found["slices"], found["corners"], found["images"].shape[1]
    fields = independent_fields(*places, attrs["hold_out"])
    crops |= {REPORT: found["images"]}
    compared = Comparison.of(crops, MODELS, section("cores.judging", JudgingConfig), fields)
    write_json(REPORTS / "scores.json", report := compared.report())
    write_json(REPORTS / "metrics.json", metrics.cores(report))
    write_hdf5(OUT / "images.h5", compared.shown())
    with run("cores_scores", f"{report['cores']} cores of {report['size']} pixels") as tracked:
        tracked.log_metrics(report["table"])
    print(*lines(report["table"]), sep="\n")


if __name__ == "__main__":
    with exit_on_input_error():
        main()
