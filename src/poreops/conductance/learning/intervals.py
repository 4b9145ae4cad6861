"""Conformal intervals of size factors, by classes of size and difficulty.

Split conformal within classes (Vovk, Gammerman & Shafer, *Algorithmic Learning in a Random World*,
2005, section 4.5, "Mondrian"): a class takes the width that held the wanted share of the errors of
conduits in it, from models that had not seen their volumes. So the share holds in each class, and
hard conduits get wider intervals than easy ones. The widths are those of the package crepes.
"""

import warnings
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SIZES, DIFFICULTIES = 3, 5
"""Number of classes, each with as many conduits of the calibration."""

KEPT = 1000
"""Most errors of the calibration that are kept with the intervals."""


@dataclass(frozen=True)
class Intervals:
    """Half widths of intervals of log G by class.

    Attributes
    ----------
    coverage : share of the conduits whose truth lies inside
    sizes : (SIZES - 1,) limits between the classes of the logarithm of the estimate
    difficulties : (SIZES, DIFFICULTIES - 1) limits of the trait of difficulty in each of them
    widths : (SIZES, DIFFICULTIES) half widths of log G
    scores : errors of the calibration over the half width of their class, of at most `KEPT`
        conduits; what errors on a new rock are compared with
    """

    coverage: float
    sizes: tuple[float, ...]
    difficulties: tuple[tuple[float, ...], ...]
    widths: tuple[tuple[float, ...], ...]
    scores: tuple[float, ...] = ()

    def half_widths(self, size: Floats, difficulty: Floats) -> Floats:
        """Return the half width of log G of each conduit, (n,).

        Parameters
        ----------
        size : (n,) logarithm of the estimate
        difficulty : (n,)
        """
        found = np.empty(len(size))
        which = np.searchsorted(self.sizes, size, side="right")
        for number, (limits, widths) in enumerate(
            zip(self.difficulties, self.widths, strict=True)
        ):
            own = which == number
            found[own] = np.array(widths)[np.searchsorted(limits, difficulty[own], side="right")]
        return found

    def scored(self, errors: Floats, size: Floats, difficulty: Floats) -> "Intervals":
        """Return these intervals with the scores of other conduits that nothing was learned from.

        Parameters
        ----------
        errors : (n,) of log G, of any sign; of every k-th the score is kept
        size, difficulty : (n,) as for `half_widths`
        """
        some = slice(None, None, max(-(-len(errors) // KEPT), 1))
        widths = self.half_widths(size[some], difficulty[some])
        scores = np.abs(errors[some][widths > 0]) / widths[widths > 0]
        return replace(self, scores=tuple(np.round(scores, 4).tolist()))

    def scaled(self, factor: float) -> "Intervals":
        """Return intervals that are wider by a factor.

        Parameters
        ----------
        factor : of the half widths, > 0
        """
        widths = tuple(tuple(factor * width for width in row) for row in self.widths)
        return replace(self, widths=widths, scores=tuple(s / factor for s in self.scores))


def calibrated(errors: Floats, size: Floats, difficulty: Floats, coverage: float) -> Intervals:
    """Return the intervals that errors of log G on unseen volumes ask for.

    Parameters
    ----------
    errors : (n,) of any sign
    size, difficulty : (n,) as for `Intervals.half_widths`
    coverage : as 0.9
    """
    limits = _limits(size, SIZES)
    which = np.searchsorted(limits, size, side="right")
    inner = [_limits(difficulty[which == number], DIFFICULTIES) for number in range(SIZES)]
    place = np.empty(len(errors), np.int64)
    for number, own_limits in enumerate(inner):
        own = which == number
        place[own] = np.searchsorted(own_limits, difficulty[own], side="right")
    widths = _widths(errors, which * DIFFICULTIES + place, SIZES * DIFFICULTIES, coverage)
    rows = widths.reshape(SIZES, DIFFICULTIES).tolist()
    found = Intervals(coverage, limits, tuple(inner), tuple(map(tuple, rows)))
    return found.scored(errors, size, difficulty)


def conformal(errors: Floats, coverage: float) -> float:
    """Return the half width that holds a further error with this probability.

    The k-th smallest of n absolute errors with k = coverage (n + 1), rounded up; the largest where
    there are too few.

    Parameters
    ----------
    errors : (n,) of any sign
    coverage : as 0.9

    Examples
    --------
    >>> conformal(np.arange(1.0, 20.0), 0.9)
    18.0
    """
    return float(_widths(errors, np.zeros(len(errors), np.int64), 1, coverage)[0])


def _widths(
    errors: Floats, classes: NDArray[np.int64], count: int, coverage: float
) -> NDArray[np.float64]:
    """Return the half width of each class, (count,); a class without errors takes that of all.

    Parameters
    ----------
    errors : (n,) of any sign
    classes : (n,) in 0..count - 1
    count : number of classes
    coverage : as 0.9
    """
    from crepes import ConformalRegressor

    # crepes cuts (1 - coverage) (n + 1), which may be a whole number less a rounding error
    asked = coverage - 1e-12
    own = np.unique(classes)
    most = np.full(count, np.abs(errors).max())
    most[own] = [np.abs(errors[classes == number]).max() for number in own]
    with warnings.catch_warnings():
        # where there are too few errors: the largest of them is taken
        warnings.filterwarnings("ignore", category=UserWarning, module="crepes")
        every = ConformalRegressor().fit(errors)
        each = ConformalRegressor().fit(errors, bins=classes)
        upper = every.predict_int(np.zeros(count), confidence=asked)[:, 1]
        upper[own] = each.predict_int(np.zeros(len(own)), bins=own, confidence=asked)[:, 1]
    return np.where(np.isfinite(upper), upper, most)


def _limits(values: Floats, classes: int) -> tuple[float, ...]:
    """Return the limits between classes with about equal numbers of values."""
    if not len(values):
        return (0.0,) * (classes - 1)
    return tuple(float(v) for v in np.quantile(values, np.arange(1, classes) / classes))
