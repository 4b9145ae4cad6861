"""Search WGAN-GP by Optuna, judged by KID on the crops for the search: artifacts/cores/search.

The journal in artifacts/.partial/cores-search lets a killed search go on without repeating a trial.
With ``cores.search.use: stated`` nothing is searched.
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

CROPS, PARTIAL = Path("artifacts/cores/crops"), Path("artifacts/.partial/cores-search")
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
    with run("cores_search", f"trial-{trial.number}", parent=parent) as child:
        child.log_params(dict(trial.chosen) | {"repeat": trial.repeat})
        short = {
            "training.epochs": config.epochs,
            "training.steps": config.steps,
            "training.seed": stated.training.seed + trial.repeat,
        }
        candidate = overridden(stated, {**trial.chosen, **short})
        scale = GreyScale.fit(candidate.generator.grey, crops)
        start = time.perf_counter()

        def on_epoch(epoch: int, history: History, generator: Any) -> None:
            found.append(judge(DigitalCoreModel(generator, candidate.generator, scale)))
            last = {name: values[-1] for name, values in history.items()}
            child.log_metrics(last | {"kid": found[-1]}, step=epoch)
            trial.report(epoch, found[-1])

        try:
            train_gan(candidate.generator, candidate.training, crops, on_epoch=on_epoch)
        except (DivergedError, PrunedError) as reason:  # a bad choice, no error of this run
            stopped = reason
            child.set_tags({"stopped": reason})
        seconds = time.perf_counter() - start
    if stopped is not None:
        raise stopped
    return Outcome(found[-1], {"seconds": seconds})


def best(config: WganSearchConfig, stated: WganCandidate) -> Any:
    """Search and return the best feasible candidate, as overrides of params.yaml."""
    judged = section("cores.judging", CoreEvaluationConfig)
    crops = read_hdf5(TRAIN)[0]["images"]
    judge = Judge(config, judged)
    # a journal of other data or another search does not count
    read = f"{sha256(TRAIN)}{sha256(SEARCH)}"
    state = hashlib.sha256(f"{config}{judged}{stated}{read}".encode()).hexdigest()
    with run("cores_search", f"search of {config.trials} trials") as parent:
        parent.log_params({"search": config.model_dump()})
        found = search(
            "cores_search",
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
    """Write what cores_train takes instead of the stated values."""
    config = section("cores.search", WganSearchConfig)
    stated = WganCandidate(
        generator=section("cores.generator", WganConfig),
        training=section("cores.training", WganTrainingConfig),
    )
    content = STATED if config.use == "stated" else best(config, stated)
    write_yaml(Path("artifacts/cores/search/best.yaml"), dict(content))


if __name__ == "__main__":
    with exit_on_input_error():
        main()
