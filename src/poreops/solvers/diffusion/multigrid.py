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

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numba import njit

from poreops.base.arrays import Array
from poreops.solvers.diffusion.coarsening import Graph, coarsen
from poreops.solvers.shared.threads import Team

FAST = {"contract", "reassoc", "nsz", "arcp"}
_TAIL = 20_000  # unknowns from which a level is worth the threads


@dataclass(frozen=True)
class Level:
    """One level of the hierarchy and its work space.

    Attributes
    ----------
    even : number of even unknowns
    start, neighbour, weight : as in `Graph`
    diagonal, inverse : (n,), sum of the conductances; inverse 0 where that is 0
    aggregate : (even,) uint32, unknown of the next level
    x, b : (n,)
    """

    even: int
    start: Array
    neighbour: Array
    weight: Array
    diagonal: Array
    inverse: Array
    aggregate: Array
    x: Array
    b: Array


@dataclass(frozen=True)
class _Large:
    """A level worth several threads: six neighbours to an unknown, those in excess in lists.

    Loops of fixed length take a third of the time.

    Attributes
    ----------
    cuts : (2, workers + 1) int64
        Parts of the even and of the odd unknowns; no aggregate is in two parts.
    level : Level
    rows : neighbour (6 n,), weight (6 n,); crowded (m,) unknowns with more than six neighbours,
        start (m + 1,), neighbour and weight of the others
    """

    cuts: Array
    level: Level
    rows: tuple[Array, ...]


class Multigrid:
    """W-cycle on the aggregates of an image."""

    def __init__(self, graph: Graph, team: Team) -> None:
        self._team = team
        self._large: list[_Large] = []
        tail = []
        while graph.neighbour.size:
            aggregate, coarse = coarsen(graph)
            level = _level(graph, aggregate[: graph.even].copy())
            if level.x.size >= _TAIL:
                self._large.append(_large(level, graph.address, team.workers))
            else:
                tail.append(level)
            graph = coarse
        self._tail = _Tail([*tail, _level(graph, np.empty(0, np.uint32))])

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
        return self._large[depth].level.b if depth < len(self._large) else self._tail.b

    def _x(self, depth: int) -> Array:
        return self._large[depth].level.x if depth < len(self._large) else self._tail.x

    def _cycle_twice(self, depth: int) -> None:
        self._cycle(depth, fresh=True)
        if depth < len(self._large) or self._tail.deep:
            self._cycle(depth, fresh=False)

    def _cycle(self, depth: int, *, fresh: bool) -> None:
        if depth == len(self._large):
            self._tail.cycle(fresh=fresh)
            return
        large, run = self._large[depth], self._team.run
        level, rows, (evens, odds) = large.level, large.rows, large.cuts
        if fresh:
            run(_begin, evens, level.x, level.b, level.inverse)
        run(_relax_six, odds, level.x, level.b, level.inverse, *rows)
        coarse = self._b(depth + 1)
        coarse[:] = 0
        run(_restrict_six, evens, level.x, level.b, level.diagonal, level.aggregate, coarse, *rows)
        self._cycle_twice(depth + 1)
        run(_prolong, evens, level.x, level.aggregate, self._x(depth + 1))
        run(_relax_six, odds, level.x, level.b, level.inverse, *rows)
        run(_relax_six, evens, level.x, level.b, level.inverse, *rows)


