"""Judge generated cores against real ones: structure, features, and copies of the training set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.base.content import Json
from poreops.cores.features.coverage import coverage
from poreops.cores.features.extractors import Extractor, ExtractorName, extractor
from poreops.cores.features.scores import complaints, fid, kid
from poreops.cores.features.structure import (
    DISTANCES,
    Segmentation,
    Structure,
    distances,
    structure,
)
from poreops.cores.judging.copies import WINDOWS, copies_ratio, copies_share, likeness

Floats = NDArray[np.float64]
Grey = NDArray[np.uint8]
Positive = Annotated[int, Field(ge=1)]

COMPARED = ("kid", "kid_averaged", *DISTANCES)
"""Scores of two sets of images that are 0 for sets of one rock: the lower the better."""


class JudgingConfig(BaseModel):
    """How generated cores are judged.

    Attributes
    ----------
    seed : of the cores and of the subsets
    cores : number of cores of each kind
    r_max : largest lag of S2 [pixel]
    smoothing : standard deviation of the Gauss filter before Otsu's threshold [pixel]; without it
        Otsu separates the noise of a detector instead of pores
    extractor : of the features
    second : another one, by which KID is taken too; it is reported and decides nothing
    subsets, subset_size : of KID
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    cores: Annotated[int, Field(ge=2)]
    r_max: Positive
    smoothing: Annotated[float, Field(ge=0)]
    extractor: ExtractorName
    second: ExtractorName | None = None  # versions in a registry that are older do not say
    subsets: Positive
    subset_size: Annotated[int, Field(ge=2)]


@dataclass(frozen=True)
class View:
    """A set of images with what is measured on them once.

    Attributes
    ----------
    images : (n, rows, columns) uint8
    features : (n, d) float64
    averaged : (n, d) float64, features of the images averaged over 2 x 2 pixels: half the noise
    structure : Structure
    second : features and averaged of the second extractor, if there is one
    """

    images: Grey
    features: Floats
    averaged: Floats
    structure: Structure
    second: tuple[Floats, Floats] | None


@dataclass(frozen=True)
class Judge:
    """Compares sets of images by one extractor and by the thresholds of the training crops.

    Attributes
    ----------
    config : JudgingConfig
    training : (n, rows, columns) uint8, of which nothing may be copied
    unseen : name of a window → likeness of real crops that nobody trained on to the training crops
    segmentation : Segmentation
    extractor : Extractor
    second : Extractor, or None
    """

    config: JudgingConfig
    training: Grey
    unseen: Mapping[str, Floats]
    segmentation: Segmentation
    extractor: Extractor
    second: Extractor | None

    @classmethod
    def fit(cls, training: Grey, config: JudgingConfig, unseen: Grey) -> "Judge":
        """Take the thresholds from the training crops, and load the extractor.

        Parameters
        ----------
        training : (n, rows, columns) uint8
        config : JudgingConfig
        unseen : (m, rows, columns) uint8, real crops of other places
        """
        segmentation = Segmentation.fit(training, config.smoothing)
        alike = {
            name: likeness(unseen[: config.cores], training, share)
            for name, share in WINDOWS.items()
        }
        second = None if config.second is None else extractor(config.second)
        network = extractor(config.extractor)
        return cls(config, training, alike, segmentation, network, second)

    def view(self, images: Grey) -> View:
        """Measure the first ``config.cores`` images of a set.

        Parameters
        ----------
        images : (n, rows, columns) uint8
        """
        images = images[: self.config.cores]
        found = structure(images, self.segmentation, self.config.r_max)
        half = averaged(images)
        second = None
        if self.second is not None:
            second = self.second.features(images), self.second.features(half)
        features = self.extractor.features
        return View(images, features(images), features(half), found, second)

    def kid(self, found: View, real: View) -> float:
        """Return the kernel inception distance of two sets.

        Parameters
        ----------
        found, real : View
        """
        return self._kid(found.features, real.features)

    def _kid(self, found: Floats, real: Floats) -> float:
        config = self.config
        return kid(
            found, real, subsets=config.subsets, size=config.subset_size, seed=config.seed
        ).mean

    def compare(self, found: View, real: View) -> dict[str, float]:
        """Return each of `COMPARED`: how far a set is from a real one.

        Parameters
        ----------
        found, real : View
        """
        kids = {
            "kid": self.kid(found, real),
            "kid_averaged": self._kid(found.averaged, real.averaged),
        }
        return kids | distances(found.structure, real.structure)

    def scores(self, found: View, real: View) -> dict[str, float]:
        """Return each of `COMPARED`, FID, density and coverage, and what was copied.

        Parameters
        ----------
        found, real : View

        Returns
        -------
        dict
            Beside the scores by their names ``copies``, the share of images whose middle is one of
            a training crop, ``likeness_max``, and `copies_ratio` by windows of half an edge
            (``copies_ratio``) and of a quarter (``pieces_ratio``); with a second extractor
            ``kid_second`` and ``kid_second_averaged``.
        """
        alike = {
            name: likeness(found.images, self.training, share) for name, share in WINDOWS.items()
        }
        reached = coverage(found.features, real.features)
        ratios = {name: copies_ratio(alike[name], self.unseen[name]) for name in WINDOWS}
        return (
            self.compare(found, real)
            | self._seconds(found, real)
            | ratios
            | {
                "fid": fid(found.features, real.features),
                "density": reached.density,
                "coverage": reached.coverage,
                "copies": copies_share(alike["copies_ratio"]),
                "likeness_max": float(alike["copies_ratio"].max()),
            }
        )

    def _seconds(self, found: View, real: View) -> dict[str, float]:
        """Return KID by the second extractor, raw and averaged."""
        if found.second is None or real.second is None:
            return {}
        names = ("kid_second", "kid_second_averaged")
        sets = zip(names, found.second, real.second, strict=True)
        return {name: self._kid(one, other) for name, one, other in sets}


