"""Search WGAN-GP by Optuna, judged by KID on the crops for the search: artifacts/tune/wgan.

The journal in artifacts/.partial/tune_wgan lets a killed search go on without repeating a trial.
With ``tune_wgan.use: stated`` nothing is searched.
"""

import hashlib
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np

from poreops.base.files import sha256, write_yaml
from poreops.base.hdf5 import read_hdf5
from poreops.base.settings import overridden, section
from poreops.cores.features.extractors import extractor
from poreops.cores.features.scores import kid
from poreops.cores.judging.evaluation import CoreEvaluationConfig
from poreops.cores.learning.grey_scale import GreyScale
from poreops.cores.learning.networks import WganConfig
from poreops.cores.learning.training import History, WganCandidate, WganTrainingConfig, train_gan
from poreops.cores.model import DigitalCoreModel
from poreops.cores.search import WganSearchConfig
from poreops.errors import exit_on_input_error
from poreops.mlops.finite import DivergedError
from poreops.mlops.search import STATED, Outcome, PrunedError, Trial, search
from poreops.mlops.tracking import Run, run

CROPS, PARTIAL = Path("artifacts/crops"), Path("artifacts/.partial/tune_wgan")
TRAIN, SEARCH = CROPS / "train.h5", CROPS / "search.h5"


class Judge:
    """KID of a generator's cores against the crops for the search."""

    def __init__(self, config: WganSearchConfig, judged: CoreEvaluationConfig) -> None:
        crops = read_hdf5(SEARCH)[0]["images"][: config.cores]
        self.config, self.judged, self.size = config, judged, crops.shape[1]
        self.extractor = extractor(judged.extractor)
        self.features = self.extractor.features(crops)

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
    stopped: Exception | None = None
    found = [np.inf]
    with run("tune_wgan", f"trial-{trial.number}", parent=parent) as child:
        child.log_params(dict(trial.chosen) | {"repeat": trial.repeat})
        short = {
            "wgan_training.epochs": config.epochs,
            "wgan_training.steps": config.steps,
            "wgan_training.seed": stated.wgan_training.seed + trial.repeat,
        }
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
        except (DivergedError, PrunedError) as reason:  # a bad choice, no error of this run
            stopped = reason
            child.set_tags({"stopped": reason})
        seconds = time.perf_counter() - start
    if stopped is not None:
        raise stopped
    return Outcome(found[-1], {"seconds": seconds})


def best(config: WganSearchConfig, stated: WganCandidate) -> Any:
    """Search and return the best feasible candidate, as overrides of params.yaml."""
    judged = section("evaluate_wgan", CoreEvaluationConfig)
    crops = read_hdf5(TRAIN)[0]["images"]
    judge = Judge(config, judged)
    # a journal of other data or another search does not count
    read = f"{sha256(TRAIN)}{sha256(SEARCH)}"
    state = hashlib.sha256(f"{config}{judged}{stated}{read}".encode()).hexdigest()
    with run("tune_wgan", f"search of {config.trials} trials") as parent:
        parent.log_params({"search": config.model_dump()})
        found = search(
            "tune_wgan",
            PARTIAL / f"{state[:16]}.journal",
            config,
            lambda trial: objective(stated, config, crops, judge, parent, trial),
            stated=True,
        )
        spread = {} if found.spread is None else {"kid_spread": found.spread}
        parent.log_metrics({"kid": found.value} | spread)
        parent.log_params({"best": found.chosen})
    shutil.rmtree(PARTIAL, ignore_errors=True)
    return found.content


def main() -> None:
    """Write what train_wgan takes instead of the stated values."""
    config = section("tune_wgan", WganSearchConfig)
    stated = WganCandidate(
        wgan=section("wgan", WganConfig),
        wgan_training=section("wgan_training", WganTrainingConfig),
    )
    content = STATED if config.use == "stated" else best(config, stated)
    write_yaml(Path("artifacts/tune/wgan/best.yaml"), dict(content))


if __name__ == "__main__":
    with exit_on_input_error():
        main()
