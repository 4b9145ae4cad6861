"""How well predicted properties agree with measured ones."""

import numpy as np
from numpy.typing import ArrayLike


def regression_scores(predicted: ArrayLike, truth: ArrayLike) -> dict[str, float]:
    """Score predictions of any sign: ``r2``, mean squared error ``mse``, mean absolute ``mae``.

    Parameters
    ----------
    predicted, truth : (n,) float
    """
    from sklearn.metrics import r2_score

    p, t = np.asarray(predicted, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    return {
        "r2": float(r2_score(t, p)) if np.ptp(t) > 0 else 0.0,
        "mse": float(((p - t) ** 2).mean()),
        "mae": float(np.abs(p - t).mean()),
    }
