"""Train every member, and the image network on both splits: artifacts/conductance/models."""

import shutil
from pathlib import Path

from poreops.base.files import read_yaml
from poreops.base.settings import overridden, section
from poreops.base.targets import targets_in
from poreops.conductance.fitting import fit_all
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
    losses = Path("reports/conductance/losses")
    for of in targets_in(ARTIFACTS / "labels", "train.h5"):
        fit_all(params, ARTIFACTS, of, losses=losses, unfinished=PARTIAL / of)
    shutil.rmtree(PARTIAL, ignore_errors=True)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
