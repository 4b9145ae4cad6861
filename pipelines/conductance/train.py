"""Train every member, and the image network on both splits: artifacts/conductance/models."""

import shutil
from pathlib import Path

from poreops.base.files import read_yaml, write_losses
from poreops.base.settings import overridden, section
from poreops.conductance.fitting import fit
from poreops.conductance.learning.examples import EncodedOnce
from poreops.conductance.learning.resnet import ResnetConfig
from poreops.conductance.learning.training import Candidate, TrainingConfig
from poreops.errors import exit_on_input_error

ARTIFACTS, PARTIAL = Path("artifacts/conductance"), Path("artifacts/.partial/conductance-train")


def main() -> None:
    """Train with what is stated, or with what the search chose."""
    network = section("conductance.network", ResnetConfig)
    stated = Candidate(network=network, training=section("conductance.training", TrainingConfig))
    chosen = read_yaml(ARTIFACTS / "search/best.yaml")["chosen"]
    params = overridden(stated, chosen)
    print(f"params.yaml states what is trained, the search chose {chosen or 'nothing'}")
    # the same epochs for both splits, so that only the split differs
    short = overridden(params, {"training.epochs": params.training.split_epochs})
    every = EncodedOnce(ARTIFACTS / "conduits/train.h5", ARTIFACTS / "labels/train.h5")
    tasks = [(params, m, "by_volume", f"members/{m}") for m in params.training.members]
    tasks += [(short, "image", split, f"splits/{split}") for split in ("by_volume", "random")]
    for candidate, member, split, name in tasks:
        history = fit(
            candidate, member, ARTIFACTS / f"splits/{split}.h5", every, checkpoint=PARTIAL / name,
            model=ARTIFACTS / f"models/{name}", costs=ARTIFACTS / f"training/{name}.json",
        )  # fmt: skip
        write_losses(Path(f"reports/conductance/losses/{name}.csv"), history)
    shutil.rmtree(PARTIAL, ignore_errors=True)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
