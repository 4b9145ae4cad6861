"""Compare two models of size factors on the same conduits: errors, intervals, what is certain."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from poreops.conductance.physics import PhysicsModel

Floats = NDArray[np.float64]

_DRAWS = 2000


class Sample(NamedTuple):
    """Conduits with their simulated size factors.

    Attributes
    ----------
    rows : (n, k) float32, as `PhysicsModel.answer` takes them
    truth : (n,) float64, size factors in voxels
    """

    rows: NDArray[np.float32]
    truth: Floats


@dataclass(frozen=True)
class Score:
    """How a model does on the conduits that are judged on.

    Attributes
    ----------
    mape : mean relative error
    off_by_10pct : share that is off by more than 10 %
    covered : share inside the intervals
    half_width : of the intervals of log G, the median
    interval_score : mean width of the intervals of log G, and 2 / (1 - coverage) times what the
        truth lies outside (Gneiting & Raftery, J. Am. Stat. Assoc. 102, 2007): lower is better
    """

    mape: float
    off_by_10pct: float
    covered: float
    half_width: float
    interval_score: float


def score(model: PhysicsModel, tested: Sample) -> Score:
    """Score a model on conduits that it did not learn from.

    Parameters
    ----------
    model : PhysicsModel
    tested : Sample
    """
    found, widths, _ = model.answer(tested.rows)
    relative = np.abs(found / tested.truth - 1)
    error, known = np.abs(np.log(found / tested.truth)), np.isfinite(widths)
    return Score(
        mape=float(relative.mean()),
        off_by_10pct=float((relative > 0.1).mean()),
        covered=float((error <= widths)[known].mean()),
        half_width=float(np.median(widths[known])),
        interval_score=float(_interval_scores(error, widths, model.coverage)[known].mean()),
    )


def gains(
    parent: PhysicsModel, model: PhysicsModel, tested: Sample, seed: int
) -> dict[str, tuple[float, float, float]]:
    """Return by how much mean error and interval score fell, with ends of 90 % intervals.

    The conduits that are judged on are drawn again with replacement, the same for both models.

    Parameters
    ----------
    parent, model : PhysicsModel
    tested : Sample
    seed : of the draws
    """
    fell: dict[str, list[Floats]] = {"error": [], "intervals": []}
    for one in (parent, model):
        found, widths, _ = one.answer(tested.rows)
        error = np.abs(np.log(found / tested.truth))
        widths = np.where(np.isfinite(widths), widths, 0.0)  # of no interval, in both
        fell["error"].append(np.abs(found / tested.truth - 1))
        fell["intervals"].append(_interval_scores(error, widths, one.coverage))
    count = len(tested.truth)
    drawn = np.random.default_rng(seed).integers(count, size=(_DRAWS, count))
    said = {}
    for name, (before, after) in fell.items():
        fall = before - after
        low, high = np.quantile(fall[drawn].mean(axis=1), [0.05, 0.95])
        said[name] = (float(fall.mean()), float(low), float(high))
    return said


def _interval_scores(error: Floats, widths: Floats, coverage: float) -> Floats:
    return 2 * widths + 2 / (1 - coverage) * np.maximum(error - widths, 0)
