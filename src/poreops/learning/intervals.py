"""Prediction intervals from what a model got wrong on rocks that it had not seen."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poreops.errors import InputError

Floats = NDArray[np.float64]


def conformal_width(errors: Floats, coverage: float) -> float:
    """Return the half width that holds the error of a further rock with this probability.

    The smallest w with at least ``coverage (n + 1)`` of n absolute errors ≤ w (Vovk et al. 2005;
    Lei et al. 2018, split conformal): exact in the mean if the rocks are exchangeable.

    Parameters
    ----------
    errors : (n,) of any sign, one for each left-out rock
    coverage : as 0.9

    Raises
    ------
    InputError
        With fewer rocks than an interval of this coverage needs.

    Examples
    --------
    >>> conformal_width(np.arange(1.0, 20.0), 0.9)  # the 18th of 19
    18.0
    """
    place = math.ceil(coverage * (len(errors) + 1) - 1e-9)
    if place > len(errors):
        need = math.ceil(coverage / (1 - coverage) - 1e-9)
        raise InputError(
            f"an interval of {100 * coverage:g} % needs {need} rocks, got {len(errors)}; add rocks"
        )
    return float(np.sort(np.abs(errors))[place - 1])


def slice_width(errors: Floats, groups: NDArray[Any], coverage: float) -> float:
    """Return the half width for one slice of a further rock.

    Each rock counts as much as another, however many slices it has.

    Parameters
    ----------
    errors : (n,) of single slices
    groups : (n,) their rocks
    coverage : as 0.9
    """
    names, place, counts = np.unique(groups, return_inverse=True, return_counts=True)
    if len(names) < math.ceil(coverage / (1 - coverage) - 1e-9):
        conformal_width(np.zeros(len(names)), coverage)  # says what is missing
    order = np.argsort(np.abs(errors), kind="stable")
    # the further rock may be worse than all: its share of the weight lies at infinity
    weight = np.cumsum((1 / counts)[place][order]) / (len(names) + 1)
    reached = int(np.searchsorted(weight, coverage - 1e-9))
    return float(np.abs(errors)[order][min(reached, len(errors) - 1)])


def coverage_left_out(errors: Floats, groups: NDArray[Any], coverage: float) -> float:
    """Return the share of errors inside intervals that the other rocks calibrate.

    Parameters
    ----------
    errors : (n,), several for each rock or one
    groups : (n,)
    coverage : as 0.9
    """
    names = np.unique(groups)
    shares = []
    for name in names:
        own = groups == name
        width = slice_width(errors[~own], groups[~own], coverage)
        shares.append(float((np.abs(errors[own]) <= width).mean()))
    return float(np.mean(shares))
