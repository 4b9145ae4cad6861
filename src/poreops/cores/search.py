"""The search over WGAN-GP: what a trial is trained on, and the crops that judge it by KID."""

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from poreops.base.content import Json
from poreops.base.files import sha256
from poreops.base.finite import DivergedError
from poreops.base.hdf5 import read_hdf5
from poreops.base.kept import kept_in
from poreops.base.settings import overridden
from poreops.cores.judging.evaluation import JudgingConfig
from poreops.cores.judging.near import NearTo
from poreops.cores.learning.grey_scale import GreyScale
from poreops.cores.learning.training import Candidate, train_gan
from poreops.cores.model import DigitalCoreModel
from poreops.mlops.search import Outcome, PrunedError, SearchConfig, Trial, search, workers
from poreops.mlops.tracking import Run, joined_run, run
from poreops.mlops.weights.checkpoint import History

if TYPE_CHECKING:
    import keras

_STAGE = "cores_search"


class GeneratorSearchConfig(SearchConfig):
    """A randomised search whose trials are judged by KID on the crops for the search.

    Attributes
    ----------
    epochs, steps : number of epochs, and of generator steps in each, of a trial
    cores : number of cores, and of crops for the search, that KID compares
    """

    epochs: Annotated[int, Field(ge=1)]
    steps: Annotated[int, Field(ge=1)]
    cores: Annotated[int, Field(ge=2)]


def best_candidate(
    stated: Candidate,
    config: GeneratorSearchConfig,
    judging: JudgingConfig,
    *,
    train: Path,
    judge: Path,
    partial: Path,
) -> Mapping[str, Json]:
    """Search, and return the best feasible candidate; a killed search goes on where it was.

    Parameters
    ----------
    stated : what a trial changes
    config : GeneratorSearchConfig
    judging : how KID is taken
    train, judge : files of crops to train on and to judge by
    partial : folder of the journal, removed when the search is through

    Returns
    -------
    dict
        `poreops.mlops.search.Best.content`.
    """
    crops, near = read_hdf5(train)[0]["images"], read_hdf5(judge)[0]["images"][: config.cores]
    # a journal of other data or another search does not count
    made_of = f"{config}{judging}{stated}{sha256(train)}{sha256(judge)}"
    journal = kept_in(partial, made_of).with_suffix(".journal")
    title = f"search of {config.trials} trials"
    with joined_run(_STAGE, title, *workers(_STAGE, journal)) as parent:
        parent.log_params({"search": config.model_dump()})
        found = search(
            _STAGE,
            journal,
            config,
            Objective(stated, config, crops, NearTo(near, judging, config.seed), parent),
            stated=True,
        )
        spread = {} if found.spread is None else {"kid_spread": found.spread}
        parent.log_metrics({"kid": found.value} | spread)
        parent.log_params({"best": found.chosen})
    shutil.rmtree(partial, ignore_errors=True)
    return found.content


class Objective:
    """Train one candidate for a few epochs; the value is the KID of its last one.

    Parameters
    ----------
    stated : what a trial changes
    config : GeneratorSearchConfig
    crops : (n, size, size) uint8, to train on
    near : judges a generator
    parent : the run that the trials are nested in
    """

    def __init__(
        self,
        stated: Candidate,
        config: GeneratorSearchConfig,
        crops: NDArray[np.uint8],
        near: NearTo,
        parent: Run,
    ) -> None:
        self.stated, self.config, self.crops = stated, config, crops
        self.near, self.parent = near, parent

    def __call__(self, trial: Trial) -> Outcome:
        """Train and log one trial."""
        stopped: Exception | None = None
        found = [np.inf]
        with run(_STAGE, f"trial-{trial.number}", parent=self.parent) as child:
            child.log_params(dict(trial.chosen) | {"repeat": trial.repeat})
            short = {
                "training.epochs": self.config.epochs,
                "training.steps": self.config.steps,
                "training.seed": self.stated.training.seed + trial.repeat,
            }
            candidate = overridden(self.stated, {**trial.chosen, **short})
            scale = GreyScale.fit(candidate.generator.grey, self.crops)
            start = time.perf_counter()

            def on_epoch(epoch: int, history: History, generator: "keras.Model") -> None:
                found.append(self.near(DigitalCoreModel(generator, candidate.generator, scale)))
                last = {name: values[-1] for name, values in history.items()}
                child.log_metrics(last | {"kid": found[-1]}, step=epoch)
                trial.report(epoch, found[-1])

            try:
                train_gan(candidate.generator, candidate.training, self.crops, on_epoch=on_epoch)
            except (DivergedError, PrunedError) as reason:  # a bad choice, no error of this run
                stopped = reason
                child.set_tags({"stopped": reason})
            seconds = time.perf_counter() - start
        if stopped is not None:
            raise stopped
        return Outcome(found[-1], {"seconds": seconds})
