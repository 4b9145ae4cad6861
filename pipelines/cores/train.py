"""Train the generator by each method, for as many steps: artifacts/cores/models."""

from pathlib import Path
from typing import get_args

from poreops.base.files import read_yaml, write_losses, write_yaml
from poreops.base.settings import overridden, section
from poreops.cores.learning.networks import GeneratorConfig
from poreops.cores.learning.training import Candidate, Method, TrainingConfig
from poreops.cores.runs import trained_in_a_run
from poreops.errors import exit_on_input_error

CROPS, PARTIAL = Path("artifacts/cores/crops/train.h5"), Path("artifacts/.partial/cores-train")
OUT, LOSSES = Path("artifacts/cores/models"), Path("reports/cores/training")


def main() -> None:
    """Train by both methods, on each seed, with what is stated or what the search chose."""
    stated = Candidate(
        generator=section("cores.generator", GeneratorConfig),
        training=section("cores.training", TrainingConfig),
    )
    params = overridden(stated, read_yaml("artifacts/cores/search/best.yaml")["chosen"])
    write_yaml(OUT / "params.yaml", params.model_dump(mode="json"))
    for method in get_args(Method):
        (OUT / method).mkdir(exist_ok=True)  # DVC wants every output, be it empty
        repeats = params.training.repeats if method in params.training.methods else 0
        for seed in range(params.training.seed, params.training.seed + repeats):
            place = {"out": OUT / f"{method}/{seed}", "checkpoint": PARTIAL / f"{method}/{seed}"}
            seeded = overridden(params, {"training.seed": seed})
            history = trained_in_a_run(seeded, method, CROPS, **place)
            if seed == params.training.seed:
                write_losses(LOSSES / f"{method}.csv", history)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
