"""Features of segmented slices: means over the pores, and what the model makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from poreops.errors import InputError
from poreops.properties.slices.crossing import crossed_share
from poreops.properties.slices.shape import CROFTON, PROPERTIES, region_shapes

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Feature:
    """A column of the table of slices.

    name : of the column.
    length : power of a length in its unit: 2 for m², 1 for m, 0 for a number, -1 for 1/m.
    logarithm : whether the model takes its logarithm.
    meaning : its definition.
    """

    name: str
    length: int
    logarithm: bool
    meaning: str


PORE_FEATURES = (
    Feature("area", 2, True, "of a pore"),
    Feature("area_bbox", 2, True, "of the upright box round a pore"),
    Feature("area_convex", 2, True, "of the convex hull of a pore"),
    Feature("area_filled", 2, True, "of a pore with its holes"),
    Feature("axis_major_length", 1, True, "of the ellipse with the second moments of a pore"),
    Feature("axis_minor_length", 1, True, "of that ellipse, across"),
    Feature("eccentricity", 0, False, "of that ellipse: 0 for a circle, towards 1 for a line"),
    Feature("equivalent_diameter_area", 1, True, "diameter of the circle of the same area"),
    Feature("euler_number", 0, False, "1 minus the holes of a pore"),
    Feature("extent", 0, False, "area over area of the box"),
    Feature("feret_diameter_max", 1, True, "largest distance of two points of a pore's hull"),
    Feature(
        "orientation",
        0,
        False,
        "angle from axis 0 to the major axis [rad], axial mean of the pores by their anisotropy",
    ),
    Feature("perimeter_crofton", 1, True, "of a pore, by Crofton's formula in four directions"),
    Feature("solidity", 0, False, "area over area of the hull"),
)
"""The 14 features of scikit-image's regionprops, each averaged over the pores of a slice."""

SLICE_FEATURES = (
    Feature("areal_porosity", 0, True, "pore pixels over all pixels"),
    Feature("specific_perimeter", -1, True, "length of the pore wall over the slice's area"),
    Feature("weighted_diameter", 1, True, "equivalent diameter, weighted by the pores' areas"),
    Feature("inscribed_radius", 1, True, "mean distance of a pore pixel to the wall"),
    Feature("largest_cluster", 0, False, "area of the largest connected pore over all pore"),
    Feature("crossing", 0, False, "share of windows, nine hydraulic lengths wide, crossed"),
    Feature(
        "alignment",
        0,
        False,
        "length of the mean axial vector, by area and anisotropy: 0 "
        "round or isotropic, 1 parallel lines",
    ),
)
"""Features of a whole slice, beside those of its pores."""

FEATURES = PORE_FEATURES + SLICE_FEATURES
NAMES = tuple(feature.name for feature in FEATURES)
INPUTS = tuple(name for name in NAMES if name not in {"specific_perimeter", "largest_cluster"})
"""What a model may take: in units of ℓ, the specific perimeter is the areal porosity itself, and
the largest cluster is another share of every field of view."""

_CANCELLED = 1e-9

assert tuple(feature.name for feature in PORE_FEATURES) == PROPERTIES


def slice_features(labels: NDArray[np.integer], voxel_size: float) -> dict[str, float]:
    """Measure a segmented slice.

    Parameters
    ----------
    labels : (h, w) int
        0 solid, 1.. pores, below 0 outside the field of view; solid and pores occur.
    voxel_size : float
        Edge of a pixel [m].

    Returns
    -------
    dict
        A value for each of `FEATURES`, in powers of metres.
    """
    shapes = region_shapes(labels)
    pore, inside = labels > 0, labels >= 0
    means = dict(zip(PROPERTIES, shapes.mean(axis=0), strict=True))
    along, across, angle = (
        shapes[:, PROPERTIES.index(name)]
        for name in ("axis_major_length", "axis_minor_length", "orientation")
    )
    # a round pore has no direction, one that is nearly round hardly any; a lone pixel's ellipse
    # has no size
    size = along**2 + across**2
    anisotropy = np.divide(along**2 - across**2, size, out=np.zeros(len(size)), where=size > 0)
    axes = anisotropy * np.exp(2j * angle)
    means["orientation"] = axial_mean(axes)
    area = shapes[:, 0]
    porosity = float(np.count_nonzero(pore) / np.count_nonzero(inside))
    perimeter = _specific_perimeter(pore, inside)
    pixels = means | {
        "areal_porosity": porosity,
        "specific_perimeter": perimeter,
        "weighted_diameter": float(
            np.average(shapes[:, PROPERTIES.index("equivalent_diameter_area")], weights=area)
        ),
        "inscribed_radius": _mean_distance(pore, inside),
        "largest_cluster": _largest_share(pore),
        "crossing": crossed_share(pore, inside, porosity / perimeter),
        "alignment": float(np.abs(np.average(axes, weights=area))),
    }
    return {f.name: float(pixels[f.name]) * voxel_size**f.length for f in FEATURES}


