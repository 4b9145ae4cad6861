"""What the chunks found, put together: markers of the volume, pores without one, throats."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from poreops.conduits.large.chunks import steps_ahead
from poreops.conduits.markers import centres, far_from_others

Voxels = NDArray[np.int64]  # flat indices of the volume


def joined_markers(
    shape: tuple[int, ...],
    peaks: Voxels,
    tops: Voxels,
    distance_at: Callable[[Voxels], NDArray[np.float32]],
) -> tuple[Voxels, NDArray[np.int32]]:
    """Return the voxels of the markers, sorted, and their numbers from 1, as in the whole volume.

    Parameters
    ----------
    shape : of the volume
    peaks, tops : of all chunks together
    distance_at : from voxels to the solid [voxel]
    """
    voxels = np.intersect1d(peaks, tops)
    owner = _pieces(voxels, shape)
    if not len(voxels):
        return voxels, owner
    places = centres(owner, np.unravel_index(voxels, shape))
    middles = np.ravel_multi_index(tuple(places.T), shape).astype(np.int64)
    far = far_from_others(places, distance_at(middles))
    number = np.where(far, np.cumsum(far), 0).astype(np.int32)[owner]
    return voxels[number > 0], number[number > 0]


def _pieces(voxels: Voxels, shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Return the connected piece of each of the sorted voxels, in the order of their first ones.

    Neighbours share a face, an edge or a corner.
    """
    places = np.stack(np.unravel_index(voxels, shape))
    first, second = [], []
    for step in steps_ahead():
        moved = places + np.array(step)[:, None]
        there = np.flatnonzero(((moved >= 0) & (moved < np.array(shape)[:, None])).all(axis=0))
        target = np.ravel_multi_index(tuple(moved[:, there]), shape)
        at = np.searchsorted(voxels, target)
        met = (at < len(voxels)) & (voxels[np.minimum(at, len(voxels) - 1)] == target)
        first.append(there[met])
        second.append(at[met])
    return first_come(len(voxels), np.concatenate(first), np.concatenate(second))


def first_come(count: int, first: Voxels, second: Voxels) -> NDArray[np.int32]:
    """Return the piece of each of so many things, numbered from 0 by their first things.

    Parameters
    ----------
    count : number of things
    first, second : (n,) things that belong together
    """
    graph = coo_array((np.ones(len(first), bool), (first, second)), shape=(count, count))
    _, piece = connected_components(graph, directed=False)
    _, start, inverse = np.unique(piece, return_index=True, return_inverse=True)
    rank = np.empty(len(start), np.int32)
    rank[np.argsort(start)] = np.arange(len(start), dtype=np.int32)
    return rank[inverse]


def closed_pores(
    shape: tuple[int, ...],
    starts: Sequence[Voxels],
    borders: Sequence[tuple[Voxels, NDArray[np.int32]]],
) -> list[NDArray[np.int32]]:
    """Return the pore without a marker, by order of first voxels, of each piece of each chunk.

    Parameters
    ----------
    shape : of the volume
    starts : for each chunk the first voxel of each of its pieces
    borders : for each chunk the voxels of these on its faces, and the piece of each, from 0

    Returns
    -------
    list of (n,) int32
        Number from 0 of the pore that each piece of a chunk is a part of.
    """
    before = np.cumsum([0, *map(len, starts)])
    every = np.concatenate(starts)
    # the order of the pieces must be that of their first voxels
    order = np.argsort(every)
    rank = np.empty(len(every), np.int64)
    rank[order] = np.arange(len(every))
    voxels = np.concatenate([voxels for voxels, _ in borders])
    piece = rank[
        np.concatenate([part + n for (_, part), n in zip(borders, before[:-1], strict=True)])
    ]
    if not len(every):
        return [np.zeros(0, np.int32) for _ in starts]
    by_place = np.argsort(voxels)
    voxels, piece = voxels[by_place], piece[by_place]
    first, second = [], []
    for axis in range(len(shape)):
        place = np.unravel_index(voxels, shape)[axis]
        here = np.flatnonzero(place < shape[axis] - 1)
        target = voxels[here] + int(np.prod(shape[axis + 1 :], dtype=np.int64))
        at = np.searchsorted(voxels, target)
        met = (at < len(voxels)) & (voxels[np.minimum(at, len(voxels) - 1)] == target)
        first.append(piece[here[met]])
        second.append(piece[at[met]])
    number = first_come(len(every), np.concatenate(first), np.concatenate(second))[rank]
    return [number[a:b] for a, b in pairwise(before)]
