"""Condense a block of Stokes flow onto velocities at its border: a dense matrix is left.

Nested dissection by fronts, as of `networks.interface.condense`. Layers of velocities cut a block;
pressures are eliminated with the first of their velocities. A part that fluid cannot leave takes
up any pressure as a whole, so one pressure of each part waits for the part around it. With that
order every pivot is safe and nothing need be compressible: friction first, positive definite,
then the pressures, negative definite.
"""

import numpy as np
from numba import njit
from scipy.sparse import csr_array

from poreops.base.arrays import Array
from poreops.networks.interface.condense import (
    dissect,
    extend,
    front_members,
    sequenced,
)
from poreops.networks.interface.flow.fronts import eliminate_signed

_LEAF = 60  # velocities that are eliminated without another cut
_NEAR = 23
"""Neighbours of a velocity: 6 that rub on it, 4 unknowns between, 6 of each voxel, the force."""


def condense_flow(
    friction: csr_array, gradient: csr_array, place: Array, kept: Array
) -> tuple[Array, Array]:
    """Eliminate the pressures of a block and all but the kept velocities.

    Parameters
    ----------
    friction : (n, n), A
    gradient : (n, nc), G
    place : (n, 3) int32, voxel behind each face
    kept : (n,) bool, velocities to keep

    Returns
    -------
    matrix : (k, k) float64, symmetric, positive semidefinite
        Friction of the flow with the least friction, in the order of the kept velocities, for
        those that let as much into each part as out of it.
    part : (nc,) int64
        Which closed part of what was eliminated a voxel belongs to, from 0; -1 where fluid can
        leave through a face that is not kept.
    """
    divergence = gradient.T.tocsr()
    matrix, part = _condense(
        np.ascontiguousarray(place, dtype=np.int32), kept,
        *_parts(friction), *_parts(gradient)[:2], *_parts(divergence),
    )  # fmt: skip
    return matrix, part


def _parts(matrix: csr_array) -> tuple[Array, Array, Array]:
    return (
        matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32),
        matrix.data.astype(np.float64),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _condense(
    place: Array, kept: Array, row: Array, column: Array, weight: Array, side: Array, cell: Array,
    first: Array, velocity: Array, sign: Array,
) -> tuple[Array, Array]:  # fmt: skip
    n, cells = len(kept), len(first) - 1
    near = _neighbours(kept, row, column, side, cell, first, velocity)
    order, start, stop, child = dissect(place, near, kept, _LEAF)
    sequence, rank = sequenced(order, kept)
    own_cells, cell_start = _by_node(n, order, start, stop, first, velocity)
    part = np.arange(cells + 1)  # the last one stands for what lies outside
    marked = np.full(cells + 1, -1, np.int64)
    at = np.full(n + cells, -1, np.int64)
    done = np.zeros(n, np.bool_)
    schur = [np.empty((0, 0))] * len(start)
    outer = [np.empty(0, np.int64)] * len(start)
    for node in range(len(start) - 1, -1, -1):
        own = order[start[node] : stop[node]]
        fresh = own_cells[cell_start[node] : cell_start[node + 1]]
        for v in own:
            _unite(part, cell[side[v] : side[v + 1]], cells)
        gone, waiting = _sorted_pressures(fresh, child[node], outer, part, marked, node, n)
        members = _members(own, gone, waiting, fresh, near, done, first, velocity, child[node],
                           outer, at, rank, sequence)  # fmt: skip
        front = np.zeros((members.size, members.size))
        _assemble(front, own, fresh, row, column, weight, first, velocity, sign, done, at)
        for c in child[node]:
            if c >= 0:
                extend(front, schur[c], outer[c], at)
                schur[c] = np.empty((0, 0))
        at[members] = -1
        done[own] = True
        count = own.size + gone.size
        eliminate_signed(front, own.size, count)
        schur[node] = front[count:, count:].copy()
        outer[node] = members[count:]
    return _root(kept, row, column, weight, done, at, schur, outer), _numbered(part)


@njit(cache=True, nogil=True)
def _root(
    kept: Array, row: Array, column: Array, weight: Array, done: Array, at: Array,
    schur: list[Array], outer: list[Array],
) -> Array:  # fmt: skip
    """Return the matrix on the kept velocities; pressures that still wait are held at 0."""
    rest = np.flatnonzero(kept)
    at[rest] = np.arange(rest.size)
    left = np.zeros((rest.size, rest.size))
    for i in range(rest.size):
        for e in range(row[rest[i]], row[rest[i] + 1]):
            if not done[column[e]]:
                left[i, at[column[e]]] += weight[e]
    if len(schur):
        matrix, members = schur[0], outer[0]
        for i in range(members.size):
            p = at[members[i]]
            for j in range(i, members.size):
                q = at[members[j]]
                if p >= 0 and q >= 0:
                    left[p, q] += matrix[i, j]
                    if i != j:
                        left[q, p] += matrix[i, j]
    return left


