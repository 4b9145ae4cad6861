"""Score every model on the report part, and decide nothing: artifacts/properties/scores/."""

from pathlib import Path

from poreops.base.files import read_table
from poreops.base.hdf5 import open_hdf5, write_hdf5
from poreops.base.settings import section
from poreops.errors import exit_on_input_error
from poreops.mlops.tracking import run
from poreops.properties.judging.evaluation import JudgingConfig, RandomSplit
from poreops.properties.judging.left_out_kinds import Trained, pore_diameters
from poreops.properties.judging.reporting import report_on
from poreops.properties.learning.plans import SliceSplitConfig
from poreops.properties.learning.stacks import EnsembleConfig
from poreops.properties.model import RockModel

ARTIFACTS, REPORTS = Path("artifacts/properties"), Path("reports/properties")
OUT = ARTIFACTS / "scores"


def main() -> None:
    """Write scores, metrics and the tables that the report draws."""
    judging = section("properties.judging", JudgingConfig)
    learners = section("properties.learners", EnsembleConfig)
    seed = section("properties.split", SliceSplitConfig).seed
    table = read_table(ARTIFACTS / "parts/report.parquet")
    whole, model = table[~table["sibling"]], RockModel.load(ARTIFACTS / "judged/model")
    split = RandomSplit.read(ARTIFACTS, learners, judging.random_folds, seed)
    found = report_on(Trained.read(ARTIFACTS), whole, model, split, judging.compared)
    found.write(OUT, REPORTS)
    with open_hdf5(ARTIFACTS / "segmented/slices.h5") as labels:
        write_hdf5(OUT / "pore_diameters.h5", pore_diameters(labels, whole))
    with run("properties_scores", model.name) as tracked:
        tracked.log_metrics({**found.scores, "metrics": found.metrics})
    print(found.summary)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
