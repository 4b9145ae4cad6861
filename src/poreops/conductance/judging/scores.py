"""How well predicted size factors agree with simulated ones."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

_SMALLEST = 1e-6  # stands for predictions without a logarithm, which only a linear target makes


def scores(predicted: ArrayLike, truth: ArrayLike) -> dict[str, float]:
    """Score predictions against positive references.

    Parameters
    ----------
    predicted, truth : (n,) float

    Returns
    -------
    dict
        ``r2`` of the values (governed by the large ones), ``r2_log`` of their logarithms,
        ``mape`` mean absolute relative error, ``off_by_10pct`` share off by more than 10 %.
        A prediction of NaN, no answer, is one of 0: off by 100 %. In ``r2_log``, where 0 would
        outweigh all others, it does not count.
    """
    p, t = np.asarray(predicted, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    answered = ~np.isnan(p)
    p = np.where(answered, p, 0.0)
    error = relative_error(p, t)
    log_p = np.log(np.maximum(p[answered], _SMALLEST))
    return {
        "r2": r2(p, t),
        "r2_log": r2(log_p, np.log(t[answered])) if answered.any() else 0.0,
        "mape": float(error.mean()),
        "off_by_10pct": float((error > 0.1).mean()),
    }


def relative_error(predicted: ArrayLike, truth: ArrayLike) -> NDArray[np.float64]:
    """Absolute relative error, (n,) float64.

    Parameters
    ----------
    predicted, truth : (n,) float, truth not 0
    """
    return np.abs(np.asarray(predicted, np.float64) / np.asarray(truth, np.float64) - 1.0)


def r2(predicted: NDArray[np.floating], truth: NDArray[np.floating]) -> float:
    """Coefficient of determination, 1 - SS_residual / SS_total; 0 when the truth is constant.

    Parameters
    ----------
    predicted, truth : (n,) float
    """
    total = float(((truth - truth.mean()) ** 2).sum())
    return 1.0 - float(((predicted - truth) ** 2).sum()) / total if total > 0 else 0.0
