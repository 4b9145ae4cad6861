"""Choose features: correlation, variance inflation, significance by weighted least squares."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.base.arrays import Array
from poreops.base.content import Json

Floats = NDArray[np.float64]


class SelectionConfig(BaseModel):
    """How features are chosen.

    Attributes
    ----------
    significance : largest p of a feature that is kept, for one of the targets at least
    inflation_max : largest variance inflation factor; the feature with the largest goes first
    always : features that stay whatever the tests say
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    significance: Annotated[float, Field(gt=0, lt=1)]
    inflation_max: Annotated[float, Field(gt=1)]
    always: tuple[str, ...]


@dataclass(frozen=True)
class Selection:
    """What was chosen, and why.

    names : the features kept, in the order given.
    removed : (feature, its variance inflation factor) in the order of removal.
    inflation : feature → factor, of those that collinearity left.
    p_values : feature → p of each target, (t,).
    """

    names: tuple[str, ...]
    removed: tuple[tuple[str, float], ...]
    inflation: dict[str, float]
    p_values: dict[str, list[float]]

    def statistics(self, config: SelectionConfig) -> dict[str, Json]:
        """Return all of it with the limits that decided, mappings as pairs in order, for JSON.

        Parameters
        ----------
        config : SelectionConfig
        """
        return {
            "names": self.names,
            "removed": self.removed,
            "inflation": list(self.inflation.items()),
            "p_values": list(self.p_values.items()),
            "limits": config.model_dump(),
        }


def select(
    x: Floats, names: Sequence[str], y: Floats, groups: Array, config: SelectionConfig
) -> Selection:
    """Leave out features that others explain or that explain no target.

    Parameters
    ----------
    x : (n, d) float64, inputs of the models
    names : (d,) of the features
    y : (n, t) float64, targets
    groups : (n,) the rock of each slice
    config : SelectionConfig
    """
    kept = [k for k in range(len(names)) if x[:, k].std() > 0]
    removed = []
    while True:
        factors = inflation_factors(x[:, kept])
        free = [i for i, k in enumerate(kept) if names[k] not in config.always]
        worst = max(free, key=lambda i: factors[i], default=None)
        if worst is None or factors[worst] <= config.inflation_max:
            break
        removed.append((names[kept[worst]], float(factors[worst])))
        del kept[worst]
    p = significance(x[:, kept], y, groups)
    chosen = [
        names[k]
        for i, k in enumerate(kept)
        if p[i].min() <= config.significance or names[k] in config.always
    ]
    return Selection(
        tuple(chosen),
        tuple(removed),
        {names[k]: float(f) for k, f in zip(kept, factors, strict=True)},
        {names[k]: p[i].tolist() for i, k in enumerate(kept)},
    )


def inflation_factors(x: Floats) -> Floats:
    """Return the variance inflation factor of each column of (n, d): 1 / (1 - R²) on the others.

    Parameters
    ----------
    x : (n, d) float64, no column constant

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> a, b = rng.standard_normal((2, 1000))
    >>> inflation_factors(np.stack([a, b, a + b + 0.1 * rng.standard_normal(1000)], 1)) > 10
    array([ True,  True,  True])
    """
    # statsmodels' function inverts, and warns where a column is exactly a sum of others
    scaled = (x - x.mean(axis=0)) / x.std(axis=0)
    unexplained = np.empty(x.shape[1])
    for k, column in enumerate(scaled.T):
        others = np.delete(scaled, k, axis=1)
        fitted = others @ np.linalg.lstsq(others, column)[0]
        unexplained[k] = ((column - fitted) ** 2).mean()
    return np.asarray(1 / np.maximum(unexplained, 1e-12), np.float64)


def significance(x: Floats, y: Floats, groups: Array) -> Floats:
    """Return p of each input for each target, by weighted least squares, (d, t).

    Each rock has the same weight. Slices of a rock are not independent, so the covariance is
    robust against clusters; counting slices would find anything significant.

    Parameters
    ----------
    x : (n, d) float64
    y : (n, t) float64
    groups : (n,) the rock of each slice
    """
    import statsmodels.api as sm

    names, place, counts = np.unique(groups, return_inverse=True, return_counts=True)
    scaled = (x - x.mean(axis=0)) / x.std(axis=0)
    exog = np.column_stack([np.ones(len(x)), scaled])
    # the robust covariance has the rank of the rocks
    if len(names) <= exog.shape[1]:
        return np.zeros((x.shape[1], y.shape[1]))
    fits = [
        sm.WLS(target, exog, weights=(1 / counts)[place]).fit(
            cov_type="cluster", cov_kwds={"groups": place}
        )
        for target in y.T
    ]
    return np.stack([np.asarray(fit.pvalues)[1:] for fit in fits], axis=1)


def correlation(x: Floats, y: Floats, names: Sequence[str]) -> pd.DataFrame:
    """Return Pearson's correlation of inputs (n, d) and targets (n, t); `names` of all d + t.

    Parameters
    ----------
    x : (n, d) float64
    y : (n, t) float64
    names : (d + t,)
    """
    return pd.DataFrame(np.column_stack([x, y]), columns=list(names)).corr()
