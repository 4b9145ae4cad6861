"""Peaks of the distance transform in one chunk, from as much of the volume as they depend on.

The margin round the chunk grows until the answer cannot change any more: until no solid beyond it
can be nearer than what was found, and each peak that reaches into the chunk lies in it wholly.
"""

from dataclasses import dataclass

import h5py
import numpy as np
import scipy.ndimage as spim
from numpy.typing import NDArray

from poreops.conduits.large.chunks import Box, Chunks, Slices, slices
from poreops.conduits.large.distances import HALO, squared_distance
from poreops.conduits.markers import SADDLE_STEPS, highest_in_ball, tops

SPREAD = 8  # voxels that peaks may stretch before more is read


@dataclass(frozen=True)
class Peaks:
    """What a chunk says of the distance transform.

    Attributes
    ----------
    squared : (nx, ny, nz) int32, squared distance of each voxel of the chunk to the solid
    peaks : (n,) int64, voxels of the chunk that none exceeds in the ball, as flat indices of the
        volume
    tops : (m,) int64, highest voxels round these peaks from which no path leads uphill; they may
        lie beside the chunk
    """

    squared: NDArray[np.int32]
    peaks: NDArray[np.int64]
    tops: NDArray[np.int64]


def peaks_of(
    pores: h5py.Dataset, chunks: Chunks, index: int, *, r_max: int, sigma: float
) -> Peaks:
    """Find the peaks of one chunk as `poreops.conduits.markers` finds them in the volume.

    Parameters
    ----------
    pores : (nx, ny, nz) bool of the volume, which holds solid somewhere
    chunks : that tile it
    index : number of the chunk
    r_max : radius of the ball in which a peak is the highest voxel [voxel]
    sigma : standard deviation of the Gaussian that smooths the distance first [voxel]

    Raises
    ------
    InputError
        Pores so wide, or peaks so long, that the margin does not fit in memory.
    """
    # of what is smoothed and searched, and of the paths uphill
    reach = max(SADDLE_STEPS + 1, r_max + int(4 * sigma + 0.5))
    spread, halo = SPREAD, HALO
    core = chunks.box(index)
    while True:
        inner = chunks.box(index, spread + reach)
        squared, halo = _squared(pores, chunks, index, spread + reach, halo)
        cut = slices(core, inner)
        if not squared[cut].any():
            none = np.zeros(0, np.int64)
            return Peaks(squared[cut].astype(np.int32), none, none)
        distance = np.sqrt(squared)
        zone = chunks.box(index, spread)
        peaks = _highest(distance, slices(zone, inner), r_max, sigma)
        numbered, count = spim.label(peaks)
        here = np.zeros(count + 1, dtype=bool)
        here[numbered[cut]] = True
        here[0] = False
        if not _leaves(numbered, here, zone, inner, chunks.shape):
            break
        spread *= 4
    own = here[numbered]
    found = np.zeros(own.shape, dtype=bool)
    found[cut] = own[cut]
    return Peaks(
        squared[cut].astype(np.int32),
        chunks.flat(np.flatnonzero(found), inner),
        chunks.flat(np.unique(tops(own, distance)), inner),
    )


def _squared(
    pores: h5py.Dataset, chunks: Chunks, index: int, margin: int, halo: int
) -> tuple[NDArray[np.float32], int]:
    """Return exact squared distances of a chunk and its margin, and the halo that they took."""
    return squared_distance(
        lambda block: pores[slices(block)], chunks.box(index, margin), chunks.shape, "a chunk",
        "give smaller chunks; a volume of such pores is partitioned as a whole", halo,
    )  # fmt: skip


def _highest(
    distance: NDArray[np.float32], zone: Slices, r_max: int, sigma: float
) -> NDArray[np.bool_]:
    """Mark the peaks of a zone; those outside it depend on more than is known."""
    smooth = spim.gaussian_filter(distance, sigma) * (distance > 0) if sigma > 0 else distance
    peaks = np.zeros(distance.shape, dtype=bool)
    peaks[zone] = highest_in_ball(smooth, r_max)[zone]
    return peaks


def _leaves(
    numbered: NDArray[np.int32],
    here: NDArray[np.bool_],
    zone: Box,
    inner: Box,
    shape: tuple[int, ...],
) -> bool:
    """Tell whether a peak of the chunk touches a side of the zone that the volume goes on behind.

    Parameters
    ----------
    numbered : peaks of the inner box
    here : of each number, whether it reaches into the chunk
    zone, inner : boxes of the volume
    shape : of the volume
    """
    inside = numbered[slices(zone, inner)]
    for axis, ((first, last), n) in enumerate(zip(zone, shape, strict=True)):
        layers = ([0] if first > 0 else []) + ([-1] if last < n else [])
        if any(here[inside.take(layer, axis)].any() for layer in layers):
            return True
    return False
