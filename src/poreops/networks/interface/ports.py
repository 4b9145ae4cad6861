"""Cut an image into blocks of connected voxels, and find the patches of faces that join them."""

from dataclasses import dataclass

import cc3d
import numpy as np
import scipy.ndimage as spim
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from poreops.base.arrays import Array

MOST_VOXELS = 6000  # in a block: to condense it takes time in the square of their number
_NEAR = 2.01  # half voxels between the centres of two faces that share an edge


@dataclass(frozen=True)
class Blocks:
    """The blocks of a partitioned image: a region, or one of its pieces.

    Attributes
    ----------
    shape : of the image, 3D
    region : (Nb,) int64, 0-based, that each block belongs to
    start : (Nb + 1,) int64, where the voxels of each begin
    place : (n, 3) int32, voxels, block after block
    neighbour : (n, 6) int32
        Number of each neighbour (low and high on each axis) in the same block, counted from its
        start; -1 for none.
    """

    shape: tuple[int, int, int]
    region: Array
    start: Array
    place: Array
    neighbour: Array

    def __len__(self) -> int:
        return len(self.region)


@dataclass(frozen=True)
class Patches:
    """Connected sets of voxel faces between two blocks.

    Attributes
    ----------
    pair : (Np, 2) int64, the blocks, the smaller first
    throat : (Np,) int64, which throat of the regions it is part of; -1 inside a region
    start : (Np + 1,) int64, where the faces of each begin
    voxel : (nf, 2) int64, on both sides of each face, numbers among all voxels
    axis : (nf,) int8, that a face lies across
    sign : (nf,) int8, 1 if the second block lies on the high side, else -1
    centre : (nf, 3) float64 [voxel]
    """

    pair: Array
    throat: Array
    start: Array
    voxel: Array
    axis: Array
    sign: Array
    centre: Array

    def __len__(self) -> int:
        return len(self.pair)

    def faces(self, patch: int) -> slice:
        """Return the range of the faces of a patch.

        Parameters
        ----------
        patch : its number
        """
        return slice(int(self.start[patch]), int(self.start[patch + 1]))


def in_3d(image: Array) -> Array:
    """Return a 2D image as a layer of one voxel, a 3D one as it is.

    Parameters
    ----------
    image : 2D or 3D, of any dtype
    """
    return image.reshape(*image.shape, *(1,) * (3 - image.ndim))


def cut_blocks(labels: Array, most: int | None = None) -> tuple[Blocks, Array]:
    """Cut the regions of an image into blocks of at most so many connected voxels.

    Parameters
    ----------
    labels : (nx, ny[, nz]) int, 0 solid, 1..N regions
    most : voxels of a block, `MOST_VOXELS` by default; larger regions are cut by planes

    Returns
    -------
    Blocks
    number : (nx, ny, nz) int64, of the voxels, -1 in the solid
    """
    labels = np.ascontiguousarray(in_3d(labels))
    piece = pieces(labels, MOST_VOXELS if most is None else most)
    flat = np.flatnonzero(piece)
    owner = piece.ravel()[flat]
    order = np.argsort(owner, kind="stable")
    flat, owner = flat[order], owner[order]
    count = int(owner[-1]) if owner.size else 0
    start = np.searchsorted(owner, np.arange(1, count + 2))
    number = np.full(labels.shape, -1, np.int64)
    number.flat[flat] = np.arange(flat.size)
    place = np.stack(np.unravel_index(flat, labels.shape), axis=1).astype(np.int32)
    first = start[owner - 1]
    neighbour = np.full((flat.size, 6), -1, np.int32)
    for axis in range(3):
        one = np.flatnonzero(place[:, axis] < labels.shape[axis] - 1)
        two = number.ravel()[flat[one] + int(np.prod(labels.shape[axis + 1 :]))]
        same = (two >= 0) & (owner[one] == owner[two])
        one, two = one[same], two[same]
        neighbour[one, 2 * axis + 1] = two - first[one]
        neighbour[two, 2 * axis] = one - first[two]
    region = labels.ravel()[flat[start[:-1]]].astype(np.int64) - 1
    return Blocks(labels.shape, region, start, place, neighbour), number


