"""Randomised search over architecture and training: the only module that imports Optuna.

A study is a journal file, or stands in the PostgreSQL database that POREOPS_STUDIES names, for
workers that share no folder. What random search tries in its k-th place follows from the seed, the
name and k alone, so a study goes on where it was stopped, and several processes may share it: a
place whose process died is taken again, with the same parameters. No two places of a random
search try the same. The best candidates are repeated on other seeds before one is chosen.
"""

import math
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, Self, cast

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field, model_validator

from poreops.base.content import Json
from poreops.base.extras import needs
from poreops.base.finite import DivergedError, check_finite
from poreops.errors import InputError
from poreops.mlops.search.journal import mend
from poreops.mlops.search.locks import FileLocks, Locks, PostgresLocks
from poreops.mlops.search.places import Plan, chosen_value, ranked, repeat_of, suggest

if TYPE_CHECKING:
    import optuna
    from optuna.storages import BaseStorage
    from optuna.study import Study
    from optuna.trial import FrozenTrial

_WAIT = 0.2  # seconds between looks at the trials of other processes


class ConfirmConfig(BaseModel):
    """How the best trials are confirmed before one is chosen.

    Attributes
    ----------
    candidates : number of best trials that are repeated
    seeds : on which each is judged, the trial's own included; 1 repeats nothing
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    candidates: Annotated[int, Field(ge=1)]
    seeds: Annotated[int, Field(ge=1)]


class SearchConfig(BaseModel):
    """A randomised search.

    Attributes
    ----------
    use : "stated" searches nothing and trains what params.yaml states; "best" searches, and what
        it finds takes the place of the stated values of its space
    seed : of the sampler, with the name of the study
    trials : number of finished, pruned or failed trials to reach
    confirm : repetition of the best trials
    lost_max : largest share of trials that may diverge, or end no better than a constant
    sampler : "random", "tpe" (learns from finished trials), or "grid" (every combination of
        the choices, in order, up to `trials`)
    prune_after : first epoch after which a trial worse than the median stops; 0 never prunes
    limits : the largest cost that counts as feasible, as {"seconds": 300}
    space : choices by dotted parameter, as {"training.batch_size": [32, 64]};
        {low, high} or {low, high, log: true} for a range
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    use: Literal["stated", "best"]
    seed: int
    trials: Annotated[int, Field(ge=1)]
    confirm: ConfirmConfig
    lost_max: Annotated[float, Field(ge=0, le=1)]
    sampler: Literal["random", "tpe", "grid"]
    prune_after: Annotated[int, Field(ge=0)]
    limits: Mapping[str, Annotated[float, Field(gt=0)]]
    space: Mapping[str, Json]

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
    chosen : parameter → value; empty for the trial of the stated values
    report : (epoch, value) → raises `PrunedError` when the trial should stop
    repeat : 0, or 1, 2, … where a candidate is confirmed: to be added to the seed of the training
    """

    number: int
    chosen: Mapping[str, Json]
    report: Callable[[int, float], None]
    repeat: int = 0


@dataclass(frozen=True)
class Outcome:
    """What an objective found: the value to minimise and the costs that `limits` names."""

    value: float
    costs: Mapping[str, float]


@dataclass(frozen=True)
class Best:
    """The best feasible candidate of a study, and what each finished trial cost.

    Attributes
    ----------
    number : of its first trial
    value, spread : mean and standard deviation over the seeds; no spread of a single seed
    chosen : parameter → value
    costs : of each finished trial
    lost : number of trials that diverged or ended no better than a constant
    """

    number: int
    value: float
    spread: float | None
    chosen: Mapping[str, Json]
    costs: Sequence[Mapping[str, float]]
    lost: int

    @property
    def finished(self) -> int:
        """Number of finished trials."""
        return len(self.costs)

    @property
    def content(self) -> dict[str, Json]:
        """What the same search finds again: everything but the costs."""
        return {
            "number": self.number, "value": self.value, "spread": self.spread,
            "chosen": dict(self.chosen), "finished": self.finished, "lost": self.lost,
        }  # fmt: skip


STATED: Mapping[str, Json] = {"chosen": {}}
"""What a search with ``use: stated`` finds: nothing takes the place of a stated value."""


def search(
    name: str,
    journal: Path,
    config: SearchConfig,
    objective: Callable[[Trial], Outcome],
    *,
    stated: bool = False,
    null: float = math.inf,
) -> Best:
    """Run trials until the study holds ``config.trials``, and return the best candidate.

    Of several processes that share a study each returns the same: one that finds nothing left to
    do waits for the others.

    Parameters
    ----------
    name : of the study
    journal : file of the study; made if missing, gone on with if it holds trials
    config : SearchConfig
    objective : Trial → Outcome
    stated : let the first trial choose nothing, so that the best is never worse than what is
        stated
    null : value of a constant; a trial that does not get below it has not moved

    Raises
    ------
    InputError
        If no finished trial keeps to the budget, more are lost than ``config.lost_max``, or the
        journal is damaged.
    """
    needs("pipeline", "a search")
    import optuna
    from optuna.trial import TrialState

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    journal.parent.mkdir(parents=True, exist_ok=True)
    pruner = (
        optuna.pruners.MedianPruner(n_startup_trials=2, n_warmup_steps=config.prune_after)
        if config.prune_after
        else optuna.pruners.NopPruner()
    )
    plan = Plan(name, config, stated)
    storage, study_name, locks = _shared(name, journal)
    with locks.held() as owner:
        with locks.turn():
            study = optuna.create_study(
                study_name=study_name,
                storage=storage,
                pruner=pruner,
                load_if_exists=True,
                direction="minimize",
            )
        while True:
            with locks.turn():
                trial = _next(study, plan, owner, locks)
            if trial is not None:
                _evaluate(study, trial, config, objective)
            elif study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
                time.sleep(_WAIT)  # another process may yet find the best, or die
            else:
                break
    return _best(name, config, study.get_trials(deepcopy=False), null)


class Workers(NamedTuple):
    """What the workers of a study have in common: its name for all of them, and turns."""

    study: str
    turn: Callable[[], AbstractContextManager[object]]


def workers(name: str, journal: Path) -> Workers:
    """Return what the workers of a study share beside its trials, as a run that logs them.

    Parameters
    ----------
    name, journal : as of `search`; the journal is not made
    """
    needs("pipeline", "a search")
    study = _name_for_all(name, journal)
    if os.environ.get("POREOPS_STUDIES"):
        return Workers(study, _shared(name, journal)[2].turn)
    journal.parent.mkdir(parents=True, exist_ok=True)
    return Workers(study, FileLocks(journal).turn)


def _name_for_all(name: str, journal: Path) -> str:
    # a folder is named after what the study is of, so that another one begins anew
    return "/".join([*journal.with_suffix("").parts[-2:], name])


def _shared(name: str, journal: Path) -> tuple["BaseStorage", str, Locks]:
    """Return where a study is kept, its name there, and the locks of its workers."""
    from optuna.storages import JournalStorage, RDBStorage
    from optuna.storages.journal import JournalFileBackend

    url = os.environ.get("POREOPS_STUDIES", "")
    if not url:
        # Optuna's own lock is a link that outlives a killed process, and one to a relative path is
        # waited for without end; the system takes this one from a process that dies
        lock = FileLock(f"{journal}.lock")
        with lock:
            mend(journal)
        storage = JournalStorage(JournalFileBackend(str(journal), lock))  # type: ignore[arg-type]
        return storage, name, FileLocks(journal)
    if not url.startswith("postgresql"):
        raise InputError(
            f"POREOPS_STUDIES must name a PostgreSQL database, got {url.partition(':')[0]}; e.g. "
            "postgresql://user@host/studies, or unset it for a file"
        )
    try:
        database = RDBStorage(url, engine_kwargs={"pool_size": 5, "pool_pre_ping": True})
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"the database of POREOPS_STUDIES must answer, got {reason[:200]}; start it, "
            'pip install "poreops[server]", or unset POREOPS_STUDIES'
        ) from error
    study = _name_for_all(name, journal)
    return database, study, PostgresLocks(database.engine, study)


def _best(name: str, config: SearchConfig, trials: Sequence["FrozenTrial"], null: float) -> Best:
    """Return the candidate of the lowest mean; refuse a study that lost too many trials."""
    lost = [trial for trial in trials if _is_lost(trial, null)]
    if len(lost) > config.lost_max * len(trials):
        raise InputError(
            f"a search may lose {config.lost_max:.0%} of its trials, got {len(lost)} of "
            f"{len(trials)} that diverged or ended no better than a constant "
            f"(as {dict(lost[0].params) or 'the stated values'}); narrow {name}.space"
        )
    kept = ranked(trials)
    if not kept:
        raise InputError(
            f"a search must find a trial within its limits, got none of {config.trials} with "
            f"{', '.join(f'{k} ≤ {v:g}' for k, v in config.limits.items())}; "
            f"raise {name}.trials or {name}.limits"
        )
    repeated = kept[: config.confirm.candidates] if config.confirm.seeds > 1 else kept[:1]
    values = {trial.number: [cast("float", trial.value)] for trial in repeated}
    for trial in trials:
        if repeat_of(trial) and trial.value is not None:
            values[trial.user_attrs["of"]].append(trial.value)
    best = min(repeated, key=lambda trial: statistics.fmean(values[trial.number]))
    found = values[best.number]
    chosen = {key: chosen_value(config.space[key], value) for key, value in best.params.items()}
    return Best(
        best.number,
        statistics.fmean(found),
        statistics.stdev(found) if len(found) > 1 else None,
        chosen,
        [trial.user_attrs["costs"] for trial in trials if "costs" in trial.user_attrs],
        len(lost),
    )


def _is_lost(trial: "FrozenTrial", null: float) -> bool:
    if "diverged" in trial.user_attrs:
        return True
    reported = [*trial.intermediate_values.values()]
    if trial.value is not None:
        reported.append(trial.value)
    return bool(reported) and not min(reported) < null


def _next(study: "Study", plan: Plan, owner: str, locks: Locks) -> "optuna.Trial | None":
    """Start a trial in a place whose process died, else in the next; None if all are taken."""
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if not locks.alive(trial.user_attrs.get("owner", "")):
            study.tell(trial.number, state=TrialState.FAIL)
    trials = study.get_trials(deepcopy=False)
    taken = {
        trial.user_attrs["place"]
        for trial in trials
        if trial.state in (TrialState.RUNNING, TrialState.COMPLETE, TrialState.PRUNED)
        or "failed" in trial.user_attrs  # by itself, not since its process died
    }
    place = next(k for k in range(len(trials) + 1) if k not in taken)
    given = plan.attributes(place, trials)
    if given is None:
        return None
    attributes, fixed = given
    study.sampler = plan.sampler(place)
    if not any(trial.state == TrialState.WAITING for trial in trials):
        study.enqueue_trial(fixed, user_attrs=attributes)
    started = study.ask()
    started.set_user_attr("owner", owner)
    return started


def _evaluate(
    study: "Study",
    trial: "optuna.Trial",
    config: SearchConfig,
    objective: Callable[[Trial], Outcome],
) -> None:
    from optuna.trial import TrialState

    repeat = trial.user_attrs.get("repeat", 0)

    def report(epoch: int, value: float) -> None:
        trial.report(value, epoch)
        # a candidate that is confirmed is finished: its mean is over whole trainings
        if not repeat and trial.should_prune():
            raise PrunedError(
                f"trial {trial.number} is worse than the median after {epoch} epochs"
            )

    # the stated values choose nothing, and so does their repetition
    asked = config.space if trial.user_attrs["chooses"] else {}
    chosen = {key: suggest(trial, key, given) for key, given in asked.items()}
    try:
        outcome = objective(Trial(trial.number, chosen, report, repeat))
        check_finite({"value": outcome.value}, "a trial")
    except PrunedError:
        study.tell(trial, state=TrialState.PRUNED)
    except DivergedError as error:
        trial.set_user_attr("diverged", str(error))
        trial.set_user_attr("failed", True)
        study.tell(trial, state=TrialState.FAIL)
    except Exception:
        trial.set_user_attr("failed", True)
        study.tell(trial, state=TrialState.FAIL)
        raise
    else:
        trial.set_user_attr("costs", dict(outcome.costs))
        for cost, limit in config.limits.items():
            trial.set_constraint(cost, outcome.costs[cost] - limit)
        study.tell(trial, outcome.value)
