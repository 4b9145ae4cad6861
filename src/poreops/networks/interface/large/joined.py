"""The answers of all groups put together: blocks, the patches that they share, their matrices."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from poreops.base.arrays import Array
from poreops.base.hdf5 import read_hdf5
from poreops.networks.interface.joints import CLOSED

Flat = NDArray[np.float64]
Whole = NDArray[np.int64]

_VARIANTS = (0, 1, 2, CLOSED)  # places of a row of `Answers.at`


@dataclass(frozen=True)
class Answers:
    """Matrices of the blocks, one kind of them: shorted or cut.

    Attributes
    ----------
    modes : (Np,) int64, of each patch
    values : float64, the matrices row by row, one after the other
    at : (Nb, 4) int64, where the matrix of each variant of a block begins; the last is `CLOSED`
    """

    modes: Whole
    values: Flat
    at: Whole


@dataclass(frozen=True)
class Joined:
    """The blocks of an image, in the order of their first voxels, and how they answer.

    Attributes
    ----------
    region : (Nb,) int64, 0-based
    ends : (Nb, 3, 2) bool, whether each touches the faces of the image
    start : (Nb + 1,) int64, where the patches of each block begin
    patch : int64, patches of the blocks, those of one in the order of its matrices
    pair : (Np, 2) int64, blocks of each patch
    short, cut : Answers
    cross : float64, products of the modes of potential and flux of each patch, row by row
    cross_at : (Np,) int64, where those of each patch begin
    """

    region: Whole
    ends: NDArray[np.bool_]
    start: Whole
    patch: Whole
    pair: Whole
    short: Answers
    cut: Answers
    cross: Flat
    cross_at: Whole

    def percolating(self, axis: int) -> Whole:
        """Return the blocks of the clusters that join the two faces of an axis.

        Parameters
        ----------
        axis : 0, 1 or 2
        """
        count = len(self.region)
        graph = coo_array((np.ones(len(self.pair), bool), self.pair.T), shape=(count, count))
        clusters, cluster = connected_components(graph, directed=False)
        through = np.ones(clusters, dtype=bool)
        for side in range(2):
            reached = np.zeros(clusters, dtype=bool)
            reached[cluster[self.ends[:, axis, side]]] = True
            through &= reached
        found: Whole = np.flatnonzero(through[cluster])
        return found


def joined(files: Sequence[Path]) -> Joined:
    """Put the answers of all groups together; the order of the groups does not matter.

    Parameters
    ----------
    files : of the groups, at least one
    """
    parts = [read_hdf5(file)[0] for file in files]

    def every(name: str) -> Array:
        return np.concatenate([part.pop(name) for part in parts])

    before = np.cumsum([0, *(len(part["key"]) for part in parts)])
    owner = np.concatenate([part.pop("block") + n for part, n in zip(parts, before, strict=False)])
    key, variant = every("key"), every("variant")
    order = np.argsort(key)
    rank = np.empty(len(key), np.int64)
    rank[order] = np.arange(len(key))
    sides, side_key = every("sides"), every("side_key")
    first = np.concatenate([[0], np.cumsum(sides)])[:-1]
    sides = sides[order]
    start = np.concatenate([[0], np.cumsum(sides)])
    side_key = side_key[ranges(first[order], sides)]
    # both blocks of a patch know it, and where they lie in two groups both tell of it
    patch_key, once = np.unique(every("patch_key"), return_index=True)
    patch = np.searchsorted(patch_key, side_key)
    by_patch = np.argsort(patch, kind="stable")
    block = np.repeat(np.arange(len(key)), sides)
    pair = block[by_patch].reshape(-1, 2)
    potential, flux = every("potential"), every("flux")
    size = potential * flux
    cross_at = np.concatenate([[0], np.cumsum(size)])[:-1][once]
    answered = rank[owner]
    terminals = np.where(variant == CLOSED, 0, 2)
    found = {}
    for name, modes in (("short", potential[once]), ("cut", flux[once])):
        summed = np.concatenate([[0], np.cumsum(modes[patch])])
        width = (summed[start[1:]] - summed[start[:-1]])[answered] + terminals
        at = np.full((len(key), len(_VARIANTS)), -1, np.int64)
        at[answered, variant] = np.concatenate([[0], np.cumsum(width**2)])[:-1]
        found[name] = Answers(modes, every(name), at)
    return Joined(
        every("region")[order], every("ends")[order], start, patch, pair,
        found["short"], found["cut"], every("cross"), cross_at,
    )  # fmt: skip


def ranges(first: Whole, size: Whole) -> Whole:
    """Return so many consecutive numbers from each first one on, one after the other.

    Parameters
    ----------
    first, size : (n,) int64

    Examples
    --------
    >>> ranges(np.array([5, 0]), np.array([2, 3])).tolist()
    [5, 6, 0, 1, 2]
    """
    end = np.cumsum(size)
    count = int(end[-1]) if len(end) else 0
    return np.repeat(first - (end - size), size) + np.arange(count)
