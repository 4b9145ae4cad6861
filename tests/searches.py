"""A search whose best trial is known beforehand, and what its journal tells."""

import numpy as np
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from poreops.mlops.search import Outcome, SearchConfig

SPACE = {
    "training.learning_rate": {"low": 1e-4, "high": 1e-2, "log": True},
    "training.batch_size": [16, 32, 64],
    "network.dense": {"low": 8, "high": 64},
    "network.widths": [[8, 16], [16, 32]],
}


def config(**changes):
    content = {
        "use": "best",
        "confirm": {"candidates": 2, "seeds": 1},
        "lost_max": 0.5,
        "seed": 3,
        "trials": 4,
        "sampler": "random",
        "prune_after": 0,
        "limits": {"parameters": 1e9, "seconds": 1e9},
        "space": SPACE,
    }
    return SearchConfig(**(content | changes))


def cost(chosen):
    """Know the best learning rate and batch size beforehand."""
    rate = np.log10(chosen["training.learning_rate"]) + 3
    return float(rate**2 + abs(chosen["training.batch_size"] - 32) / 100)


def evaluate(trial):
    return Outcome(cost(trial.chosen), {"parameters": trial.chosen["network.dense"], "seconds": 1})


def recorded(journal):
    """The study in a journal."""
    return optuna.load_study(
        study_name="s", storage=JournalStorage(JournalFileBackend(str(journal)))
    )


def tried(journal):
    """The parameters of every trial that was not interrupted, in any order."""
    trials = recorded(journal).trials
    return sorted(str(sorted(t.params.items())) for t in trials if t.state.name != "FAIL")


def noisy(trial):
    """A candidate that is lucky on its first seed, and bad on the others."""
    lucky = trial.chosen["a"] == 1
    return Outcome((0.1 if trial.repeat == 0 else 5.0) if lucky else 1.0 + trial.repeat / 10, {})
