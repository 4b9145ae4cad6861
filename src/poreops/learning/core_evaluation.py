"""Judge generated cores against real ones: structure, features, and copies of the training set."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.errors import InputError
from poreops.learning.extractors import ExtractorName
from poreops.learning.image_scores import complaints, fid, kid
from poreops.volumes.statistics import (
    correlation_length,
    exponential,
    minkowski_densities,
    two_point_correlation,
)

Floats = NDArray[np.float64]
Grey = NDArray[np.uint8]
Positive = Annotated[int, Field(ge=1)]

_BIN = 4  # pixels averaged along each axis before copies are looked for: noise is no structure
_GREY_VALUES = 256
_SAME = 0.02  # of the largest spread
COPIED = 0.9
"""A likeness above this is a copy: what noise is left after binning lowers that of a copy less."""


class CoreEvaluationConfig(BaseModel):
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
class Segmentation:
    """Grey values that part pores, matrix and ores, after smoothing.

    Attributes
    ----------
    pore_below : Otsu's threshold of all images together: one image may have no pore
    ore_above : as far above the most frequent value as `pore_below` lies below it
    smoothing : standard deviation of the Gauss filter [pixel]
    """

    pore_below: float
    ore_above: float
    smoothing: float

    @classmethod
    def fit(cls, images: Grey, smoothing: float) -> "Segmentation":
        """Fit the thresholds to images (n, rows, columns) uint8."""
        from skimage.filters import threshold_otsu

        values = np.clip(np.rint(_smoothed(images, smoothing)), 0, 255).astype(np.uint8)
        if values.min() == values.max():
            raise InputError(
                f"images must have contrast to be segmented, got the one value {values.min()}"
            )
        pore = float(threshold_otsu(values))
        mode = int(np.bincount(values.ravel(), minlength=_GREY_VALUES).argmax())
        return cls(pore, max(2.0 * mode - pore, pore), smoothing)

    def pores(self, images: Grey) -> NDArray[np.bool_]:
        """Return where images (n, rows, columns) are pore."""
        found: NDArray[np.bool_] = _smoothed(images, self.smoothing) <= self.pore_below
        return found

    def ores(self, images: Grey) -> NDArray[np.bool_]:
        """Return where images (n, rows, columns) are ore."""
        found: NDArray[np.bool_] = _smoothed(images, self.smoothing) > self.ore_above
        return found


@dataclass(frozen=True)
class Structure:
    """Statistics of a set of segmented images.

    Attributes
    ----------
    s2 : direction ("x", "y", "radial") → (n, r_max + 1), S2 of every image
    shares : "pore", "ore" → (n,)
    minkowski : "area", "perimeter", "euler" → (n,) per pixel
    """

    s2: dict[str, Floats]
    shares: dict[str, Floats]
    minkowski: dict[str, Floats]

    def summary(self) -> dict[str, Any]:
        """Return means and standard deviations, and the fitted exponential of each direction."""
        spread = {
            name: {"mean": float(values.mean()), "sd": float(values.std())}
            for name, values in (self.shares | self.minkowski).items()
        }
        curves: dict[str, Any] = {}
        for direction, values in self.s2.items():
            mean = values.mean(axis=0)
            curves[direction] = {"mean": mean, "sd": values.std(axis=0)}
            if 0 < mean[0] < 1:
                length = correlation_length(mean)
                fitted = exponential(np.arange(len(mean)), float(mean[0]), length)
                curves[direction] |= {
                    "correlation_length": length,
                    "exponential_rmse": float(np.sqrt(((fitted - mean) ** 2).mean())),
                }
        return spread | {"s2": curves}


def structure(images: Grey, segmentation: Segmentation, r_max: int) -> Structure:
    """Measure S2 along both axes and radially, shares and Minkowski functionals of each image.

    Parameters
    ----------
    images : (n, rows, columns) uint8
    segmentation : Segmentation
    r_max : largest lag [pixel]
    """
    pores, ores = segmentation.pores(images), segmentation.ores(images)
    curves = [two_point_correlation(pore, r_max) for pore in pores]
    shapes = [minkowski_densities(pore) for pore in pores]
    return Structure(
        {
            # x is axis 0, as everywhere in this library
            "x": np.stack([curve.axes[0] for curve in curves]),
            "y": np.stack([curve.axes[1] for curve in curves]),
            "radial": np.stack([curve.radial for curve in curves]),
        },
        {"pore": pores.mean(axis=(1, 2)), "ore": ores.mean(axis=(1, 2))},
        {name: np.array([shape[name] for shape in shapes]) for name in shapes[0]},
    )


def s2_error(found: Structure, real: Structure) -> dict[str, float]:
    """Largest distance of two mean curves S2(r) in standard deviations of the real curve.

    Returns
    -------
    dict
        direction → largest over the lags of |mean S2 found - mean S2 real| / sd of real images;
        lags at which real images hardly differ measure nothing and are left out.
    """
    errors = {}
    for direction, curves in real.s2.items():
        sd = curves.std(axis=0)
        spread = sd > _SAME * sd.max()
        gap = np.abs(found.s2[direction].mean(axis=0) - curves.mean(axis=0))
        errors[direction] = float((gap[spread] / sd[spread]).max(initial=0.0))
    return errors


def feature_scores(
    first: Floats, second: Floats, config: CoreEvaluationConfig, extractor: str
) -> dict[str, Any]:
    """Return FID and KID of two sets of features, labelled with extractor and numbers."""
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
    """Return median and largest likeness, and the share of images that are copies."""
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


def _smoothed(images: Grey, smoothing: float) -> NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter

    values = images.astype(np.float32)
    if smoothing == 0:
        return values
    found: NDArray[np.float32] = gaussian_filter(values, (0, smoothing, smoothing))
    return found
