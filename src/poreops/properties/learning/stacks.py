"""Stacked ensembles: base learners, and a linear meta-learner on what they predict out of fold.

Kalule et al. (2023), Scientific Reports: SMR-ML stacks multiple linear, ridge and lasso
regression, a random forest, gradient boosting (and here XGBoost); SMR-NN stacks five networks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from poreops.base.arrays import Array
from poreops.properties.learning.base_learners import (
    LEARNERS,
    BoostingConfig,
    ForestConfig,
    PenaltyConfig,
    XgboostConfig,
    fit_learner,
)
from poreops.properties.learning.dense_networks import NetworkConfig, fit_networks
from poreops.properties.learning.laws import group_means
from poreops.properties.learning.plans import Plan, counted
from poreops.properties.learning.predictors import (
    Committee,
    Floats,
    Predictor,
    Scaled,
    ScalingKind,
)

NETWORKS = ("m1", "m2", "m3", "m4", "m5")
STACKS: Mapping[str, tuple[str, ...]] = {"smr_ml": LEARNERS, "smr_nn": NETWORKS}
"""Name of each stack → its base learners."""


class EnsembleConfig(BaseModel):
    """The base learners; with ``search.use: best`` what the search finds replaces these.

    Attributes
    ----------
    seed : of forests, boosting and networks
    scaling : of inputs and targets: "standard", "minmax" or "maxabs"
    rg, lr, rf, gb, xgb : ridge, lasso, random forest, gradient boosting, XGBoost
    m1 … m5 : networks of different depth and width
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    scaling: ScalingKind
    rg: PenaltyConfig
    lr: PenaltyConfig
    rf: ForestConfig
    gb: BoostingConfig
    xgb: XgboostConfig
    m1: NetworkConfig
    m2: NetworkConfig
    m3: NetworkConfig
    m4: NetworkConfig
    m5: NetworkConfig


def fit(
    name: str,
    config: EnsembleConfig,
    x: Floats,
    y: Floats,
    masks: Sequence[NDArray[np.bool_]],
    columns: Sequence[NDArray[np.int64]] | None = None,
    weights: Floats | None = None,
) -> list[Scaled]:
    """Fit the base learner of this name on each mask; see `fit_learner` and `fit_networks`.

    Parameters
    ----------
    name : of the base learner
    config : EnsembleConfig
    x : (n, d) float64
    y : (n, t) float64
    masks : of rows (n,) bool to learn from
    columns : for each mask the inputs to learn from; all, if not given
    weights : (n,) by which rows count, as of `sureness`; all alike, if not given
    """
    if name in NETWORKS:
        return fit_networks(
            getattr(config, name), x, y, masks, config.seed,
            columns=columns, scaling=config.scaling, weights=weights,
        )  # fmt: skip
    own = getattr(config, name, None)
    return fit_learner(
        name, own, x, y, masks, config.seed,
        columns=columns, scaling=config.scaling, weights=weights,
    )  # fmt: skip


@dataclass(frozen=True)
class LevelOne:
    """What a base learner predicts under a plan.

    out_of_fold : (n, t), each row by the fit that did not see its fold; NaN outside the rows.
    full : (n, t), every row by the fit on all rows.
    mean : (n, t), every row by the mean of all these fits, as a stack uses them.
    """

    out_of_fold: Floats
    full: Floats
    mean: Floats


def level_one(predictors: Sequence[Predictor], plan: Plan, x: Floats) -> LevelOne:
    """Predict with the fits of a plan's masks.

    Parameters
    ----------
    predictors : one for each of ``plan.masks``
    plan : Plan
    x : (n, d) float64
    """
    found = np.stack([predictor.predict(x) for predictor in predictors])
    out_of_fold = np.full_like(found[-1], np.nan)
    for fold in range(len(predictors) - 1):
        inside = plan.folds == fold
        out_of_fold[inside] = found[fold, inside]
    return LevelOne(out_of_fold, found[-1], found.mean(axis=0))


