"""Fine-tune the member `physics` to one rock: label some of its conduits, judge on others.

The conduits are drawn into two parts before anything is simulated: those that are judged on, at
random, and the rest, of which some are labelled: those of the widest intervals times their
influence on the network, or as the null some at random. What is learned from the labels is either
one constant, or trees that go on from those of the parent; which of them, or neither, the labels
themselves decide by leaving fifths of them out. So does the factor on the intervals.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from poreops.conductance.comparing import Sample, Score, gains, score
from poreops.conductance.learning.boosting import BoostingConfig, Correction, fit_correction
from poreops.conductance.learning.intervals import conformal
from poreops.conductance.learning.priors import DIFFICULTY, ESTIMATE, ZOOM
from poreops.conductance.physics import PhysicsModel
from poreops.conduits.quantity import zoom_power
from poreops.errors import InputError

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Pick = Literal["influence", "random"]

JUDGED = 300
"""Most conduits that are judged on."""

LEAST = 20
"""Fewest conduits that anything is learned from, or judged on."""

POINTS = (0.25, 0.5, 1.0)
"""Parts of the labels at which the learning curve is drawn."""

WORTH = 0.1
"""Part of the parent's figure by which one of the two must fall."""

_FOLDS = 5

WAYS: Mapping[str, BoostingConfig | None] = {
    "parent": None,
    # a tree that may not split is a constant: the median of what the parent leaves
    "constant": BoostingConfig(
        trees=1, learning_rate=1, max_depth=1, subsample=1, columns=1, min_leaf=10**9, l2=0,
        folds=2, coverage=0.9,
    ),
    "trees": BoostingConfig(
        trees=80, learning_rate=0.05, max_depth=3, subsample=0.7, columns=0.7, min_leaf=5, l2=1,
        folds=2, coverage=0.9,
    ),
}  # fmt: skip
"""What may be learned from labels; None leaves the parent as it is."""


@dataclass(frozen=True)
class Point:
    """One point of the learning curve.

    Attributes
    ----------
    pick : how the conduits were chosen
    labels : number of them
    way : of `WAYS`, as the labels themselves chose it
    factor : on the half widths of the parent's intervals
    score : Score
    """

    pick: Pick
    labels: int
    way: str
    factor: float
    score: Score


@dataclass(frozen=True)
class FineTuned:
    """What came of fine-tuning.

    Attributes
    ----------
    model : PhysicsModel
    curve : of both picks; the last point of ``picked`` is that of the model
    picked : how its labels were chosen
    parent : Score of the model as it was
    conduits : number of them in the rock
    tested : (m,) int, numbers of those that were judged on
    gains : by how much the mean error (``error``) and the interval score (``intervals``) fell,
        each with the ends of an interval that holds it with 90 %
    """

    model: PhysicsModel
    curve: tuple[Point, ...]
    picked: Pick
    parent: Score
    conduits: int
    tested: Indices
    gains: Mapping[str, tuple[float, float, float]]

    @property
    def judged(self) -> int:
        """Number of conduits that were judged on."""
        return len(self.tested)

    @property
    def last(self) -> Point:
        """The point of the model."""
        return [point for point in self.curve if point.pick == self.picked][-1]

    @property
    def beats(self) -> bool:
        """Whether errors or intervals are better for certain, and neither is worse for certain."""
        return bool(self.better) and min(high for *_, high in self.gains.values()) >= 0

    @property
    def better(self) -> list[str]:
        """Which of `gains` are certain, and at least `WORTH` of what the parent had."""
        before = {"error": self.parent.mape, "intervals": self.parent.interval_score}
        return [
            name
            for name, (value, low, _) in self.gains.items()
            if low > 0 and value >= WORTH * before[name]
        ]

    @property
    def verdict(self) -> str:
        """The same in a sentence."""
        before, after, way = self.parent, self.last.score, self.last.way
        errors = f"mean error {before.mape:.2%} before, {after.mape:.2%} after"
        widths = f"inside the intervals {before.covered:.0%} before, {after.covered:.0%} after"
        if not self.beats:
            return f"does not beat its parent: {errors}; {widths}; nothing is registered"
        return f"beats its parent in {' and '.join(self.better)} (by {way}): {errors}; {widths}"


def fine_tuned(
    parent: PhysicsModel,
    rows: NDArray[np.float32],
    influence: Floats,
    simulate: Callable[[Indices], Floats],
    *,
    share: float,
    pick: Pick = "influence",
    seed: int = 1,
) -> FineTuned:
    """Label a share of the conduits of a rock, learn from them, judge on others.

    Parameters
    ----------
    parent : PhysicsModel
    rows : (n, k) float32, of all conduits of the rock
    influence : (n,) of each on the network, as of `poreops.networks.influence`
    simulate : size factors in voxels of the conduits of these numbers; NaN of one not settled
    share : of the conduits that are labelled, above 0, at most 0.4
    pick : how those that the model learns from are chosen; the curve has both
    seed : of what is drawn

    Raises
    ------
    InputError
        The share is out of its range, or there are too few conduits.
    """
    rng, count = np.random.default_rng(seed), len(rows)
    number = checked_labels(share, count)
    judged, pool = np.split(rng.permutation(count), [min(JUDGED, count - 2 * number)])
    widths = parent.answer(rows).half_widths
    picks: dict[Pick, Indices] = {
        "influence": pool[_widest(widths[pool], influence[pool])][:number],
        "random": pool[:number],
    }
    truth = np.full(count, np.nan)
    labelled = np.unique(np.concatenate([judged, *picks.values()]))
    truth[labelled] = simulate(labelled)
    known = np.isfinite(rows).all(axis=1) & (truth > 0)

    def sample(which: Indices) -> Sample:
        return Sample(rows[which[known[which]]], truth[which[known[which]]])

    judged = judged[known[judged]]
    tested = sample(judged)
    require(len(tested.truth), "to judge on")
    models: dict[Pick, PhysicsModel] = {}
    curve = []
    for name, chosen in picks.items():
        for part in POINTS:
            labels = sample(chosen[: round(part * number)])
            require(len(labels.truth), "to learn from")
            models[name], way, factor = learned(parent, labels, seed)
            found = score(models[name], tested)
            curve.append(Point(name, len(labels.truth), way, factor, found))
    return FineTuned(
        models[pick], tuple(curve), pick, score(parent, tested), count, judged,
        gains(parent, models[pick], tested, seed),
    )  # fmt: skip


