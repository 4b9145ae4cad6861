"""The search over the base learners and networks of the stacks."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from poreops.base.content import Json
from poreops.base.settings import as_profile, overridden
from poreops.mlops.search import Best, ConfirmConfig, Outcome, SearchConfig, Trial, search
from poreops.mlops.tracking import Run, run
from poreops.properties.learning.laws import label_errors, sureness, targets
from poreops.properties.learning.left_out import Kinds, key, left_out_sets
from poreops.properties.learning.plans import SliceSplitConfig, counted, plan_by_group
from poreops.properties.learning.stacks import NETWORKS, EnsembleConfig, fit
from poreops.properties.slices.features import design

Count = Annotated[int, Field(ge=1)]


class EnsembleSearchConfig(BaseModel):
    """A search for each base learner and each network.

    Attributes
    ----------
    use : "stated" or "best", as of a `SearchConfig`
    seed : of the samplers
    confirm, lost_max : as of a `SearchConfig`
    sampler : "random", "tpe", or "grid" for every combination of the choices
    learner_trials, network_trials : of each search; a grid takes as many as it needs
    limits : the largest cost that counts as feasible, as {"seconds": 60}
    against_grid : learners whose randomised search is set against the whole grid, whatever `use`
    spaces : choices of each learner ("rg", …, "m1", …) and, as "networks", of every network
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    use: Literal["stated", "best"]
    seed: int
    confirm: ConfirmConfig
    lost_max: Annotated[float, Field(ge=0, le=1)]
    sampler: Literal["random", "tpe", "grid"]
    learner_trials: Count
    network_trials: Count
    limits: Mapping[str, Annotated[float, Field(gt=0)]]
    against_grid: tuple[str, ...]
    spaces: Mapping[str, Mapping[str, Json]]

    @model_validator(mode="after")
    def _spaces_are_of_learners(self) -> Self:
        known = {*EnsembleConfig.model_fields} - {"seed"}
        if unknown := set(self.spaces) - known - {"networks"}:
            raise ValueError(f"a space must be of {sorted(known)} or networks, got {unknown}")
        for name in self.learners:
            self.of(name)
        for name in self.against_grid:
            if name not in self.learners:
                raise ValueError(f"against_grid must name spaces, got {name}")
            self.alone("grid").of(name)
        return self

    @property
    def learners(self) -> list[str]:
        """The names that have a space."""
        return [name for name in self.spaces if name != "networks"]

    def alone(self, sampler: Literal["random", "grid"]) -> Self:
        """Return this search with another sampler and no repetition, to compare samplers.

        Parameters
        ----------
        sampler : "random" or "grid"
        """
        once = ConfirmConfig(candidates=1, seeds=1)
        return self.model_copy(update={"sampler": sampler, "confirm": once})

    def of(self, name: str) -> SearchConfig:
        """Return the search of one base learner, its choices under dotted names.

        Parameters
        ----------
        name : of the base learner or network
        """
        network = name in NETWORKS
        space = {**self.spaces.get("networks", {}), **self.spaces[name]} if network else None
        choices = {f"{name}.{k}": v for k, v in (space or self.spaces[name]).items()}
        trials = self.network_trials if network else self.learner_trials
        ranges = any(isinstance(c, Mapping) for c in choices.values())
        most = trials if ranges else combinations(choices)
        return SearchConfig(
            use=self.use,
            confirm=self.confirm,
            lost_max=self.lost_max,
            seed=self.seed,
            trials=most if self.sampler == "grid" else min(trials, most),
            sampler=self.sampler,
            prune_after=0,
            limits=self.limits,
            space=choices,
        )


def combinations(space: Mapping[str, Json]) -> int:
    """Count what a grid over lists of choices has to try; a range counts as one.

    Parameters
    ----------
    space : dotted parameter → choices, or a range

    Examples
    --------
    >>> combinations({"rf.trees": [50, 100], "rf.min_leaf": [1, 2, 5]})
    6
    """
    return math.prod(len(c) for c in space.values() if not isinstance(c, Mapping))


