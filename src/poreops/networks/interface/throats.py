"""What an interface network says of its throats, gathered from the patches of each."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypedDict

import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.networks.interface.bounds import Bounds
from poreops.networks.interface.ports import Patches


class ThroatFields(TypedDict):
    """Of Nt throats, and `gap_inside` of the cuts through large pores."""

    gap: NDArray[np.float64]
    gap_inside: NDArray[np.float64]
    faces: NDArray[np.int64]
    patches: NDArray[np.int64]
    modes: NDArray[np.int64]


class Bracketed(Protocol):
    """What holds along one axis, with bounds."""

    @property
    def axis(self) -> str:
        """Name of the axis."""

    @property
    def percolates(self) -> bool:
        """Whether pores join the two faces."""

    @property
    def width(self) -> float:
        """Width of the bracket relative to its middle."""


def throat_fields(
    patches: Patches, count: int, found: Mapping[int, Bounds], ndim: int, modes: Array
) -> ThroatFields:
    """Sum what is known of patches over the throats that they are part of.

    Parameters
    ----------
    patches : Np of them
    count : throats
    found : bounds along the axes that percolate
    ndim : axes of the image; another one has no gap
    modes : (Np,) of each patch
    """
    gap = np.zeros((len(patches), ndim))
    for axis, one in found.items():
        if axis < ndim:
            gap[:, axis] = one.gap / one.middle
    throat = patches.throat >= 0
    at = patches.throat[throat]

    def counted(values: Array) -> NDArray[np.int64]:
        return np.bincount(at, values[throat], count).astype(np.int64)

    return {
        "gap": np.stack([np.bincount(at, g[throat], count) for g in gap.T], axis=1),
        "gap_inside": gap[~throat].sum(axis=0),
        "faces": counted(np.diff(patches.start)),
        "patches": counted(np.ones(len(patches))),
        "modes": counted(modes),
    }


def missed(along: Sequence[Bracketed], rtol: float | None) -> tuple[str, ...]:
    """Say along which axes the bracket is wider than was asked for.

    Parameters
    ----------
    along : of each axis
    rtol : the width, None if none was asked for
    """
    return tuple(
        f"axis {one.axis}: the bracket is {one.width:.2%} wide, {rtol:.2%} was asked for"
        for one in along
        if rtol is not None and one.percolates and one.width > rtol
    )
