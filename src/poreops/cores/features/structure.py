"""Structure of grey images: pores and ores by thresholds, S2(r), Minkowski functionals, chords."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import Values
from poreops.base.content import Json
from poreops.errors import InputError
from poreops.images.statistics import (
    chord_lengths,
    correlation_and_nugget,
    correlation_length,
    exponential,
    lineal_path,
    minkowski_densities,
    two_point_correlation,
)

Floats = NDArray[np.float64]
Grey = NDArray[np.uint8]

_GREY_VALUES = 256
_TRACE = 1e-4  # a share that counts as nothing: a pixel in a crop of 100 x 100

DISTANCES = (
    "s2", "correlation_length", "pore_share", "ore_share", "perimeter", "euler", "chords",
    "lineal_path",
)  # fmt: skip
"""What `distances` returns; 0 for equal structures, 1 where there is no pore."""


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
        """Fit the thresholds to images (n, rows, columns) uint8.

        Parameters
        ----------
        images : (n, rows, columns) uint8
        smoothing : standard deviation of the Gauss filter [pixel]
        """
        from skimage.filters import threshold_otsu

        values = np.clip(np.rint(smoothed(images, smoothing)), 0, 255).astype(np.uint8)
        if values.min() == values.max():
            raise InputError(
                f"images must have contrast to be segmented, got the one value {values.min()}"
            )
        pore = float(threshold_otsu(values))
        mode = int(np.bincount(values.ravel(), minlength=_GREY_VALUES).argmax())
        return cls(pore, max(2.0 * mode - pore, pore), smoothing)

    def pores(self, images: Grey) -> NDArray[np.bool_]:
        """Return where images (n, rows, columns) are pore.

        Parameters
        ----------
        images : (n, rows, columns) uint8
        """
        found: NDArray[np.bool_] = smoothed(images, self.smoothing) <= self.pore_below
        return found

    def phases(self, images: Grey) -> tuple[Floats, Floats]:
        """Return median grey and share of the area of pore, matrix and ore, (3,) each.

        A phase that is not there has the darkest or brightest grey.

        Parameters
        ----------
        images : (n, rows, columns) uint8
        """
        pores, ores = self.pores(images), self.ores(images)
        found = [images[mask] for mask in (pores, ~(pores | ores), ores)]
        instead = (images.min(), np.median(images), images.max())
        greys = [
            np.median(g) if g.size else other for g, other in zip(found, instead, strict=True)
        ]
        return np.array(greys, float), np.array([g.size / images.size for g in found])

    def ores(self, images: Grey) -> NDArray[np.bool_]:
        """Return where images (n, rows, columns) are ore.

        Parameters
        ----------
        images : (n, rows, columns) uint8
        """
        found: NDArray[np.bool_] = smoothed(images, self.smoothing) > self.ore_above
        return found


@dataclass(frozen=True)
class Structure:
    """Statistics of a set of segmented images.

    Attributes
    ----------
    s2 : direction ("x", "y", "radial") → (n, r_max + 1), S2 of every image
    shares : "pore", "ore" → (n,)
    minkowski : "area", "perimeter", "euler" → (n,) per pixel
    chords : "x", "y" → (n, edge + 1), number of pore chords of every image by their length
    """

    s2: dict[str, Floats]
    shares: dict[str, Floats]
    minkowski: dict[str, Floats]
    chords: dict[str, NDArray[np.int64]]

    def summary(self) -> dict[str, Json]:
        """Return means and standard deviations, and the fitted exponential of each direction.

        Noise that the segmentation takes for pores stands apart: ``nugget``, the share of the
        variance that lies at lag 0 alone.
        """
        spread = {
            name: {"mean": float(values.mean()), "sd": float(values.std())}
            for name, values in (self.shares | self.minkowski).items()
        }
        curves: dict[str, Json] = {}
        for direction, values in self.s2.items():
            mean = values.mean(axis=0)
            curves[direction] = {"mean": mean, "sd": values.std(axis=0)}
            if 0 < mean[0] < 1:
                length = correlation_length(mean)
                fitted = exponential(np.arange(len(mean)), float(mean[0]), length)
                curves[direction] |= {
                    "correlation_length": length,
                    "exponential_rmse": float(np.sqrt(((fitted - mean) ** 2).mean())),
                    "nugget": correlation_and_nugget(mean)[1],
                }
        chords = {axis: mean_chord(counts.sum(axis=0)) for axis, counts in self.chords.items()}
        path = self.lineal_paths()
        paths = {"mean": path.mean(axis=0), "sd": path.std(axis=0)}
        return spread | {"s2": curves, "mean_chord": chords, "lineal_path": paths}

    def lineal_paths(self) -> Floats:
        """Return L(r) of the pores of every image, mean of both axes, at the lags of S2.

        Returns
        -------
        (n, r_max + 1) float64
        """
        lags = self.s2["radial"].shape[1]
        both = [
            [lineal_path(counts, len(counts) - 1)[:lags] for counts in every]
            for every in self.chords.values()
        ]
        mean: Floats = np.mean(both, axis=0)
        return mean


def structure(images: Grey, segmentation: Segmentation, r_max: int) -> Structure:
    """Measure S2 along both axes and radially, shares, Minkowski functionals and pore chords.

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
        {
            name: np.stack([chord_lengths(pore[None], axis) for pore in pores])
            for axis, name in enumerate("xy")
        },
    )