def averaged(images: Grey) -> Grey:
    """Average images over squares of 2 x 2 pixels; an odd row or column is left out.

    Parameters
    ----------
    images : (n, rows, columns) uint8
    """
    n, rows, columns = images.shape
    squares = images[:, : rows // 2 * 2, : columns // 2 * 2].reshape(n, rows // 2, 2, -1, 2)
    found: Grey = np.rint(squares.mean(axis=(2, 4), dtype=np.float32)).astype(np.uint8)
    return found


def real_real(judge: Judge, training: View, parts: Sequence[View]) -> dict[str, float]:
    """Return each of `COMPARED`, and the share of ``copies``, between parts of the rock itself.

    Of `COMPARED` the root mean square over all pairs of the parts and the training crops: what
    sets of this size differ by where nothing is wrong. Some real crops look like a training crop:
    a large pore fills both.

    Parameters
    ----------
    judge : Judge
    training : of the training crops
    parts : one or more sets of real images that share no area with each other or with those
    """
    every = [training, *parts]
    pairs = [judge.compare(one, other) for i, one in enumerate(every) for other in every[i + 1 :]]
    copied = [copies_share(likeness(part.images, judge.training)) for part in parts]
    root = {
        name: float(np.sqrt(np.mean([pair[name] ** 2 for pair in pairs]))) for name in COMPARED
    }
    return root | {"copies": float(np.mean(copied))}


def spread(rows: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Return mean and standard deviation of each score over repetitions.

    Parameters
    ----------
    rows : of one or more repetitions, score → value
    """
    return {
        name: {
            "mean": float(np.mean([row[name] for row in rows])),
            "sd": float(np.std([row[name] for row in rows], ddof=1)) if len(rows) > 1 else 0.0,
        }
        for name in rows[0]
    }


def feature_scores(
    first: Floats, second: Floats, config: JudgingConfig, extractor: str
) -> dict[str, Json]:
    """Return FID and KID of two sets of features, labelled with extractor and numbers.

    Parameters
    ----------
    first, second : (n, d), (m, d) float64
    config : JudgingConfig
    extractor : label of what made the features
    """
    distance = kid(
        first, second, subsets=config.subsets, size=config.subset_size, seed=config.seed
    )
    return {
        "fid": fid(first, second),
        "kid": {"mean": distance.mean, "sd": distance.sd},
        "extractor": extractor,
        "n": [len(first), len(second)],
        "warnings": complaints(len(first), len(second), first.shape[1]),
    }
