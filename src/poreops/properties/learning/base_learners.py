"""The base learners of scikit-learn and XGBoost, fitted into plain arrays."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.base.finite import check_finite
from poreops.properties.learning.plans import counted
from poreops.properties.learning.predictors import (
    Boosted,
    Floats,
    Linear,
    Scaled,
    Scaling,
    ScalingKind,
    Stored,
    Trees,
)

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator
    from sklearn.tree._tree import Tree

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, le=1)]
Weights = Floats | None


class PenaltyConfig(BaseModel):
    """Ridge or lasso regression; alpha : weight of the penalty, on standardised data."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alpha: Positive


class ForestConfig(BaseModel):
    """A random forest: trees, their depth, rows in a leaf, share of the inputs for a split."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trees: Count
    max_depth: Count
    min_leaf: Count
    max_features: Share


class BoostingConfig(BaseModel):
    """Gradient boosting, a model for each target; shares of rows and of inputs for a tree."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trees: Count
    learning_rate: Positive
    max_depth: Count
    subsample: Share
    max_features: Share


class XgboostConfig(BaseModel):
    """XGBoost, one model for both targets; l2 : penalty of the leaves."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trees: Count
    learning_rate: Positive
    max_depth: Count
    subsample: Share
    l2: Annotated[float, Field(ge=0)]


def fit_learner(
    name: str,
    config: BaseModel | None,
    x: Floats,
    y: Floats,
    masks: Sequence[NDArray[np.bool_]],
    seed: int,
    *,
    columns: Sequence[NDArray[np.int64]] | None = None,
    scaling: ScalingKind = "standard",
    weights: Weights = None,
) -> list[Scaled]:
    """Fit one base learner on several choices of rows.

    Parameters
    ----------
    name : "mr", "rg", "lr", "rf", "gb" or "xgb"
    config : of that learner; None for "mr", which has no choices
    x : (n, d) float64
    y : (n, t) float64
    masks : of rows (n,) bool to learn from
    seed : of forests and boosting
    columns : for each mask the inputs to learn from; all, if not given
    scaling : of inputs and targets, over the rows of a mask
    weights : (n,) by which rows count, see `counted`; all alike, if not given

    Returns
    -------
    list
        A predictor for each mask, of the inputs in its columns.

    Raises
    ------
    DivergedError
        If a learner holds or answers a number that is not finite.
    """
    found = []
    for place, mask in enumerate(masks):
        own = x[mask] if columns is None else x[np.ix_(mask, columns[place])]
        scale = Scaling.fit(own, y[mask], scaling)
        inputs, targets = scale.inputs(own), scale.targets(y[mask])
        # scikit-learn refuses these too, but does not say whose they are
        check_finite({"scaled inputs": inputs, "scaled targets": targets}, f"{name} {place}")
        inner = _FITS[name](config, inputs, targets, seed, counted(mask, weights))
        fitted = Scaled(inner, scale)
        check_finite({**inner.arrays(), "answers": fitted.predict(own)}, f"{name} {place}")
        found.append(fitted)
    return found


def estimator(name: str, config: Any, seed: int) -> "BaseEstimator":
    """Return the scikit-learn estimator of a base learner, not yet fitted.

    Parameters
    ----------
    name : of the base learner
    config : of it; None for multiple linear regression
    seed : of what draws
    """
    from sklearn import ensemble, linear_model

    if name == "mr":
        return linear_model.LinearRegression()
    if name == "rg":
        return linear_model.Ridge(alpha=config.alpha)
    if name == "lr":
        return linear_model.Lasso(alpha=config.alpha, max_iter=10_000)
    if name == "rf":
        return ensemble.RandomForestRegressor(
            n_estimators=config.trees, max_depth=config.max_depth, random_state=seed,
            min_samples_leaf=config.min_leaf, max_features=config.max_features,
        )  # fmt: skip
    if name == "gb":
        return ensemble.GradientBoostingRegressor(
            n_estimators=config.trees, learning_rate=config.learning_rate, random_state=seed,
            max_depth=config.max_depth, subsample=config.subsample,
            max_features=config.max_features,
        )  # fmt: skip
    from xgboost import XGBRegressor

    return XGBRegressor(
        n_estimators=config.trees, learning_rate=config.learning_rate, random_state=seed,
        max_depth=config.max_depth, subsample=config.subsample, reg_lambda=config.l2,
        n_jobs=1, tree_method="hist",
    )  # fmt: skip


def _linear(name: str) -> Callable[[object, Floats, Floats, int, Weights], Linear]:
    def fit(config: object, x: Floats, y: Floats, seed: int, weights: Weights) -> Linear:
        model = estimator(name, config, seed).fit(x, y, sample_weight=weights)
        # scikit-learn drops the axis of a single target
        coef = np.asarray(model.coef_, np.float64).reshape(y.shape[1], x.shape[1])
        return Linear(coef.T, np.asarray(model.intercept_, np.float64).reshape(-1))

    return fit


def _forest(config: ForestConfig, x: Floats, y: Floats, seed: int, weights: Weights) -> Trees:
    model = estimator("rf", config, seed).fit(x, y, sample_weight=weights)
    scale = 1 / len(model.estimators_)
    trees = [(e.tree_, scale * e.tree_.value[:, :, 0]) for e in model.estimators_]
    return _joined(trees, np.zeros(y.shape[1]))


def _boosting(config: BoostingConfig, x: Floats, y: Floats, seed: int, weights: Weights) -> Trees:
    trees, offset = [], np.zeros(y.shape[1])
    for target in range(y.shape[1]):
        model = estimator("gb", config, seed).fit(x, y[:, target], sample_weight=weights)
        offset[target] = float(model.init_.constant_[0, 0])
        for (tree,) in model.estimators_:
            value = np.zeros((tree.tree_.node_count, y.shape[1]))
            value[:, target] = config.learning_rate * tree.tree_.value[:, 0, 0]
            trees.append((tree.tree_, value))
    return _joined(trees, offset)


def _xgboost(config: XgboostConfig, x: Floats, y: Floats, seed: int, weights: Weights) -> Boosted:
    model = estimator("xgb", config, seed).fit(x, y, sample_weight=weights)
    return Boosted(np.frombuffer(bytes(model.get_booster().save_raw("ubj")), np.uint8))


_FITS: Mapping[str, Callable[[Any, Floats, Floats, int, Weights], Stored]] = {
    "mr": _linear("mr"),
    "rg": _linear("rg"),
    "lr": _linear("lr"),
    "rf": _forest,
    "gb": _boosting,
    "xgb": _xgboost,
}
LEARNERS = tuple(_FITS)
"""Names of the base learners: MR, RG, LR, RF, GB of the paper, and XGBoost."""


def _joined(trees: Sequence[tuple["Tree", Floats]], offset: Floats) -> Trees:
    """Put scikit-learn's trees, each with the values of its nodes, one after the other."""
    starts = np.cumsum([0] + [tree.node_count for tree, _ in trees])

    def children(side: str) -> NDArray[np.int32]:
        parts = [getattr(tree, side) for tree, _ in trees]
        moved = [np.where(p >= 0, p + s, -1) for p, s in zip(parts, starts[:-1], strict=True)]
        return np.concatenate(moved).astype(np.int32)

    return Trees(
        roots=starts[:-1].astype(np.int32),
        left=children("children_left"),
        right=children("children_right"),
        feature=np.concatenate([tree.feature for tree, _ in trees]).astype(np.int32),
        threshold=np.concatenate([tree.threshold for tree, _ in trees]),
        value=np.concatenate([value for _, value in trees]),
        offset=offset,
    )
