"""What needs no learning: counted porosity, Kozeny and Carman's law, and two nulls.

The law stands in front of every model. With S the pore surface over bulk volume, k = φ³ / (c S²);
in the hydraulic length ℓ of a slice, proportional to φ/S, this is k = C φ ℓ². Its constant is
fitted: the textbook's c = 5 would be easier to beat. Models learn what the law leaves: log C of
each slice, and the measured porosity less the counted one.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.properties.slices.features import hydraulic_length

Floats = NDArray[np.float64]
PlugNull = Callable[[Floats, Floats, Floats], Floats]

TARGETS = ("porosity", "log_permeability")
"""What is predicted: porosity, and the natural logarithm of the permeability in m²."""
LAW = "kozeny_carman"
"""Name of what needs no learning: counted porosity, and Kozeny and Carman's law as fitted."""


def targets(table: pd.DataFrame) -> Floats:
    """Return what models learn of each slice, (n, 2): φ less areal porosity, and log(k / φ ℓ²).

    Parameters
    ----------
    table : one row a slice, with its features, ``porosity`` and ``permeability`` [m²]
    """
    measured = [table["porosity"].to_numpy(), np.log(table["permeability"].to_numpy(np.float64))]
    return np.asarray(np.stack(measured, axis=1) - by_law(table), np.float64)


def in_units(y: Floats, table: pd.DataFrame) -> Floats:
    """Turn (…, n, 2) corrections of the law into porosity and log(k/m²).

    Parameters
    ----------
    y : (…, n, 2) corrections, of the porosity and of log k
    table : the n slices, with their features
    """
    return np.asarray(y + by_law(table), np.float64)


def by_law(table: pd.DataFrame) -> Floats:
    """Return areal porosity and log(φ ℓ²/m²) of each slice, (n, 2).

    Parameters
    ----------
    table : one row a slice, with ``areal_porosity`` and the lengths of `hydraulic_length`
    """
    porosity = table["areal_porosity"].to_numpy(np.float64)
    return np.stack([porosity, np.log(porosity) + 2 * np.log(hydraulic_length(table))], axis=1)


def group_means(values: Floats, groups: Array) -> Floats:
    """Return the mean over the rows of each group, groups in sorted order, (g, …).

    Parameters
    ----------
    values : (n, …)
    groups : (n,) of any kind
    """
    _, place = np.unique(groups, return_inverse=True)
    sums = np.zeros((place.max() + 1, *values.shape[1:]))
    np.add.at(sums, place, values)
    return np.asarray(sums / np.bincount(place).reshape(-1, *[1] * (values.ndim - 1)))


def fit_law(y: Floats, groups: Array) -> Floats:
    """Fit the constant of Kozeny and Carman's law, each rock with the same weight.

    Parameters
    ----------
    y : (n, 2), `targets` of slices
    groups : (n,) their rocks

    Returns
    -------
    (2,) float64
        The correction that the fitted law is: none of the porosity, and log C.
    """
    return np.array([0.0, float(group_means(y, groups)[:, 1].mean())])


def _constant(_learned: Floats, truth: Floats, asked: Floats) -> Floats:
    return np.tile(truth.mean(axis=0), (len(asked), 1))


def _porosity_alone(learned: Floats, truth: Floats, asked: Floats) -> Floats:
    slope, offset = np.polyfit(np.log(learned), truth[:, 1], 1)
    return np.stack([asked, slope * np.log(asked) + offset], axis=1)


NULLS: Mapping[str, PlugNull] = {"constant": _constant, "porosity_alone": _porosity_alone}
"""(areal porosity of rocks learned from, their (n, 2) truth, areal porosity asked) → (m, 2).

"constant" answers the mean of all rocks; "porosity_alone" a line through log k over log φ, without
a look at the width of the pores. Both know nothing of a model's inputs but these.
"""
