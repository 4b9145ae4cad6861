"""Tell whether a model errs on a rock as its intervals promise: an alarm for rock of another kind.

A few conduits, drawn at random, are simulated. The conformal p-value of one is the share of the
calibration, itself and those drawn before included, that missed by as many widths of its interval
or more. As long as the rock's conduits could as well stand in the calibration, p-values are
independent and uniform (Vovk, Gammerman & Shafer, *Algorithmic Learning in a Random World*, 2005,
section 2.2), and a gambler who bets on small ones wins nothing in the mean. His capital is the
simple mixture martingale of Vovk, Nouretdinov & Gammerman (*Testing exchangeability on-line*, ICML
2003), the integral over e of the products of e p^(e - 1): it reaches a value c with a probability
of at most 1 / c (Ville). It bets on errors that are too large; smaller ones than promised are no
reason for an alarm.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

Floats = NDArray[np.float64]

DRAWN, SHARE = 50, 0.05
"""So many conduits are drawn at most, and at most this share of them: what the alarm costs."""

ALARM = 20.0
"""Capital from which on the rock is another one: with a false alarm in one rock of 20 at most."""

_SEED = 13
_EXPONENTS = (np.arange(1000) + 0.5) / 1000  # of the bets, midpoints of (0, 1)


@dataclass(frozen=True)
class Exchangeability:
    """What conduits that were drawn at random say of a model's intervals on a rock.

    Attributes
    ----------
    conduits : number that was drawn, has an interval and was simulated
    inside : share of them whose truth lies in its interval
    martingale : the largest capital that the bets against the model have reached, >= 1
    """

    conduits: int
    inside: float
    martingale: float

    @property
    def alarm(self) -> bool:
        """Whether the errors are larger than those of the calibration."""
        return self.martingale >= ALARM


def drawn_conduits(count: int) -> NDArray[np.bool_]:
    """Return which of so many conduits are simulated to judge the model, (count,) bool.

    Parameters
    ----------
    count : of the conduits of an image

    Examples
    --------
    >>> [int(drawn_conduits(count).sum()) for count in (10, 200, 5000)]
    [0, 10, 50]
    """
    drawn = np.zeros(count, np.bool_)
    most = min(DRAWN, int(SHARE * count))
    drawn[np.random.default_rng(_SEED).permutation(count)[:most]] = True
    return drawn


def exchangeability(
    found: Floats, half_widths: Floats, truth: Floats, calibration: Sequence[float]
) -> Exchangeability | None:
    """Compare predictions of conduits drawn at random with their simulations.

    Parameters
    ----------
    found : (n,) predicted size factors
    half_widths : (n,) of the intervals of their logarithms; infinite of those without any, which
        are left out as those that did not settle
    truth : (n,) simulated ones
    calibration : errors of log G over the half widths that the model states, of conduits that it
        did not learn from

    Returns
    -------
    Exchangeability, or None where nothing is left to compare.
    """
    known = np.isfinite(half_widths) & (half_widths > 0) & (found > 0) & (truth > 0)
    scores = np.abs(np.log(found[known] / truth[known])) / half_widths[known]
    if not len(scores) or not len(calibration):
        return None
    rng = np.random.default_rng(_SEED)
    p = p_values(rng.permutation(scores), calibration, rng)
    return Exchangeability(len(scores), float((scores <= 1).mean()), capital(p))


def p_values(scores: Floats, calibration: Sequence[float], rng: np.random.Generator) -> Floats:
    """Return the conformal p-value of each score, which then joins the calibration, (n,).

    Parameters
    ----------
    scores : (n,) larger for stranger conduits
    calibration : scores of conduits of the known kind
    rng : breaks ties
    """
    seen, found = sorted(calibration), np.empty(len(scores))
    for i, score in enumerate(scores.tolist()):
        below = bisect_left(seen, score)
        insort(seen, score)
        alike = np.searchsorted(seen[below:], score, side="right")  # itself included
        above = len(seen) - below - alike
        found[i] = (above + (1 - rng.random()) * alike) / len(seen)
    return found


def capital(p: Floats) -> float:
    """Return the largest capital of the simple mixture martingale on p-values, >= 1.

    Parameters
    ----------
    p : (n,) in (0, 1]

    Examples
    --------
    >>> capital(np.full(50, 0.5)), round(capital(np.array([0.01])), 2)
    (1.0, 4.45)
    """
    bets = np.log(_EXPONENTS) + np.multiply.outer(np.log(p), _EXPONENTS - 1)
    # below e^700, where a float ends; nobody needs to be told more
    path = logsumexp(np.cumsum(bets, axis=0), axis=1) - np.log(len(_EXPONENTS))
    return float(np.exp(min(max(path.max(initial=0.0), 0.0), 700.0)))
