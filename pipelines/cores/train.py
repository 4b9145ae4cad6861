"""Train the generator by each method, for as many steps: artifacts/cores/models.

reports/cores/training has the losses of the first seed.
"""

from pathlib import Path

from poreops.base.files import read_yaml, write_losses, write_yaml
from poreops.base.settings import overridden, section
from poreops.cores.learning.networks import GeneratorConfig
from poreops.cores.learning.training import Candidate, TrainingConfig
from poreops.cores.runs import train_all
from poreops.errors import exit_on_input_error

CROPS, PARTIAL = Path("artifacts/cores/crops/train.h5"), Path("artifacts/.partial/cores-train")
OUT, LOSSES = Path("artifacts/cores/models"), Path("reports/cores/training")


def main() -> None:
    """Train by the methods, on each seed, with what is stated or what the search chose."""
    stated = Candidate(
        generator=section("cores.generator", GeneratorConfig),
        training=section("cores.training", TrainingConfig),
    )
    params = overridden(stated, read_yaml("artifacts/cores/search/best.yaml")["chosen"])
    write_yaml(OUT / "params.yaml", params.model_dump(mode="json"))
    for method, history in train_all(params, CROPS, out=OUT, unfinished=PARTIAL).items():
        write_losses(LOSSES / f"{method}.csv", history)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