def axial_mean(axes: NDArray[np.complexfloating]) -> float:
    """Return the mean angle of axes, given as exp(2iθ): an axis at 0 and one at π are the same.

    Parameters
    ----------
    axes : exp(2iθ) of each, complex

    Returns
    -------
    float
        In (-π/2, π/2]; 0 where the axes cancel out.

    Examples
    --------
    >>> angles = np.radians([89.0, -89.0])  # nearly parallel
    >>> abs(round(float(np.degrees(axial_mean(np.exp(2j * angles))))))
    90
    """
    mean = complex(axes.mean())
    # what rounding leaves of axes that cancel out points anywhere
    return float(np.angle(mean) / 2) if abs(mean) > _CANCELLED else 0.0


def design(table: pd.DataFrame, names: Sequence[str] = INPUTS) -> Floats:
    """Return what the models see: features free of units, in the hydraulic length of each slice.

    A length is divided by ``areal_porosity / specific_perimeter``, so that a slice seen at
    another voxel size, or a rock grown in all its parts, gives the same row.

    Parameters
    ----------
    table : with the columns `NAMES`
    names : which of `INPUTS`

    Returns
    -------
    (n, len(names)) float64
    """
    length = hydraulic_length(table)
    known = {feature.name: feature for feature in FEATURES}
    columns = []
    for name in names:
        feature = known[name]
        values = table[name].to_numpy(np.float64) / length**feature.length
        columns.append(np.log(values) if feature.logarithm else values)
    return np.stack(columns, axis=1) if columns else np.zeros((len(table), 0))


def design_name(name: str) -> str:
    """Return what `design` makes of a feature, as a formula.

    Parameters
    ----------
    name : of a feature

    Examples
    --------
    >>> design_name("area"), design_name("solidity")
    ('log(area / ℓ²)', 'solidity')
    """
    feature = next(f for f in FEATURES if f.name == name)
    unit = {2: " / ℓ²", 1: " / ℓ", 0: "", -1: " ℓ"}[feature.length]
    return f"log({name}{unit})" if feature.logarithm else f"{name}{unit}"


def hydraulic_length(table: pd.DataFrame) -> Floats:
    """Return pore area over wall length of each slice, (n,) [m].

    Parameters
    ----------
    table : one row a slice, with ``areal_porosity`` and ``specific_perimeter`` [1/m]
    """
    return np.asarray(table["areal_porosity"] / table["specific_perimeter"], np.float64)


def measure(labels: NDArray[np.integer], voxel_size: float, name: str = "image") -> pd.DataFrame:
    """Measure the slices of a rock.

    Parameters
    ----------
    labels : (n, h, w) int
        0 solid, 1.. pores of each slice, below 0 outside the field of view.
    voxel_size : float
        [m]
    name : of the rock, for messages

    Returns
    -------
    One row a slice, columns `NAMES`.
    """
    if not voxel_size > 0:
        raise InputError(f"voxel size must be positive, got {voxel_size} for {name}; give metres")
    rows = [slice_features(image, voxel_size) for image in labels]
    return pd.DataFrame(rows, columns=list(NAMES))


def _specific_perimeter(pore: NDArray[np.bool_], inside: NDArray[np.bool_]) -> float:
    """Length of the pore wall per area [1/pixel]; the edge of the field of view is no wall."""
    p = pore.astype(np.uint8)
    code = p[1:, 1:] + 2 * p[:-1, 1:] + 4 * p[1:, :-1] + 8 * p[:-1, :-1]
    whole = inside[1:, 1:] & inside[:-1, 1:] & inside[1:, :-1] & inside[:-1, :-1]
    return float(CROFTON[code][whole].mean())


def _mean_distance(pore: NDArray[np.bool_], inside: NDArray[np.bool_]) -> float:
    import edt

    return float(edt.edt(pore | ~inside)[pore].mean())


def _largest_share(pore: NDArray[np.bool_]) -> float:
    from scipy.ndimage import label

    clusters, _ = label(pore, np.ones((3, 3)))
    sizes = np.bincount(clusters[pore])
    return float(sizes.max() / sizes.sum())
