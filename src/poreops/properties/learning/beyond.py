"""Intervals where a model of rock properties is asked beyond the rocks that it learned from.

A conformal interval holds for rocks like those it was calibrated on. For others two answers that
need no training stand beside the model's: the counted porosity, and Kozeny and Carman's law with
the textbook's constant. The interval holds all of them.
"""

import math
from collections.abc import Mapping
from typing import Literal

import pandas as pd

from poreops.properties.learning.laws import by_law

Interval = tuple[float, float, float]

# an input beyond the rocks by a tenth of their range doubles the width, at most four times
_GROWTH, _MOST = 10.0, 4.0
# k = φ³ / (5 S²), with the pore surface over volume S = 4/π of the wall length over area
_LAW = math.log(math.pi**2 / 80)


def state_of(outside: Mapping[str, float]) -> Literal["inside", "near", "outside"]:
    """Return where the inputs of a model lie: inside of the rocks learned from, near them or not.

    Near is up to a tenth of a range beyond it, where the interval is twice as wide.

    Parameters
    ----------
    outside : inputs beyond the rocks learned from → by how many of their ranges

    Examples
    --------
    >>> state_of({}), state_of({"alignment": 0.05}), state_of({"alignment": 0.2})
    ('inside', 'near', 'outside')
    """
    if not outside:
        return "inside"
    return "near" if _GROWTH * max(outside.values()) <= 1 else "outside"


def kozeny_carman(table: pd.DataFrame) -> float:
    """Return log k of Kozeny and Carman's law, k = φ³ / (5 S²), the mean over slices [log m²].

    Parameters
    ----------
    table : one row a slice, as `poreops.properties.slices.features.measure` gives
    """
    return float(by_law(table)[:, 1].mean()) + _LAW


def growth(outside: Mapping[str, float], doubt: float = 1.0) -> float:
    """Return by which factor the half widths of intervals grow.

    Parameters
    ----------
    outside : inputs beyond the rocks learned from → by how many of their ranges
    doubt : factor of the segmentation

    Examples
    --------
    >>> growth({}), growth({"areal_porosity": 0.1}), growth({"areal_porosity": 3.0}, doubt=2.0)
    (1.0, 2.0, 8.0)
    """
    return doubt * min(1 + _GROWTH * max(outside.values(), default=0.0), _MOST)


def widened(
    plug: Mapping[str, Interval],
    outside: Mapping[str, float],
    doubt: float,
    counted: float,
    law: float,
) -> dict[str, Interval]:
    """Widen the intervals of a plug whose inputs lie beyond the rocks, or are doubtful.

    Parameters
    ----------
    plug : {"porosity", "permeability_m2"} → (value, low, high), of the model
    outside : inputs beyond the rocks learned from → by how many of their ranges
    doubt : factor of the segmentation, 1 where the histogram has two phases
    counted : porosity of the segmented slices
    law : log k of Kozeny and Carman's law [log m²]

    Returns
    -------
    As `plug`: the same where nothing lies outside. Beyond the rocks the porosity is the counted
    one, and both intervals hold the model's answer and the other.
    """
    factor = growth(outside, doubt)
    if factor == 1:
        return dict(plug)
    porosity, low, high = plug["porosity"]
    half = factor * max(porosity - low, high - porosity)
    k, k_low, k_high = plug["permeability_m2"]
    spread = max(k_high / k, k / k_low) ** factor
    found = {
        "porosity": (porosity, porosity - half, porosity + half),
        "permeability_m2": (k, k / spread, k * spread),
    }
    if outside:
        low, high = (pick(porosity, counted) for pick in (min, max))
        least, most = (pick(k, math.exp(law)) for pick in (min, max))
        found = {
            "porosity": (counted, low - half, high + half),
            "permeability_m2": (k, least / spread, most * spread),
        }
    value, low, high = found["porosity"]
    return found | {"porosity": (value, max(low, 0.0), min(high, 1.0))}


def counted_porosity(plug: Mapping[str, Interval], counted: float) -> dict[str, Interval]:
    """Return a plug whose porosity is that of a segmented stack, counted; the width is kept.

    Parameters
    ----------
    plug : {"porosity", "permeability_m2"} → (value, low, high)
    counted : porosity of the segmented slices
    """
    value, low, high = plug["porosity"]
    shift = counted - value
    interval = (counted, max(low + shift, 0.0), min(high + shift, 1.0))
    return dict(plug) | {"porosity": interval}
