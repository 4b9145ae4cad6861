"""Physical bands: is each property of generated cores what fields of the rock scatter by.

A distance says how far, a band whether that is more than chance: the mean must lie within three
standard errors of the difference of two sets of real fields, and cores must scatter as crops do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poreops.cores.features.structure import Structure, mean_chord

Floats = NDArray[np.float64]

ERRORS = 3.0
"""Standard errors that a mean may be away."""
SPREAD = 1.5
"""Factor that a standard deviation may differ by."""
_SEEN = 0.05  # of a curve's first value: below that too few images say something

PROPERTIES = (
    "pore_share", "ore_share", "perimeter", "euler", "mean_chord", "s2", "lineal_path",
)  # fmt: skip
"""What has a band; the last two are curves, of which the worst lag counts."""


@dataclass(frozen=True)
class Band:
    """How a set lies in the band of a property.

    Attributes
    ----------
    mean, sd : over its images; of a curve at lag 1
    away : largest distance of the means [standard errors]
    spread : standard deviation over the real one; of a curve the median of its lags
    """

    mean: float
    sd: float
    away: float
    spread: float

    @property
    def met(self) -> bool:
        """Whether mean and spread lie in the band."""
        return self.away <= ERRORS and 1 / SPREAD <= self.spread <= SPREAD


def independent_fields(
    slices: NDArray[np.integer], corners: NDArray[np.integer], size: int, hold_out: str
) -> float:
    """Return how many crops' worth of the rock some crops show together.

    Parameters
    ----------
    slices, corners : (n,), (n, 2), of `poreops.cores.crops.Crops`
    size : edge of a crop [pixel]
    hold_out : by "columns" the slices show the same grains, so that a crop of the same place in
        another slice is nothing new

    Returns
    -------
    float
        Area that at least one crop covers, in areas of a crop.
    """
    covered = 0
    rocks = np.zeros_like(slices) if hold_out == "columns" else slices
    for rock in np.unique(rocks):
        places = corners[rocks == rock]
        seen = np.zeros(places.max(axis=0) + size, dtype=bool)
        for row, column in places:
            seen[row : row + size, column : column + size] = True
        covered += int(seen.sum())
    return covered / size**2


def properties(found: Structure) -> dict[str, Floats]:
    """Return each of `PROPERTIES` of every image, (n, k) with k lags or one number.

    Parameters
    ----------
    found : Structure
    """
    rows = zip(*found.chords.values(), strict=True)
    single = {
        "pore_share": found.shares["pore"],
        "ore_share": found.shares["ore"],
        "perimeter": found.minkowski["perimeter"],
        "euler": found.minkowski["euler"],
        # 0 in an image without a pore
        "mean_chord": np.array([mean_chord(np.sum(both, axis=0)) for both in rows]),
    }
    curves = {"s2": found.s2["radial"], "lineal_path": found.lineal_paths()}
    return {name: values[:, None] for name, values in single.items()} | {
        name: values[:, 1:] for name, values in curves.items()
    }


def bands(found: Structure, real: Structure, fields: float) -> dict[str, Band]:
    """Compare a set with the bands of real fields.

    Parameters
    ----------
    found, real : Structure, by the same segmentation
    fields : independent fields that the real images stand for; crops that overlap are fewer

    Returns
    -------
    dict
        each of `PROPERTIES` → Band.
    """
    one, other = properties(found), properties(real)
    return {name: _band(one[name], other[name], fields) for name in PROPERTIES}


def _band(found: Floats, real: Floats, fields: float) -> Band:
    mean = real.mean(axis=0)
    seen = mean >= _SEEN * mean[0]
    sd = np.maximum(real.std(axis=0, ddof=1), 1e-12)
    # another set of as many fields of this rock scatters as much again
    error = sd * np.sqrt(2 / max(fields, 1.0))
    away = np.abs(found.mean(axis=0) - mean) / error
    ratio = found.std(axis=0, ddof=1) / sd
    return Band(
        float(found[:, 0].mean()),
        float(found[:, 0].std(ddof=1)),
        float(away[seen].max()),
        float(np.median(ratio[seen])),
    )


def summary(sets: Sequence[Mapping[str, Band]]) -> dict[str, object]:
    """Return what the sets of one source have in common, for a table.

    Parameters
    ----------
    sets : one or more, of `bands`

    Returns
    -------
    dict
        ``met`` smallest number of bands that a set meets, ``of`` so many, and ``properties`` name
        → means of mean, sd, away and spread over the sets.
    """
    names = ("mean", "sd", "away", "spread")
    return {
        "met": min(sum(band.met for band in one.values()) for one in sets),
        "of": len(PROPERTIES),
        "properties": {
            name: {key: float(np.mean([getattr(one[name], key) for one in sets])) for key in names}
            for name in PROPERTIES
        },
    }