@dataclass(frozen=True)
class Meta:
    """The meta-learner: for each target a weighted sum of the base learners, and an offset.

    weights : (learners, t), none negative. offset : (t,).
    """

    weights: Floats
    offset: Floats

    def predict(self, levels: Sequence[Floats]) -> Floats:
        """Return the targets (n, t) from what the base learners predict, each (n, t).

        Parameters
        ----------
        levels : of each base learner, (n, t)
        """
        return np.asarray(np.einsum("lnt,lt->nt", np.stack(levels), self.weights) + self.offset)


def fit_meta(levels: Sequence[Floats], y: Floats, weights: Floats | None = None) -> Meta:
    """Fit the meta-learner on out-of-fold predictions.

    No weight is negative: base learners agree so much that free weights would be differences of
    large numbers (Breiman 1996, Stacked regressions).

    Parameters
    ----------
    levels : (n, t) of each base learner
    y : (n, t)
    weights : (n,) by which rows count; all alike, if not given
    """
    from sklearn.linear_model import LinearRegression

    fits = [
        LinearRegression(positive=True).fit(
            np.stack(levels, axis=1)[:, :, k], y[:, k], sample_weight=weights
        )
        for k in range(y.shape[1])
    ]
    return Meta(
        np.stack([f.coef_ for f in fits], axis=1), np.array([float(f.intercept_) for f in fits])
    )


@dataclass(frozen=True)
class Stack:
    """A stack ready to use: base learners, and a meta-learner for each use.

    base : name → the mean of its fits without each fold and on all rows, in the order of the
        weights. The fits of the folds are there anyway, and their mean errs less than any of them.
    of_slices : Meta, on what the base learners predict of one slice.
    of_plugs : Meta, on their mean over the slices of a plug. A slice differs from its plug by
        chance, so the best prediction from one slice is drawn towards the mean of all rocks; that
        of many slices must not be.
    """

    base: Mapping[str, Committee]
    of_slices: Meta
    of_plugs: Meta

    def predict(self, x: Floats) -> Floats:
        """Return the targets (n, t) of slices with inputs (n, d), each by itself.

        Parameters
        ----------
        x : (n, d) float64
        """
        return self.of_slices.predict(self._levels(x))

    def predict_plug(self, x: Floats) -> Floats:
        """Return the targets (t,) of the plug that slices with inputs (n, d) are of.

        Parameters
        ----------
        x : (n, d) float64, slices of one plug
        """
        means = [level.mean(axis=0, keepdims=True) for level in self._levels(x)]
        return np.asarray(self.of_plugs.predict(means)[0])

    def _levels(self, x: Floats) -> list[Floats]:
        return [committee.predict(x) for committee in self.base.values()]


def fit_stack(
    names: Sequence[str],
    config: EnsembleConfig,
    x: Floats,
    y: Floats,
    plan: Plan,
    groups: Array,
) -> Stack:
    """Fit the base learners of these names and the meta-learners on them.

    Parameters
    ----------
    names : as ``STACKS["smr_ml"]``
    config : EnsembleConfig
    x : (n, d) float64
    y : (n, t) float64
    plan : rows and folds
    groups : (n,) the rock of each slice
    """
    fits = {name: fit(name, config, x, y, plan.masks) for name in names}
    return stack_of(fits, x, y, plan, groups)


def stack_of(
    fits: Mapping[str, Sequence[Scaled]],
    x: Floats,
    y: Floats,
    plan: Plan,
    groups: Array,
    weights: Floats | None = None,
) -> Stack:
    """Put a stack together from base learners that were fitted on the masks of a plan.

    Parameters
    ----------
    fits : base learner → its fit on each of ``plan.masks``
    x, y, plan, groups : as for `fit_stack`
    weights : (n,) by which slices count, those of a rock alike; all alike, if not given
    """
    levels = [level_one(of, plan, x).out_of_fold[plan.rows] for of in fits.values()]
    truth, rocks = y[plan.rows], groups[plan.rows]
    means = [group_means(level, rocks) for level in levels]
    of_slices = counted(plan.rows, weights)
    of_rocks = None if of_slices is None else group_means(of_slices, rocks)
    return Stack(
        {name: Committee(tuple(of)) for name, of in fits.items()},
        fit_meta(levels, truth, of_slices),
        fit_meta(means, group_means(truth, rocks), of_rocks),
    )
