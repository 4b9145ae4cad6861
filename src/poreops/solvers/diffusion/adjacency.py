"""Connect the numbered voxels and aggregates of an image with their neighbours."""

import numpy as np
from numba import njit

from poreops.base.arrays import Array
from poreops.solvers.diffusion.blocks import (
    BITS,
    COMPONENT,
    COMPONENTS,
    MASKS,
    ONES,
    PARITY,
    RANK,
    blocks_beside,
    contact_with,
    face_voxel,
)


@njit(cache=True, nogil=True)
def connect_voxels(
    lo: int, hi: int, patterns: Array, periodic: Array, axis: int, first: Array, node: Array,
    phase: Array, pair: Array, table: Array,
    neighbour: Array, code: Array | None, diagonal: Array, aggregate: Array, layer: Array,
) -> None:  # fmt: skip
    """Neighbours of the voxels in the block planes lo..hi-1.

    Parameters
    ----------
    first, node
        From ``number_voxels`` and ``number_aggregates``.
    phase : (nx, ny, nz) uint8
    pair : (phases, phases) uint8
        Code of the conductance between two phases.
    table : (codes,) float64
        Conductance of each code.
    neighbour : (6 n,) uint32
        Out: six to a voxel; n where there is none.
    code : (6 n,) uint8 or None
        Out: code of the conductance of each of the six faces.
    diagonal : (n,) uint8 or float64
        Out: number of neighbours, or sum of the conductances if there are codes.
    aggregate : (even,) uint32
        Out: of each even voxel.
    layer : (n,) uint
        Out: coordinate along ``axis``.
    """
    shape = patterns.shape
    flat = patterns.ravel()
    nothing = np.uint32(diagonal.size)
    beside = np.empty((3, 2), np.int64)
    size = phase.shape
    for bx in range(lo, hi):
        for by in range(shape[1]):
            for bz in range(shape[2]):
                b = (bx * shape[1] + by) * shape[2] + bz
                pattern = flat[b]
                if pattern == 0:
                    continue
                blocks_beside(bx, by, bz, shape, periodic, beside)
                along = 2 * (bx if axis == 0 else by if axis == 1 else bz)
                for v in range(8):
                    if not pattern >> v & 1:
                        continue
                    colour = PARITY[v]
                    i = np.int64(first[colour, b]) + RANK[pattern, v]
                    k = 6 * i
                    total = 0.0
                    x, y, z = 2 * bx + (v >> 2), 2 * by + (v >> 1 & 1), 2 * bz + (v & 1)
                    for a in range(3):
                        # the neighbour in the own block and the one in the next block
                        # lie at the same place of their block
                        bit = BITS[a]
                        u = v ^ bit
                        side = 1 if v & bit else 0
                        for outside in range(2):
                            o = beside[a, side] if outside else b
                            if o >= 0 and flat[o] >> u & 1:
                                neighbour[k] = first[1 - colour, o] + RANK[flat[o], u]
                                if code is not None:
                                    step = 1 - 2 * (side ^ outside)
                                    q = phase[
                                        (x + step * (a == 0)) % size[0],
                                        (y + step * (a == 1)) % size[1],
                                        (z + step * (a == 2)) % size[2],
                                    ]
                                    code[k] = pair[phase[x, y, z], q]
                                    total += table[code[k]]
                                else:
                                    total += 1
                            else:
                                neighbour[k] = nothing
                            k += 1
                    diagonal[i] = total
                    layer[i] = along + (v >> (2 - axis) & 1)
                    if colour == 0:
                        aggregate[i] = node[b] + COMPONENT[pattern, v]


@njit(cache=True, nogil=True)
def _weight(
    contact: int, axis: int, side: int, place: tuple[int, int, int], phase: Array, pair: Array,
    table: Array,
) -> float:  # fmt: skip
    """Sum of the conductances through the faces of a block that lead to ``contact``."""
    size = phase.shape
    step = 1 - 2 * side
    total = 0.0
    for u in range(8):
        if contact >> u & 1:
            x, y, z = place[0] + (u >> 2), place[1] + (u >> 1 & 1), place[2] + (u & 1)
            q = phase[
                (x + step * (axis == 0)) % size[0],
                (y + step * (axis == 1)) % size[1],
                (z + step * (axis == 2)) % size[2],
            ]
            total += table[pair[phase[x, y, z], q]]
    return total


