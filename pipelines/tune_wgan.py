"""Search WGAN-GP by Optuna, judged by KID on held-out crops: artifacts/tune/wgan/best.yaml.

The journal in artifacts/.partial/tune_wgan lets a killed search go on without repeating a trial.
"""

import hashlib
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np

from poreops.errors import exit_on_input_error
from poreops.learning.core_evaluation import CoreEvaluationConfig
from poreops.learning.core_model import DigitalCoreModel
from poreops.learning.extractors import extractor
from poreops.learning.image_scores import kid
from poreops.learning.search import Outcome, PrunedError, Trial, search
from poreops.learning.wgan_gp import WganConfig
from poreops.learning.wgan_search import WganSearchConfig
from poreops.learning.wgan_training import (
    DivergedError,
    GreyScale,
    History,
    WganCandidate,
    WganTrainingConfig,
    train_gan,
)
from poreops.sections import overridden, section
from poreops.store import read_hdf5, sha256, write_yaml
from poreops.tracking import Run, run

CROPS, PARTIAL = Path("artifacts/crops"), Path("artifacts/.partial/tune_wgan")


class Judge:
    """KID of a generator's cores against held-out crops."""

    def __init__(self, config: WganSearchConfig, judged: CoreEvaluationConfig) -> None:
        held_out = read_hdf5(CROPS / "held_out.h5")[0]["images"][: config.cores]
        self.config, self.judged, self.size = config, judged, held_out.shape[1]
        self.extractor = extractor(judged.extractor)
        self.features = self.extractor.features(held_out)

    def __call__(self, model: DigitalCoreModel) -> float:
        """Draw cores and compare them."""
        found = self.extractor.features(
            model.generate(self.config.cores, self.size, seed=self.config.seed)
        )
        judged = self.judged
        return kid(
            found, self.features, subsets=judged.subsets, size=judged.subset_size, seed=judged.seed
        ).mean


def objective(
    stated: WganCandidate, config: WganSearchConfig, crops: Any, judge: Judge, parent: Run,
    trial: Trial,
) -> Outcome:  # fmt: skip
    """Train one candidate for a few epochs; the value is the KID of its last one."""
    pruned, found = None, [np.inf]
    with run("tune_wgan", f"trial-{trial.number}", parent=parent) as child:
        child.log_params(trial.chosen)
        short = {"wgan_training.epochs": config.epochs, "wgan_training.steps": config.steps}
        candidate = overridden(stated, {**trial.chosen, **short})
        scale = GreyScale.fit(candidate.wgan.grey, crops)
        start = time.perf_counter()

        def on_epoch(epoch: int, history: History, generator: Any) -> None:
            found.append(judge(DigitalCoreModel(generator, candidate.wgan, scale)))
            last = {name: values[-1] for name, values in history.items()}
            child.log_metrics(last | {"kid": found[-1]}, step=epoch)
            trial.report(epoch, found[-1])

        try:
            train_gan(candidate.wgan, candidate.wgan_training, crops, on_epoch=on_epoch)
        except DivergedError as reason:  # a bad choice, no error of the search
            pruned = PrunedError(str(reason))
        except PrunedError as reason:
            pruned = reason
        if pruned is not None:
            child.set_tags({"pruned": pruned})
        seconds = time.perf_counter() - start
    if pruned is not None:
        raise pruned
    return Outcome(found[-1], {"seconds": seconds})


def main() -> None:
    """Search and write the best feasible candidate, as overrides of params.yaml."""
    config = section("tune_wgan", WganSearchConfig)
    judged = section("evaluate_wgan", CoreEvaluationConfig)
    stated = WganCandidate(
        wgan=section("wgan", WganConfig),
        wgan_training=section("wgan_training", WganTrainingConfig),
    )
    crops = read_hdf5(CROPS / "train.h5")[0]["images"]
    judge = Judge(config, judged)
    # a journal of other data or another search does not count
    state = hashlib.sha256(f"{config}{judged}{stated}{sha256(CROPS)}".encode()).hexdigest()
    with run("tune_wgan", f"search of {config.trials} trials") as parent:
        parent.log_params({"search": config.model_dump()})
        best = search(
            "tune_wgan",
            PARTIAL / f"{state[:16]}.journal",
            config,
            lambda trial: objective(stated, config, crops, judge, parent, trial),
        )
        parent.log_metrics({"kid": best.value})
        parent.log_params({"best": best.chosen})
    write_yaml(Path("artifacts/tune/wgan/best.yaml"), best.content)
    shutil.rmtree(PARTIAL, ignore_errors=True)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
