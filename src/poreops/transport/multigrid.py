"""Approximate the inverse of a diffusion operator on aggregates by a W-cycle.

Unknowns come in two colours, even before odd, and only unlike colours are neighbours. Aggregates
are the connected unknowns of each 2x2x2 block, the correction is constant in an aggregate, and
coarse conductances are half the sum of the fine ones (twice the distance between centres). Each
cycle relaxes even and odd unknowns once before the coarse correction and once after it, in the
reverse order (red-black Gauss-Seidel), so that it is symmetric; all but the finest level are
visited twice. See Trottenberg, Oosterlee & Schueller, *Multigrid* (2001), sections 2.4, 2.8, 4.3.

A cycle leaves no residual on even unknowns, so the next one on the same level need not begin with
them, and what it corrects on odd ones is overwritten by their relaxation, so it corrects even
ones only.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numba import njit

from poreops.transport.blocks import PARITY, Array, find, parent_grid, unite
from poreops.transport.team import Team

FAST = {"contract", "reassoc", "nsz", "arcp"}
_TAIL = 20_000  # unknowns from which a level is worth the threads


@dataclass(frozen=True)
class Graph:
    """Aggregates and the conductances between them.

    Attributes
    ----------
    even : number of even unknowns
    blocks : shape of the grid of 2x2x2 blocks
    periodic : (3,) bool
    address : (n,) int64, eight times the block of an unknown plus 4, 2, 1 for odd coordinates
    start : (n + 1,) int64, where the list of neighbours of each begins
    neighbour : (faces,) uint32
    weight : (faces,) float32 or float64, conductances
    leak : (n,), the same, conductance to the ends
    """

    even: int
    blocks: tuple[int, int, int]
    periodic: Array
    address: Array
    start: Array
    neighbour: Array
    weight: Array
    leak: Array


@dataclass(frozen=True)
class Level:
    """One level of the hierarchy and its work space.

    Attributes
    ----------
    cuts : (2, workers + 1) int64
        Parts of the even and of the odd unknowns; no aggregate is in two parts.
    start, neighbour, weight : as in `Graph`
    diagonal, inverse : (n,), sum of the conductances; inverse 0 where that is 0
    aggregate : (even,) uint32, unknown of the next level
    x, b : (n,)
    """

    cuts: Array
    start: Array
    neighbour: Array
    weight: Array
    diagonal: Array
    inverse: Array
    aggregate: Array
    x: Array
    b: Array


class Multigrid:
    """W-cycle on the aggregates of an image."""

    def __init__(self, graph: Graph, team: Team) -> None:
        self._team = team
        levels = []
        while graph.neighbour.size:
            aggregate, coarse = _coarsen(graph)
            levels.append(_level(graph, aggregate[: graph.even].copy(), team.workers))
            graph = coarse
        levels.append(_level(graph, np.empty(0, np.uint32), 1))
        large = sum(level.x.size >= _TAIL for level in levels[:-1])
        self._large, self._tail = levels[:large], _Tail(levels[large:])
        self.sizes = [level.x.size for level in levels]

    @property
    def right(self) -> Array:
        """Right-hand side of the finest level, to be written before `cycle`."""
        return self._b(0)

    @property
    def correction(self) -> Array:
        """Result of `cycle` on the finest level."""
        return self._x(0)

    def cycle(self) -> None:
        """Write the approximate inverse times `right` to `correction`."""
        self._cycle_twice(0)

    def _b(self, depth: int) -> Array:
        return self._large[depth].b if depth < len(self._large) else self._tail.b

    def _x(self, depth: int) -> Array:
        return self._large[depth].x if depth < len(self._large) else self._tail.x

    def _cycle_twice(self, depth: int) -> None:
        self._cycle(depth, fresh=True)
        if depth < len(self._large) or self._tail.deep:
            self._cycle(depth, fresh=False)

    def _cycle(self, depth: int, *, fresh: bool) -> None:
        if depth == len(self._large):
            self._tail.cycle(fresh=fresh)
            return
        level, run = self._large[depth], self._team.run
        evens, odds = level.cuts
        rows = level.start, level.neighbour, level.weight
        if fresh:
            run(_begin, evens, level.x, level.b, level.inverse)
        run(_relax, odds, level.x, level.b, *rows, level.inverse)
        coarse = self._b(depth + 1)
        coarse[:] = 0
        run(_restrict, evens, level.x, level.b, *rows, level.diagonal, level.aggregate, coarse)
        self._cycle_twice(depth + 1)
        run(_prolong, evens, level.x, level.aggregate, self._x(depth + 1))
        run(_relax, odds, level.x, level.b, *rows, level.inverse)
        run(_relax, evens, level.x, level.b, *rows, level.inverse)


class _Tail:
    """The small levels, one behind the other in each array, run by one thread."""

    def __init__(self, levels: list[Level]) -> None:
        sizes = [level.x.size for level in levels]
        ends = np.cumsum([0, *sizes])
        faces = np.cumsum([0, *(level.neighbour.size for level in levels)])
        self.bounds = np.array(
            [
                [a, a + level.cuts[0, -1], b]
                for (a, b), level in zip(pairwise(ends), levels, strict=True)
            ]
        )
        self.start = np.concatenate(
            [level.start[:-1] + f for level, f in zip(levels, faces[:-1], strict=True)]
            + [faces[-1:]]
        )
        self.neighbour = np.concatenate(
            [level.neighbour + np.uint32(a) for level, a in zip(levels, ends[:-1], strict=True)]
        )
        self.weight = np.concatenate([level.weight for level in levels])
        self.diagonal = np.concatenate([level.diagonal for level in levels])
        self.inverse = np.concatenate([level.inverse for level in levels])
        self.aggregate = np.zeros(ends[-1], np.uint32)
        for level, a, b in zip(levels, ends[:-1], ends[1:], strict=True):
            self.aggregate[a : a + level.aggregate.size] = level.aggregate + np.uint32(b)
        self._all_x = np.zeros_like(self.diagonal)
        self._all_b = np.zeros_like(self.diagonal)
        self.x, self.b = self._all_x[: sizes[0]], self._all_b[: sizes[0]]
        self.deep = len(levels) > 1

    def cycle(self, *, fresh: bool) -> None:
        """Cycle on the first of the levels."""
        _tail_cycle(
            fresh, self.bounds, self._all_x, self._all_b, self.start, self.neighbour, self.weight,
            self.diagonal, self.inverse, self.aggregate,
        )  # fmt: skip


def _level(graph: Graph, aggregate: Array, workers: int) -> Level:
    diagonal = graph.leak.copy()
    _add_rows(graph.start, graph.weight, diagonal)
    inverse = np.zeros_like(diagonal)
    np.divide(1, diagonal, out=inverse, where=diagonal > 0)
    block = graph.address >> 3
    even, odd = block[: graph.even], block[graph.even :]
    # equal parts of the even ones, cut between two blocks
    first = even[[graph.even * t // workers for t in range(1, workers)]] if graph.even else []
    cuts = np.empty((2, workers + 1), np.int64)
    cuts[0] = [0, *np.searchsorted(even, first), graph.even] if graph.even else 0
    cuts[1] = [graph.even + odd.size * t // workers for t in range(workers + 1)]
    return Level(
        cuts, graph.start, graph.neighbour, graph.weight, diagonal, inverse, aggregate,
        np.zeros_like(diagonal), np.zeros_like(diagonal),
    )  # fmt: skip


# ---- relaxation and transfer of the unknowns lo..hi-1


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _inflow(x: Array, start: Array, neighbour: Array, weight: Array, i: int) -> Any:
    total = weight.dtype.type(0)
    for k in range(start[i], start[i + 1]):
        total += weight[k] * x[neighbour[k]]
    return total


@njit(cache=True, nogil=True)
def _add_rows(start: Array, weight: Array, total: Array) -> None:
    for i in range(total.size):
        for k in range(start[i], start[i + 1]):
            total[i] += weight[k]


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _begin(lo: int, hi: int, x: Array, b: Array, inverse: Array) -> None:
    """Relax even unknowns where all are 0."""
    for i in range(lo, hi):
        x[i] = b[i] * inverse[i]


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _relax(
    lo: int, hi: int, x: Array, b: Array, start: Array, neighbour: Array, weight: Array,
    inverse: Array,
) -> None:  # fmt: skip
    for i in range(lo, hi):
        x[i] = (b[i] + _inflow(x, start, neighbour, weight, i)) * inverse[i]


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _restrict(
    lo: int, hi: int, x: Array, b: Array, start: Array, neighbour: Array, weight: Array,
    diagonal: Array, aggregate: Array, coarse: Array,
) -> None:  # fmt: skip
    """Add the residuals to those of the aggregates."""
    for i in range(lo, hi):
        residual = b[i] - diagonal[i] * x[i] + _inflow(x, start, neighbour, weight, i)
        coarse[aggregate[i]] += residual


@njit(cache=True, nogil=True)
def _prolong(lo: int, hi: int, x: Array, aggregate: Array, coarse: Array) -> None:
    for i in range(lo, hi):
        x[i] += coarse[aggregate[i]]


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _tail_cycle(
    fresh: bool, bounds: Array, x: Array, b: Array, start: Array, neighbour: Array, weight: Array,
    diagonal: Array, inverse: Array, aggregate: Array,
) -> None:  # fmt: skip
    """Cycle on the first level; ``bounds`` (levels, 3) are the ends of its colours."""
    last = bounds.shape[0] - 1
    visits = np.zeros(last + 1, np.int64)
    visits[0] = 0 if fresh else 1
    depth = 0
    while True:
        lo, middle, hi = bounds[depth]
        if depth < last:
            if visits[depth] == 0:
                _begin(lo, middle, x, b, inverse)
            _relax(middle, hi, x, b, start, neighbour, weight, inverse)
            b[hi : bounds[depth + 1, 2]] = 0
            _restrict(lo, middle, x, b, start, neighbour, weight, diagonal, aggregate, b)
            depth += 1
            visits[depth] = 0
            continue
        # nothing is connected on the last level
        for i in range(lo, hi):
            x[i] = b[i] * inverse[i]
        visits[depth] = 2
        while depth > 0 and visits[depth] == 2:
            depth -= 1
            lo, middle, hi = bounds[depth]
            _prolong(lo, middle, x, aggregate, x)
            _relax(middle, hi, x, b, start, neighbour, weight, inverse)
            _relax(lo, middle, x, b, start, neighbour, weight, inverse)
            visits[depth] += 1
        if depth == 0:
            return


# ---- aggregation


def _coarsen(graph: Graph) -> tuple[Array, Graph]:
    """Aggregate of each unknown, and the graph of the aggregates."""
    parents = parent_grid(graph.blocks, graph.periodic)
    new, even, address = _aggregates(
        graph.address, graph.blocks, parents, graph.start, graph.neighbour
    )
    start, neighbour, weight, leak = _merge(
        new, address.size, graph.start, graph.neighbour, graph.weight, graph.leak
    )
    return new, Graph(even, parents, graph.periodic, address, start, neighbour, weight, leak)


@njit(cache=True, nogil=True)
def _aggregates(
    address: Array, blocks: tuple[int, int, int], parents: tuple[int, int, int], start: Array,
    neighbour: Array,
) -> tuple[Array, int, Array]:  # fmt: skip
    """Find the connected unknowns of each block: numbers, how many even ones, addresses."""
    n = address.size
    parent = np.arange(n)
    for i in range(n):
        for k in range(start[i], start[i + 1]):
            j = np.int64(neighbour[k])
            if j > i and address[j] >> 3 == address[i] >> 3:
                unite(parent, i, j)
    px, py, pz = parents
    places = np.zeros(8 * px * py * pz, np.int32)
    new = np.empty(n, np.int64)
    count = 0
    for i in range(n):
        if parent[i] == i:
            block = address[i] >> 3
            x, z = block // (blocks[1] * blocks[2]), block % blocks[2]
            y = block // blocks[2] % blocks[1]
            above = (min(x // 2, px - 1) * py + min(y // 2, py - 1)) * pz + min(z // 2, pz - 1)
            new[i] = 8 * above + 4 * (x % 2) + 2 * (y % 2) + z % 2
            places[new[i]] += 1
            count += 1
    even, total = 0, 0
    for colour in range(2):
        for place in range(places.size):
            if PARITY[place % 8] == colour:
                size = places[place]
                places[place] = total
                total += size
        if colour == 0:
            even = total
    coarse_address = np.empty(count, np.int64)
    for i in range(n):
        if parent[i] == i:
            place = new[i]
            new[i] = places[place]
            places[place] += 1
            coarse_address[new[i]] = place
    aggregate = np.empty(n, np.uint32)
    for i in range(n):
        aggregate[i] = new[find(parent, i)]
    return aggregate, even, coarse_address


@njit(cache=True, nogil=True)
def _merge(
    aggregate: Array, count: int, start: Array, neighbour: Array, weight: Array,
    leak: Array,
) -> tuple[Array, Array, Array, Array]:  # fmt: skip
    """Halve and sum the conductances between aggregates: start, neighbour, weight, leak."""
    n = aggregate.size
    half = weight.dtype.type(0.5)
    coarse_leak = np.zeros(count, weight.dtype)
    ends = np.zeros(count + 1, np.int64)
    for i in range(n):
        coarse_leak[aggregate[i]] += half * leak[i]
        ends[aggregate[i] + 1] += 1
    ends = np.cumsum(ends)
    member = np.empty(n, np.int32)
    for i in range(n - 1, -1, -1):
        ends[aggregate[i] + 1] -= 1
        member[ends[aggregate[i] + 1]] = i
    coarse_start = np.zeros(count + 1, np.int64)
    coarse_neighbour = np.empty(neighbour.size, np.uint32)
    coarse_weight = np.empty(neighbour.size, weight.dtype)
    seen = np.full(count, -1, np.int64)
    size, first = 0, 0
    for a in range(count):
        row = size
        stop = ends[a + 2] if a + 2 <= count else n
        for m in range(first, stop):
            i = member[m]
            for k in range(start[i], start[i + 1]):
                c = aggregate[neighbour[k]]
                if c == a:
                    continue
                if seen[c] < row:
                    seen[c] = size
                    coarse_neighbour[size] = c
                    coarse_weight[size] = 0
                    size += 1
                coarse_weight[seen[c]] += half * weight[k]
        first = stop
        coarse_start[a + 1] = size
    return coarse_start, coarse_neighbour[:size].copy(), coarse_weight[:size].copy(), coarse_leak
