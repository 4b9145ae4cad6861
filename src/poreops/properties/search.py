"""The search over the base learners and networks of the stacks."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from poreops.mlops.search import ConfirmConfig, SearchConfig
from poreops.properties.learning.stacks import NETWORKS, EnsembleConfig

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
    spaces: Mapping[str, Mapping[str, Any]]

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
        """Return this search with another sampler and no repetition, to compare samplers."""
        once = ConfirmConfig(candidates=1, seeds=1)
        return self.model_copy(update={"sampler": sampler, "confirm": once})

    def of(self, name: str) -> SearchConfig:
        """Return the search of one base learner, its choices under dotted names."""
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


def combinations(space: Mapping[str, Any]) -> int:
    """Count what a grid over lists of choices has to try; a range counts as one.

    Examples
    --------
    >>> combinations({"rf.trees": [50, 100], "rf.min_leaf": [1, 2, 5]})
    6
    """
    return math.prod(len(c) for c in space.values() if not isinstance(c, Mapping))
