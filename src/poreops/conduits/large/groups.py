"""Conduits of a volume that stays in its file, in groups that are read box by box.

A conduit belongs to the chunk in which the joint bounding box of its two regions begins, a region
and its contacts with the faces of the volume to that in which its own box begins. The box of a
group holds all regions of its conduits wholly, so that whatever is measured or solved in it is
what the whole image would give.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.base.arguments import checked_count
from poreops.conduits.contacts import FaceContacts
from poreops.conduits.large.chunks import Box, Chunks, slices
from poreops.conduits.large.distances import squared_distance
from poreops.conduits.large.stored_labels import StoredLabels
from poreops.errors import InputError
from poreops.machine.memory import require_memory

EDGE, LEAST_EDGE, MOST_EDGE = 128, 8, 2048  # of chunks [voxel]
BYTES_PER_VOXEL = 50  # of the box of a group, at the peak; those of a network of a whole image
_REMEDY = "take fewer workers or smaller chunks; long regions make large boxes in any chunks"


@dataclass(frozen=True)
class StoredRegions:
    """What a network knows of regions that stay in their file.

    Attributes
    ----------
    path : of the file of labels
    shape : of the volume [voxel]
    count : number of regions N
    porosity : share of the volume that regions fill
    conns : (Nt, 2) int64, 0-based regions of each throat
    """

    path: Path
    shape: tuple[int, int, int]
    count: int
    porosity: float
    conns: NDArray[np.int64]


@dataclass(frozen=True)
class Group:
    """Conduits whose boxes begin in one chunk, with regions and face contacts that begin there.

    Attributes
    ----------
    index : number of the chunk
    box : that holds all its regions wholly
    regions : (n,) int64, 0-based in the volume and rising: all that it reads
    owned : (m,) int64, positions among ``regions`` of those that begin in the chunk
    throats : (k,) int64, rows of the volume's conns
    conns : (k, 2) int64, positions among ``regions``, the smaller first
    faces : (c,) int64, rows of the volume's face contacts
    contacts : FaceContacts, (c,); its regions are positions among ``regions``
    """

    index: int
    box: Box
    regions: NDArray[np.int64]
    owned: NDArray[np.int64]
    throats: NDArray[np.int64]
    conns: NDArray[np.int64]
    faces: NDArray[np.int64]
    contacts: FaceContacts

    @property
    def origin(self) -> tuple[int, ...]:
        """First voxel of the box."""
        return tuple(first for first, _ in self.box)

    @property
    def voxels(self) -> int:
        """Voxels of the box."""
        return math.prod(last - first for first, last in self.box)

    def numbered(self, labels: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return labels of the box, 1..n the group's regions, n + 1 all others, 0 solid.

        Parameters
        ----------
        labels : of the box, in the numbers of the volume
        """
        most = max(int(labels.max(initial=0)), int(self.regions[-1]) + 1)
        number = np.full(most + 1, len(self.regions) + 1, np.int32)
        number[0] = 0
        number[self.regions + 1] = np.arange(1, len(self.regions) + 1)
        return number[labels]


def stored_contacts(stored: StoredLabels) -> FaceContacts:
    """Find where regions meet the faces of the volume, in the order of `face_contacts`.

    Parameters
    ----------
    stored : the labels
    """
    found = []
    for axis in range(3):
        for side in (0, 1):
            lower, upper = [0, 0, 0], list(stored.shape)
            lower[axis] = side * (upper[axis] - 1)
            upper[axis] = lower[axis] + 1
            labels = np.unique(stored.box(lower, upper))
            found += [(label - 1, axis, side) for label in labels[labels > 0]]
    region, axes, sides = np.array(found, dtype=np.int64).reshape(-1, 3).T
    return FaceContacts(region, axes, sides)