@njit(cache=True, nogil=True)
def _neighbours(
    kept: Array, row: Array, column: Array, side: Array, cell: Array, first: Array,
    velocity: Array,
) -> Array:  # fmt: skip
    """Return what rubs on each velocity that goes or shares a voxel with it, -1 for none."""
    near = np.full((len(row) - 1, _NEAR), -1, np.int32)
    for v in np.flatnonzero(~kept):
        count = 0
        for e in range(row[v], row[v + 1]):
            if column[e] != v:
                near[v, count] = column[e]
                count += 1
        for e in range(side[v], side[v + 1]):
            for other in velocity[first[cell[e]] : first[cell[e] + 1]]:
                if other != v:
                    near[v, count] = other
                    count += 1
    return near


@njit(cache=True, nogil=True)
def _by_node(
    n: int, order: Array, start: Array, stop: Array, first: Array, velocity: Array
) -> tuple[Array, Array]:
    """Sort the voxels by the node that eliminates the first of their velocities.

    These lie on one path of the tree, and of two nodes on a path the deeper one has the larger
    number. Voxels all of whose velocities are kept are in none.
    """
    nodes, cells = len(start), len(first) - 1
    node = np.full(n, -1, np.int64)
    for i in range(nodes):
        node[order[start[i] : stop[i]]] = i
    deepest = np.full(cells, -1, np.int64)
    count = np.zeros(nodes + 1, np.int64)
    for c in range(cells):
        for v in velocity[first[c] : first[c + 1]]:
            deepest[c] = max(deepest[c], node[v])
        if deepest[c] >= 0:
            count[deepest[c] + 1] += 1
    begin = count.cumsum()
    found = np.empty(begin[-1], np.int64)
    filled = begin.copy()
    for c in range(cells):
        if deepest[c] >= 0:
            found[filled[deepest[c]]] = c
            filled[deepest[c]] += 1
    return found, begin


@njit(cache=True, nogil=True)
def _find(part: Array, c: int) -> int:
    while part[c] != c:
        part[c] = part[part[c]]
        c = part[c]
    return c


@njit(cache=True, nogil=True)
def _unite(part: Array, sides: Array, outside: int) -> None:
    """Join the voxels on both sides of a face, or the one there is with what lies outside."""
    one = _find(part, sides[0]) if sides.size else _find(part, outside)
    other = _find(part, sides[1]) if sides.size > 1 else _find(part, outside)
    part[min(one, other)] = max(one, other)


@njit(cache=True, nogil=True)
def _sorted_pressures(
    fresh: Array, children: Array, outer: list[Array], part: Array, marked: Array, node: int,
    n: int,
) -> tuple[Array, Array]:  # fmt: skip
    """Return the pressures (n + voxel) to eliminate, and one of each closed part to wait."""
    gone, waiting = [np.int64(0)], [np.int64(0)]
    gone.pop(), waiting.pop()
    outside = _find(part, len(part) - 1)
    marked[outside] = node
    for c in fresh:
        root = _find(part, c)
        if marked[root] == node:
            gone.append(n + c)
        else:
            marked[root] = node
            waiting.append(n + c)
    for child in children:
        if child >= 0:
            for w in outer[child]:
                if w >= n:
                    root = _find(part, w - n)
                    if marked[root] == node:
                        gone.append(w)
                    else:
                        marked[root] = node
                        waiting.append(w)
    return np.array(gone), np.array(waiting)


@njit(cache=True, nogil=True)
def _members(
    own: Array, gone: Array, waiting: Array, fresh: Array, near: Array, done: Array, first: Array,
    velocity: Array, children: Array, outer: list[Array], at: Array, rank: Array, sequence: Array,
) -> Array:  # fmt: skip
    """Return the unknowns of a front, numbered: those to eliminate, then what they touch."""
    border = [np.int64(0)]
    border.pop()
    inner = np.concatenate((own, gone, waiting))
    at[inner] = 0
    for v in own:
        for w in near[v]:
            if w >= 0 and not done[w] and at[w] < 0:
                at[w] = 0
                border.append(np.int64(w))
    for c in fresh:
        for w in velocity[first[c] : first[c + 1]]:
            if at[w] < 0:
                at[w] = 0
                border.append(np.int64(w))
    members: Array = front_members(inner, border, children, outer, at, rank, sequence)
    return members


@njit(cache=True, nogil=True)
def _assemble(
    front: Array, own: Array, fresh: Array, row: Array, column: Array, weight: Array,
    first: Array, velocity: Array, sign: Array, done: Array, at: Array,
) -> None:  # fmt: skip
    """Enter the friction of these velocities and the pressures of these voxels."""
    n = len(row) - 1
    for v in own:
        i = at[v]
        for e in range(row[v], row[v + 1]):
            j = at[column[e]]
            if not done[column[e]] and i <= j:
                front[i, j] += weight[e]
    for c in fresh:
        i = at[n + c]
        for e in range(first[c], first[c + 1]):
            j = at[velocity[e]]
            front[min(i, j), max(i, j)] += sign[e]


@njit(cache=True, nogil=True)
def _numbered(part: Array) -> Array:
    """Return the number of each voxel's part in the order of first sight, -1 outside."""
    cells = len(part) - 1
    outside = _find(part, cells)
    number = np.full(cells + 1, -1, np.int64)
    found = np.full(cells, -1, np.int64)
    count = 0
    for c in range(cells):
        root = _find(part, c)
        if root == outside:
            continue
        if number[root] < 0:
            number[root] = count
            count += 1
        found[c] = number[root]
    return found
