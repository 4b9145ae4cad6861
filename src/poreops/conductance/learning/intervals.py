"""Conformal intervals of size factors, by classes of size and difficulty.

Split conformal within classes (Vovk, Gammerman & Shafer, *Algorithmic Learning in a Random World*,
2005, section 4.5, "Mondrian"): a class takes the width that held the wanted share of the errors of
conduits in it, from models that had not seen their volumes. So the share holds in each class, and
hard conduits get wider intervals than easy ones. Written here in a few lines, since the packages
for it (crepes, MAPIE) wrap learners of scikit-learn, and this is the residual of a solver.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SIZES, DIFFICULTIES = 3, 5
"""Number of classes, each with as many conduits of the calibration."""


@dataclass(frozen=True)
class Intervals:
    """Half widths of intervals of log G by class.

    Attributes
    ----------
    coverage : share of the conduits whose truth lies inside
    sizes : (SIZES - 1,) limits between the classes of the logarithm of the estimate
    difficulties : (SIZES, DIFFICULTIES - 1) limits of the trait of difficulty in each of them
    widths : (SIZES, DIFFICULTIES) half widths of log G
    """

    coverage: float
    sizes: tuple[float, ...]
    difficulties: tuple[tuple[float, ...], ...]
    widths: tuple[tuple[float, ...], ...]

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
    difficulties, widths = [], []
    for number in range(SIZES):
        own = which == number
        inner = _limits(difficulty[own], DIFFICULTIES)
        place = np.searchsorted(inner, difficulty[own], side="right")
        difficulties.append(inner)
        # values that are equal may leave a class empty
        each = (errors[own][place == k] for k in range(DIFFICULTIES))
        widths.append(tuple(conformal(e if len(e) else errors, coverage) for e in each))
    return Intervals(coverage, limits, tuple(difficulties), tuple(widths))


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
    k = math.ceil(coverage * (len(errors) + 1) - 1e-9)
    return float(np.sort(np.abs(errors))[min(k, len(errors)) - 1])


def _limits(values: Floats, classes: int) -> tuple[float, ...]:
    """Return the limits between classes with about equal numbers of values."""
    if not len(values):
        return (0.0,) * (classes - 1)
    return tuple(float(v) for v in np.quantile(values, np.arange(1, classes) / classes))
