"""Partition the pore space into regions (pores) and find which touch (throats)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import edt
import numpy as np
import scipy.ndimage as spim
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.base.arguments import checked_array, checked_count, checked_number
from poreops.base.arrays import Array, Integers
from poreops.base.show.result import Result
from poreops.conduits.markers import markers
from poreops.errors import InputError
from poreops.machine.progress import ticking

MOST_R_MAX = 100  # voxels; the ball of the filter is a list of its voxels


class PartitionConfig(BaseModel):
    """Parameters of the SNOW algorithm.

    Attributes
    ----------
    r_max : radius of the maximum filter that finds the peaks [voxel]
    sigma : standard deviation of the Gaussian that smooths the distance transform [voxel]
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    r_max: Annotated[int, Field(ge=1, le=MOST_R_MAX)]
    sigma: Annotated[float, Field(ge=0, le=MOST_R_MAX)]


@dataclass(frozen=True, repr=False)
class Regions(Result, kind="regions"):
    """A partitioned image.

    Attributes
    ----------
    labels : (nx, ny, nz) or (nx, ny) int32
        0 solid, 1..N regions.
    conns : (Nt, 2) int64
        0-based indices i < j of the regions that share a face, in lexicographic order, as
        PoreSpy and OpenPNM have them.
    """

    labels: NDArray[np.int32]
    conns: NDArray[np.int64]

    @property
    def count(self) -> int:
        """Number of regions N."""
        return int(self.labels.max(initial=0))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the image [voxel]."""
        return self.labels.shape

    @property
    def porosity(self) -> float:
        """Share of the image that regions fill."""
        return float(np.count_nonzero(self.labels)) / self.labels.size


def partition(im: Array, *, r_max: int = 4, sigma: float = 0.4, progress: bool = False) -> Regions:
    """Split the pore space into regions by SNOW, a marker-based watershed.

    Parameters
    ----------
    im : (nx, ny, nz) or (nx, ny) bool
        True in the pores.
    r_max : int
        Radius of the maximum filter that finds the peaks of the distance transform [voxel].
    sigma : float
        Standard deviation of the Gaussian that smooths it first [voxel].
    progress : bool
        Show a bar on stderr, or below the cell of a notebook.

    Returns
    -------
    Regions
        Each region is connected by faces, and every pore voxel belongs to one.

    Raises
    ------
    InputError
        The image is not 2D or 3D, not binary, or holds no pore; r_max or sigma out of range.

    Notes
    -----
    Gostick, Physical Review E 96, 023307 (2017), with PoreSpy's markers. PoreSpy 3.2 floods the
    solid as well and cuts it away afterwards; a region may then reach a pore behind a wall, and as
    one node of a network it is a short circuit through rock (Berea 128³: formation factor 13 % too
    low). Here the flood stays in the pores, and a closed pore without a peak is a region.
    """
    from skimage.segmentation import watershed

    # the distance transform takes no array that it must not write, as one of a mapped file
    im = np.require(binary_image(im), requirements="W")
    r_max = checked_count(r_max, "r_max", most=MOST_R_MAX)
    sigma = checked_number(sigma, "sigma", "0.4 is usual")
    if not 0 <= sigma <= MOST_R_MAX:
        raise InputError(f"sigma must lie in 0..{MOST_R_MAX} voxels, got {sigma:g}; 0.4 is usual")
    # an image without a wall has no distance to one: take that to its faces
    with ticking(progress, "partition", 4) as tick:
        distance = edt.edt(im, black_border=bool(im.all()), parallel=0)
        tick("peaks")
        peaks = _markers(im, distance, r_max, sigma)
        tick("watershed")
        labels = watershed(-distance, peaks, mask=im).astype(np.int32, copy=False)
        tick("throats")
        conns = touching_pairs(labels)
        tick("")
    return Regions(labels=labels, conns=conns)


def load_regions(path: str | Path) -> Regions:
    """Read the regions that `Regions.save` wrote.

    Parameters
    ----------
    path : HDF5 file

    Returns
    -------
    Regions
        What was saved.

    Raises
    ------
    InputError
        If it is missing, or not a file of regions whose throats lie among them.
    """
    from poreops.base.hdf5 import read_hdf5

    arrays, _ = read_hdf5(path)
    labels, conns = arrays.get("labels"), arrays.get("conns")
    if (
        labels is None or conns is None or labels.dtype.kind not in "iu"
        or labels.ndim not in (2, 3) or conns.shape[1:] != (2,) or labels.min(initial=0) < 0
        or not ((conns >= 0) & (conns < labels.max(initial=0))).all()
    ):  # fmt: skip
        raise InputError(
            f"regions must be a file that Regions.save wrote, {path} holds "
            f"{', '.join(arrays) or 'nothing'}; save them again"
        )
    return Regions(labels.astype(np.int32), conns.astype(np.int64))


def _markers(
    im: NDArray[np.bool_], distance: NDArray[np.float32], r_max: int, sigma: float
) -> NDArray[np.int32]:
    """Peaks of the distance transform, numbered; one for each pore that has none."""
    numbered, count = markers(distance, r_max=r_max, sigma=sigma)
    pores, pore_count = spim.label(im)
    found = np.zeros(pore_count + 1, dtype=bool)
    found[pores[numbered > 0]] = True
    found[0] = True
    closed = ~found[pores]
    number = np.cumsum(~found, dtype=np.int32) + count
    numbered[closed] = number[pores[closed]]
    return numbered


def binary_image(im: Array) -> NDArray[np.bool_]:
    """Return the image as bool or raise InputError naming the broken rule.

    Parameters
    ----------
    im : as the user gave it
    """
    im = checked_array(im, "an image")
    if im.ndim not in (2, 3):
        raise InputError(f"an image must be 2D or 3D, got {im.ndim}D of shape {im.shape}")
    if im.size == 0:
        raise InputError(f"an image must hold voxels, got shape {im.shape}")
    if im.dtype != bool:
        if np.issubdtype(im.dtype, np.floating) and np.isnan(im).any():
            raise InputError("an image must not hold NaN; fill or crop the missing voxels")
        values = np.unique(im)
        if values.size > 2 or not np.isin(values, (0, 1)).all():
            shown = ", ".join(str(v) for v in values[:4])
            raise InputError(
                f"an image must be binary (bool or 0/1), got the values {shown}"
                f"{', ...' if values.size > 4 else ''}; segment it, e.g. im == pore_label"
            )
        im = im.astype(bool)
    if not im.any():
        raise InputError(
            "an image must hold pores (True), got none; is the pore label right or inverted?"
        )
    return im


def touching_pairs(labels: Integers) -> NDArray[np.int64]:
    """Pairs of regions that share at least one voxel face, 0-based, sorted, each once.

    Parameters
    ----------
    labels : (nx, ny[, nz]) int, 0 solid, 1..N regions
    """
    count = int(labels.max(initial=0))
    codes = []
    for axis in range(labels.ndim):
        low = labels[(slice(None),) * axis + (slice(None, -1),)]
        high = labels[(slice(None),) * axis + (slice(1, None),)]
        wall = (low != high) & (low > 0) & (high > 0)
        a, b = low[wall].astype(np.int64) - 1, high[wall].astype(np.int64) - 1
        codes.append(np.unique(np.minimum(a, b) * count + np.maximum(a, b)))
    pairs = np.unique(np.concatenate(codes)) if count else np.zeros(0, np.int64)
    return np.stack([pairs // max(count, 1), pairs % max(count, 1)], axis=1)


def are_touching(labels: Integers, conns: Integers) -> NDArray[np.bool_]:
    """Tell for each 0-based pair (Nt, 2) whether the regions share a voxel face.

    Parameters
    ----------
    labels : (nx, ny[, nz]) int, 0 solid, 1..N regions
    conns : (Nt, 2) int, 0-based
    """
    count = int(labels.max(initial=0))
    codes = [
        pairs.min(axis=1) * count + pairs.max(axis=1) for pairs in (conns, touching_pairs(labels))
    ]
    return np.isin(*codes)
