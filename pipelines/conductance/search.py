"""Search network and training of one member by Optuna: artifacts/conductance/search/best.yaml.

With ``use: stated`` nothing is searched, and params.yaml is what is trained. The journal in
artifacts/.partial/conductance-search lets a killed search go on without repeating a trial.
"""

import hashlib
import shutil
from pathlib import Path

from poreops.base.files import sha256, write_yaml
from poreops.base.settings import section
from poreops.conductance.learning.resnet import ResnetConfig
from poreops.conductance.learning.training import Candidate, TrainingConfig
from poreops.conductance.search import Objective, ResnetSearchConfig, SearchData
from poreops.errors import exit_on_input_error
from poreops.mlops.search import STATED, search
from poreops.mlops.tracking import run

ARTIFACTS, PARTIAL = Path("artifacts/conductance"), Path("artifacts/.partial/conductance-search")
SPLIT, LABELS = ARTIFACTS / "splits/by_volume.h5", ARTIFACTS / "labels/train.h5"
BEST = ARTIFACTS / "search/best.yaml"


def main() -> None:
    """Search and write the best feasible candidate, as overrides of params.yaml."""
    config = section("conductance.search", ResnetSearchConfig)
    stated = Candidate(
        network=section("conductance.network", ResnetConfig),
        training=section("conductance.training", TrainingConfig),
    )
    if config.use == "stated":
        write_yaml(BEST, STATED)
        return
    # a journal of other data or another search does not count
    state = hashlib.sha256(f"{config}{stated}{sha256(SPLIT)}{sha256(LABELS)}".encode()).hexdigest()
    data = SearchData(SPLIT, ARTIFACTS / "conduits/train.h5", LABELS, config.conduits)
    with run("conductance_search", f"search of {config.trials} trials") as parent:
        parent.log_params({"search": config.model_dump()})
        best = search(
            "conductance_search", PARTIAL / f"{state[:16]}.journal", config,
            Objective(stated, config, data, lambda name: run("conductance_search", name, parent=parent)),
            stated=True, null=data.null(),
        )  # fmt: skip
        parent.log_metrics({"rmse_log": best.value, "spread": best.spread or 0.0})
        parent.log_params({"best": best.chosen})
    write_yaml(BEST, best.content)
    shutil.rmtree(PARTIAL, ignore_errors=True)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
