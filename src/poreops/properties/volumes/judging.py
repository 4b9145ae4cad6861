"""The law of volumes where the rock was left out, beside what knows less, and its intervals."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.base.content import Json
from poreops.properties.learning.intervals import conformal_width
from poreops.properties.volumes.law import (
    Floats,
    calibrated,
    errors_left_out,
    johnson,
    weights,
)
from poreops.properties.volumes.measured import shipped

Guess = Callable[[pd.DataFrame], Floats]


def _kozeny_carman(table: pd.DataFrame) -> Floats:
    """Log of φ³/S² but for a constant; Λ stands for 2φ/S, which counts dead ends less."""
    return np.asarray(np.log(table["porosity"]) + 2 * np.log(table["johnson_length"]), np.float64)


def _formation(table: pd.DataFrame) -> Floats:
    return np.asarray(-np.log(table["formation_factor"]), np.float64)


def _none(table: pd.DataFrame) -> Floats:
    return np.zeros(len(table))


FITTED: Mapping[str, Guess] = {
    "kozeny_carman": _kozeny_carman, "formation": _formation,
    "constant": _none,
}  # fmt: skip
"""What is fitted by one constant beside Λ²/F: φ Λ², 1/F, nothing."""


def left_out_table(table: pd.DataFrame, coverage: float = 0.9) -> dict[str, dict[str, Json]]:
    """Judge the law and what knows less on rocks that they were not fitted on.

    Parameters
    ----------
    table : of `poreops.properties.volumes.measured.read_plugs`
    coverage : of the intervals

    Returns
    -------
    {origin: {law: scores}}
        Of real rocks and synthetic kinds apart; ``median_error`` is the median over the rocks of
        the median relative error of their plugs, ``worst_factor`` that of the worst rock's mean,
        ``coverage_by_others`` the share inside intervals that were made of the other origin alone.
    """
    errors = {"law": errors_left_out(table), "unfitted": johnson(table) - _log_k(table)}
    errors |= {name: _constant_left_out(table, of) for name, of in FITTED.items()}
    inside = _inside(table, errors["law"], coverage)
    groups = table["group"].to_numpy()
    found: dict[str, dict[str, Json]] = {}
    for origin in np.unique(table["origin"]):
        own = (table["origin"] == origin).to_numpy()
        found[str(origin)] = {name: _scores(of[own], groups[own]) for name, of in errors.items()}
        found[str(origin)]["law"]["coverage"] = _mean(inside[own], groups[own])
        if not own.all():
            found[str(origin)]["law"]["coverage_by_others"] = coverage_across(
                table[~own], table[own], coverage
            )
    return found


def volumes_left_out() -> dict[str, Json]:
    """Judge the law of volumes on the plugs of the package: `left_out_table` and `by_rock`."""
    table = shipped()
    return {**left_out_table(table), "by_rock": by_rock(table)}


def by_rock(table: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return how the law does with each rock left out.

    Parameters
    ----------
    table : as of `left_out_table`

    Returns
    -------
    {group: {"factor", "error", "plugs"}}
        The geometric mean of predicted over simulated, the mean relative error of the plugs, how
        many there are.
    """
    errors, groups = errors_left_out(table), table["group"].to_numpy()
    return {
        str(group): {
            "factor": float(np.exp(errors[groups == group].mean())),
            "error": float(np.abs(np.expm1(errors[groups == group])).mean()),
            "plugs": int((groups == group).sum()),
        }
        for group in np.unique(groups)
    }


def coverage_left_out(table: pd.DataFrame, coverage: float) -> float:
    """Return the share of rocks inside intervals that knew nothing of them.

    With rocks that differ as any two do it comes out near what is asked for whatever the law is
    worth; `coverage_across` has no such comfort.

    Parameters
    ----------
    table : as of `left_out_table`
    coverage : that is asked for, as 0.9
    """
    return _mean(_inside(table, errors_left_out(table), coverage), table["group"].to_numpy())


def coverage_across(learned: pd.DataFrame, asked: pd.DataFrame, coverage: float) -> float:
    """Return the share of rocks inside intervals made of others of another origin.

    Parameters
    ----------
    learned : plugs that law and width are made of
    asked : plugs of other rocks
    coverage : that is asked for, as 0.9
    """
    law = calibrated(learned, coverage)
    inside = np.abs(law.predict(asked) - _log_k(asked)) <= law.width
    return _mean(inside, asked["group"].to_numpy())


def _inside(table: pd.DataFrame, errors: Floats, coverage: float) -> NDArray[np.bool_]:
    """Whether each plug lies in an interval whose centre and width its rock had no part in.

    For every rock the laws of the others are fitted anew, without it and without the one whose
    error they tell: the width is no identity of the number of rocks.
    """
    groups = table["group"].to_numpy()
    inside = np.zeros(len(table), bool)
    for group in np.unique(groups):
        own = groups == group
        others = table[~own].reset_index(drop=True)
        width = conformal_width(errors_left_out(others), others["group"].to_numpy(), coverage)
        inside[own] = np.abs(errors[own]) <= width
    return inside


def _constant_left_out(table: pd.DataFrame, guess: Guess) -> Floats:
    left, groups = _log_k(table) - guess(table), table["group"].to_numpy()
    weight = weights(groups)
    errors = np.empty(len(table))
    for group in np.unique(groups):
        own = groups == group
        errors[own] = weight[~own] @ left[~own] / weight[~own].sum() - left[own]
    return errors


def _log_k(table: pd.DataFrame) -> Floats:
    found: Floats = np.log(table["permeability"].to_numpy(np.float64))
    return found


def _mean(of_plugs: NDArray[np.bool_], groups: Array) -> float:
    """Mean over the plugs, each rock counting as one."""
    weight = weights(groups)
    return float(weight @ of_plugs / weight.sum())


def _scores(errors: Floats, groups: Array) -> dict[str, float]:
    relative, names = np.abs(np.expm1(errors)), np.unique(groups)
    means = np.array([errors[groups == name].mean() for name in names])
    return {
        "rocks": float(len(names)),
        "plugs": float(len(errors)),
        "median_error": float(np.median([np.median(relative[groups == n]) for n in names])),
        "log_mae": float(np.mean([np.abs(errors[groups == n]).mean() for n in names])),
        "worst_factor": float(np.exp(np.abs(means).max())),
        "within_two": float((np.abs(means) <= np.log(2)).mean()),
    }