class _Tail:
    """The small levels, one behind the other in each array, run by one thread."""

    def __init__(self, levels: list[Level]) -> None:
        sizes = [level.x.size for level in levels]
        ends = np.cumsum([0, *sizes])
        faces = np.cumsum([0, *(level.neighbour.size for level in levels)])
        self.bounds = np.array(
            [[a, a + level.even, b] for (a, b), level in zip(pairwise(ends), levels, strict=True)]
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


def _level(graph: Graph, aggregate: Array) -> Level:
    diagonal = graph.leak.copy()
    _add_rows(graph.start, graph.weight, diagonal)
    inverse = np.zeros_like(diagonal)
    np.divide(1, diagonal, out=inverse, where=diagonal > 0)
    return Level(
        graph.even, graph.start, graph.neighbour, graph.weight, diagonal, inverse, aggregate,
        np.zeros_like(diagonal), np.zeros_like(diagonal),
    )  # fmt: skip


def _large(level: Level, address: Array, workers: int) -> _Large:
    block, even = address >> 3, level.even
    # equal parts of the even unknowns, cut between two blocks
    first = block[[even * t // workers for t in range(1, workers)]]
    cuts = np.empty((2, workers + 1), np.int64)
    cuts[0] = 0, *np.searchsorted(block[:even], first), even
    cuts[1] = [even + (block.size - even) * t // workers for t in range(workers + 1)]
    rows = _six_each(level.start, level.neighbour, level.weight)
    nothing = level.start[:0], level.neighbour[:0], level.weight[:0]
    return _Large(
        cuts, replace(level, start=nothing[0], neighbour=nothing[1], weight=nothing[2]), rows
    )


# ---- relaxation and transfer of the unknowns lo..hi-1


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _inflow(x: Array, start: Array, neighbour: Array, weight: Array, i: int) -> float:
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


@njit(cache=True, nogil=True)
def _six_each(start: Array, neighbour: Array, weight: Array) -> tuple[Array, ...]:
    """Rows of `_Large`."""
    n = start.size - 1
    crowd, excess = 0, 0
    for i in range(n):
        size = start[i + 1] - start[i]
        if size > 6:
            crowd += 1
            excess += size - 6
    near, share = np.empty(6 * n, np.uint32), np.zeros(6 * n, weight.dtype)
    crowded, first = np.empty(crowd, np.int64), np.zeros(crowd + 1, np.int64)
    others, shares = np.empty(excess, np.uint32), np.empty(excess, weight.dtype)
    crowd, excess = 0, 0
    for i in range(n):
        size = start[i + 1] - start[i]
        for k in range(6):
            near[6 * i + k] = neighbour[start[i] + k] if k < size else i
            if k < size:
                share[6 * i + k] = weight[start[i] + k]
        if size > 6:
            for k in range(start[i] + 6, start[i + 1]):
                others[excess], shares[excess] = neighbour[k], weight[k]
                excess += 1
            crowded[crowd] = i
            crowd += 1
            first[crowd] = excess
    return near, share, crowded, first, others, shares


@njit(cache=True, inline="always")
def _six(x: Array, near: Array, share: Array, i: int) -> float:
    k = 6 * i
    return (
        share[k] * x[near[k]]
        + share[k + 1] * x[near[k + 1]]
        + share[k + 2] * x[near[k + 2]]
        + share[k + 3] * x[near[k + 3]]
        + share[k + 4] * x[near[k + 4]]
        + share[k + 5] * x[near[k + 5]]
    )


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _relax_six(
    lo: int, hi: int, x: Array, b: Array, inverse: Array, near: Array, share: Array,
    crowded: Array, first: Array, others: Array, shares: Array,
) -> None:  # fmt: skip
    for i in range(lo, hi):
        x[i] = (b[i] + _six(x, near, share, i)) * inverse[i]
    for m in range(np.searchsorted(crowded, lo), np.searchsorted(crowded, hi)):
        i = crowded[m]
        x[i] += _inflow(x, first, others, shares, m) * inverse[i]


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _restrict_six(
    lo: int, hi: int, x: Array, b: Array, diagonal: Array, aggregate: Array, coarse: Array,
    near: Array, share: Array, crowded: Array, first: Array, others: Array, shares: Array,
) -> None:  # fmt: skip
    for i in range(lo, hi):
        coarse[aggregate[i]] += b[i] - diagonal[i] * x[i] + _six(x, near, share, i)
    for m in range(np.searchsorted(crowded, lo), np.searchsorted(crowded, hi)):
        coarse[aggregate[crowded[m]]] += _inflow(x, first, others, shares, m)


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
