"""Train every member, and the image network on both splits: artifacts/conductance/models."""

import shutil
from pathlib import Path

from poreops.base.files import read_yaml
from poreops.base.settings import overridden, section
from poreops.conductance.fitting import fit
from poreops.conductance.learning.examples import EncodedOnce
from poreops.conductance.learning.members import member_network
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
    seen = [member_network(params.network, m).image for m in params.training.members]
    every = EncodedOnce(ARTIFACTS / "conduits/train.h5", ARTIFACTS / "labels/train.h5", seen)
    tasks = [(params, m, "by_volume", f"members/{m}") for m in params.training.members]
    tasks += [(short, "image", split, f"splits/{split}") for split in ("by_volume", "random")]
    for candidate, member, split, name in tasks:
        fit(
            candidate, member, ARTIFACTS / f"splits/{split}.h5", every, checkpoint=PARTIAL / name,
            model=ARTIFACTS / f"models/{name}", costs=ARTIFACTS / f"training/{name}.json",
            losses=Path(f"reports/conductance/losses/{name}.csv"),
        )  # fmt: skip
    shutil.rmtree(PARTIAL, ignore_errors=True)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
