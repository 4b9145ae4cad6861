"""Learn what is left of log G beside its estimate by XGBoost; intervals from volumes left out."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.base.finite import check_finite
from poreops.conductance.learning.intervals import Intervals, calibrated
from poreops.conductance.learning.priors import DIFFICULTY, ESTIMATE

if TYPE_CHECKING:
    from xgboost import Booster

Floats = NDArray[np.float64]
Share = Annotated[float, Field(gt=0, le=1)]


class BoostingConfig(BaseModel):
    """How the correction of an estimate is learned.

    Attributes
    ----------
    trees, learning_rate, max_depth : of the boosting
    subsample, columns : shares of the rows and of the traits that a tree sees
    min_leaf : fewest conduits of a leaf
    l2 : penalty of the leaves
    folds : parts that whole volumes are dealt into, each left out once for the intervals
    coverage : of the intervals
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    trees: Annotated[int, Field(ge=1)]
    learning_rate: Annotated[float, Field(gt=0)]
    max_depth: Annotated[int, Field(ge=1)]
    subsample: Share
    columns: Share
    min_leaf: Annotated[int, Field(ge=1)]
    l2: Annotated[float, Field(ge=0)]
    folds: Annotated[int, Field(ge=2)]
    coverage: Annotated[float, Field(gt=0, lt=1)]


@dataclass(frozen=True)
class Correction:
    """Boosted trees in XGBoost's own binary JSON."""

    ubjson: bytes

    @cached_property
    def _booster(self) -> "Booster":
        from xgboost import Booster

        return Booster({"nthread": 1}, model_file=bytearray(self.ubjson))

    def predict(self, rows: NDArray[np.floating]) -> Floats:
        """Return what to add to the logarithm of each estimate, (n,).

        Parameters
        ----------
        rows : (n, k), as `learning.priors.priors` returns them
        """
        seen = np.ascontiguousarray(rows[:, ESTIMATE:], np.float32)
        return np.asarray(self._booster.inplace_predict(seen), np.float64)

    @property
    def leaves(self) -> int:
        """Number of leaves of all trees."""
        return sum(tree.count("leaf=") for tree in self._booster.get_dump())


def fit_correction(
    config: BoostingConfig,
    rows: NDArray[np.floating],
    errors: Floats,
    seed: int,
    start: Correction | None = None,
) -> Correction:
    """Learn the error of the logarithm of the estimate.

    Parameters
    ----------
    config : BoostingConfig
    rows : (n, k), as `learning.priors.priors` returns them
    errors : (n,) log G less the logarithm of its estimate
    seed : of the shares that each tree sees
    start : correction that the trees are added to; None starts from nothing
    """
    from xgboost import DMatrix, train

    check_finite({"traits": rows, "errors": errors}, "the training set")
    stated = {
        "eta": config.learning_rate,
        "max_depth": config.max_depth,
        "subsample": config.subsample,
        "colsample_bytree": config.columns,
        "min_child_weight": config.min_leaf,
        "reg_lambda": config.l2,
        # a few conduits are off by as much as all others together
        "objective": "reg:absoluteerror",
        "nthread": 1,
        "seed": seed,
    }
    seen = np.ascontiguousarray(rows[:, ESTIMATE:], np.float32)
    learned = None if start is None else bytearray(start.ubjson)
    booster = train(stated, DMatrix(seen, label=errors), config.trees, xgb_model=learned)
    return Correction(bytes(booster.save_raw("ubj")))


def left_out(
    config: BoostingConfig,
    rows: NDArray[np.floating],
    errors: Floats,
    volumes: NDArray[np.integer],
    seed: int,
) -> Floats:
    """Return what corrections leave of the errors of conduits whose volume they did not see, (n,).

    Parameters
    ----------
    config : BoostingConfig
    rows, errors, seed : as for `fit_correction`
    volumes : (n,) the volume of each
    """
    names, place = np.unique(volumes, return_inverse=True)
    folds = min(config.folds, len(names))
    if folds == 1:  # of a single volume nothing is left out: the estimate's own errors are wider
        return errors
    left = np.empty(len(errors))
    for fold in range(folds):
        out = place % folds == fold
        learned = fit_correction(config, rows[~out], errors[~out], seed)
        left[out] = errors[out] - learned.predict(rows[out])
    return left


def fit_intervals(
    config: BoostingConfig,
    rows: NDArray[np.floating],
    errors: Floats,
    volumes: NDArray[np.integer],
    seed: int,
) -> Intervals:
    """Return the intervals that the errors on volumes left out ask for.

    Parameters
    ----------
    config, rows, errors, volumes, seed : as for `left_out`
    """
    left = left_out(config, rows, errors, volumes, seed)
    size, difficulty = (np.asarray(rows[:, at], np.float64) for at in (ESTIMATE, DIFFICULTY))
    return calibrated(left, size, difficulty, config.coverage)
