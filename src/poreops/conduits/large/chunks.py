"""A volume as cubes that tile it: their places, their neighbours, and boxes round them."""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Box = tuple[tuple[int, int], ...]  # first and behind-last voxel along each axis
Slices = tuple["slice[int, int, None]", ...]

SIDES = tuple((axis, high) for axis in range(3) for high in (False, True))
"""The six faces of a chunk, as axis and whether it is the far one."""


@dataclass(frozen=True)
class Chunks:
    """Cubes that tile a volume; those at its far faces may be smaller.

    Attributes
    ----------
    shape : (3,) of the volume [voxel]
    edge : of a chunk [voxel]
    """

    shape: tuple[int, int, int]
    edge: int

    @property
    def counts(self) -> tuple[int, ...]:
        """Number of chunks along each axis."""
        return tuple(-(-n // self.edge) for n in self.shape)

    def __len__(self) -> int:
        """Return how many chunks there are."""
        return math.prod(self.counts)

    def place(self, index: int) -> tuple[int, ...]:
        """Return a chunk's place along each axis, the last running fastest.

        Parameters
        ----------
        index : number of the chunk
        """
        return tuple(int(i) for i in np.unravel_index(index, self.counts))

    def box(self, index: int, margin: int = 0) -> Box:
        """Return a chunk and so many voxels round it, as far as the volume has them.

        Parameters
        ----------
        index : number of the chunk
        margin : on each side [voxel]
        """
        return tuple(
            (max(i * self.edge - margin, 0), min((i + 1) * self.edge + margin, n))
            for i, n in zip(self.place(index), self.shape, strict=True)
        )

    def neighbour(self, index: int, axis: int, high: bool) -> int | None:
        """Return the chunk behind a face of another; None at the face of the volume.

        Parameters
        ----------
        index : number of the chunk
        axis, high : the face, as of `SIDES`
        """
        place = list(self.place(index))
        place[axis] += 1 if high else -1
        if not 0 <= place[axis] < self.counts[axis]:
            return None
        return int(np.ravel_multi_index(place, self.counts))

    def owner(self, voxels: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the chunk that each voxel lies in.

        Parameters
        ----------
        voxels : (n,) flat indices of the volume
        """
        places = [i // self.edge for i in np.unravel_index(voxels, self.shape)]
        return np.ravel_multi_index(places, self.counts).astype(np.int64)

    def flat(self, inside: NDArray[np.int64], box: Box) -> NDArray[np.int64]:
        """Return flat indices of the volume of those of a box.

        Parameters
        ----------
        inside : (n,) flat indices of the box
        box : of the volume
        """
        size = tuple(b - a for a, b in box)
        places = np.unravel_index(inside, size)
        moved = [i + a for i, (a, _) in zip(places, box, strict=True)]
        return np.ravel_multi_index(moved, self.shape).astype(np.int64)

    def inside(self, voxels: NDArray[np.int64], box: Box) -> NDArray[np.int64]:
        """Return flat indices of a box of those of the volume, all of which lie in it.

        Parameters
        ----------
        voxels : (n,) flat indices of the volume
        box : of the volume
        """
        size = tuple(b - a for a, b in box)
        places = np.unravel_index(voxels, self.shape)
        moved = [i - a for i, (a, _) in zip(places, box, strict=True)]
        return np.ravel_multi_index(moved, size).astype(np.int64)


def slices(box: Box, origin: Box | None = None) -> Slices:
    """Return what cuts a box out of the volume, or out of a larger box.

    Parameters
    ----------
    box : to cut out
    origin : the larger box; None for the volume
    """
    starts = (0,) * len(box) if origin is None else tuple(a for a, _ in origin)
    return tuple(slice(a - s, b - s) for (a, b), s in zip(box, starts, strict=True))


def steps_ahead() -> list[tuple[int, ...]]:
    """Return the 13 of the 26 steps to a neighbour that lead to later voxels."""
    return [step for step in itertools.product((-1, 0, 1), repeat=3) if step > (0, 0, 0)]
