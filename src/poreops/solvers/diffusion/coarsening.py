"""Aggregate the connected unknowns of 2x2x2 blocks, level after level."""

from dataclasses import dataclass

import numpy as np
from numba import njit

from poreops.base.arrays import Array
from poreops.solvers.diffusion.blocks import PARITY, find, parent_grid, unite


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


def coarsen(graph: Graph) -> tuple[Array, Graph]:
    """Aggregate the connected unknowns of each block.

    Returns
    -------
    aggregate : (n,) uint32
        Number of the aggregate of each unknown.
    coarse : Graph
        Its conductances are half the sums between two aggregates: twice the distance.
    """
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
