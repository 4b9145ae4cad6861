"""The search over `Candidate`: what each trial is trained on, and what it is judged by."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Protocol

import numpy as np
from pydantic import Field

from poreops.base.files import sha256
from poreops.base.kept import kept_in
from poreops.base.settings import overridden
from poreops.conductance.learning.encoding import ImageEncoding
from poreops.conductance.learning.examples import read_examples
from poreops.conductance.learning.members import Member, member_network
from poreops.conductance.learning.splits import read_split
from poreops.conductance.learning.training import Candidate, Examples, train
from poreops.mlops.search import Best, Outcome, PrunedError, SearchConfig, Trial, search, workers
from poreops.mlops.tracking import joined_run, run


class MemberSearchConfig(SearchConfig):
    """A search over networks and trainings; its costs are `parameters` and `seconds`.

    Attributes
    ----------
    member : whose network is searched
    epochs : of each trial
    conduits : training conduits of each trial, drawn from all training volumes
    """

    member: Member
    epochs: Annotated[int, Field(ge=1)]
    conduits: Annotated[int, Field(ge=1)]


class TrialRun(Protocol):
    """Where a trial is logged."""

    def log_params(self, params: Mapping[str, object]) -> None: ...  # noqa: D102
    def log_metrics(self, metrics: Mapping[str, object], step: int = 0) -> None: ...  # noqa: D102
    def set_tags(self, tags: Mapping[str, object]) -> None: ...  # noqa: D102


class SearchData:
    """Some training conduits of every volume and some validation ones, read once per encoding.

    Parameters
    ----------
    split, conduits, labels : files of the stages before; nothing of the gate or the report
    count : number of training conduits
    """

    def __init__(self, split: Path, conduits: Path, labels: Path, count: int) -> None:
        self.split = split
        parts, rng = read_split(split), np.random.default_rng(0)
        self.rows = [
            np.sort(rng.choice(rows, min(most, len(rows)), replace=False))
            for rows, most in ((parts.train, count), (parts.validation, max(count // 4, 1)))
        ]
        self.files = conduits, labels
        self.read: dict[str, tuple[Examples, Examples]] = {}

    def __call__(self, image: ImageEncoding) -> tuple[Examples, Examples]:
        """Return training and validation examples in this encoding."""
        if image not in self.read:
            training, validation = (read_examples(*self.files, image, r) for r in self.rows)
            self.read[image] = (training, validation)
        return self.read[image]

    def null(self) -> float:
        """Return the root mean square error of log G of the best constant."""
        training, validation = (np.log(part.size_factors) for part in self("none"))
        return float(np.sqrt(np.mean((validation - training.mean()) ** 2)))


class Objective:
    """Train one candidate for a few epochs; the value is its validation error of log G.

    Parameters
    ----------
    stated : what a trial changes
    config : MemberSearchConfig
    data : SearchData
    logged : name → context of the trial's run
    """

    def __init__(
        self,
        stated: Candidate,
        config: MemberSearchConfig,
        data: SearchData,
        logged: Callable[[str], AbstractContextManager[TrialRun]],
    ) -> None:
        self.stated, self.config, self.data, self.logged = stated, config, data, logged

    def __call__(self, trial: Trial) -> Outcome:
        """Train and log one trial."""
        pruned = None
        with self.logged(f"trial-{trial.number}") as child:
            child.log_params({**trial.chosen, "repeat": trial.repeat})
            seed = self.stated.training.seed + 100_003 * trial.repeat
            changes = {"training.epochs": self.config.epochs, "training.seed": seed}
            candidate = overridden(self.stated, {**trial.chosen, **changes})
            network = member_network(candidate.network, self.config.member)
            training, validation = self.data(network.image)
            start = time.perf_counter()

            def on_epoch(epoch: int, history: Mapping[str, list[float]]) -> None:
                child.log_metrics({k: values[-1] for k, values in history.items()}, step=epoch)
                trial.report(epoch, history["val_rmse_log"][-1])

            try:
                trained = train(
                    network, candidate.training, training, validation, on_epoch=on_epoch
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


def searched(
    stated: Candidate, config: MemberSearchConfig, data: SearchData, journals: Path
) -> Best:
    """Search and return the best feasible candidate; each trial is a run in that of the search.

    Parameters
    ----------
    stated : what a trial changes, and the first trial
    config : MemberSearchConfig
    data : SearchData
    journals : folder of the studies; a killed search goes on there without repeating a trial
    """
    # a journal of other data or another search does not count
    made_of = f"{config}{stated}{sha256(data.split)}{sha256(data.files[1])}"
    journal = kept_in(journals, made_of).with_suffix(".journal")
    stage, title = "conductance_search", f"search of {config.trials} trials"
    with joined_run(stage, title, *workers(stage, journal)) as parent:
        parent.log_params({"search": config.model_dump()})

        def logged(name: str) -> AbstractContextManager[TrialRun]:
            return run(stage, name, parent=parent)

        objective = Objective(stated, config, data, logged)
        best = search(stage, journal, config, objective, stated=True, null=data.null())
        parent.log_metrics({"rmse_log": best.value, "spread": best.spread or 0.0})
        parent.log_params({"best": best.chosen})
    return best