def checked_share(share: float) -> float:
    """Return the share of the conduits that are labelled, or raise InputError.

    Parameters
    ----------
    share : above 0, at most 0.4
    """
    if isinstance(share, bool) or not 0 < share <= 0.4:
        raise InputError(
            f"the share of the labels must be above 0 and at most 0.4, got {share:g}; 0.2 is a "
            "fifth, and more than that is simulated faster than learned"
        )
    return share


def checked_labels(share: float, count: int) -> int:
    """Return the number of conduits that a share is, or raise InputError.

    Parameters
    ----------
    share : as of `checked_share`
    count : of the conduits of the rock
    """
    checked_share(share)
    require(round(min(POINTS) * share * count), "to learn from", f" (of {count})")
    require(count - 2 * round(share * count), "to judge on", f" (of {count})")
    return round(share * count)


def require(count: int, what: str, among: str = "") -> None:
    """Raise InputError unless there are enough conduits.

    Parameters
    ----------
    count : number of conduits
    what : they are for
    among : how many there are, for the message
    """
    if count < LEAST:
        raise InputError(
            f"fine-tuning needs {LEAST} conduits {what} at each point of its curve, got "
            f"{count}{among}; give a larger image, or simulate all: --method dns"
        )


def learned(parent: PhysicsModel, labels: Sample, seed: int) -> tuple[PhysicsModel, str, float]:
    """Return the model that labels make of its parent, in which way, and the intervals' factor.

    Parameters
    ----------
    parent : PhysicsModel
    labels : Sample
    seed : of the trees
    """
    rows, errors = labels.rows, _errors(parent, labels)
    fold = np.arange(len(rows)) % _FOLDS
    left: dict[str, Floats] = {}
    for way, config in WAYS.items():
        left[way] = np.empty(len(rows))
        for out in (fold == k for k in range(_FOLDS)):
            found = _corrected(parent.correction, config, rows[~out], errors[~out], seed)
            left[way][out] = errors[out] - found.predict(rows[out])
    chosen = min(left, key=lambda way: float(np.abs(left[way]).mean()))
    fell = np.abs(left["parent"]) - np.abs(left[chosen])
    if not fell.mean() > fell.std() / len(fell) ** 0.5:
        chosen = "parent"  # within a standard error the simpler one is kept
    widths = parent.answer(rows).half_widths
    # a conduit that has no interval says nothing of those that have one
    some = np.isfinite(widths) & (widths > 0)
    factor, intervals = 1.0, parent.intervals
    if some.any():
        factor = conformal(left[chosen][some] / widths[some], parent.coverage)
        size, difficulty = (rows[some, at].astype(np.float64) for at in (ESTIMATE, DIFFICULTY))
        intervals = intervals.scaled(factor).scored(left[chosen][some], size, difficulty)
    correction = _corrected(parent.correction, WAYS[chosen], rows, errors, seed)
    model = PhysicsModel(
        correction, intervals, parent.label, parent.ndim, parent.limits, parent.probe
    )
    return model, chosen, factor


def summary(found: FineTuned) -> dict[str, object]:
    """Return what came of fine-tuning as plain values.

    Parameters
    ----------
    found : of `fine_tuned`
    """
    return {
        "conduits": found.conduits,
        "judged": found.judged,
        "pick": found.picked,
        "parent": asdict(found.parent),
        "curve": [asdict(point) for point in found.curve],
        "gains": {
            name: {"value": value, "low": low, "high": high}
            for name, (value, low, high) in found.gains.items()
        },
        "beats": found.beats,
        "verdict": found.verdict,
    }


def _widest(widths: Floats, influence: Floats) -> Indices:
    """Order conduits by width times influence; those without an interval first."""
    unknown = ~np.isfinite(widths)
    weight = np.where(unknown, 0.0, widths) * influence
    return np.lexsort((-influence, -weight, ~unknown))


def _corrected(
    start: Correction,
    config: BoostingConfig | None,
    rows: NDArray[np.float32],
    errors: Floats,
    seed: int,
) -> Correction:
    return start if config is None else fit_correction(config, rows, errors, seed, start)


def _errors(model: PhysicsModel, labels: Sample) -> Floats:
    """Return log G less the logarithm of its estimate, (n,)."""
    rows = labels.rows.astype(np.float64)
    power = zoom_power(model.target, model.ndim)
    return np.log(labels.truth) - rows[:, ESTIMATE] - power * rows[:, ZOOM]