def grouped(stored: StoredLabels, contacts: FaceContacts, edge: int = EDGE) -> list[Group]:
    """Share the conduits, regions and face contacts of a volume among its chunks.

    Parameters
    ----------
    stored : the labels
    contacts : of the regions with the faces of the volume
    edge : of a chunk [voxel]

    Raises
    ------
    InputError
        The edge is out of its range, a number from 1 to N has no voxel, or throats join other
        regions than those of the labels.
    """
    edge = checked_count(edge, "edge", LEAST_EDGE, MOST_EDGE)
    boxes, conns = stored.bounding_boxes().astype(np.int64), stored.conns
    empty = np.flatnonzero(boxes[:, 0, 1] == 0)
    if empty.size:
        raise InputError(
            f"regions must be numbered without gaps, {stored.path} has no voxel of label "
            f"{empty[0] + 1}; partition the image again"
        )
    if conns.size and not (conns.min() >= 0 and conns.max() < len(boxes)
                           and (conns[:, 0] < conns[:, 1]).all()):  # fmt: skip
        raise InputError(
            f"conns must be pairs of 0..{len(boxes) - 1}, the smaller first, {stored.path} holds "
            f"others ({conns.min()}..{conns.max()}); partition the image again"
        )
    chunks = Chunks(stored.shape, edge)

    def chunk_of(low: NDArray[np.int64]) -> NDArray[np.int64]:
        found: NDArray[np.int64] = np.ravel_multi_index(tuple(low.T // edge), chunks.counts)
        return found

    of_region = chunk_of(boxes[:, :, 0])
    of_throat = chunk_of(boxes[conns, :, 0].min(axis=1))
    of_face = of_region[contacts.region]
    return [
        _group(
            int(index), boxes, conns, contacts,
            *(np.flatnonzero(chunk == index) for chunk in (of_region, of_throat, of_face)),
        )
        for index in np.union1d(of_region, of_throat)
    ]  # fmt: skip


def _group(
    index: int,
    boxes: NDArray[np.int64],
    conns: NDArray[np.int64],
    contacts: FaceContacts,
    owned: NDArray[np.int64],
    throats: NDArray[np.int64],
    faces: NDArray[np.int64],
) -> Group:
    regions = np.union1d(owned, conns[throats])
    low, high = boxes[regions, :, 0].min(axis=0), boxes[regions, :, 1].max(axis=0)
    some = contacts.some(faces)
    return Group(
        index,
        tuple(zip(low.tolist(), high.tolist(), strict=True)),
        regions,
        np.searchsorted(regions, owned),
        throats,
        np.searchsorted(regions, conns[throats]),
        faces,
        replace(some, region=np.searchsorted(regions, some.region)),
    )


def read_group(stored: StoredLabels, group: Group) -> NDArray[np.int32]:
    """Read the labels of a group's box, numbered as `Group.numbered` does.

    Parameters
    ----------
    stored : the labels
    group : one of `grouped`

    Raises
    ------
    InputError
        The box does not fit in memory.
    """
    require_memory_of([group])
    return group.numbered(stored.box(*zip(*group.box, strict=True)))


def read_surrounded(
    stored: StoredLabels, group: Group
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Read the labels of a group's box, and the distance of its voxels to the volume's solid.

    Parameters
    ----------
    stored : the labels
    group : one of `grouped`

    Returns
    -------
    labels : int32, numbered as `Group.numbered` does
    distance : float32

    Raises
    ------
    InputError
        The box, or what must be read round it, does not fit in memory.
    """
    require_memory_of([group])
    last: list[NDArray[np.int32]] = []

    def pores(block: Box) -> NDArray[np.bool_]:
        labels = stored.box(*zip(*block, strict=True))
        last[:] = [labels[slices(group.box, block)].copy()]
        return labels > 0

    squared, _ = squared_distance(pores, group.box, stored.shape, _name(group), _REMEDY)
    return group.numbered(last[0]), np.sqrt(squared)


def require_memory_of(groups: Sequence[Group], processes: int = 1) -> None:
    """Raise InputError where groups do not fit in memory.

    Parameters
    ----------
    groups : that are worked on
    processes : that work on one each
    """
    largest = sorted(groups, key=lambda group: -group.voxels)[:processes]
    need = sum(group.voxels for group in largest) * BYTES_PER_VOXEL
    others = f" with {len(largest) - 1} more" if len(largest) > 1 else ""
    require_memory(need, _name(largest[0]) + others, _REMEDY)


def _name(group: Group) -> str:
    size = " x ".join(str(b - a) for a, b in group.box)
    return f"a group of conduits in a box of {size} voxels"


def open_groups(path: str | Path, edge: int) -> Iterator[tuple[StoredLabels, Group]]:
    """Yield the groups of a file of labels.

    Parameters
    ----------
    path : of the file
    edge : of a chunk [voxel]
    """
    stored = StoredLabels(Path(path))
    for group in grouped(stored, stored_contacts(stored), edge):
        yield stored, group
