"""Randomised search over architecture and training: the only module that imports Optuna.

A study is a journal file. A trial's parameters follow from the seed and the trial's number alone,
so a study goes on where it was stopped without repeating a trial, and two processes may share it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class SearchConfig(BaseModel):
    """A randomised search.

    Attributes
    ----------
    seed : of the sampler
    trials : number of finished, pruned or failed trials to reach
    sampler : "random", or "tpe" (learns from finished trials)
    prune_after : epochs after which a trial worse than the median stops; 0 never prunes
    max_parameters : largest network that counts as feasible
    max_seconds : longest trial that counts as feasible
    epochs : of each trial
    conduits : training conduits of each trial, from the first volumes
    space : choices by dotted parameter, as {"training.batch_size": [32, 64]};
        {low, high} or {low, high, log: true} for a range
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    trials: Annotated[int, Field(ge=1)]
    sampler: Literal["random", "tpe"]
    prune_after: Annotated[int, Field(ge=0)]
    max_parameters: Annotated[int, Field(ge=1)]
    max_seconds: Annotated[float, Field(gt=0)]
    epochs: Annotated[int, Field(ge=1)]
    conduits: Annotated[int, Field(ge=1)]
    space: Mapping[str, Any]


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
    """What an objective found: the value to minimise and what the constraints need."""

    value: float
    parameters: int
    seconds: float


@dataclass(frozen=True)
class Best:
    """The best feasible trial of a study."""

    number: int
    value: float
    chosen: Mapping[str, Any]
    finished: int


def search(
    name: str, journal: Path, config: SearchConfig, objective: Callable[[Trial], Outcome]
) -> Best:
    """Run trials until the study holds ``config.trials``, and return the best feasible one.

    Parameters
    ----------
    name : of the study
    journal : file of the study; a file of a killed search is gone on with, its unfinished trial
        counts as failed.
    config : SearchConfig
    objective : Trial → Outcome

    Raises
    ------
    ValueError
        If no finished trial keeps to the budget.
    """
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend
    from optuna.trial import TrialState

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    journal.parent.mkdir(parents=True, exist_ok=True)
    pruner = (
        optuna.pruners.MedianPruner(n_startup_trials=2, n_warmup_steps=config.prune_after - 1)
        if config.prune_after
        else optuna.pruners.NopPruner()
    )
    study = optuna.create_study(
        study_name=name,
        storage=JournalStorage(JournalFileBackend(str(journal))),
        sampler=_sampler(config),
        pruner=pruner,
        load_if_exists=True,
        direction="minimize",
    )
    for stale in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(stale.number, state=TrialState.FAIL)

    def run(trial: Any) -> float:
        def report(epoch: int, value: float) -> None:
            trial.report(value, epoch)
            if trial.should_prune():
                raise PrunedError(
                    f"trial {trial.number} is worse than the median after {epoch} epochs"
                )

        chosen = {key: _suggest(trial, key, given) for key, given in config.space.items()}
        try:
            outcome = objective(Trial(trial.number, chosen, report))
        except PrunedError as reason:
            raise optuna.TrialPruned(str(reason)) from None
        trial.set_constraint("parameters", outcome.parameters - config.max_parameters)
        trial.set_constraint("seconds", outcome.seconds - config.max_seconds)
        return outcome.value

    study.optimize(run, n_trials=max(0, config.trials - len(study.trials)), n_jobs=1)
    best = study.best_trial
    finished = len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)))
    return Best(best.number, study.best_value, dict(best.params), finished)


def _suggest(trial: Any, key: str, given: Any) -> Any:
    if isinstance(given, Mapping):
        kind = trial.suggest_int if isinstance(given["low"], int) else trial.suggest_float
        return kind(key, given["low"], given["high"], log=bool(given.get("log", False)))
    # Optuna stores choices as JSON scalars: a list of widths goes by its place in the list
    if any(isinstance(choice, list) for choice in given):
        return given[trial.suggest_int(key, 0, len(given) - 1)]
    return trial.suggest_categorical(key, list(given))


def _sampler(config: SearchConfig) -> Any:
    import optuna

    class SeededRandomSampler(optuna.samplers.RandomSampler):
        """Random search whose draws depend on the seed and the number of the trial only."""

        def before_trial(self, study: Any, trial: Any) -> None:  # noqa: ARG002
            self._rng.rng.seed((config.seed * 1_000_003 + trial.number) % 2**32)

    if config.sampler == "tpe":
        return optuna.samplers.TPESampler(seed=config.seed)
    return SeededRandomSampler(seed=config.seed)
