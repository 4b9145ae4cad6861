"""Number the pore voxels of an image by 2x2x2 blocks.

A block holds 8 voxels, so its pore pattern is one byte (bit ``4 x + 2 y + z`` is the voxel at
that place) and whatever depends on the pattern alone is a table of 256 rows. An *aggregate* is
a connected component of the pore voxels within a block (at most four): pores of two sides of a
thin wall stay apart on every coarser level, which is what keeps the multigrid of rock as quick
as that of an open box.

Voxels are even or odd by the parity of x + y + z, and an even voxel has odd neighbours only.
All even unknowns come first, so that each colour is relaxed in one go and in any order.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from poreops.base.arrays import Array

PARITY = np.array([v.bit_count() & 1 for v in range(8)], np.uint8)
BITS = np.array([4, 2, 1], np.uint8)  # of a voxel's place along each axis


def _tables() -> tuple[NDArray[np.uint8], ...]:
    components = np.zeros(256, np.uint8)
    component = np.full((256, 8), 255, np.uint8)
    masks = np.zeros((256, 4), np.uint8)
    rank = np.zeros((256, 8), np.uint8)
    sizes = np.zeros((256, 2), np.uint8)
    for pattern in range(256):
        voxels = [v for v in range(8) if pattern >> v & 1]
        for v in voxels:
            rank[pattern, v] = sizes[pattern, PARITY[v]]
            sizes[pattern, PARITY[v]] += 1
        for start in voxels:
            if component[pattern, start] != 255:
                continue
            number = components[pattern]
            components[pattern] += 1
            front = [start]
            while front:
                v = front.pop()
                component[pattern, v] = number
                masks[pattern, number] |= 1 << v
                front += [v ^ b for b in (4, 2, 1) if component[pattern, v ^ b] == 255
                          and pattern >> (v ^ b) & 1]  # fmt: skip
    return components, component, masks, rank, sizes


# per pattern: number of components; component of each voxel; voxels of each component; place of
# each voxel among those of its colour; number of even and of odd voxels
COMPONENTS, COMPONENT, MASKS, RANK, SIZES = _tables()
ONES = np.array([m.bit_count() for m in range(256)], np.uint8)
# voxels of a block on its low and high side along each axis
_SIDES = np.array(
    [[sum(1 << v for v in range(8) if bool(v & b) == high) for high in (False, True)]
     for b in (4, 2, 1)], np.uint8,
)  # fmt: skip


@njit(cache=True, nogil=True)
def find_patterns(lo: int, hi: int, phase: Array, patterns: Array) -> None:
    """Write the pore patterns of the blocks in planes lo..hi-1; phase 0 is solid."""
    nx, ny, nz = phase.shape
    for bx in range(lo, hi):
        for by in range(patterns.shape[1]):
            row = patterns[bx, by]
            row[:] = 0
            for lx in range(2):
                for ly in range(2):
                    x, y = 2 * bx + lx, 2 * by + ly
                    if x < nx and y < ny:
                        voxels = phase[x, y]
                        shift = 4 * lx + 2 * ly
                        for bz in range(nz // 2):
                            low, high = voxels[2 * bz] != 0, voxels[2 * bz + 1] != 0
                            row[bz] |= np.uint8((low | high << 1) << shift)
                        if nz % 2:
                            row[nz // 2] |= np.uint8((voxels[nz - 1] != 0) << shift)


@njit(cache=True, nogil=True)
def find(parent: Array, i: int) -> int:
    """Root of the set of i.

    Parameters
    ----------
    parent : (n,) int, of each element
    i : an element
    """
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@njit(cache=True, nogil=True)
def unite(parent: Array, i: int, j: int) -> None:
    """Join the sets of i and j; the smaller number becomes the root.

    Parameters
    ----------
    parent : (n,) int, of each element
    i, j : elements
    """
    i, j = find(parent, i), find(parent, j)
    if i < j:
        parent[j] = i
    elif j < i:
        parent[i] = j


@njit(cache=True, nogil=True)
def _beside(c: int, step: int, size: int, periodic: bool) -> int:
    """Coordinate of the next block, -1 outside the image."""
    c += step
    if 0 <= c < size:
        return c
    return c % size if periodic else -1


@njit(cache=True, nogil=True)
def blocks_beside(
    bx: int, by: int, bz: int, shape: tuple[int, int, int], periodic: Array, out: Array
) -> None:
    """Write the flat indices of the blocks before and behind along each axis; -1 is outside."""
    sx, sy = shape[1] * shape[2], shape[2]
    for side in range(2):
        step = 2 * side - 1
        c = _beside(bx, step, shape[0], periodic[0])
        out[0, side] = c * sx + by * sy + bz if c >= 0 else -1
        c = _beside(by, step, shape[1], periodic[1])
        out[1, side] = bx * sx + c * sy + bz if c >= 0 else -1
        c = _beside(bz, step, shape[2], periodic[2])
        out[2, side] = bx * sx + by * sy + c if c >= 0 else -1


@njit(cache=True, nogil=True)
def contact_with(mask: int, axis: int, side: int) -> int:
    """Places in the next block that touch the voxels in mask.

    Parameters
    ----------
    mask : places of a block, a bit each
    axis : across the shared face
    side : 0 before, 1 behind
    """
    touching = mask & _SIDES[axis, side]
    return touching >> BITS[axis] if side else touching << BITS[axis]


@njit(cache=True, nogil=True)
def face_voxel(axis: int, layer: int, u: int, v: int) -> tuple[int, int, int]:
    """Coordinates of voxel u, v of a layer across an axis.

    Parameters
    ----------
    axis : across the layer
    layer : its index
    u, v : indices along the other two axes
    """
    if axis == 0:
        return layer, u, v
    if axis == 1:
        return u, layer, v
    return u, v, layer


@njit(cache=True, nogil=True)
def keep_percolating(patterns: Array, periodic: Array, axis: int, last: int, faces: Array) -> int:
    """Clear the voxels that are not connected to both ends; return how many stay.

    Parameters
    ----------
    patterns : (bx, by, bz) uint8
        Overwritten.
    periodic : (3,) bool
    axis : int
    last : int
        Number of the last layer along the axis.
    faces : (2, ...) float64
        Conductance from each voxel of the first and the last layer to the end.
    """
    shape = patterns.shape
    flat = patterns.ravel()
    first = np.empty(flat.size + 1, np.int64)
    count = 0
    for b in range(flat.size):
        first[b] = count
        count += COMPONENTS[flat[b]]
    first[flat.size] = count
    parent = np.arange(count)
    beside = np.empty((3, 2), np.int64)
    for bx in range(shape[0]):
        for by in range(shape[1]):
            for bz in range(shape[2]):
                b = (bx * shape[1] + by) * shape[2] + bz
                pattern = flat[b]
                if pattern == 0:
                    continue
                blocks_beside(bx, by, bz, shape, periodic, beside)
                for a in range(3):
                    o = beside[a, 1]
                    if o < 0:
                        continue
                    for c in range(COMPONENTS[pattern]):
                        contact = contact_with(MASKS[pattern, c], a, 1) & flat[o]
                        if contact:
                            for d in range(COMPONENTS[flat[o]]):
                                if contact & MASKS[flat[o], d]:
                                    unite(parent, first[b] + c, first[o] + d)
    touched = np.zeros(count, np.uint8)
    for end in range(2):
        layer = end * last
        for u in range(faces.shape[1]):
            for v in range(faces.shape[2]):
                if faces[end, u, v] > 0:
                    x, y, z = face_voxel(axis, layer, u, v)
                    b = (x // 2 * shape[1] + y // 2) * shape[2] + z // 2
                    place = 4 * (x % 2) + 2 * (y % 2) + z % 2
                    if flat[b] >> place & 1:
                        c = COMPONENT[flat[b], place]
                        touched[find(parent, first[b] + c)] |= 1 << end
    kept = 0
    for b in range(flat.size):
        pattern = flat[b]
        for c in range(COMPONENTS[pattern]):
            if touched[find(parent, first[b] + c)] != 3:
                flat[b] &= ~MASKS[pattern, c]
        kept += ONES[flat[b]]
    return kept


@njit(cache=True, nogil=True)
def number_voxels(patterns: Array, first: Array) -> int:
    """Write the number of the first even and odd voxel of each block; return how many are even.

    Even voxels come first. ``first`` is (2, blocks + 1) int32.
    """
    flat = patterns.ravel()
    even, odd = 0, 0
    for b in range(flat.size):
        first[0, b], first[1, b] = even, odd
        even += SIZES[flat[b], 0]
        odd += SIZES[flat[b], 1]
    first[0, flat.size], first[1, flat.size] = even, odd
    first[1] += even
    return even


def parent_grid(shape: tuple[int, ...], periodic: Array) -> tuple[int, int, int]:
    """Shape of the grid of 2x2x2 blocks of these cells.

    Around an odd number of blocks, even and odd ones would not alternate. The last block of a
    periodic axis then takes in twice as many cells.

    Parameters
    ----------
    shape : number of cells along each axis
    periodic : (3,) bool

    Examples
    --------
    >>> parent_grid((4, 5, 6), np.array([False, False, True]))
    (2, 3, 2)
    """
    grid = [(size + 1) // 2 for size in shape]
    nx, ny, nz = (
        size - 1 if wraps and size % 2 and size > 1 else size
        for size, wraps in zip(grid, periodic, strict=True)
    )
    return nx, ny, nz


@njit(cache=True, nogil=True)
def number_aggregates(
    patterns: Array, parents: tuple[int, int, int], node: Array
) -> tuple[int, Array]:
    """Write the number of the first aggregate of each block to ``node`` (blocks,) int32.

    The address of an aggregate is ``8 parent + place``: the parent block of its own block, in a
    grid of the shape ``parents``, and the parities of its own block's coordinates. Aggregates are
    sorted by colour (the parity of their block), then by parent.

    Returns
    -------
    even : int
        Number of even aggregates.
    address : (aggregates,) int64
    """
    bx, by, bz = patterns.shape
    px, py, pz = parents
    flat = patterns.ravel()
    total = 0
    for b in range(flat.size):
        total += COMPONENTS[flat[b]]
    address = np.empty(total, np.int64)
    count, even = 0, 0
    for colour in range(2):
        for parent in range(px * py * pz):
            x, y, z = parent // (py * pz), parent // pz % py, parent % pz
            for cx in range(2 * x, bx if x == px - 1 else 2 * x + 2):
                for cy in range(2 * y, by if y == py - 1 else 2 * y + 2):
                    for cz in range(2 * z, bz if z == pz - 1 else 2 * z + 2):
                        if (cx + cy + cz) % 2 != colour:
                            continue
                        b = (cx * by + cy) * bz + cz
                        node[b] = count
                        for _ in range(COMPONENTS[flat[b]]):
                            address[count] = 8 * parent + 4 * (cx % 2) + 2 * (cy % 2) + cz % 2
                            count += 1
        if colour == 0:
            even = count
    return even, address
