"""Drift of the labels: their distribution against a reference that was kept."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from poreops.base.content import Json
from poreops.base.files import read_json
from poreops.conductance.suites.rules import BETWEEN, PRESENT, ValidationConfig, rule
from poreops.errors import InputError
from poreops.mlops.expectations import Suite

QUANTITY = "log(diffusive_size_factor / voxel)"


@dataclass(frozen=True)
class Profile:
    """A distribution of the logarithm of the size factor in voxels, as quantiles.

    probabilities : (Q,) increasing from 0 to 1.
    quantiles : (Q,) not decreasing.
    count : conduits behind it.
    convention : of the labels, "centroid" or "porespy".
    source : what the labels were made from.
    """

    probabilities: NDArray[np.float64]
    quantiles: NDArray[np.float64]
    count: int
    convention: str
    source: str

    def as_json(self) -> dict[str, Json]:
        """Return the content of size_factor_profile.json."""
        return {
            "quantity": QUANTITY,
            "convention": self.convention,
            "source": self.source,
            "count": self.count,
            "probabilities": self.probabilities.tolist(),
            "quantiles": self.quantiles.tolist(),
        }


def make_profile(
    size_factors: ArrayLike, *, convention: str, source: str, quantiles: int = 101
) -> Profile:
    """Return the profile of labels (N,) [voxel] at equally spaced probabilities.

    Parameters
    ----------
    size_factors : (N,) float [voxel]
    convention : of the labels
    source : what they were made from
    quantiles : number of probabilities
    """
    logarithm = np.log(np.asarray(size_factors, float))
    probabilities = np.linspace(0, 1, quantiles)
    return Profile(
        probabilities, np.quantile(logarithm, probabilities), len(logarithm), convention, source
    )


def read_profile(path: str | Path) -> Profile:
    """Return the reference profile of size_factor_profile.json (schema: inputs/README.md).

    Parameters
    ----------
    path : JSON file

    Raises
    ------
    InputError
        If it is missing, empty, or its quantiles are no distribution.
    """
    content = read_json(path)
    remedy = "write it with make_profile from labels that you trust"
    try:
        profile = Profile(
            np.array(content["probabilities"], float),
            np.array(content["quantiles"], float),
            int(content["count"]),
            str(content["convention"]),
            str(content["source"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} must hold a profile, got {error!r}; {remedy}") from None
    p, q = profile.probabilities, profile.quantiles
    if len(p) < 2 or len(p) != len(q):
        raise InputError(
            f"{path} must hold as many quantiles as probabilities, at least two, "
            f"got {len(q)} and {len(p)}; {remedy}"
        )
    if p[0] != 0 or p[-1] != 1 or not (np.diff(p) > 0).all() or not (np.diff(q) >= 0).all():
        raise InputError(
            f"{path} must have probabilities that rise from 0 to 1 and quantiles that do not "
            f"fall, got {p[0]:g} to {p[-1]:g}; {remedy}"
        )
    return profile


def ks_distance(size_factors: ArrayLike, profile: Profile) -> float:
    """Return the Kolmogorov-Smirnov distance of labels (N,) [voxel] from a profile.

    sup |F_N(x) - F(x)|, F linear between the quantiles. Over N labels drawn from the profile it
    exceeds 1.36/sqrt(N) in 5 % of the cases.

    Parameters
    ----------
    size_factors : (N,) float [voxel]
    profile : Profile
    """
    x = np.sort(np.log(np.asarray(size_factors, float)))
    reference = np.interp(x, profile.quantiles, profile.probabilities)
    steps = np.arange(len(x) + 1) / len(x)
    return float(max(np.abs(steps[1:] - reference).max(), np.abs(steps[:-1] - reference).max()))


def drift_facts(size_factors: ArrayLike, profile: Profile) -> pd.DataFrame:
    """Return one row that compares labels (N,) [voxel] with the reference profile.

    Parameters
    ----------
    size_factors : (N,) float [voxel]; what has no logarithm is left out
    profile : Profile
    """
    values = np.asarray(size_factors, float)
    usable = values[np.isfinite(values) & (values > 0)]
    distance = ks_distance(usable, profile) if len(usable) else np.nan
    return pd.DataFrame({"ks_distance": [distance]}, index=["all labels"])


def drift_suite(config: ValidationConfig) -> Suite:
    """Return the rules of `drift_facts`.

    Parameters
    ----------
    config : ValidationConfig
    """
    remedy = (
        "the labels are distributed otherwise than the reference: look at the volumes, and if "
        "they are meant, write a new inputs/conductance/size_factor_profile.json or raise "
        "validation.drift_max"
    )
    return Suite(
        "drift",
        (
            rule(PRESENT, "ks_distance", "no usable label; see the suite labels"),
            rule(BETWEEN, "ks_distance", remedy, min_value=0, max_value=config.drift_max),
        ),
    )
