"""Make the graph of an image's conducting voxels and that of their aggregates."""

from dataclasses import dataclass

import numpy as np
from numba import njit

from poreops.base.arrays import Array
from poreops.solvers.diffusion import adjacency, blocks
from poreops.solvers.diffusion.coarsening import Graph
from poreops.solvers.diffusion.voxel_solver import VoxelGraph, chunks_of
from poreops.solvers.shared.threads import Team

MAX_VOXELS = 2**31 - 1  # numbers have 4 bytes
LONG = 2048  # layers
MAX_PHASES = 20  # conductances have codes of one byte: pairs of phases, phase and end


@dataclass(frozen=True)
class Numbering:
    """Which voxels conduct from end to end, and their numbers.

    Attributes
    ----------
    patterns : (bx, by, bz) uint8
        Bit ``4 x + 2 y + z`` is the voxel at that place of the block.
    count : int
    """

    patterns: Array
    count: int

    def place(self, values: Array, shape: tuple[int, int, int]) -> Array:
        """Put the values (count,) of the voxels into an image; NaN elsewhere.

        Parameters
        ----------
        values : (count,) float64
        shape : of the image
        """
        first = np.empty((2, self.patterns.size + 1), np.int32)
        blocks.number_voxels(self.patterns, first)
        image = np.full(shape, np.nan)
        _place(self.patterns, first, values, image)
        return image


@njit(cache=True, nogil=True)
def _place(patterns: Array, first: Array, values: Array, image: Array) -> None:
    b = 0
    for bx in range(patterns.shape[0]):
        for by in range(patterns.shape[1]):
            for bz in range(patterns.shape[2]):
                pattern = patterns[bx, by, bz]
                for v in range(8):
                    if pattern >> v & 1:
                        i = np.int64(first[blocks.PARITY[v], b]) + blocks.RANK[pattern, v]
                        image[2 * bx + (v >> 2), 2 * by + (v >> 1 & 1), 2 * bz + (v & 1)] = values[
                            i
                        ]
                b += 1


def number(phase: Array, periodic: Array, axis: int, faces: Array, team: Team) -> Numbering:
    """Find the voxels that conduct from end to end.

    Parameters
    ----------
    phase : (nx, ny, nz) uint8, 0 insulates
    periodic : (3,) bool
    faces : (2, ...) float64
        Conductance from each voxel of the first and the last layer to the end.
    """
    patterns = np.empty([(size + 1) // 2 for size in phase.shape], np.uint8)
    team.run(blocks.find_patterns, team.cuts(len(patterns)), phase, patterns)
    count = blocks.keep_percolating(patterns, periodic, axis, phase.shape[axis] - 1, faces)
    return Numbering(patterns, count)


def connect(
    numbering: Numbering, phase: Array, diffusivities: Array, periodic: Array, axis: int,
    faces: Array, end_code: Array, team: Team,
) -> tuple[VoxelGraph, Graph]:  # fmt: skip
    """Connect the voxels, and the aggregates, with their neighbours.

    Parameters
    ----------
    diffusivities : (phases,) float64
        Of each phase; only phase 1 with the diffusivity 1 is treated with special speed.
    faces, end_code : (2, ...) float64, (...) uint8
        Conductances to the ends; codes of those to the inlet.
    """
    patterns, n = numbering.patterns, numbering.count
    single = diffusivities.size == 2
    pair, table = (np.empty((0, 0), np.uint8), np.empty(0)) if single else codes(diffusivities)
    first = np.empty((2, patterns.size + 1), np.int32)
    even = blocks.number_voxels(patterns, first)
    node = np.empty(patterns.size, np.int32)
    parents = blocks.parent_grid(patterns.shape, periodic)
    even_nodes, address = blocks.number_aggregates(patterns, parents, node)
    neighbour = np.empty(6 * n, np.uint32)
    code = None if single else np.zeros(6 * n, np.uint8)
    diagonal = np.empty(n, np.uint8 if single else np.float64)
    aggregate = np.empty(even, np.uint32)
    layer = np.empty(n, np.uint16 if phase.shape[axis] <= 1 << 16 else np.uint32)
    planes = team.cuts(len(patterns))
    image = np.empty((1, 1, 1), np.uint8) if single else phase
    team.run(
        adjacency.connect_voxels, planes, patterns, periodic, axis, first, node, image, pair,
        table, neighbour, code, diagonal, aggregate, layer,
    )  # fmt: skip
    nodes = address.size
    start = np.zeros(nodes + 1, np.int64)
    # the contrast of several phases needs more digits than 7, and so does a long way
    kind = np.float32 if single and phase.shape[axis] <= LONG else np.float64
    near, weight = np.empty(0, np.uint32), np.empty(0, kind)
    about = patterns, periodic, node, image, pair, table, start
    team.run(adjacency.connect_aggregates, planes, *about, near, weight)
    np.cumsum(start, out=start)
    if start[-1]:
        near, weight = np.empty(start[-1], np.uint32), np.empty(start[-1], kind)
        team.run(adjacency.connect_aggregates, planes, *about, near, weight)
    leak = np.zeros(nodes, kind)
    ends, conductances = adjacency.connect_ends(
        patterns, axis, phase.shape[axis] - 1, faces, end_code, first, node, neighbour, code,
        diagonal, leak,
    )  # fmt: skip
    inlet = float(faces[0].max()) if single else 1.0
    return (
        VoxelGraph(
            even, neighbour, code, table, diagonal, aggregate, layer, inlet, ends, conductances,
            chunks_of(first, even),
        ),
        Graph(even_nodes, parents, periodic, address, start, near, weight, leak),
    )  # fmt: skip


def codes(diffusivities: Array) -> tuple[Array, Array]:
    """Code of the conductance between two phases, or a phase (row) and an end (last column).

    Parameters
    ----------
    diffusivities : (phases,) float64, first the 0 of what insulates

    Returns
    -------
    pair : (phases, phases + 1) uint8
    table : (codes,) float64
        Harmonic mean of the diffusivities; twice the diffusivity at an end, half a voxel away.
    """
    count = diffusivities.size
    pair = np.zeros((count, count + 1), np.uint8)
    table = [0.0]
    for p in range(1, count):
        for q in range(1, p + 1):
            pair[p, q] = pair[q, p] = len(table)
            a, b = diffusivities[p], diffusivities[q]
            table.append(2 * a * b / (a + b))
        pair[p, count] = len(table)
        table.append(2 * diffusivities[p])
    return pair, np.array(table)
