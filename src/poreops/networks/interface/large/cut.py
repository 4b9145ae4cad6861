"""Cut the regions of a box into blocks and find the patches of some of them: `ports`, but quick.

Blocks and patches are those of `poreops.networks.interface.ports`, found in a few passes over the
voxels. What decides an answer is in the order of the whole image: voxels, faces and patches by
their places, positions relative to the first face of a patch. So no answer depends on how the
image was divided.
"""

from dataclasses import dataclass

import cc3d
import numpy as np
import scipy.ndimage as spim
from numba import njit
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.networks.interface.ports import Blocks, Patches, pieces

_NEAR = 4  # square of the half voxels between the centres of two faces that share an edge


@dataclass(frozen=True)
class OwnBlocks:
    """Blocks of the regions of a group, and those that they touch.

    Attributes
    ----------
    blocks : Blocks
        The own ones, by their keys, then the others, without their voxels.
    patches : Patches
        Those of own blocks, by their keys. The block with the smaller key comes first; where it is
        not an own one, its voxels stand for those of the other.
    own : number of own blocks
    key : (Nb,) int64, of blocks: place in the image of the first voxel, flat
    patch_key : (Np,) int64
        The first face of each: three times the place of the voxel before it, plus its axis.
    ends : (n, 3, 2) bool, voxels at the faces of the image
    """

    blocks: Blocks
    patches: Patches
    own: int
    key: NDArray[np.int64]
    patch_key: NDArray[np.int64]
    ends: NDArray[np.bool_]


def own_blocks(
    labels: NDArray[np.int32], mine: NDArray[np.bool_], lower: tuple[int, ...],
    shape: tuple[int, int, int], most: int,
) -> OwnBlocks:  # fmt: skip
    """Return the blocks of some regions of a box and their patches.

    Parameters
    ----------
    labels : of the box, in C order; these regions and all that touch them lie in it wholly
    mine : (N + 1,) bool, labels of these regions
    lower : first voxel of the box
    shape : of the image
    most : voxels of a block
    """
    piece, count = _cut(labels, most)
    first, size = np.full(count + 1, -1, np.int64), np.zeros(count + 1, np.int64)
    _measure(piece.ravel(), first, size)
    region = labels.ravel()[first[1:]].astype(np.int64)
    own = np.flatnonzero(mine[region]) + 1
    own = own[np.argsort(first[own])]
    others = np.flatnonzero(~mine[region]) + 1
    block = np.full(count + 1, -1, np.int64)
    block[np.concatenate([own, others])] = np.arange(count)
    sizes = size[own]
    start = np.concatenate([[0], np.cumsum(sizes), np.full(len(others), sizes.sum())])
    place = np.empty((int(sizes.sum()), 3), np.int32)
    number = np.empty(labels.shape, np.int32)
    _fill(piece, block, start[: len(own)].copy(), len(own), place, number)
    neighbour = np.full((len(place), 6), -1, np.int32)
    code, axis, low, voxel = _faces(piece, block, start, len(own), place, number, neighbour)
    blocks = Blocks(
        labels.shape, region[np.concatenate([own, others]) - 1] - 1, start, place, neighbour
    )
    place_of = np.unravel_index(first[np.concatenate([own, others])], labels.shape)
    key = _flat(np.stack(place_of, axis=1), lower, shape)
    patches, patch_key = _patches(
        key, code, axis, np.stack(np.unravel_index(low, labels.shape), axis=1), voxel,
        lower, shape,
    )  # fmt: skip
    where = place + np.array(lower, dtype=np.int32)
    ends = np.stack([where == 0, where == np.array(shape) - 1], axis=2)
    return OwnBlocks(blocks, patches, len(own), key, patch_key, ends)


def _flat(place: Array, lower: tuple[int, ...], shape: tuple[int, ...]) -> NDArray[np.int64]:
    found: NDArray[np.int64] = np.ravel_multi_index(tuple((place + np.array(lower)).T), shape)
    return found


def _cut(labels: NDArray[np.int32], most: int) -> tuple[NDArray[np.int32], int]:
    """Return the numbers, from 1 on, of the blocks of a box, and how many there are."""
    piece = cc3d.connected_components(labels, connectivity=6).astype(np.int32, copy=False)
    sizes = np.bincount(piece.ravel())
    count = len(sizes) - 1
    sizes[0] = 0
    large = np.flatnonzero(sizes > most)
    boxes = spim.find_objects(piece) if large.size else []
    for number in large:
        part = piece[boxes[number - 1]]
        inside = part == number
        cut = pieces(inside.astype(np.int32), most)[inside]
        part[inside] = np.where(cut == 1, number, count + cut - 1)
        count += int(cut.max()) - 1
    return piece, count


