"""What each place of a study tries: the stated values, then draws, then repetitions.

What the k-th place tries follows from the seed, the name of the study and k alone, so that
several processes may share a study and a killed one loses nothing.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from poreops.base.content import Json

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial, Trial

    from poreops.mlops.search import SearchConfig


class Plan:
    """The places of one study.

    Parameters
    ----------
    name : of the study
    config : SearchConfig
    stated : whether the first place chooses nothing
    """

    def __init__(self, name: str, config: "SearchConfig", stated: bool) -> None:
        self.name, self.config, self.stated = name, config, stated
        self.drawn: list[dict[str, Json]] = []

    @property
    def first(self) -> int:
        """Number of places before the repetitions."""
        config = self.config
        if config.sampler == "tpe":
            return int(config.trials)
        different = math.prod(map(_count, config.space.values())) + self.stated
        return int(min(config.trials, different))

    def attributes(
        self, place: int, trials: Sequence["FrozenTrial"]
    ) -> tuple[dict[str, Json], dict[str, Json]] | None:
        """Return user attributes and fixed parameters of a place; None if there is none (yet).

        Parameters
        ----------
        place : number of the trial in the plan, from 0
        trials : of the study so far
        """
        if place < self.first:
            chooses = not (self.stated and place == 0)
            return {"place": place, "chooses": chooses}, self._fixed(place, trials)
        confirm = self.config.confirm
        rank, repeat = divmod(place - self.first, max(confirm.seeds - 1, 1))
        if confirm.seeds == 1 or rank >= confirm.candidates:
            return None
        best = ranked(trials)
        going_on = any(not t.state.is_finished() for t in trials if not repeat_of(t))
        if going_on or rank >= len(best):
            return None
        of = best[rank]
        attributes = {
            "place": place, "chooses": bool(of.params), "repeat": repeat + 1, "of": of.number,
        }  # fmt: skip
        return attributes, dict(of.params)

    def sampler(self, place: int) -> "BaseSampler":
        """Return a sampler of its own: what it draws does not depend on the places before.

        Parameters
        ----------
        place : as of `attributes`
        """
        import optuna

        if self.config.sampler == "tpe":
            return optuna.samplers.TPESampler(seed=self._seed(place))
        return optuna.samplers.RandomSampler(seed=self._seed(place))

    def _seed(self, place: int, attempt: int = 0) -> int:
        text = f"{self.config.seed}/{self.name}/{place}/{attempt}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")

    def _fixed(self, place: int, trials: Sequence["FrozenTrial"]) -> dict[str, Json]:
        """Return the parameters of a place that are known before it is asked for."""
        if self.stated and place == 0:
            return {}
        if self.config.sampler == "tpe":
            # a part of the parameters would shift what is drawn for the rest
            found = [t.params for t in trials if t.user_attrs["place"] == place]
            return next((p for p in found if p.keys() == self.config.space.keys()), {})
        drawn = place - self.stated
        if self.config.sampler == "grid":
            return _of_grid(self.config.space, drawn)
        while len(self.drawn) <= drawn:
            self.drawn.append(self._draw(len(self.drawn)))
        return self.drawn[drawn]

    def _draw(self, place: int) -> dict[str, Json]:
        """Draw parameters that no place before has."""
        import optuna

        distributions = {key: _distribution(given) for key, given in self.config.space.items()}
        before = {json.dumps(one, sort_keys=True) for one in self.drawn}
        attempt = 0
        while True:
            sampler = optuna.samplers.RandomSampler(seed=self._seed(place, attempt))
            # in memory: the study of the journal gets what was drawn
            params: dict[str, Json] = (
                optuna.create_study(sampler=sampler).ask(distributions).params
            )
            if json.dumps(params, sort_keys=True) not in before:
                return params
            attempt += 1


def repeat_of(trial: "FrozenTrial") -> int:
    """Return 0, or which repetition of a candidate the trial is.

    Parameters
    ----------
    trial : of a study of this package
    """
    return int(trial.user_attrs.get("repeat", 0))


def ranked(trials: Sequence["FrozenTrial"]) -> list["FrozenTrial"]:
    """Return the finished first trials that keep to the limits, the best first.

    Parameters
    ----------
    trials : of a study, in any order
    """
    kept = [
        trial
        for trial in trials
        if trial.state.name == "COMPLETE"
        and not repeat_of(trial)
        and all(value <= 0 for value in trial.constraints.values())
    ]
    return sorted(kept, key=lambda trial: (trial.value, trial.number))


def suggest(trial: "Trial", key: str, given: Json) -> Json:
    """Return the value of one parameter of a trial.

    Parameters
    ----------
    trial : that asks
    key : name of the parameter
    given : its range (`low`, `high`, `log`) or its choices
    """
    if isinstance(given, Mapping):
        kind = trial.suggest_int if isinstance(given["low"], int) else trial.suggest_float
        return kind(key, given["low"], given["high"], log=bool(given.get("log", False)))
    if _by_place(given):
        return chosen_value(given, trial.suggest_int(key, 0, len(given) - 1))
    return trial.suggest_categorical(key, list(given))


def _count(given: Json) -> float:
    """Return the number of different values of a parameter."""
    if not isinstance(given, Mapping):
        return len(given)
    if isinstance(given["low"], int):
        return int(given["high"]) - given["low"] + 1
    return 1 if given["low"] == given["high"] else math.inf


def _of_grid(space: Mapping[str, Json], place: int) -> dict[str, Json]:
    fixed = {}
    for key, choices in reversed(list(space.items())):
        place, k = divmod(place, len(choices))
        fixed[key] = k if _by_place(choices) else choices[k]
    return fixed


def _distribution(given: Json) -> "BaseDistribution":
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    if isinstance(given, Mapping):
        kind = IntDistribution if isinstance(given["low"], int) else FloatDistribution
        return kind(given["low"], given["high"], log=bool(given.get("log", False)))
    if _by_place(given):
        return IntDistribution(0, len(given) - 1)
    return CategoricalDistribution(list(given))


def _by_place(choices: Json) -> bool:
    """Tell whether a list goes by its places: Optuna stores choices as JSON scalars."""
    return any(isinstance(choice, list) for choice in choices)


def chosen_value(given: Json, value: Json) -> Json:
    """Return the choice that Optuna holds as its value or by its place.

    Parameters
    ----------
    given : as of `suggest`
    value : that the trial holds
    """
    if not isinstance(given, Mapping) and _by_place(given):
        return given[value]
    return value
