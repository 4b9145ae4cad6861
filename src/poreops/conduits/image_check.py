"""What to look at before a number from an image is believed: enough of it, and resolved."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cc3d
import edt
import numpy as np
from numpy.typing import NDArray

from poreops.base.arguments import checked_axis
from poreops.base.arrays import Array, Integers
from poreops.base.show.result import Result
from poreops.conduits.check_warnings import check_warnings
from poreops.conduits.partition import Regions, binary_image, partition
from poreops.errors import InputError
from poreops.machine.progress import ticking
from poreops.solvers.diffusion.bulk import formation_factor

BoolArray = NDArray[np.bool_]

SHORTEST_PART = 16
"""Voxels along each axis that an octant must have to say anything about the rock."""
LARGEST_PART = 128
"""Edge of the cube in the middle of an octant whose F is solved: it bounds the cost."""
LARGEST_BOX = 192
"""Edge of the cube in the middle of the image in which throats are measured."""

_TOLERANCE = 1e-3  # of the fluxes; the error of F is its square


@dataclass(frozen=True)
class Throats:
    """Width of the throats between the regions of an image [voxel].

    Attributes
    ----------
    count : number of throats
    smallest, mean : width of a throat: at its widest point, the narrowest way across, by the
        distance to the solid or along an axis
    one_voxel_share : share of the throats that are a single voxel wide
    box : shape of the part in the middle of the image that was measured
    """

    count: int
    smallest: float
    mean: float
    one_voxel_share: float
    box: tuple[int, ...]


@dataclass(frozen=True)
class Parts:
    """The image cut in two along each axis: eight octants (four quadrants in 2D).

    Attributes
    ----------
    porosity : of each part
    formation_factor : axis → F of each part, infinite where it does not percolate
    solved_shape : shape of the cube in the middle of each part that F is of
    """

    porosity: tuple[float, ...]
    formation_factor: Mapping[int, tuple[float, ...]]
    solved_shape: tuple[int, ...]

    @property
    def porosity_error(self) -> float:
        """Relative standard error of the mean porosity of the parts; NaN if all are solid."""
        return _relative_error(self.porosity)

    def conductivity_error(self, axis: int | str) -> float:
        """Relative standard error of the mean 1/F of the parts; NaN if none percolates.

        Parameters
        ----------
        axis : 0, 1, 2 or "x", "y", "z"
        """
        index = checked_axis(axis, len(self.solved_shape))
        return _relative_error([1 / found for found in self.formation_factor[index]])


@dataclass(frozen=True, repr=False)
class ImageCheck(Result, kind="check"):
    """What to look at before a number from an image is believed.

    Attributes
    ----------
    shape : of the image
    porosity : share of pore voxels
    percolating_share : share of the pore voxels that join the two faces of each axis
    closed_pores : number of pores that touch no face of the image
    closed_share : their share of the pore voxels
    throats : their width; None where there is no throat
    parts : porosity and F of the eight octants; None where they are too small
    skipped : what was not measured → why
    warnings : each a sentence
    """

    shape: tuple[int, ...]
    porosity: float
    percolating_share: tuple[float, ...]
    closed_pores: int
    closed_share: float
    throats: Throats | None
    parts: Parts | None
    skipped: Mapping[str, str]
    warnings: tuple[str, ...]

    @property
    def floating_share(self) -> tuple[float, ...]:
        """Share of the pore voxels that do not join the two faces of each axis."""
        return tuple(1 - share for share in self.percolating_share)


def check(
    im: Array,
    *,
    regions: Regions | None = None,
    parts: bool = True,
    workers: int | None = None,
    progress: bool = False,
) -> ImageCheck:
    """Look at a segmented image as one should before a number from it is believed.

    Parameters
    ----------
    im : (nx, ny, nz) or (nx, ny) bool
        True = pore.
    regions : Regions, optional
        Of the image, if it is partitioned already; else its middle is.
    parts : bool
        Whether to solve the octants; without them the check takes half the time.
    workers : int, optional
        Threads; all processors by default. The result does not depend on it.
    progress : bool
        Show a bar on stderr, or below the cell of a notebook.

    Returns
    -------
    ImageCheck

    Raises
    ------
    InputError
        The image is not 2D or 3D, not binary, or holds no pore.

    Notes
    -----
    The cost is bounded: throats are those of the middle 192³ voxels, F is that of the middle 128³
    voxels of each octant, along every axis. The porosity is that of whole octants, and what is
    connected that of the whole image.

    Examples
    --------
    A duct of 4 x 4 voxels along axis 0, and a closed pore beside it:

    >>> im = np.zeros((12, 9, 9), dtype=bool)
    >>> im[:, 1:5, 1:5] = True
    >>> im[5, 7, 7] = True
    >>> found = check(im)
    >>> [round(share, 3) for share in found.percolating_share], found.closed_pores
    ([0.995, 0.0, 0.0], 1)
    """
    image = binary_image(im)
    if regions is not None and regions.labels.shape != image.shape:
        raise InputError(
            f"regions must be those of the image, got shape {regions.labels.shape} for an image "
            f"of shape {image.shape}; pass those of partition(im)"
        )
    skipped: dict[str, str] = {}
    percolating, closed_pores, closed_share = _connectivity(image)
    throats = _throats(image, regions)
    if throats is None:
        skipped["throats"] = "the pore space is one region"
    reason = _no_parts(image.shape, wanted=parts)
    if reason is not None:
        skipped["parts"] = reason
    found = _parts(image, workers, progress) if reason is None else None
    return ImageCheck(
        shape=image.shape,
        porosity=float(np.count_nonzero(image)) / image.size,
        percolating_share=percolating,
        closed_pores=closed_pores,
        closed_share=closed_share,
        throats=throats,
        parts=found,
        skipped=skipped,
        warnings=tuple(check_warnings(image.shape, percolating, closed_share, throats, found)),
    )


def pores_across(labels: Integers, axis: int | str) -> tuple[int, float]:
    """Find regions that touch both faces of an axis, whose conduits a network cannot describe.

    Parameters
    ----------
    labels : (nx, ny[, nz]) int, 0 solid, 1..N regions
    axis : 0, 1, 2 or "x", "y", "z"

    Returns
    -------
    (int, float)
        Their number, and their share of the regions that touch one of the two faces.

    Examples
    --------
    >>> pores_across(np.array([[1, 1, 2], [0, 3, 3]]), axis=0)
    (0, 0.0)
    >>> pores_across(np.array([[1, 1, 2], [0, 3, 3]]), axis=1)
    (0, 0.0)
    >>> pores_across(np.array([[1, 1, 1], [0, 3, 2]]), axis=1)
    (1, 0.5)
    """
    index = checked_axis(axis, labels.ndim)
    first, last = (np.unique(labels.take(layer, index)) for layer in (0, -1))
    both = np.intersect1d(first, last)
    either = np.union1d(first, last)
    count = int(np.count_nonzero(both))
    return count, count / max(int(np.count_nonzero(either)), 1)


def _no_parts(shape: tuple[int, ...], *, wanted: bool) -> str | None:
    """Return why the octants of an image are not solved."""
    half = tuple(n // 2 for n in shape)
    if min(half) < SHORTEST_PART:
        size = " x ".join(str(n) for n in half)
        return (
            f"octants of {size} voxels say nothing about the rock, {SHORTEST_PART} along each "
            "axis are the least"
        )
    return None if wanted else "not asked for"


def _connectivity(image: BoolArray) -> tuple[tuple[float, ...], int, float]:
    """Share of the pores that percolates on each axis, number and share of closed pores."""
    cube = image if image.ndim == 3 else image[:, :, None]
    labels, count = cc3d.connected_components(cube, connectivity=6, return_N=True)
    sizes = np.zeros(count + 1)
    for slab in labels:
        sizes += np.bincount(slab.ravel(), minlength=count + 1)
    sizes[0] = 0
    pores = sizes.sum()
    inner = np.ones(count + 1, bool)
    inner[0] = False
    percolating = []
    for axis in range(image.ndim):
        first, last = (np.unique(labels.take(layer, axis)) for layer in (0, -1))
        inner[first] = inner[last] = False
        percolating.append(float(sizes[np.intersect1d(first, last)].sum() / pores))
    closed = np.flatnonzero(inner)
    return tuple(percolating), closed.size, float(sizes[closed].sum() / pores)


def _throats(image: BoolArray, regions: Regions | None) -> Throats | None:
    box = tuple(_middle(n, LARGEST_BOX) for n in image.shape)
    inside = image[box]
    if not inside.any():
        return None
    labels = regions.labels[box] if regions is not None else partition(inside).labels
    widths = throat_widths(labels)
    if not widths.size:
        return None
    return Throats(
        count=widths.size,
        smallest=float(widths.min()),
        mean=float(widths.mean()),
        one_voxel_share=float((widths <= 1).mean()),
        box=inside.shape,
    )


def throat_widths(labels: Integers) -> NDArray[np.float64]:
    """Return the width of every throat in voxels, in no order of use.

    Parameters
    ----------
    labels : (nx, ny[, nz]) int, 0 solid, 1..N regions

    Returns
    -------
    (Nt,) float64
        At the widest point of the throat, the lesser of twice the distance to the solid and the
        lengths of the pore along the axes: a slit of n voxels has the width n, for odd n too.

    Examples
    --------
    >>> labels = np.zeros((6, 5), dtype=int)
    >>> labels[:3, 1:4], labels[3:, 1:4] = 1, 2
    >>> throat_widths(labels)
    array([3.])
    """
    pore = labels > 0
    width = 2 * edt.edt(pore, parallel=0).astype(np.float64)
    for axis in range(labels.ndim):
        np.minimum(width, _chords(pore, axis), out=width)
    count = int(labels.max(initial=0)) + 1
    keys, values = [], []
    for axis in range(labels.ndim):
        below = (slice(None),) * axis + (slice(None, -1),)
        above = (slice(None),) * axis + (slice(1, None),)
        low, high = labels[below], labels[above]
        touch = (low != high) & (low > 0) & (high > 0)
        one, two = low[touch].astype(np.int64), high[touch].astype(np.int64)
        key = np.minimum(one, two) * count + np.maximum(one, two)
        keys += [key, key]
        values += [width[below][touch], width[above][touch]]
    pair, values_of = np.concatenate(keys), np.concatenate(values)
    _, which = np.unique(pair, return_inverse=True)
    widest = np.zeros(which.max(initial=-1) + 1)
    np.maximum.at(widest, which, values_of)
    return widest


def _chords(pore: BoolArray, axis: int) -> NDArray[np.float64]:
    """Length of the pore through each voxel along an axis; infinite where it leaves the image."""
    size = pore.shape[axis]
    place = np.arange(size, dtype=np.int32).reshape(
        [-1 if a == axis else 1 for a in range(pore.ndim)]
    )
    before = np.maximum.accumulate(np.where(pore, np.int32(-1), place), axis=axis)
    behind = np.where(pore, np.int32(size), place)
    behind = np.flip(np.minimum.accumulate(np.flip(behind, axis), axis=axis), axis)
    length = (behind - before - 1).astype(np.float64)
    length[(before < 0) | (behind == size)] = np.inf
    return length


def _parts(image: BoolArray, workers: int | None, progress: bool) -> Parts:
    halves = [(slice(0, n // 2), slice(n - n // 2, n)) for n in image.shape]
    porosity, factors = [], []
    solved: tuple[int, ...] = ()
    with ticking(progress, "octants", image.ndim * 2**image.ndim) as tick:

        def solve(part: BoolArray, axis: int) -> float:
            found = formation_factor(part, axis, tolerance=_TOLERANCE, workers=workers)
            tick("")
            return found.formation_factor

        for corner in itertools.product(*halves):
            part = image[corner]
            porosity.append(float(part.mean()))
            middle = part[tuple(_middle(n, LARGEST_PART) for n in part.shape)]
            solved = middle.shape
            factors.append([solve(middle, axis) for axis in range(image.ndim)])
    along = {axis: tuple(found[axis] for found in factors) for axis in range(image.ndim)}
    return Parts(tuple(porosity), along, solved)


def _middle(size: int, largest: int) -> "slice[int, int, None]":
    start = max(size - largest, 0) // 2
    return slice(start, start + min(size, largest))


def _relative_error(values: Sequence[float]) -> float:
    mean = float(np.mean(values))
    if not mean > 0:
        return math.nan
    return float(np.std(values, ddof=1)) / mean / math.sqrt(len(values))