@njit(cache=True, nogil=True)
def connect_aggregates(
    lo: int, hi: int, patterns: Array, periodic: Array, node: Array,
    phase: Array, pair: Array, table: Array,
    start: Array, neighbour: Array, weight: Array,
) -> None:  # fmt: skip
    """Count the neighbours of the aggregates in block planes lo..hi-1, or list them.

    Parameters
    ----------
    phase, pair, table
        As for ``connect_voxels``; an empty table says that all conductances are 1.
    start : (aggregates + 1,) int64
        Out, if ``neighbour`` is empty: number of neighbours of i in ``start[i + 1]``. Else where
        the list of i begins.
    neighbour, weight : uint32, float
        Out: half the sum of the conductances of the faces in between.
    """
    shape = patterns.shape
    flat = patterns.ravel()
    beside = np.empty((3, 2), np.int64)
    for bx in range(lo, hi):
        for by in range(shape[1]):
            for bz in range(shape[2]):
                b = (bx * shape[1] + by) * shape[2] + bz
                pattern = flat[b]
                if pattern == 0:
                    continue
                blocks_beside(bx, by, bz, shape, periodic, beside)
                for c in range(COMPONENTS[pattern]):
                    i = node[b] + c
                    count = 0
                    for a in range(3):
                        for side in range(2):
                            o = beside[a, side]
                            if o < 0:
                                continue
                            contact = contact_with(MASKS[pattern, c], a, side) & flat[o]
                            if contact == 0:
                                continue
                            for d in range(COMPONENTS[flat[o]]):
                                common = contact & MASKS[flat[o], d]
                                if common == 0:
                                    continue
                                if neighbour.size:
                                    k = start[i] + count
                                    neighbour[k] = node[o] + d
                                    if table.size:
                                        ox = o // (shape[1] * shape[2])
                                        oy, oz = o // shape[2] % shape[1], o % shape[2]
                                        place = (2 * ox, 2 * oy, 2 * oz)
                                        total = _weight(common, a, side, place, phase, pair, table)
                                        weight[k] = 0.5 * total
                                    else:
                                        weight[k] = 0.5 * ONES[common]
                                count += 1
                    if neighbour.size == 0:
                        start[i + 1] = count


@njit(cache=True, nogil=True)
def connect_ends(
    patterns: Array, axis: int, last: int, faces: Array, end_code: Array, first: Array,
    node: Array, neighbour: Array, code: Array | None, diagonal: Array, leak: Array,
) -> tuple[Array, Array]:  # fmt: skip
    """Add the conductances to the two ends; the inlet becomes the neighbour n + 1.

    Parameters
    ----------
    faces : (2, ...) float64
        Conductance from each voxel of the first and the last layer to the end.
    end_code : (...) uint8
        Its code at the inlet, if there are codes.
    leak : (aggregates,) float
        Out: half the conductance of each aggregate to the ends.

    Returns
    -------
    voxels : (2, m) int64
        Voxels at the inlet and at the outlet; -1 fills up.
    conductances : (2, m) float64
    """
    shape = patterns.shape
    flat = patterns.ravel()
    n = diagonal.size
    voxels = np.full((2, faces[0].size), -1, np.int64)
    conductances = np.zeros((2, faces[0].size))
    for end in range(2):
        count = 0
        for u in range(faces.shape[1]):
            for v in range(faces.shape[2]):
                x, y, z = face_voxel(axis, end * last, u, v)
                b = (x // 2 * shape[1] + y // 2) * shape[2] + z // 2
                place = 4 * (x % 2) + 2 * (y % 2) + z % 2
                g = faces[end, u, v]
                if g == 0 or not flat[b] >> place & 1:
                    continue
                i = first[PARITY[place], b] + RANK[flat[b], place]
                diagonal[i] += g
                leak[node[b] + COMPONENT[flat[b], place]] += 0.5 * g
                voxels[end, count] = i
                conductances[end, count] = g
                count += 1
                if end == 0:
                    slot = 6 * i + 2 * axis + 1
                    neighbour[slot] = n + 1
                    if code is not None:
                        code[slot] = end_code[u, v]
    return voxels, conductances