def s2_error(found: Structure, real: Structure) -> dict[str, float]:
    """Largest distance of two mean curves S2(r), as a share of the real curve's own range.

    Parameters
    ----------
    found, real : Structure with the same lags

    Returns
    -------
    dict
        direction → largest over the lags of |mean S2 found - mean S2 real| / (φ (1 - φ)), with the
        pore share φ of the real images: S2 falls by φ (1 - φ) from lag 0 to a lag without order.
    """
    share = float(real.shares["pore"].mean())
    scale = max(share * (1 - share), _TRACE)
    return {
        direction: float(
            np.abs(found.s2[direction].mean(axis=0) - curves.mean(axis=0)).max() / scale
        )
        for direction, curves in real.s2.items()
    }


def distances(found: Structure, real: Structure) -> dict[str, float]:
    """Say how far a structure is from a real one, each as a share of the real value.

    Parameters
    ----------
    found, real : Structure of images of one size

    Returns
    -------
    dict
        ``s2`` the largest `s2_error` of the directions; ``correlation_length`` (radial),
        ``pore_share``, ``ore_share``, ``perimeter`` and ``euler`` |found - real| / real of the
        means; ``chords`` the distance of the distributions of chord lengths (Wasserstein-1),
        divided by the real mean chord, of the axis where it is larger; ``lineal_path`` the largest
        distance of the mean curves L(r), r ≥ 1, as a share of the real L(1). Where there is no
        pore the length is 0.
    """
    smallest = 1.0 / (real.chords["x"].shape[1] - 1) ** 2  # a piece in an image
    both = (found, real)
    pores, ores = ([float(each.shares[name].mean()) for each in both] for name in ("pore", "ore"))
    eulers, edges = (
        [float(each.minkowski[name].mean()) for each in both] for name in ("euler", "perimeter")
    )
    paths = [each.lineal_paths().mean(axis=0)[1:] for each in both]
    return {
        "s2": max(s2_error(found, real).values()),
        "correlation_length": _apart(_radial_length(found), _radial_length(real), 1.0),
        "pore_share": _apart(pores[0], pores[1], _TRACE),
        "ore_share": _apart(ores[0], ores[1], _TRACE),
        "perimeter": _apart(edges[0], edges[1], _TRACE),
        "euler": _apart(eulers[0], eulers[1], smallest),
        "chords": max(
            _chord_distance(counts.sum(axis=0), real.chords[axis].sum(axis=0))
            for axis, counts in found.chords.items()
        ),
        "lineal_path": float(np.abs(paths[0] - paths[1]).max() / max(paths[1][0], _TRACE)),
    }


def _apart(found: float, real: float, smallest: float) -> float:
    return abs(found - real) / max(abs(real), smallest)


def _radial_length(found: Structure) -> float:
    mean = found.s2["radial"].mean(axis=0)
    return correlation_length(mean) if 0 < mean[0] < 1 else 0.0


def _chord_distance(found: NDArray[np.int64], real: NDArray[np.int64]) -> float:
    """Area between the distribution functions; no chord counts as one of length 0."""
    functions = []
    for counts in (found, real):
        own = counts if counts.sum() else np.eye(1, len(counts), dtype=np.int64)[0]
        functions.append(np.cumsum(own) / own.sum())
    return float(np.abs(functions[0] - functions[1]).sum() / max(mean_chord(real), 1.0))


def mean_chord(counts: NDArray[np.int64]) -> float:
    """Return the mean length of chords [pixel], 0 without one.

    Parameters
    ----------
    counts : (edge + 1,), of `poreops.images.statistics.chord_lengths`
    """
    return float((counts * np.arange(len(counts))).sum() / max(counts.sum(), 1))


def smoothed(images: Values, smoothing: float) -> NDArray[np.float32]:
    """Smooth each image by a Gauss filter of this standard deviation [pixel].

    Parameters
    ----------
    images : (n, rows, columns), any real dtype
    smoothing : [pixel]; 0 leaves them as they are
    """
    from scipy.ndimage import gaussian_filter

    values = images.astype(np.float32)
    if smoothing == 0:
        return values
    found: NDArray[np.float32] = gaussian_filter(values, (0, smoothing, smoothing))
    return found
