"""Judge generated cores against real ones: structure, features, and copies of the training set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.base.content import Json
from poreops.cores.features.extractors import Extractor, ExtractorName, extractor
from poreops.cores.features.scores import complaints, fid, kid
from poreops.cores.features.structure import (
    DISTANCES,
    Segmentation,
    Structure,
    distances,
    structure,
)

Floats = NDArray[np.float64]
Grey = NDArray[np.uint8]
Positive = Annotated[int, Field(ge=1)]

_BIN = 4  # pixels averaged along each axis before copies are looked for: noise is no structure
COPIED = 0.9
"""A likeness above this is a copy: what noise is left after binning lowers that of a copy less."""

COMPARED = ("kid", *DISTANCES)
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
    subsets, subset_size : of KID
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    cores: Annotated[int, Field(ge=2)]
    r_max: Positive
    smoothing: Annotated[float, Field(ge=0)]
    extractor: ExtractorName
    subsets: Positive
    subset_size: Annotated[int, Field(ge=2)]


@dataclass(frozen=True)
class View:
    """A set of images with what is measured on them once.

    Attributes
    ----------
    images : (n, rows, columns) uint8
    features : (n, d) float64
    structure : Structure
    """

    images: Grey
    features: Floats
    structure: Structure


@dataclass(frozen=True)
class Judge:
    """Compares sets of images by one extractor and by the thresholds of the training crops.

    Attributes
    ----------
    config : JudgingConfig
    training : (n, rows, columns) uint8, of which nothing may be copied
    segmentation : Segmentation
    extractor : Extractor
    """

    config: JudgingConfig
    training: Grey
    segmentation: Segmentation
    extractor: Extractor

    @classmethod
    def fit(cls, training: Grey, config: JudgingConfig) -> "Judge":
        """Take the thresholds from the training crops, and load the extractor.

        Parameters
        ----------
        training : (n, rows, columns) uint8
        config : JudgingConfig
        """
        segmentation = Segmentation.fit(training, config.smoothing)
        return cls(config, training, segmentation, extractor(config.extractor))

    def view(self, images: Grey) -> View:
        """Measure the first ``config.cores`` images of a set.

        Parameters
        ----------
        images : (n, rows, columns) uint8
        """
        images = images[: self.config.cores]
        found = structure(images, self.segmentation, self.config.r_max)
        return View(images, self.extractor.features(images), found)

    def kid(self, found: View, real: View) -> float:
        """Return the kernel inception distance of two sets.

        Parameters
        ----------
        found, real : View
        """
        config = self.config
        return kid(
            found.features, real.features,
            subsets=config.subsets, size=config.subset_size, seed=config.seed,
        ).mean  # fmt: skip

    def compare(self, found: View, real: View) -> dict[str, float]:
        """Return each of `COMPARED`: how far a set is from a real one.

        Parameters
        ----------
        found, real : View
        """
        return {"kid": self.kid(found, real)} | distances(found.structure, real.structure)

    def scores(self, found: View, real: View) -> dict[str, float]:
        """Return each of `COMPARED`, the FID, and the share of ``copies`` of training crops.

        Parameters
        ----------
        found, real : View
        """
        alike = likeness_summary(likeness(found.images, self.training))
        return self.compare(found, real) | {
            "fid": fid(found.features, real.features),
            "copies": alike["copies"],
            "likeness_max": alike["max"],
        }


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
    alike = [likeness_summary(likeness(part.images, judge.training)) for part in parts]
    root = {
        name: float(np.sqrt(np.mean([pair[name] ** 2 for pair in pairs]))) for name in COMPARED
    }
    return root | {"copies": float(np.mean([found["copies"] for found in alike]))}


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


def likeness(images: Grey, training: Grey) -> Floats:
    """Correlation of the middle of each image with the most similar place of all training crops.

    The images are averaged over cells of four pixels, and the middle half of each is moved over
    every crop (normalised cross-correlation, Lewis 1995): a crop that was copied gives nearly 1
    wherever it was copied from.

    Parameters
    ----------
    images : (n, rows, columns) uint8
    training : (m, rows, columns) uint8, of the same size

    Returns
    -------
    (n,) float64 in -1..1; 0 for an image without structure.
    """
    from scipy import fft

    crops = _binned(training)
    rows, columns = crops.shape[1:]
    inner = rows // 2, columns // 2
    spectra = fft.rfft2(crops.astype(np.float32))
    deviation = _local_deviation(crops, inner)
    found = np.zeros(len(images))
    for i, image in enumerate(_binned(images)):
        top, left = (rows - inner[0]) // 2, (columns - inner[1]) // 2
        template = image[top : top + inner[0], left : left + inner[1]]
        template = template - template.mean()
        norm = np.sqrt((template**2).sum())
        if norm < 1e-9:
            continue
        moved = fft.rfft2(template.astype(np.float32), (rows, columns))
        products = fft.irfft2(spectra * moved.conj(), (rows, columns))
        products = products[:, : rows - inner[0] + 1, : columns - inner[1] + 1]
        found[i] = float((products / (norm * deviation)).max())
    return found


def likeness_summary(values: Floats) -> dict[str, float]:
    """Return median and largest likeness, and the share of images that are copies.

    Parameters
    ----------
    values : (n,) float64, of `likeness`
    """
    return {
        "median": float(np.median(values)),
        "max": float(values.max()),
        "copies": float((values > COPIED).mean()),
    }


def _local_deviation(crops: Floats, window: Sequence[int]) -> Floats:
    """Root of the sum of squared deviations in each window of each crop."""
    views = [_window_sums(values, window) for values in (crops, crops**2)]
    total = views[1] - views[0] ** 2 / (window[0] * window[1])
    found: Floats = np.sqrt(np.maximum(total, 1e-6))
    return found


def _window_sums(values: Floats, window: Sequence[int]) -> Floats:
    sums = np.pad(values.cumsum(axis=1).cumsum(axis=2), ((0, 0), (1, 0), (1, 0)))
    h, w = window
    found: Floats = sums[:, h:, w:] - sums[:, :-h, w:] - sums[:, h:, :-w] + sums[:, :-h, :-w]
    return found


def _binned(images: Grey) -> Floats:
    n, rows, columns = images.shape
    rows, columns = rows // _BIN, columns // _BIN
    cut = images[:, : rows * _BIN, : columns * _BIN].astype(np.float64)
    # without the mean grey, sums of squares keep their digits
    means: Floats = cut.reshape(n, rows, _BIN, columns, _BIN).mean(axis=(2, 4))
    means -= means.mean()
    return means
