"""Condense the voxels of a pore onto those that it shares with others: a dense matrix is left.

Cholesky's factorisation by fronts: the pore is cut in two, again and again, by layers of voxels,
and what is cut is eliminated before the layer that cuts it (nested dissection; George, SIAM J.
Numer. Anal. 10, 345, 1973). Every step works on a small dense matrix, upper triangle, row by row.
"""

import numpy as np
from numba import njit

from poreops.base.arrays import Array
from poreops.networks.interface.pivots import factorised

_LEAF = 24  # voxels that are eliminated without another cut
_BLOCK = 64  # rows that are eliminated before the rest of the matrix is touched
_STRIP = 128  # columns of the rest at a time: what lies below the diagonal is left out


@njit(cache=True, nogil=True)
def eliminate(front: Array, count: int) -> None:
    """Eliminate the first unknowns of a symmetric matrix, in place, upper triangle only.

    The first rows become those of the Cholesky factor U, the rest the Schur complement.

    Parameters
    ----------
    front : (m, m) float64, C-contiguous
    count : unknowns to eliminate; their part of the matrix is positive definite
    """
    _complement(front, count, front[count:, count:])


@njit(cache=True, nogil=True)
def complement(front: Array, count: int) -> Array:
    """Eliminate the first unknowns of a symmetric matrix, and return what that leaves.

    Parameters
    ----------
    front, count : as for `eliminate`; the first rows become those of U

    Returns
    -------
    (m - count, m - count) float64
        The Schur complement, upper triangle only; what is below it is undefined.
    """
    rest = front.shape[0] - count
    left = np.empty((rest, rest))
    _complement(front, count, left)
    return left


@njit(cache=True, nogil=True)
def _complement(front: Array, count: int, left: Array) -> None:
    """Factorise the first rows, in place, and write what is left of the others elsewhere."""
    m = front.shape[0]
    for first in range(0, count, _BLOCK):
        last = min(first + _BLOCK, count)
        if first:  # what the rows above take from these
            above = front[:first, first:].copy()
            turned = np.ascontiguousarray(above[:, : last - first].T)
            front[first:last, first:] -= np.dot(turned, above)
        inverse = factorised(front, first, last, count)
        if last < m:
            front[first:last, last:] = np.dot(inverse.T, front[first:last, last:].copy())
    rest = m - count
    rows = front[:count, count:].copy()
    turned = np.ascontiguousarray(rows.T)
    for begin in range(0, rest, _STRIP):
        end = min(begin + _STRIP, rest)
        taken = np.dot(turned[:end], rows[:, begin:end].copy())
        for i in range(end):
            old, new, less = front[count + i], left[i], taken[i]
            for j in range(max(begin, i), end):
                new[j] = old[count + j] - less[j - begin]


@njit(cache=True, nogil=True)
def condense(
    place: Array, neighbour: Array, kept: Array, lost: Array, links: Array, corner: Array
) -> Array:
    """Join a pore to t terminals, and eliminate all but its kept voxels.

    The potential beside a voxel at an image face is a combination of those of the terminals, half
    an edge (conductance 2) away. What no terminal of any case touches is eliminated for all
    cases at once.

    Parameters
    ----------
    place : (n, 3) int32, voxels of the pore, connected by faces
    neighbour : (n, 6) int32, number of each neighbour in the pore, -1 for none
    kept : (n,) bool, at least one
    lost : (cases, n) float64, 2 Σ 1 over the image faces of each voxel
    links : (cases, n, t) float64, 2 Σ w, w the weights (t,) of the terminals at a face
    corner : (cases, t, t) float64, 2 Σ w wᵀ over all faces

    Returns
    -------
    (cases, k + t, k + t) float64, upper triangle
        Schur complements on the kept voxels in their order, then the terminals, unit conductance
        of a face.
    """
    cases, n, terminals = links.shape
    order, start, stop, child = dissect(place, neighbour, kept, _LEAF)
    sequence, rank = sequenced(order, kept)
    at = np.full(n, -1, np.int64)  # place of a voxel in the front
    done = np.zeros(n, np.bool_)
    nodes = len(start)
    touched = np.zeros((cases, nodes), np.bool_)
    # of each case, and in the end of those that no terminal touches
    schur = [np.empty((0, 0))] * (nodes * (cases + 1))
    outer = [np.empty(0, np.int64)] * nodes
    for node in range(nodes - 1, -1, -1):
        own = order[start[node] : stop[node]]
        members = _members(own, neighbour, done, child[node], outer, at, rank, sequence)
        untouched = 0
        for case in range(cases):
            for c in child[node]:
                touched[case, node] |= c >= 0 and touched[case, c]
            touched[case, node] |= lost[case][own].any()
            untouched += not touched[case, node]
        for case in range(cases + (untouched > 0)):
            joined = case < cases
            if joined and not touched[case, node]:
                continue
            size = members.size + (terminals if joined else 0)
            front = np.zeros((size, size))
            _assemble(front, own, neighbour, done, at)
            if joined:
                _join(front, own, lost[case], links[case], at, members.size)
            for c in child[node]:
                if c >= 0:
                    mine = case if joined and touched[case, c] else cases
                    extend(front, schur[mine * nodes + c], outer[c], at, members.size)
            schur[case * nodes + node] = complement(front, own.size)
        for c in child[node]:
            for case in range(cases + 1):
                if c >= 0:
                    schur[case * nodes + c] = np.empty((0, 0))
        at[members] = -1
        done[own] = True
        outer[node] = members[own.size :]
    rest = np.flatnonzero(kept)
    at[rest] = np.arange(rest.size)
    found = np.zeros((cases, rest.size + terminals, rest.size + terminals))
    for case in range(cases):
        left = found[case]
        _assemble(left, rest, neighbour, done, at)
        _join(left, rest, lost[case], links[case], at, rest.size)
        left[rest.size :, rest.size :] += corner[case]
        if nodes:
            mine = case if touched[case, 0] else cases
            extend(left, schur[mine * nodes], outer[0], at, rest.size)
    return found