@dataclass(frozen=True)
class Searches:
    """Searches on the slices to learn from; each trial is a run nested in one of the stage's.

    config : EnsembleSearchConfig. stated : of the learners. split : of the folds.
    table : slices to learn from, with ``kind``. features : `key` of the kinds left out → names.
    folder : of the journals, with which a killed search goes on, and another process shares it.
    parent : run of the stage.
    """

    config: EnsembleSearchConfig
    stated: EnsembleConfig
    split: SliceSplitConfig
    table: pd.DataFrame
    features: Mapping[str, list[str]]
    folder: Path
    parent: Run

    def against_grid(self) -> dict[str, dict[str, Json]]:
        """Set randomised searches against exhaustive ones.

        Returns
        -------
        dict
            Learner of ``against_grid`` → ``random`` and ``grid``, each with ``trials``, ``value``
            (error of log k in decades) and ``seconds``, and ``combinations`` of the whole grid.
        """
        costs: dict[str, dict[str, Json]] = {}
        for name in self.config.against_grid:
            samplers: tuple[Literal["random", "grid"], ...] = ("random", "grid")
            costs[name] = {
                sampler: _spent(self._searched(name, (), self.config.alone(sampler), sampler))
                for sampler in samplers
            }
            costs[name]["combinations"] = combinations(self.config.of(name).space)
        return costs

    def best(self, announce: Callable[[str], object]) -> dict[str, dict[str, Json]]:
        """Search every learner, with all kinds of rock and without each of them.

        Parameters
        ----------
        announce : told what each search found

        Returns
        -------
        dict
            `key` of the kinds left out → dotted parameter → value; {} with ``use: stated``. Pairs
            of kinds have none: they calibrate intervals by the stated values.
        """
        chosen: dict[str, dict[str, Json]] = {}
        if self.config.use == "stated":
            return chosen
        for left in left_out_sets(self.table["kind"].to_numpy()):
            if len(left) > 1:
                continue
            own = chosen.setdefault(key(left), {})
            for name in self.config.learners:
                best = self._searched(name, left, self.config, f"best_{key(left)}")
                own |= best.chosen
                announce(f"{key(left)} {name:>4}: {best.value:.4f} ({best.finished} trials)")
        return chosen

    def _searched(self, name: str, left: Kinds, config: EnsembleSearchConfig, of: str) -> Best:
        objective = Objective(self.table, self.features[key(left)], self.stated, self.split, left)
        return search(
            f"{of}_{name}", self.folder / f"{of}_{name}.journal", config.of(name),
            lambda trial: objective(name, self.parent, trial), stated=config.sampler != "grid",
        )  # fmt: skip


class Objective:
    """Error of log k of a candidate, in decades, on kinds of rock that it did not see.

    What counting pixels leaves of the porosity is mostly the laboratory's noise: no search by it.

    Parameters
    ----------
    table : slices to learn from, with ``kind``
    features : names of the inputs
    stated : of the learners; a trial changes some of its values
    split : of the folds
    left : kinds of rock to learn nothing from
    """

    def __init__(
        self,
        table: pd.DataFrame,
        features: list[str],
        stated: EnsembleConfig,
        split: SliceSplitConfig,
        left: Kinds = (),
    ) -> None:
        self.x, self.y, self.stated = design(table, features), targets(table), stated
        self.plan = plan_by_group(table["kind"].to_numpy(), split.folds, split.seed, left)
        self.weights = sureness(label_errors(table))

    def __call__(self, name: str, parent: Run, trial: Trial) -> Outcome:
        """Fit the candidate once per fold and score it on the fold left out."""
        with run("properties_search", f"{name}-{trial.number}", parent=parent) as child:
            child.log_params(trial.chosen)
            outcome = self.outcome(name, trial)
            child.log_metrics({"value": outcome.value, **outcome.costs})
        return outcome

    def outcome(self, name: str, trial: Trial) -> Outcome:
        """Return the error of a candidate and the ``seconds`` of its fits, without a run.

        Parameters
        ----------
        name : of the base learner
        trial : Trial
        """
        start = time.perf_counter()
        config = overridden(self.stated, trial.chosen)
        config = config.model_copy(update={"seed": config.seed + trial.repeat})
        fits = fit(name, config, self.x, self.y, self.plan.masks[:-1], weights=self.weights)
        seconds = time.perf_counter() - start
        squares, counts = 0.0, np.ones(len(self.y))
        if (of_rows := counted(self.plan.rows, self.weights)) is not None:
            counts[self.plan.rows] = of_rows
        for fold, predictor in enumerate(fits):
            out = self.plan.folds == fold
            error = predictor.predict(self.x[out])[:, 1] - self.y[out, 1]
            squares += float((counts[out] * error**2).sum())
        value = (squares / self.plan.rows.sum()) ** 0.5 / np.log(10)
        return Outcome(value, {"seconds": seconds})


def _spent(best: Best) -> dict[str, float]:
    seconds = sum(costs["seconds"] for costs in best.costs)
    return {"trials": best.finished, "value": best.value, "seconds": seconds}


def adopted(chosen: Mapping[str, Mapping[str, Json]]) -> dict[str, Json]:
    """Return what the search with all kinds of rock chose, in the format of a profile.

    Parameters
    ----------
    chosen : `key` of the kinds left out → dotted parameter → value

    Examples
    --------
    >>> adopted({"none": {"rg.alpha": 30}, "blobs": {"rg.alpha": 100}})
    {'properties': {'learners': {'rg': {'alpha': 30}}}}
    >>> adopted({})
    {}
    """
    of_all = chosen.get("none", {})
    return as_profile("properties", {f"learners.{name}": value for name, value in of_all.items()})
