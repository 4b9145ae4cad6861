"""Randomised search over architecture and training: the only module that imports Optuna.

A study is a journal file. What random search tries in its k-th place follows from the seed and k
alone, so a study goes on where it was stopped, and several processes may share it: a place whose
process died is taken again, with the same parameters.
"""

import math
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, Field, model_validator

from poreops.errors import InputError

_WAIT = 0.2  # seconds between looks at the trials of other processes


class SearchConfig(BaseModel):
    """A randomised search.

    Attributes
    ----------
    seed : of the sampler
    trials : number of finished, pruned or failed trials to reach
    sampler : "random", "tpe" (learns from finished trials), or "grid" (every combination of
        the choices, in order, up to `trials`)
    prune_after : first epoch after which a trial worse than the median stops; 0 never prunes
    limits : the largest cost that counts as feasible, as {"seconds": 300}
    space : choices by dotted parameter, as {"training.batch_size": [32, 64]};
        {low, high} or {low, high, log: true} for a range
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    trials: Annotated[int, Field(ge=1)]
    sampler: Literal["random", "tpe", "grid"]
    prune_after: Annotated[int, Field(ge=0)]
    limits: Mapping[str, Annotated[float, Field(gt=0)]]
    space: Mapping[str, Any]

    @model_validator(mode="after")
    def _grid_has_choices(self) -> Self:
        ranges = [key for key, given in self.space.items() if isinstance(given, Mapping)]
        if self.sampler == "grid" and ranges:
            raise ValueError(f"a grid needs lists of choices, not ranges, for {ranges}")
        return self


class PrunedError(Exception):
    """Raised by an objective whose report said that the trial is not worth finishing."""


@dataclass(frozen=True)
class Trial:
    """One trial, as its objective sees it.

    Attributes
    ----------
    number : of the trial in the study
    chosen : parameter → value
    report : (epoch, value) → raises `PrunedError` when the trial should stop
    """

    number: int
    chosen: Mapping[str, Any]
    report: Callable[[int, float], None]


@dataclass(frozen=True)
class Outcome:
    """What an objective found: the value to minimise and the costs that `limits` names."""

    value: float
    costs: Mapping[str, float]


@dataclass(frozen=True)
class Best:
    """The best feasible trial of a study, and what each finished trial cost."""

    number: int
    value: float
    chosen: Mapping[str, Any]
    costs: Sequence[Mapping[str, float]]

    @property
    def finished(self) -> int:
        """Number of finished trials."""
        return len(self.costs)

    @property
    def content(self) -> dict[str, Any]:
        """What the same search finds again: everything but the costs."""
        return {
            "number": self.number, "value": self.value, "chosen": dict(self.chosen),
            "finished": self.finished,
        }  # fmt: skip


def search(
    name: str, journal: Path, config: SearchConfig, objective: Callable[[Trial], Outcome]
) -> Best:
    """Run trials until the study holds ``config.trials``, and return the best feasible one.

    Of several processes that share a study each returns the same: one that finds nothing left to
    do waits for the others.

    Parameters
    ----------
    name : of the study
    journal : file of the study; made if missing, gone on with if it holds trials
    config : SearchConfig
    objective : Trial → Outcome

    Raises
    ------
    InputError
        If no finished trial keeps to the budget.
    """
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend
    from optuna.trial import TrialState

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    journal.parent.mkdir(parents=True, exist_ok=True)
    pruner = (
        optuna.pruners.MedianPruner(n_startup_trials=2, n_warmup_steps=config.prune_after)
        if config.prune_after
        else optuna.pruners.NopPruner()
    )
    # Optuna's own lock is a link that outlives a killed process, and one to a relative path is
    # waited for without end; the system takes this one from a process that dies
    lock: Any = FileLock(f"{journal}.lock")
    owner = journal.with_name(f"{journal.name}.{uuid.uuid4().hex}.owner")
    with FileLock(owner):
        with FileLock(f"{journal}.turn"):
            study = optuna.create_study(
                study_name=name,
                storage=JournalStorage(JournalFileBackend(str(journal), lock)),
                pruner=pruner,
                load_if_exists=True,
                direction="minimize",
            )
        while True:
            with FileLock(f"{journal}.turn"):
                trial = _next(study, config, owner)
            if trial is not None:
                _evaluate(study, trial, config, objective)
            elif study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
                time.sleep(_WAIT)  # another process may yet find the best, or die
            else:
                break
    owner.unlink(missing_ok=True)
    try:
        best = study.best_trial
    except ValueError:
        raise InputError(
            f"a search must find a trial within its limits, got none of {config.trials} with "
            f"{', '.join(f'{k} ≤ {v:g}' for k, v in config.limits.items())}; "
            f"raise {name}.trials or {name}.limits"
        ) from None
    finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    costs = [trial.user_attrs["costs"] for trial in finished]
    chosen = {key: _chosen(config.space[key], value) for key, value in best.params.items()}
    return Best(best.number, study.best_value, chosen, costs)


def _next(study: Any, config: SearchConfig, owner: Path) -> Any:
    """Start a trial in a place whose process died, else in the next; None if all are taken."""
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False)
    free = [t.user_attrs["place"] for t in trials if t.state == TrialState.WAITING]
    for stale in (t for t in trials if t.state == TrialState.RUNNING and not _alive(t)):
        study.tell(stale.number, state=TrialState.FAIL)
        free.append(stale.user_attrs["place"])
        # a part of the parameters would shift what is drawn for the rest: draw all of them again
        whole = stale.params.keys() == config.space.keys()
        given = stale.params if whole else _fixed(config, free[-1])
        study.enqueue_trial(given, user_attrs={"place": free[-1]})
    place = 1 + max((t.user_attrs["place"] for t in trials), default=-1)
    if not free and place < _places(config):
        free.append(place)
        study.enqueue_trial(_fixed(config, place), user_attrs={"place": place})
    if not free:
        return None
    # a sampler of its own for each place: what it draws does not depend on the places before
    study.sampler = _sampler(config, free[0])
    trial = study.ask()
    trial.set_user_attr("owner", str(owner))
    return trial


def _places(config: SearchConfig) -> int:
    if config.sampler != "grid":
        return config.trials
    return min(config.trials, math.prod(len(choices) for choices in config.space.values()))


def _fixed(config: SearchConfig, place: int) -> dict[str, Any]:
    """Return the parameters that a sampler does not draw: all of a grid's, none otherwise."""
    if config.sampler != "grid":
        return {}
    fixed = {}
    for key, choices in reversed(list(config.space.items())):
        place, k = divmod(place, len(choices))
        fixed[key] = k if _by_place(choices) else choices[k]
    return fixed