def find_patches(blocks: Blocks, number: Array, conns: Array) -> Patches:
    """Find the faces between blocks and sort them into connected patches.

    Parameters
    ----------
    blocks, number : of `cut_blocks`
    conns : (Nt, 2) int, 0-based regions of the throats, in lexicographic order
    """
    owner = np.repeat(np.arange(len(blocks)), np.diff(blocks.start))
    found = []
    for axis in range(3):
        low, high = both_sides(axis)
        one, two = number[low], number[high]
        pore = (one >= 0) & (two >= 0)
        one, two = one[pore], two[pore]
        apart = owner[one] != owner[two]
        one, two = one[apart], two[apart]
        swap = owner[one] > owner[two]
        found.append(
            (
                np.where(swap[:, None], np.stack([two, one], 1), np.stack([one, two], 1)),
                np.full(one.size, axis, np.int8),
                np.where(swap, -1, 1).astype(np.int8),
            )
        )
    voxel, axis_, sign = (np.concatenate(parts) for parts in zip(*found, strict=True))
    pair = owner[voxel]
    doubled = blocks.place[voxel[:, 0]] + blocks.place[voxel[:, 1]]
    code = pair[:, 0] * max(len(blocks), 1) + pair[:, 1]
    patch = _connected_faces(doubled, code)
    # numbered by their blocks, then by their first face: no flip of a loop decides
    _, first = np.unique(patch, return_index=True)
    rank = np.empty(first.size, np.int64)
    rank[np.lexsort((first, code[first]))] = np.arange(first.size)
    patch = rank[patch]
    order = np.argsort(patch, kind="stable")
    start = np.searchsorted(patch[order], np.arange(first.size + 1))
    pairs = pair[order][start[:-1]]
    return Patches(
        pairs, _throats(np.sort(blocks.region[pairs], axis=1), conns), start, voxel[order],
        axis_[order], sign[order], doubled[order] / 2,
    )  # fmt: skip


def both_sides(axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Return the slices of the voxels before and behind each inner face across an axis.

    Parameters
    ----------
    axis : 0, 1 or 2
    """
    low, high = [slice(None)] * 3, [slice(None)] * 3
    low[axis], high[axis] = slice(None, -1), slice(1, None)
    return tuple(low), tuple(high)


def at_faces(blocks: Blocks) -> Array:
    """Tell which voxels touch an image face: (n, 3, 2) bool, by axis and side.

    Parameters
    ----------
    blocks : of the image
    """
    last = np.array(blocks.shape) - 1
    return np.stack([blocks.place == 0, blocks.place == last], axis=2)


def pieces(labels: Array, most: int) -> Array:
    """Return the numbers, from 1 on, of connected voxels of one region, at most so many.

    Parameters
    ----------
    labels : (nx, ny, nz) int, 0 solid
    most : voxels of a piece
    """
    parts = labels.astype(np.int32)
    while True:
        piece: Array = cc3d.connected_components(parts, connectivity=6).astype(np.int32)
        sizes = np.bincount(piece.ravel())
        sizes[0] = 0
        large = np.flatnonzero(sizes > most)
        if not large.size:
            return piece
        boxes = spim.find_objects(piece)
        parts = piece.copy()
        for new, number in enumerate(large, start=sizes.size):
            box = boxes[number - 1]
            inside = piece[box] == number
            axis = int(np.argmax(inside.shape))
            layers = inside.sum(axis=tuple(a for a in range(3) if a != axis)).cumsum()
            cut = max(int(np.searchsorted(layers, layers[-1] / 2)), 1)
            behind = np.moveaxis(inside, axis, 0)[cut:]
            np.moveaxis(parts[box], axis, 0)[cut:][behind] = new


def _connected_faces(doubled: Array, code: Array) -> Array:
    """Return the patch of each face: faces of one pair that share an edge are of one."""
    if not len(code):
        return np.zeros(0, np.int64)
    near = cKDTree(doubled).query_pairs(_NEAR, output_type="ndarray")
    near = near[code[near[:, 0]] == code[near[:, 1]]]
    graph = coo_array((np.ones(len(near), np.int8), near.T), shape=(len(code),) * 2)
    patch: Array = connected_components(graph, directed=False)[1]
    return patch


def _throats(pairs: Array, conns: Array) -> Array:
    """Return the throat of each pair of regions, -1 for a region with itself."""
    if not len(conns):
        return np.full(len(pairs), -1, np.int64)
    count = int(max(conns.max(), pairs.max(initial=0))) + 1
    known = conns[:, 0].astype(np.int64) * count + conns[:, 1]
    asked = pairs[:, 0] * count + pairs[:, 1]
    at = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    return np.where(known[at] == asked, at, -1)
