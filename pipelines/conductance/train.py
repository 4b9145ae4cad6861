"""Train every member, and the image network on both splits: artifacts/conductance/models."""

import shutil
from pathlib import Path

from poreops.base.files import read_yaml
from poreops.base.settings import overridden, section
from poreops.base.targets import targets_in
from poreops.conductance.fitting import Task, fit_target
from poreops.conductance.learning.resnet import ResnetConfig
from poreops.conductance.learning.training import Candidate, TrainingConfig
from poreops.errors import exit_on_input_error

ARTIFACTS, PARTIAL = Path("artifacts/conductance"), Path("artifacts/.partial/conductance-train")


def main() -> None:
    """Train with what is stated, or with what the search chose."""
    network = section("conductance.network", ResnetConfig)
    stated = Candidate(network=network, training=section("conductance.training", TrainingConfig))
    params = overridden(stated, chosen := read_yaml(ARTIFACTS / "search/best.yaml")["chosen"])
    print(f"params.yaml states what is trained, the search chose {chosen or 'nothing'}")
    short = overridden(params, {"training.epochs": params.training.split_epochs})
    members = params.training.members
    tasks: list[Task] = [(params, member, "by_volume", "members") for member in members]
    tasks += [(short, "image", split, "splits") for split in ("by_volume", "random")]
    for of in targets_in(ARTIFACTS / "labels", "train.h5"):
        fit_target(tasks, of, ARTIFACTS, Path("reports/conductance/losses"), PARTIAL)
    shutil.rmtree(PARTIAL, ignore_errors=True)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
