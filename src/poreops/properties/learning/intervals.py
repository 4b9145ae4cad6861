"""Prediction intervals from what a model got wrong on kinds of rock that it had not seen.

Rocks of one kind err alike, so the errors of all rocks taken together promise too much for a
further kind: with six kinds there are six independent errors, not thirty-six. The width here holds
in each kind that was left out, also in the worst of them (Dunn, Wasserman & Ramdas 2023,
doi:10.1080/01621459.2022.2060112, on conformal prediction for groups), and it grows with what a
stack changes of the law: where it changes much, it is least known whether rightly. Whether that
holds for the next kind is measured, never assumed.
"""

import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import Array

Floats = NDArray[np.float64]


def scales(corrections: Floats) -> Floats:
    """Return by what the widths of both targets are multiplied, (…, 2).

    1 for the porosity, and 1 plus the size of the correction of log k: as wide as calibrated where
    the law answers, twice as wide where a stack changes it by a factor of e.

    Parameters
    ----------
    corrections : (…, 2) what a stack answers less what the law does, in log k and in porosity
    """
    found = np.ones_like(corrections)
    found[..., 1] += np.abs(corrections[..., 1])
    return found


def half_width(errors: Floats, rocks: Array, kinds: Array, coverage: float) -> float:
    """Return the half width that holds this share of the errors of a further kind of rock.

    With few kinds the largest of their `conformal_width`. With as many as the coverage takes, nine
    for 90 %, kinds are exchanged as rocks are in `conformal_width`: each counts as one.

    Parameters
    ----------
    errors : (n,) of any sign, of slices or plugs whose kind the model never saw, each divided by
        its scale
    rocks, kinds : (n,) of each error
    coverage : as 0.9

    Returns
    -------
    float

    Examples
    --------
    >>> kinds = np.repeat(["tame", "wild"], 19)
    >>> half_width(np.r_[np.zeros(19), np.arange(1.0, 20.0)], np.arange(38), kinds, 0.9)
    18.0
    """
    names = np.unique(kinds)
    if len(names) + 1 >= 1 / (1 - coverage) - 1e-9:
        return conformal_width(errors, kinds, coverage)
    return max(
        conformal_width(errors[kinds == kind], rocks[kinds == kind], coverage) for kind in names
    )


def conformal_width(errors: Floats, rocks: Array, coverage: float) -> float:
    """Return the half width that holds the error of a further rock with this probability.

    The smallest w with at least ``coverage (n + 1)`` of n absolute errors ≤ w (Vovk et al. 2005;
    Lei et al. 2018, split conformal), each rock counting as one however many slices it has: exact
    in the mean if the rocks are exchangeable. The largest error where there are too few rocks for
    more, nine for 90 %.

    Parameters
    ----------
    errors : (n,) of any sign
    rocks : (n,) the rock of each
    coverage : as 0.9

    Examples
    --------
    >>> conformal_width(np.arange(1.0, 20.0), np.arange(19), 0.9)  # the 18th of 19
    18.0
    """
    names, place, counts = np.unique(rocks, return_inverse=True, return_counts=True)
    order = np.argsort(np.abs(errors), kind="stable")
    # the further rock may be worse than all: its share of the weight lies at infinity
    weight = np.cumsum((1 / counts)[place][order]) / (len(names) + 1)
    reached = int(np.searchsorted(weight, coverage - 1e-9))
    return float(np.abs(errors)[order][min(reached, len(errors) - 1)])
