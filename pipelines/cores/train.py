"""Train the generator as WGAN-GP, and as DCGAN for as many steps: artifacts/cores/models/<method>/<seed>.

Checkpoints in artifacts/.partial/cores-train let a killed training go on with the same result.
"""

from pathlib import Path
from typing import Any, get_args

from poreops.base.files import read_yaml, sha256, write_text, write_yaml
from poreops.base.hdf5 import read_hdf5
from poreops.base.settings import overridden, section
from poreops.cores import figures as core_plots
from poreops.cores.learning.grey_scale import GreyScale
from poreops.cores.learning.networks import WganConfig
from poreops.cores.learning.training import (
    History,
    Method,
    WganCandidate,
    WganTrainingConfig,
    train_gan,
)
from poreops.cores.model import DigitalCoreModel
from poreops.errors import exit_on_input_error
from poreops.images.pictures import save
from poreops.mlops.tracking import run

CROPS, PARTIAL = Path("artifacts/cores/crops/train.h5"), Path("artifacts/.partial/cores-train")
OUT, REPORTS = Path("artifacts/cores/models"), Path("reports/cores/training")
EFFECTIVE = OUT / "params.yaml"  # what was trained with, whatever was stated or found
_SHOWN = 8  # cores in the picture of an epoch


def fit(params: WganCandidate, method: Method, crops: Any) -> History:
    """Train by one method, log the run and save the generator."""
    place = f"{method}/{params.training.seed}"
    scale = GreyScale.fit(params.generator.grey, crops)
    with run("cores_train", place) as tracked:
        tracked.log_params(params.model_dump())
        tracked.log_dataset(str(CROPS), sha256(CROPS), "crops", rows=len(crops))

        def on_epoch(epoch: int, history: History, generator: Any) -> None:
            tracked.log_metrics({name: values[-1] for name, values in history.items()}, epoch)
            size = None if params.generator.architecture == "paper" else crops.shape[1]
            drawn = DigitalCoreModel(generator, params.generator, scale).generate(_SHOWN, size)
            tracked.log_figure(core_plots.sample_grid(drawn, 4), f"samples/{epoch:04d}.png")

        trained = train_gan(
            params.generator, params.training, crops,
            method=method, checkpoint=PARTIAL / place, on_epoch=on_epoch,
        )  # fmt: skip
        tracked.log_metrics({"parameters": trained.generator.count_params()})
        DigitalCoreModel(trained.generator, params.generator, trained.scale).save(OUT / place)
    return trained.history


def main() -> None:
    """Train by both methods, on each seed, with what is stated or what the search chose."""
    stated = WganCandidate(
        generator=section("cores.generator", WganConfig),
        training=section("cores.training", WganTrainingConfig),
    )
    params = overridden(stated, read_yaml("artifacts/cores/search/best.yaml")["chosen"])
    write_yaml(EFFECTIVE, params.model_dump(mode="json"))
    crops = read_hdf5(CROPS)[0]["images"]
    first = params.training.seed
    histories = {}
    for seed in range(first, first + params.training.repeats):
        seeded = overridden(params, {"training.seed": seed})
        found = {method: fit(seeded, method, crops) for method in get_args(Method)}
        histories = histories or found  # of the first seed, as the figures show them
    for method, history in histories.items():
        rows = zip(*history.values(), strict=True)
        lines = [",".join(map(str, (epoch, *row))) for epoch, row in enumerate(rows, start=1)]
        header = ",".join(["epoch", *history])
        write_text(REPORTS / f"{method}.csv", "\n".join([header, *lines]) + "\n")
    save(core_plots.losses(histories), REPORTS / "losses.png")


if __name__ == "__main__":
    with exit_on_input_error():
        main()
