"""Permeability by a law of Johnson's length and the formation factor, fitted on measured plugs.

k = C Λ² / 8F. C is 1 for tubes along the flow and 2/3 for slits, with Λ of the pores that a
current passes (Johnson, Koplik & Schwartz 1986, doi:10.1103/PhysRevLett.57.2564); rocks lie
between. One constant is fitted, and every rock counts as one, however many plugs it has: slopes in
the porosity, in F and in the resolution were tried, and gained nothing on rocks left out.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from poreops.properties.learning.intervals import conformal_width

Floats = NDArray[np.float64]

DOMAIN = ("formation_factor", "johnson_length")
"""What says whether a plug is like those that the law was fitted on; the length in voxels."""
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


@dataclass(frozen=True)
class VolumeLaw:
    """A fitted law, k = C Λ²/8F.

    Attributes
    ----------
    constant : log C
    low, high : (2,) float64, smallest and largest logarithm of each of `DOMAIN` in the fit
    width : half width of the interval of log k, NaN before it was calibrated
    coverage : of the interval
    """

    constant: float
    low: Floats
    high: Floats
    width: float = float("nan")
    coverage: float = COVERAGE

    @classmethod
    def fit(cls, table: pd.DataFrame) -> Self:
        """Fit the constant, the mean over the rocks of what Λ²/8F leaves of log k.

        Parameters
        ----------
        table : plugs that percolate, with ``group`` (the rock), ``permeability`` [voxel²] and the
            columns of `johnson`
        """
        left = np.log(table["permeability"].to_numpy(np.float64)) - johnson(table)
        weight = weights(table["group"].to_numpy())
        domain = np.log(table[list(DOMAIN)].to_numpy(np.float64))
        return cls(float(weight @ left / weight.sum()), domain.min(axis=0), domain.max(axis=0))

    def predict(self, table: pd.DataFrame) -> Floats:
        """Return log k of plugs, (n,) [log voxel²].

        Parameters
        ----------
        table : as of `johnson`
        """
        return johnson(table) + self.constant

    def beyond(self, table: pd.DataFrame) -> dict[str, float]:
        """Return by which factor a plug lies beyond those of the fit, without those within.

        Parameters
        ----------
        table : as of `johnson`, one row
        """
        value = np.log(table[list(DOMAIN)].to_numpy(np.float64)[0])
        over = np.exp(np.maximum(self.low - value, value - self.high))
        return {name: float(by) for name, by in zip(DOMAIN, over, strict=True) if by > 1}


def weights(groups: NDArray[np.generic]) -> Floats:
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
    width = conformal_width(errors_left_out(table), table["group"].to_numpy(), coverage)
    return replace(VolumeLaw.fit(table), width=width, coverage=coverage)


def errors_left_out(table: pd.DataFrame) -> Floats:
    """Return the error of log k of each plug by a law that was fitted without its rock, (n,).

    Parameters
    ----------
    table : as of `VolumeLaw.fit`
    """
    groups = table["group"].to_numpy()
    errors = np.empty(len(table))
    for group in np.unique(groups):
        own = groups == group
        law = VolumeLaw.fit(table[~own])
        errors[own] = law.predict(table[own]) - np.log(table["permeability"].to_numpy()[own])
    return errors