def _patches(
    key: Array, code: Array, axis: Array, low: Array, voxel: Array, lower: tuple[int, ...],
    shape: tuple[int, ...],
) -> tuple[Patches, NDArray[np.int64]]:  # fmt: skip
    """Sort faces into connected patches; code is (nf, 2): the blocks before and behind each."""
    before = _flat(low, lower, shape)
    swap = key[code[:, 0]] > key[code[:, 1]]
    pair = np.where(swap[:, None], code[:, ::-1], code)
    voxel = np.where(swap[:, None], voxel[:, ::-1], voxel)
    sign = np.where(swap, -1, 1).astype(np.int8)
    joint = pair[:, 0] * np.int64(len(key)) + pair[:, 1]
    order = np.lexsort((before, axis, joint))
    doubled = 2 * low
    doubled[np.arange(len(axis)), axis] += 1
    root = _connected(joint[order], doubled[order])
    # a patch's first face is its root
    by_face = (3 * before + axis)[order]
    grouped = np.argsort(by_face[root], kind="stable")
    order, patch_of = order[grouped], by_face[root][grouped]
    patch_key, start = np.unique(patch_of, return_index=True)
    start = np.append(start, len(order))
    centre = doubled[order] / 2
    centre -= np.repeat(centre[start[:-1]], np.diff(start), axis=0)
    return (
        Patches(
            pair[order[start[:-1]]], np.full(len(patch_key), -1), start, voxel[order],
            axis[order], sign[order], centre,
        ),
        patch_key,
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _measure(piece: Array, first: Array, size: Array) -> None:
    """Find the first voxel and the number of voxels of each piece."""
    for v in range(piece.size):
        p = piece[v]
        if p > 0:
            if first[p] < 0:
                first[p] = v
            size[p] += 1


@njit(cache=True, nogil=True)
def _fill(
    piece: Array, block: Array, cursor: Array, own: int, place: Array, number: Array
) -> None:
    """Give the voxels of own blocks numbers, block after block, in the order of their places."""
    nx, ny, nz = piece.shape
    for i in range(nx):
        for j in range(ny):
            for k in range(nz):
                b = block[piece[i, j, k]]
                if 0 <= b < own:
                    n = cursor[b]
                    cursor[b] += 1
                    place[n, 0], place[n, 1], place[n, 2] = i, j, k
                    number[i, j, k] = n


@njit(cache=True, nogil=True)
def _faces(
    piece: Array, block: Array, start: Array, own: int, place: Array, number: Array,
    neighbour: Array,
) -> tuple[Array, Array, Array, Array]:  # fmt: skip
    """Find the neighbours of own voxels in their blocks, and the faces to other blocks.

    Returns the blocks on both sides of each face, its axis, the place of the voxel before it in
    the box, and the numbers of both voxels.
    """
    code = np.empty((1024, 2), np.int64)
    axis_of, low, voxel = (
        np.empty(1024, np.int8),
        np.empty(1024, np.int64),
        np.empty((1024, 2), np.int64),
    )
    count = 0
    ny, nz = piece.shape[1], piece.shape[2]
    for b in range(own):
        for n in range(start[b], start[b + 1]):
            here = piece[place[n, 0], place[n, 1], place[n, 2]]
            for side in range(6):
                axis, step = side // 2, 2 * (side % 2) - 1
                i, j, k = place[n, 0], place[n, 1], place[n, 2]
                if axis == 0:
                    i += step
                elif axis == 1:
                    j += step
                else:
                    k += step
                if min(i, j, k) < 0 or i >= piece.shape[0] or j >= ny or k >= nz:
                    continue
                there = piece[i, j, k]
                if there == 0:
                    continue
                if there == here:
                    neighbour[n, side] = number[i, j, k] - start[b]
                    continue
                other = block[there]
                if step < 0 and other < own:
                    continue  # found from the other side
                if count == len(low):
                    code, axis_of = (
                        np.concatenate((code, code)),
                        np.concatenate((axis_of, axis_of)),
                    )
                    low, voxel = np.concatenate((low, low)), np.concatenate((voxel, voxel))
                far = np.int64(number[i, j, k]) if other < own else np.int64(n)
                axis_of[count] = axis
                if step > 0:
                    code[count, 0], code[count, 1] = b, other
                    voxel[count, 0], voxel[count, 1] = n, far
                    i, j, k = place[n, 0], place[n, 1], place[n, 2]
                else:
                    code[count, 0], code[count, 1] = other, b
                    voxel[count, 0], voxel[count, 1] = far, n
                low[count] = (np.int64(i) * ny + j) * nz + k
                count += 1
    return code[:count], axis_of[:count], low[:count], voxel[:count]


@njit(cache=True, nogil=True)
def _connected(joint: Array, doubled: Array) -> Array:
    """Return the first face of the patch of each face; those of two blocks lie together."""
    root = np.arange(joint.size)
    first = 0
    while first < joint.size:
        last = first + 1
        while last < joint.size and joint[last] == joint[first]:
            last += 1
        for a in range(first, last):
            for b in range(a + 1, last):
                x = doubled[a, 0] - doubled[b, 0]
                y = doubled[a, 1] - doubled[b, 1]
                z = doubled[a, 2] - doubled[b, 2]
                if x * x + y * y + z * z <= _NEAR:
                    r, s = a, b
                    while root[r] != r:
                        r = root[r]
                    while root[s] != s:
                        s = root[s]
                    root[max(r, s)] = min(r, s)
        for a in range(first, last):
            root[a] = root[root[a]]
        first = last
    return root
