"""What needs no learning: counted porosity, Kozeny and Carman's law, and two nulls.

The law stands in front of every model. With S the pore surface over bulk volume, k = φ³ / (c S²);
in the hydraulic length ℓ of a slice, proportional to φ/S, this is k = C φ ℓ². What is fitted is
C = c₀ exp(b s) with s the share of windows that pores cross: a slice shows how wide pores are, and
s whether they go on. A power of φ was tried beside s, and made rocks left out worse. Models learn
what φ ℓ² leaves: log C of each slice, and the measured porosity less the counted one.
"""

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.properties.slices.features import design, hydraulic_length

Floats = NDArray[np.float64]
LawRows = tuple[Floats, Array, Floats, Array, Floats]
PlugNull = Callable[[Floats, Floats, Floats], Floats]

TARGETS = ("porosity", "log_permeability")
"""What is predicted: porosity, and the natural logarithm of the permeability in m²."""
LAW: Literal["kozeny_carman"] = "kozeny_carman"
"""Name of what needs no learning: counted porosity, and Kozeny and Carman's law as fitted."""
LAW_INPUTS = ("crossing",)
"""Features that the constant of the law depends on."""
PENALTY = 0.3
"""Of the law's slopes, in rocks: as if so many more had none."""
BETWEEN = 1.0
"""By how much the law errs in log k between rocks left out: a label less sure than that says
little."""


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


def fit_law(
    y: Floats,
    groups: Array,
    z: Floats | None = None,
    families: Array | None = None,
    errors: Floats | None = None,
) -> Floats:
    """Fit the constant of Kozeny and Carman's law, and slopes in what it may depend on.

    Parameters
    ----------
    y : (n, 2), `targets` of slices
    groups : (n,) their rocks; each is one, however many slices it has
    z : (n, d) what the constant depends on, as of `law_inputs`; on nothing if not given
    families : (n,) rocks of one family count as one rock; each is its own if not given
    errors : (n,) standard deviation of the label's log k; a rock counts 1 / (1 + (error/BETWEEN)²)
        (DerSimonian & Laird 1986, doi:10.1016/0197-2456(86)90046-2); 0 if not given

    Returns
    -------
    (2,) or (2, 1 + d) float64
        The correction that the fitted law is, see `law_corrections`: none of the porosity, and of
        log k the constant and the slopes.
    """
    log_c = group_means(y, groups)[:, 1]
    sure = sureness(group_means(np.zeros(len(y)) if errors is None else errors, groups))
    if z is None:
        return np.array([0.0, float(sure @ log_c / sure.sum())])
    _, first = np.unique(groups, return_index=True)
    owners = groups[first] if families is None else families[first]
    _, place, counts = np.unique(owners, return_inverse=True, return_counts=True)
    weight, means = sure / counts[place], group_means(z, groups)
    middle, constant = (weight @ of / weight.sum() for of in (means, log_c))
    centred = means - middle
    spread = np.sqrt(weight @ centred**2 / weight.sum())
    scaled = centred / np.where(spread > 0, spread, 1.0)
    normal = (scaled.T * weight) @ scaled + PENALTY * np.eye(len(spread))
    slopes = np.linalg.solve(normal, (scaled.T * weight) @ (log_c - constant))
    slopes = slopes / np.where(spread > 0, spread, 1.0)
    return np.array([np.zeros(1 + len(slopes)), [constant - middle @ slopes, *slopes]])


def sureness(errors: Floats) -> Floats:
    """Return how much labels count, 1 / (1 + (error / BETWEEN)²): 1 for one without an error.

    Parameters
    ----------
    errors : (n,) standard deviations of log k, as of `label_errors`

    Examples
    --------
    >>> sureness(np.array([0.0, BETWEEN])).tolist()
    [1.0, 0.5]
    """
    return np.asarray(1 / (1 + (errors / BETWEEN) ** 2))


def law_rows(table: pd.DataFrame) -> LawRows:
    """Return what `fit_law` takes of slices: targets, rocks, inputs, families, errors of labels.

    Parameters
    ----------
    table : one row a slice, with its features, targets, ``rock`` and ``kind``; the law leaves out
        a kind as one. ``permeability_sd`` may be missing.
    """
    rocks, kinds = (table[name].to_numpy() for name in ("rock", "kind"))
    return targets(table), rocks, law_inputs(table), kinds, label_errors(table)


def label_errors(table: pd.DataFrame) -> Floats:
    """Return the standard deviation of log k of each slice's label, (n,); 0 where none is stated.

    Parameters
    ----------
    table : one row a slice, with ``permeability_sd`` or without
    """
    if "permeability_sd" not in table:
        return np.zeros(len(table))
    return np.asarray(table["permeability_sd"].fillna(0.0).to_numpy(np.float64))


def law_corrections(law: Floats, z: Floats) -> Floats:
    """Return the corrections that a fitted law is, of each slice (n, 2).

    Parameters
    ----------
    law : of `fit_law`; (2,) is a constant
    z : (n, d) of `law_inputs`
    """
    if law.ndim == 1:
        return np.tile(law, (len(z), 1))
    return np.asarray(law[:, 0] + z @ law[:, 1:].T)


def law_inputs(table: pd.DataFrame) -> Floats:
    """Return what the constant of the law depends on, (n, 1): the share of windows crossed.

    Parameters
    ----------
    table : one row a slice, with its features
    """
    return design(table, LAW_INPUTS)


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