@njit(cache=True, nogil=True)
def _join(front: Array, own: Array, lost: Array, links: Array, at: Array, first: int) -> None:
    """Enter what joins these voxels to the terminals, whose columns begin at `first`."""
    for v in own:
        front[at[v], at[v]] += lost[v]
        for terminal in range(links.shape[1]):
            front[at[v], first + terminal] -= links[v, terminal]


@njit(cache=True, nogil=True)
def _members(
    own: Array, neighbour: Array, done: Array, children: Array, outer: list[Array], at: Array,
    rank: Array, sequence: Array,
) -> Array:  # fmt: skip
    """Return the voxels of a front, numbered: those to eliminate, then what they touch."""
    border = [np.int64(0)]
    border.pop()
    at[own] = 0
    for v in own:
        for k in range(6):
            w = np.int64(neighbour[v, k])
            if w >= 0 and not done[w] and at[w] < 0:
                at[w] = 0
                border.append(w)
    members: Array = front_members(own, border, children, outer, at, rank, sequence)
    return members


@njit(cache=True, nogil=True)
def front_members(
    inner: Array, border: list[int], children: Array, outer: list[Array], at: Array, rank: Array,
    sequence: Array,
) -> Array:  # fmt: skip
    """Return the unknowns of a front, numbered: the inner ones, then those of its border.

    Parameters
    ----------
    inner : (k,) int64, to be eliminated
    border : what they touch; what the fronts of the children leave is added
    children : of the front, -1 where there is none
    outer : front → what it leaves
    at : (n,) number in the front, < 0 of what is not in it; 0 already of inner and border
    rank, sequence : of `sequenced`
    """
    for child in children:
        if child >= 0:
            for w in outer[child]:
                if at[w] < 0:
                    at[w] = 0
                    border.append(w)
    members = np.concatenate((inner, _in_sequence(border, rank, sequence)))
    at[members] = np.arange(members.size)
    return members


@njit(cache=True, nogil=True)
def sequenced(order: Array, kept: Array) -> tuple[Array, Array]:
    """Return the unknowns as they are eliminated, then the kept ones, and the rank of each.

    Parameters
    ----------
    order : (m,) int64, of `dissect`
    kept : (n,) bool
    """
    sequence = np.concatenate((order, np.flatnonzero(kept)))
    rank = np.empty(sequence.size, np.int64)
    rank[sequence] = np.arange(sequence.size)
    return sequence, rank


@njit(cache=True, nogil=True)
def _in_sequence(border: list[int], rank: Array, sequence: Array) -> Array:
    """Sort unknowns by their rank, as `extend` likes them.

    Parameters
    ----------
    border : unknowns
    rank, sequence : of `sequenced`
    """
    ranks = np.empty(len(border), np.int64)
    for i in range(ranks.size):
        ranks[i] = rank[border[i]]
    ranks.sort()
    return sequence[ranks]


