"""Permeability by a law of Johnson's length and the formation factor, fitted on measured plugs.

k = Λ² / 8F is exact for tubes along the flow, with Λ of the pores that a current passes (Johnson,
Koplik & Schwartz 1986), and 1.5 times too high for slits. What rocks differ by from it is a
constant and a slope that are fitted; every rock counts as one, however many plugs it has.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from poreops.properties.intervals import conformal_width

Floats = NDArray[np.float64]

SLOPES: tuple[str, ...] = ("log_formation_factor", "inverse_length")
"""What the constant of the law may depend on; numbers without a unit."""
PENALTY = 1.0
"""Of the slopes, in rocks: as if so many rocks more had none."""
COVERAGE = 0.9


def johnson(table: pd.DataFrame) -> Floats:
    """Return log(Λ² / 8F) of plugs, (n,) [log voxel²].

    Parameters
    ----------
    table : with ``johnson_length`` [voxel] and ``formation_factor``
    """
    return np.asarray(
        2 * np.log(table["johnson_length"]) - np.log(8 * table["formation_factor"]), np.float64
    )


def slopes(table: pd.DataFrame, names: Sequence[str] = SLOPES) -> Floats:
    """Return what the constant may depend on, (n, d).

    Parameters
    ----------
    table : as of `johnson`
    names : of `SLOPES`
    """
    known = {
        "log_formation_factor": lambda: np.log(table["formation_factor"]),
        "inverse_length": lambda: 1 / table["johnson_length"],
        "log_porosity": lambda: np.log(table["porosity"]),
    }
    columns = [np.asarray(known[name](), np.float64) for name in names]
    return np.stack(columns, axis=1) if columns else np.zeros((len(table), 0))


@dataclass(frozen=True)
class VolumeLaw:
    """A fitted law, log k = log(Λ²/8F) + constant + slopes · (z - mean).

    Attributes
    ----------
    constant : float
    slopes, mean, spread : (d,) float64, of `SLOPES`
    low, high : (d,) float64, of the plugs that it was fitted on
    width : half width of the interval of log k, NaN before it was calibrated
    coverage : of the interval
    names : of the slopes
    """

    constant: float
    slopes: Floats
    mean: Floats
    spread: Floats
    low: Floats
    high: Floats
    width: float = float("nan")
    coverage: float = COVERAGE
    names: tuple[str, ...] = SLOPES

    @classmethod
    def fit(cls, table: pd.DataFrame, names: Sequence[str] = SLOPES) -> Self:
        """Fit the law by ridge regression of what Λ²/8F leaves, each rock with the same weight.

        Parameters
        ----------
        table : plugs that percolate, with ``group`` (the rock), ``permeability`` [voxel²] and the
            columns of `johnson`
        names : of the slopes
        """
        left = np.log(table["permeability"].to_numpy(np.float64)) - johnson(table)
        z = slopes(table, names)
        weight = weights(table["group"].to_numpy())
        mean = weight @ z / weight.sum()
        spread = np.sqrt(weight @ (z - mean) ** 2 / weight.sum())
        scaled = (z - mean) / np.where(spread > 0, spread, 1.0)
        constant = float(weight @ left / weight.sum())
        normal = (scaled.T * weight) @ scaled + PENALTY * np.eye(len(mean))
        slope = np.linalg.solve(normal, (scaled.T * weight) @ (left - constant))
        return cls(
            constant, slope, mean, np.where(spread > 0, spread, 1.0), z.min(axis=0), z.max(axis=0),
            names=tuple(names),
        )  # fmt: skip

    def predict(self, table: pd.DataFrame) -> Floats:
        """Return log k of plugs, (n,) [log voxel²].

        Beyond the plugs that it was fitted on the slopes do not go on: the law is Λ²/F there, with
        the constant of the nearest of them.

        Parameters
        ----------
        table : as of `johnson`
        """
        z = np.clip(slopes(table, self.names), self.low, self.high)
        left = self.constant + (z - self.mean) / self.spread @ self.slopes
        return np.asarray(johnson(table) + left)

    def beyond(self, table: pd.DataFrame) -> Floats:
        """Return by how much plugs lie beyond those of the fit, in their ranges, (n, d) ≥ 0.

        Parameters
        ----------
        table : as of `johnson`
        """
        z = slopes(table, self.names)
        over = np.maximum(self.low - z, z - self.high) / np.maximum(self.high - self.low, 1e-12)
        return np.asarray(np.maximum(over, 0.0))


def weights(groups: NDArray[Any]) -> Floats:
    """Return the weight of each plug, one over the plugs of its rock, (n,).

    Parameters
    ----------
    groups : (n,) rocks

    Examples
    --------
    >>> weights(np.array(["berea", "berea", "ketton"]))
    array([0.5, 0.5, 1. ])
    """
    _, place, counts = np.unique(groups, return_inverse=True, return_counts=True)
    return np.asarray(1 / counts[place])


def calibrated(table: pd.DataFrame, coverage: float = COVERAGE) -> VolumeLaw:
    """Fit the law on all plugs, with the width that holds a rock that had no part in the fit.

    The errors are those of laws without the rock (cross-conformal: Vovk 2015,
    doi:10.1007/s10472-013-9368-4), each rock counting as one.

    Parameters
    ----------
    table : as of `VolumeLaw.fit`, of three rocks or more
    coverage : of the interval
    """
    law = VolumeLaw.fit(table)
    errors = errors_left_out(table)
    width = conformal_width(errors, table["group"].to_numpy(), coverage)
    return replace(law, width=width, coverage=coverage)


def errors_left_out(table: pd.DataFrame, names: Sequence[str] = SLOPES) -> Floats:
    """Return the error of log k of each plug by a law that was fitted without its rock, (n,).

    Parameters
    ----------
    table : as of `VolumeLaw.fit`
    names : of the slopes
    """
    groups = table["group"].to_numpy()
    errors = np.empty(len(table))
    for group in np.unique(groups):
        own = groups == group
        law = VolumeLaw.fit(table[~own], names)
        errors[own] = law.predict(table[own]) - np.log(table["permeability"].to_numpy()[own])
    return errors
