"""All learners and stacks under several plans: what they predict, and how long it takes."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from poreops.properties.learning.plans import Plan, counted
from poreops.properties.learning.predictors import Floats
from poreops.properties.learning.stacks import (
    STACKS,
    EnsembleConfig,
    LevelOne,
    fit,
    fit_meta,
    level_one,
)


@dataclass(frozen=True)
class Predictions:
    """What a base learner predicts under several plans.

    out_of_fold, full, mean : (plans, n, t) float64; see `LevelOne`.
    fit_seconds : of all fits. predict_seconds : of all rows, once.
    """

    out_of_fold: Floats
    full: Floats
    mean: Floats
    fit_seconds: float
    predict_seconds: float

    def of(self, plan: int) -> LevelOne:
        """Return the predictions under one plan.

        Parameters
        ----------
        plan : its place in the plans
        """
        return LevelOne(self.out_of_fold[plan], self.full[plan], self.mean[plan])


def predict_plans(
    name: str,
    config: EnsembleConfig,
    x: Floats,
    y: Floats,
    plans: Sequence[Plan],
    weights: Floats | None = None,
) -> Predictions:
    """Fit a base learner on every mask of every plan, and predict all rows.

    Networks train all of it side by side.

    Parameters
    ----------
    name : of the base learner
    config : EnsembleConfig
    x : (n, d) float64
    y : (n, t) float64
    plans : any number
    weights : (n,) by which rows count; all alike, if not given
    """
    start = time.perf_counter()
    masks = [mask for plan in plans for mask in plan.masks]
    predictors = fit(name, config, x, y, masks, weights=weights)
    fitted = time.perf_counter()
    predictors[-1].predict(x)
    once = time.perf_counter() - fitted
    found, used = [], 0
    for plan in plans:
        count = len(plan.masks)
        found.append(level_one(predictors[used : used + count], plan, x))
        used += count
    return Predictions(
        np.stack([level.out_of_fold for level in found]),
        np.stack([level.full for level in found]),
        np.stack([level.mean for level in found]),
        fitted - start,
        once,
    )


def stacked(
    levels: Mapping[str, Predictions],
    y: Floats,
    plans: Sequence[Plan],
    stacks: Mapping[str, Sequence[str]] = STACKS,
    weights: Floats | None = None,
) -> dict[str, Floats]:
    """Return what every base learner and every stack predicts of all rows, (plans, n, t).

    A base learner is its fit on all rows; a stack uses the mean of its fits.

    Parameters
    ----------
    levels : base learner → its predictions
    y : (n, t)
    plans : as for `predict_plans`
    stacks : name → base learners
    weights : (n,) by which rows count; all alike, if not given
    """
    found = {name: level.full for name, level in levels.items()}
    for stack, names in stacks.items():
        parts = []
        for p, plan in enumerate(plans):
            of_plan = [levels[name].of(p) for name in names]
            levels_of_rows = [level.out_of_fold[plan.rows] for level in of_plan]
            meta = fit_meta(levels_of_rows, y[plan.rows], counted(plan.rows, weights))
            parts.append(meta.predict([level.mean for level in of_plan]))
        found[stack] = np.stack(parts)
    return found


def importance(
    predict: Callable[[Floats], Floats], x: Floats, y: Floats, seed: int, repeats: int = 5
) -> Floats:
    """Return by how much R² falls when one input is shuffled, (d, t): permutation importance.

    Breiman (2001), Random forests.

    Parameters
    ----------
    predict : (n, d) → (n, t)
    x, y : rows that were not learned from
    seed : of the shuffles
    repeats : shuffles of each input
    """
    from sklearn.metrics import r2_score

    rng = np.random.default_rng(seed)
    base = r2_score(y, predict(x), multioutput="raw_values")
    falls = np.zeros((x.shape[1], y.shape[1]))
    for column in range(x.shape[1]):
        for _ in range(repeats):
            shuffled = x.copy()
            shuffled[:, column] = rng.permutation(x[:, column])
            falls[column] += base - r2_score(y, predict(shuffled), multioutput="raw_values")
    return falls / repeats
