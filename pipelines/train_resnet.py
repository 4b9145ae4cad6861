"""Train the conductance model: artifacts/models/resnet, and one on the random split beside it.

Checkpoints in artifacts/.partial/train let a killed training go on with the same result.
"""

from pathlib import Path

from poreops import plots
from poreops.errors import exit_on_input_error
from poreops.learning.conductance_model import ConductanceModel
from poreops.learning.datasets import read_examples
from poreops.learning.resnet3d import ResnetConfig
from poreops.learning.splits import read_split
from poreops.learning.training import Candidate, History, TrainingConfig, train
from poreops.sections import overridden, section
from poreops.store import read_hdf5, read_yaml, sha256, write_text
from poreops.tracking import run

ARTIFACTS, PARTIAL = Path("artifacts"), Path("artifacts/.partial/train")
CONDUITS, LABELS = ARTIFACTS / "conduits/train.h5", ARTIFACTS / "labels/train.h5"
REPORTS = Path("reports/training")


def fit(params: Candidate, split_name: str, out: Path) -> History:
    """Train on one split, log the run and save the model."""
    split = read_split(ARTIFACTS / f"splits/{split_name}.h5")
    image = params.resnet.image
    training = read_examples(CONDUITS, LABELS, image, split.train)
    validation = read_examples(CONDUITS, LABELS, image, split.validation)
    with run("train_resnet", split_name) as tracked:
        tracked.log_params(params.model_dump())
        for path, context in ((CONDUITS, "conduits"), (LABELS, "labels")):
            tracked.log_dataset(str(path), sha256(path), context, rows=len(training))

        def on_epoch(epoch: int, history: History) -> None:
            tracked.log_metrics({name: values[-1] for name, values in history.items()}, epoch)

        trained = train(
            params.resnet, params.training, training, validation,
            checkpoint=PARTIAL / split_name, on_epoch=on_epoch,
        )  # fmt: skip
        tracked.log_metrics({"parameters": trained.model.count_params()})
        tracked.log_figure(plots.losses(trained.history, params.training.loss), "losses.png")
        ndim, labels = training.encoded.image.ndim - 2, read_hdf5(LABELS)[1]
        ConductanceModel(
            trained.model, params.resnet, trained.scaling, ndim, labels["target"], labels["walls"]
        ).save(out)
    return trained.history


def main() -> None:
    """Train on both splits with what the search chose."""
    stated = Candidate(
        resnet=section("resnet", ResnetConfig), training=section("training", TrainingConfig)
    )
    best = read_yaml(ARTIFACTS / "tune/resnet/best.yaml")
    params = overridden(stated, best["chosen"])
    history = fit(params, "by_volume", ARTIFACTS / "models/resnet")
    rows = zip(*history.values(), strict=True)
    lines = [",".join(map(str, (epoch, *row))) for epoch, row in enumerate(rows, start=1)]
    write_text(REPORTS / "losses.csv", "\n".join([",".join(["epoch", *history]), *lines]) + "\n")
    plots.save(plots.losses(history, params.training.loss), REPORTS / "losses.png")
    paper = overridden(params, {"training.epochs": params.training.random_split_epochs})
    fit(paper, "random", ARTIFACTS / "models/random_split")


if __name__ == "__main__":
    with exit_on_input_error():
        main()
