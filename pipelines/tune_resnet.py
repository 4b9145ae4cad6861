"""Search architecture and training by Optuna: artifacts/tune/resnet/best.yaml.

The journal in artifacts/.partial/tune lets a killed search go on without repeating a trial.
"""

import hashlib
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from poreops.errors import exit_on_input_error
from poreops.learning.datasets import read_examples
from poreops.learning.encoding import ImageEncoding
from poreops.learning.resnet3d import ResnetConfig
from poreops.learning.resnet_search import ResnetSearchConfig
from poreops.learning.search import Outcome, PrunedError, Trial, search
from poreops.learning.splits import read_split
from poreops.learning.training import Candidate, Examples, TrainingConfig, train
from poreops.sections import overridden, section
from poreops.store import sha256, write_yaml
from poreops.tracking import Run, run

ARTIFACTS, PARTIAL = Path("artifacts"), Path("artifacts/.partial/tune")
SPLIT, LABELS = ARTIFACTS / "splits/by_volume.h5", ARTIFACTS / "labels/train.h5"


class Data:
    """The first training conduits and some validation ones, read once per encoding."""

    def __init__(self, conduits: int) -> None:
        split = read_split(SPLIT)
        self.rows = (split.train[:conduits], split.validation[: max(conduits // 4, 1)])
        self.read: dict[str, tuple[Examples, Examples]] = {}

    def __call__(self, image: ImageEncoding) -> tuple[Examples, Examples]:
        """Return training and validation examples in this encoding."""
        if image not in self.read:
            files = ARTIFACTS / "conduits/train.h5", LABELS
            training, validation = (read_examples(*files, image, rows) for rows in self.rows)
            self.read[image] = (training, validation)
        return self.read[image]


def objective(stated: Candidate, epochs: int, data: Data, parent: Run, trial: Trial) -> Outcome:
    """Train one candidate for a few epochs; the value is its validation error of log G."""
    pruned = None
    with run("tune_resnet", f"trial-{trial.number}", parent=parent) as child:
        child.log_params(trial.chosen)
        candidate = overridden(stated, {**trial.chosen, "training.epochs": epochs})
        training, validation = data(candidate.resnet.image)
        start = time.perf_counter()

        def on_epoch(epoch: int, history: Mapping[str, list[float]]) -> None:
            child.log_metrics({name: values[-1] for name, values in history.items()}, step=epoch)
            trial.report(epoch, history["val_rmse_log"][-1])

        try:
            trained = train(
                candidate.resnet, candidate.training, training, validation, on_epoch=on_epoch
            )
            outcome = Outcome(
                trained.history["val_rmse_log"][-1],
                {
                    "parameters": int(trained.model.count_params()),
                    "seconds": time.perf_counter() - start,
                },
            )
            child.log_metrics({"value": outcome.value, **outcome.costs})
        except PrunedError as reason:  # a run that ends early, not one that failed
            child.set_tags({"pruned": reason})
            pruned = reason
    if pruned is not None:
        raise pruned
    return outcome


def main() -> None:
    """Search and write the best feasible candidate, as overrides of params.yaml."""
    config = section("tune_resnet", ResnetSearchConfig)
    stated = Candidate(
        resnet=section("resnet", ResnetConfig), training=section("training", TrainingConfig)
    )
    # a journal of other data or another search does not count
    state = hashlib.sha256(f"{config}{stated}{sha256(SPLIT)}{sha256(LABELS)}".encode()).hexdigest()
    data = Data(config.conduits)
    with run("tune_resnet", f"search of {config.trials} trials") as parent:
        parent.log_params({"search": config.model_dump()})
        best = search(
            "tune_resnet",
            PARTIAL / f"{state[:16]}.journal",
            config,
            lambda trial: objective(stated, config.epochs, data, parent, trial),
        )
        parent.log_metrics({"rmse_log": best.value})
        parent.log_params({"best": best.chosen})
    write_yaml(ARTIFACTS / "tune/resnet/best.yaml", best.content)
    shutil.rmtree(PARTIAL, ignore_errors=True)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