@njit(cache=True, nogil=True)
def _assemble(front: Array, own: Array, neighbour: Array, done: Array, at: Array) -> None:
    """Enter the rows of these voxels, as far as their neighbours are in the front."""
    for v in own:
        i = at[v]
        for k in range(6):
            w = neighbour[v, k]
            if w >= 0:
                front[i, i] += 1.0
                if not done[w] and i < at[w]:
                    front[i, at[w]] -= 1.0


@njit(cache=True, nogil=True)
def extend(front: Array, schur: Array, outer: Array, at: Array, first: int = 0) -> None:
    """Add the Schur complement of a part that was eliminated before, upper triangle only.

    Parameters
    ----------
    front : (m, m) float64
    schur : (b + t, b + t) float64
    outer : (b,) int64, unknowns of its rows but the last
    at : where each of them is in the front
    first : where the last ones, t terminals, begin in the front
    """
    size = schur.shape[0]
    to = np.empty(size, np.int64)
    for i in range(size):
        to[i] = at[outer[i]] if i < outer.size else first + i - outer.size
    ordered = size - 1  # from here on as in the front
    while ordered > 0 and to[ordered - 1] < to[ordered]:
        ordered -= 1
    for i in range(max(ordered, 0)):
        for j in range(i, size):
            front[min(to[i], to[j]), max(to[i], to[j])] += schur[i, j]
    for i in range(max(ordered, 0), size):
        line, more = front[to[i]], schur[i]
        for j in range(i, size):
            line[to[j]] += more[j]


@njit(cache=True, nogil=True)
def dissect(
    place: Array, neighbour: Array, kept: Array, leaf: int
) -> tuple[Array, Array, Array, Array]:
    """Cut the unknowns that are not kept in two again and again.

    Parameters
    ----------
    place : (n, 3) int32, of unknowns; one layer has neighbours in the next one at most
    neighbour : (n, d) int32, -1 for none
    kept : (n,) bool
    leaf : unknowns that are not cut any more

    Returns
    -------
    order : (m,) int64, unknowns
    start, stop : (nodes,) int64, what each node eliminates, as ranges of order
    child : (nodes, 2) int64, -1 for none; children have the larger numbers
    """
    order = np.flatnonzero(~kept)
    side = np.zeros(place.shape[0], np.int8)
    start, stop = [np.int64(0)], [np.int64(0)]
    first_child, second_child = [np.int64(-1)], [np.int64(-1)]
    stack = [(np.int64(0), np.int64(order.size), np.int64(-1))]
    start.pop(), stop.pop(), first_child.pop(), second_child.pop()
    while stack:
        low, high, parent = stack.pop()
        if low == high:
            continue
        node = np.int64(len(start))
        if parent >= 0:
            if first_child[parent] < 0:
                first_child[parent] = node
            else:
                second_child[parent] = node
        own = low
        if high - low > leaf:
            part = order[low:high]
            axis, layer = _thinnest_layer(place, part)
            for v in part:
                where = place[v, axis] - layer
                side[v] = 1 if where > 0 else -1
            for v in part:
                if place[v, axis] == layer:
                    for w in neighbour[v]:
                        if w >= 0 and side[w] == 1:
                            side[v] = 0
            before, behind = part[side[part] == -1], part[side[part] == 1]
            middle = part[side[part] == 0]
            side[part] = 0
            cut = low + before.size
            own = np.int64(cut + behind.size)
            order[low:cut], order[cut:own], order[own:high] = before, behind, middle
            stack.append((low, cut, node))
            stack.append((cut, own, node))
        start.append(own)
        stop.append(high)
        first_child.append(np.int64(-1))
        second_child.append(np.int64(-1))
    child = np.empty((len(start), 2), np.int64)
    for i in range(len(start)):
        child[i, 0], child[i, 1] = first_child[i], second_child[i]
    return order, np.array(start), np.array(stop), child


@njit(cache=True, nogil=True)
def _thinnest_layer(place: Array, part: Array) -> tuple[int, int]:
    """Return axis and coordinate of the layer that cuts cheapest; both sides have their share."""
    best_axis, best_layer, best = 0, 0, np.inf
    for axis in range(3):
        low = high = place[part[0], axis]
        for v in part:
            low, high = min(low, place[v, axis]), max(high, place[v, axis])
        count = np.zeros(high - low + 1, np.int64)
        for v in part:
            count[place[v, axis] - low] += 1
        before = 0
        for layer in range(high - low):
            behind = part.size - before - count[layer]
            smaller = min(before, behind) / part.size
            cost = count[layer] / max(smaller, 0.02) ** 1.4
            if behind > 0 and cost < best:
                best_axis, best_layer, best = axis, layer + low, cost
            before += count[layer]
    return best_axis, best_layer