def _by_place(choices: Any) -> bool:
    """Tell whether a list goes by its places: Optuna stores choices as JSON scalars."""
    return any(isinstance(choice, list) for choice in choices)


def _chosen(given: Any, value: Any) -> Any:
    """Return the choice that Optuna holds as its value or by its place."""
    if not isinstance(given, Mapping) and _by_place(given):
        return given[value]
    return value


def _alive(trial: Any) -> bool:
    """Tell whether the process that started a trial still holds its lock."""
    owner = Path(trial.user_attrs.get("owner", ""))
    if not owner.is_file():
        return False
    try:
        with FileLock(owner, timeout=0):
            return False
    except Timeout:
        return True


def _evaluate(
    study: Any, trial: Any, config: SearchConfig, objective: Callable[[Trial], Outcome]
) -> None:
    from optuna.trial import TrialState

    def report(epoch: int, value: float) -> None:
        trial.report(value, epoch)
        if trial.should_prune():
            raise PrunedError(
                f"trial {trial.number} is worse than the median after {epoch} epochs"
            )

    chosen = {key: _suggest(trial, key, given) for key, given in config.space.items()}
    try:
        outcome = objective(Trial(trial.number, chosen, report))
    except PrunedError:
        study.tell(trial, state=TrialState.PRUNED)
    except Exception:
        study.tell(trial, state=TrialState.FAIL)
        raise
    else:
        trial.set_user_attr("costs", dict(outcome.costs))
        for cost, limit in config.limits.items():
            trial.set_constraint(cost, outcome.costs[cost] - limit)
        study.tell(trial, outcome.value)


def _suggest(trial: Any, key: str, given: Any) -> Any:
    if isinstance(given, Mapping):
        kind = trial.suggest_int if isinstance(given["low"], int) else trial.suggest_float
        return kind(key, given["low"], given["high"], log=bool(given.get("log", False)))
    if _by_place(given):
        return _chosen(given, trial.suggest_int(key, 0, len(given) - 1))
    return trial.suggest_categorical(key, list(given))


def _sampler(config: SearchConfig, place: int) -> Any:
    import optuna

    seed = (config.seed * 1_000_003 + place) % 2**32
    if config.sampler == "tpe":
        return optuna.samplers.TPESampler(seed=seed)
    return optuna.samplers.RandomSampler(seed=seed)
