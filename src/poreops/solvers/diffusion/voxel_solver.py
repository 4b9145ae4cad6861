"""Conjugate gradients for diffusion between the voxels of an image, preconditioned by multigrid.

The preconditioner relaxes odd and even voxels in turn (`multigrid` says how) and ends on the even
ones. It therefore leaves no even residual, nor does any step along its result: conjugate gradients
run on the odd voxels alone, and the relaxation of even voxels before the coarse correction has
nothing to do. A p follows from A z by the recurrence that gives p from z, so all vectors are
updated in one pass (Chronopoulos & Gear, J. Comput. Appl. Math. 25, 1989).

With one conducting phase the preconditioner and its vectors are float32; concentrations,
directions and the sums in A z are float64, without which fluxes could not be told to 1e-5 where
concentrations differ by 1e-4 from one voxel to the next. With several phases or thousands of
layers all is float64: the residual of a cluster that the rest hardly touches is small beside the
terms that it sums.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

from poreops.base.arrays import Array
from poreops.errors import NotConvergedError
from poreops.machine.progress import Tick, no_tick
from poreops.solvers.diffusion.multigrid import FAST, Multigrid
from poreops.solvers.shared.threads import Team

# Partial sums, cut regardless of the threads, so that the total does not depend on these
_CHUNK = 8192  # voxels to a partial sum at least
_CHUNKS = 256
_RESTARTS = 20
_FIELD_TOLERANCE = 10.0  # of the field in the energy norm, times that of the fluxes


@dataclass(frozen=True)
class VoxelGraph:
    """Conducting voxels of an image and their neighbours.

    Attributes
    ----------
    even : number of even voxels, which come first
    neighbour : (6 n,) uint32; n stands for none (c = 0), n + 1 for the inlet
    code : (6 n,) uint8, of the conductance to each; None if all are 1
    table : (codes,) float64, conductances
    diagonal : (n,) uint8 or float64, sum of the conductances, ends included
    aggregate : (even,) uint32
    layer : (n,) uint, coordinate along the axis of the mean flux
    inlet : value of the neighbour n + 1
    ends : (2, m) int64, voxels at the inlet and at the outlet, -1 fills up
    end_conductances : (2, m) float64
    chunks : (chunks + 1, 2) int64, parts of even and odd voxels; no aggregate is in two
    """

    even: int
    neighbour: Array
    code: Array | None
    table: Array
    diagonal: Array
    aggregate: Array
    layer: Array
    inlet: float
    ends: Array
    end_conductances: Array
    chunks: Array


@dataclass(frozen=True)
class Solution:
    """Concentrations (n,) and the fluxes between the layers (layers + 1,).

    ``conductance`` is that of the field's dissipation, an upper bound of the true one whose error
    is the square of the field's.
    """

    concentration: Array
    fluxes: Array
    conductance: float
    iterations: int


def chunks_of(first: Array, even: int) -> Array:
    """Cut voxels between blocks into equal parts; ``first`` is (2, blocks + 1).

    Parameters
    ----------
    first : (2, blocks + 1) int32, first even and odd voxel of each block
    even : number of even voxels
    """
    size = int(first[1, -1])
    count = min(max(1, size // _CHUNK), _CHUNKS)
    before = first[0] + first[1]
    cut = np.searchsorted(before, even + np.arange(count + 1) * size // count)
    cut[-1] = before.size - 1
    return np.ascontiguousarray(first[:, cut].T, dtype=np.int64)


def solve(
    graph: VoxelGraph, coarse: Multigrid, length: int, offset: float, team: Team,
    tolerance: float, limit: int, tick: Tick = no_tick,
) -> Solution:  # fmt: skip
    """Iterate until no layer's flux deviates from the mean by more than ``tolerance``.

    Parameters
    ----------
    length : number of layers
    offset : distance from the inlet to the first layer, as much as from the last to the outlet
    limit : largest number of iterations
    tick : called after each, with the error of the field relative to the tolerance
    """
    state = _State(graph, coarse, length, offset, team)
    state.residual()
    for _ in range(_RESTARTS):
        state.descend(tolerance, limit, tick)
        state.residual()
        if state.deviation() <= tolerance:
            return Solution(state.c[:-2], state.fluxes(), state.energy, state.iterations)
        if state.iterations >= limit:
            break
    raise NotConvergedError(
        f"the flux through some layer deviates by {state.deviation():.1e} from the mean after "
        f"{state.iterations} iterations, tolerance {tolerance:.1e}"
    )


class _State:
    """Vectors of one solve."""

    def __init__(
        self, graph: VoxelGraph, coarse: Multigrid, length: int, offset: float, team: Team
    ) -> None:
        n, even = graph.diagonal.size, graph.even
        self.graph, self.coarse, self.team = graph, coarse, team
        self.iterations = 0
        self.energy = self.inflow = 0.0
        self.c = np.empty(n + 2)
        self.c[:n] = 1 - (graph.layer + offset) / (length - 1 + 2 * offset)
        self.c[n:] = 0, graph.inlet
        kind = coarse.right.dtype
        self.z = np.zeros(n + 2, kind)
        # z on the even voxels; the pages of the odd ones are never touched
        self.even_z = np.zeros(n + 2)
        self.p = np.zeros(n - even)
        self.q, self.r, self.w = (np.zeros(n - even, kind) for _ in range(3))
        count = len(graph.chunks) - 1
        self.parts = team.cuts(count)
        self.dots = np.zeros((count, 2))
        self.sums = np.zeros((count, length))
        self.matrix = graph.neighbour, graph.code, graph.table.astype(kind)
        self.exact = graph.neighbour, graph.code, graph.table

    def residual(self) -> None:
        """Compute the residual, the flux in and the energy from the concentrations."""
        graph, chunks = self.graph, self.graph.chunks
        self.team.run(_relax_even, self.parts, chunks, self.c, self.c, *self.exact, graph.diagonal)
        self.team.run(
            _residual, self.parts, chunks, self.c, self.r, self.z, graph.even, *self.exact,
            graph.diagonal, self.dots,
        )  # fmt: skip
        inlet, conductance = graph.ends[0], graph.end_conductances[0]
        # conductances that fill up are 0, whatever the voxel -1 holds
        self.inflow = float(np.sum(conductance * (1 - self.c[inlet])))
        self.energy = self.inflow - float(self.dots[:, 0].sum())

    def deviation(self) -> float:
        """Largest deviation of the flux through any layer from the mean, relative to it."""
        fluxes = self.fluxes()  # up to a constant between two calls of `residual`
        return float(np.abs(fluxes - fluxes.mean()).max()) / self.energy

    def fluxes(self) -> Array:
        """Flux into the first layer, between all layers and out of the last.

        What flows into some layers and not out again is the sum of their residuals.
        """
        self.team.run(
            _sum_layers, self.parts, self.graph.chunks, self.r, self.graph.even, self.graph.layer,
            self.sums,
        )  # fmt: skip
        return self.inflow - np.cumsum([0, *self.sums.sum(axis=0)])

    def precondition(self) -> tuple[float, float]:
        """Make z the preconditioned residual and w = A z; return r z and z w."""
        graph, team, chunks = self.graph, self.team, self.graph.chunks
        right = self.coarse.right
        right[:] = 0
        team.run(_restrict, self.parts, chunks, self.z, *self.matrix, graph.aggregate, right)
        self.coarse.cycle()
        team.run(_prolong, self.parts, chunks, self.z, graph.aggregate, self.coarse.correction)
        team.run(
            _relax_odd, self.parts, chunks, self.z, self.r, graph.even, *self.matrix,
            graph.diagonal, self.dots,
        )  # fmt: skip
        team.run(_relax_even, self.parts, chunks, self.z, self.even_z, *self.exact, graph.diagonal)
        team.run(
            _apply, self.parts, chunks, self.z, self.even_z, self.w, graph.even, *self.exact,
            graph.diagonal, self.dots,
        )  # fmt: skip
        rz, zw = self.dots.sum(axis=0)
        return float(rz), float(zw)

    def descend(self, tolerance: float, limit: int, tick: Tick) -> None:
        """Take steps until the residual vouches for fluxes and field."""
        alpha, before = 1.0, np.inf
        while self.iterations < limit:
            rz, zw = self.precondition()
            if not (rz > 0 and zw > 0 and self.energy > 0):
                return  # solved, or lost in rounding: the true residual tells
            error = np.sqrt(rz / self.energy)
            if error <= _FIELD_TOLERANCE * tolerance and self.deviation() <= tolerance:
                return
            beta = rz / before
            alpha = rz / (zw - beta * rz / alpha)
            before = rz
            self.team.run(
                _step, self.parts, self.graph.chunks, alpha, beta, self.z, self.w, self.p, self.q,
                self.c, self.r, self.graph.even, self.graph.diagonal,
            )  # fmt: skip
            self.energy -= alpha * rz
            self.iterations += 1
            tick(f"error {error / _FIELD_TOLERANCE:.1e}, tolerance {tolerance:.1e}")


# ---- kernels on the chunks lo..hi-1

# Inlined by force: a call with the arrays as arguments costs more than the sum. Whether there are
# codes is a matter of type, hence of the compiled version: a branch costs ten times the sum.


@njit(cache=True, inline="always")
def _near(x: Array, neighbour: Array, code: Array | None, table: Array, i: int) -> float:
    """Sum of the neighbours of voxel i, each times the conductance to it."""
    k = 6 * i
    if code is None:
        return (
            (x[neighbour[k]] + x[neighbour[k + 1]])
            + (x[neighbour[k + 2]] + x[neighbour[k + 3]])
            + (x[neighbour[k + 4]] + x[neighbour[k + 5]])
        )
    return (
        table[code[k]] * x[neighbour[k]]
        + table[code[k + 1]] * x[neighbour[k + 1]]
        + table[code[k + 2]] * x[neighbour[k + 2]]
        + table[code[k + 3]] * x[neighbour[k + 3]]
        + table[code[k + 4]] * x[neighbour[k + 4]]
        + table[code[k + 5]] * x[neighbour[k + 5]]
    )


@njit(cache=True, inline="always")
def _exact_near(x: Array, neighbour: Array, code: Array | None, table: Array, i: int) -> float:
    """Sum up as `_near` does, in float64."""
    k = 6 * i
    if code is None:
        return (
            (np.float64(x[neighbour[k]]) + np.float64(x[neighbour[k + 1]]))
            + (np.float64(x[neighbour[k + 2]]) + np.float64(x[neighbour[k + 3]]))
            + (np.float64(x[neighbour[k + 4]]) + np.float64(x[neighbour[k + 5]]))
        )
    return _near(x, neighbour, code, table, i)


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _restrict(
    lo: int, hi: int, chunks: Array, x: Array, neighbour: Array, code: Array | None, table: Array,
    aggregate: Array, coarse: Array,
) -> None:  # fmt: skip
    """Add the residuals of even voxels to those of the aggregates; even x are 0 so far."""
    for chunk in range(lo, hi):
        for i in range(chunks[chunk, 0], chunks[chunk + 1, 0]):
            coarse[aggregate[i]] += _near(x, neighbour, code, table, i)


@njit(cache=True, nogil=True)
def _prolong(lo: int, hi: int, chunks: Array, x: Array, aggregate: Array, coarse: Array) -> None:
    for chunk in range(lo, hi):
        for i in range(chunks[chunk, 0], chunks[chunk + 1, 0]):
            x[i] = coarse[aggregate[i]]


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _relax_odd(
    lo: int, hi: int, chunks: Array, x: Array, r: Array, even: int, neighbour: Array,
    code: Array | None, table: Array, diagonal: Array, dots: Array,
) -> None:  # fmt: skip
    for chunk in range(lo, hi):
        dot = 0.0
        for i in range(chunks[chunk, 1], chunks[chunk + 1, 1]):
            b = r[i - even]
            value = (b + _near(x, neighbour, code, table, i)) / x.dtype.type(diagonal[i])
            x[i] = value
            dot += value * b
        dots[chunk, 0] = dot


@njit(cache=True, nogil=True, error_model="numpy")
def _relax_even(
    lo: int, hi: int, chunks: Array, x: Array, out: Array, neighbour: Array, code: Array | None,
    table: Array, diagonal: Array,
) -> None:  # fmt: skip
    """Relax the even voxels, which have no source, in float64."""
    for chunk in range(lo, hi):
        for i in range(chunks[chunk, 0], chunks[chunk + 1, 0]):
            out[i] = _exact_near(x, neighbour, code, table, i) / diagonal[i]


@njit(cache=True, nogil=True, error_model="numpy")
def _apply(
    lo: int, hi: int, chunks: Array, x: Array, even_x: Array, w: Array, even: int,
    neighbour: Array, code: Array | None, table: Array, diagonal: Array, dots: Array,
) -> None:  # fmt: skip
    """Write A x to w, on the odd voxels."""
    for chunk in range(lo, hi):
        dot = 0.0
        for i in range(chunks[chunk, 1], chunks[chunk + 1, 1]):
            value = np.float64(x[i])
            total = diagonal[i] * value - _exact_near(even_x, neighbour, code, table, i)
            w[i - even] = total
            dot += total * value
        dots[chunk, 1] = dot


@njit(cache=True, nogil=True, error_model="numpy")
def _residual(
    lo: int, hi: int, chunks: Array, x: Array, r: Array, z: Array, even: int, neighbour: Array,
    code: Array | None, table: Array, diagonal: Array, dots: Array,
) -> None:  # fmt: skip
    """Write -A x to r, and the first relaxation to z, on the odd voxels."""
    for chunk in range(lo, hi):
        dot = 0.0
        for i in range(chunks[chunk, 1], chunks[chunk + 1, 1]):
            total = _exact_near(x, neighbour, code, table, i) - diagonal[i] * x[i]
            r[i - even] = total
            z[i] = total / diagonal[i]
            dot += total * x[i]
        dots[chunk, 0] = dot


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _step(
    lo: int, hi: int, chunks: Array, alpha: float, beta: float, z: Array, w: Array, p: Array,
    q: Array, c: Array, r: Array, even: int, diagonal: Array,
) -> None:  # fmt: skip
    """Take a step of conjugate gradients; leave the first relaxation of odd voxels in z."""
    a, b = r.dtype.type(alpha), r.dtype.type(beta)
    for chunk in range(lo, hi):
        first, stop = chunks[chunk, 1], chunks[chunk + 1, 1]
        zs, cs, ds = z[first:stop], c[first:stop], diagonal[first:stop]
        ws, ps = w[first - even : stop - even], p[first - even : stop - even]
        qs, rs = q[first - even : stop - even], r[first - even : stop - even]
        for i in range(stop - first):
            ps[i] = zs[i] + beta * ps[i]
            cs[i] += alpha * ps[i]
            qs[i] = ws[i] + b * qs[i]
            rs[i] -= a * qs[i]
            zs[i] = rs[i] / r.dtype.type(ds[i])


@njit(cache=True, nogil=True)
def _sum_layers(
    lo: int, hi: int, chunks: Array, r: Array, even: int, layer: Array, sums: Array
) -> None:
    for chunk in range(lo, hi):
        sums[chunk] = 0.0
        for i in range(chunks[chunk, 1], chunks[chunk + 1, 1]):
            sums[chunk, layer[i]] += r[i - even]
