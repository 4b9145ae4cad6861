"""Solve A u + G p = f, -G' u = 0 for Stokes flow by preconditioned MINRES.

Preconditioner diag(A, S) with A one multigrid cycle per velocity component and
S = I + (G' M G)^-1, one cycle for the latter. M = diag(A^-1 1), the velocity that a unit force
gives the free fluid, is the local mobility: rough pressures meet the Stokes limit I, smooth ones
Darcy's G' M G (Cahouet & Chabard, Int. J. Numer. Methods Fluids 8, 1988, with a local mobility).
MINRES after Elman, Silvester & Wathen, *Finite Elements and Fast Iterative Solvers* (2014), 4.1.
"""

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from poreops.errors import NotConvergedError
from poreops.machine.progress import Tick, no_tick
from poreops.solvers.stokes.aggregation import Hierarchy, Vector
from poreops.solvers.stokes.staggered import Entries, FloatArray, IntArray, Matrix, StaggeredFlow

if TYPE_CHECKING:
    from poreops.solvers.shared.threads import Kernel

_FAST = {"contract", "reassoc", "nsz", "arcp"}
_CHECK_EVERY = 5
_MOBILITY_CYCLES = 6
_SOLVED = 1e-10  # residual at which few unknowns are solved before the changes can be judged

Range = tuple[int, int]
T = TypeVar("T")


class Team:
    """Run a kernel on pieces of an array, on threads if there are several workers."""

    def __init__(self, workers: int, pool: ThreadPoolExecutor | None) -> None:
        self.workers = workers
        self._pool = pool

    def run(self, kernel: "Kernel[T]", pieces: list[Range], *args: object) -> list[T]:
        """Results of kernel(*args, lo, hi) of each piece, in their order."""
        if self._pool is None:
            return [kernel(*args, lo, hi) for lo, hi in pieces]
        futures: list[Future[T]] = [self._pool.submit(kernel, *args, lo, hi) for lo, hi in pieces]
        return [future.result() for future in futures]

    def pieces(self, size: int) -> list[Range]:
        """Equal parts of 0..size, one for each worker."""
        ends = [size * n // self.workers for n in range(self.workers + 1)]
        return list(pairwise(ends))


@contextmanager
def team_of(workers: int) -> Iterator[Team]:
    """Make a team of threads, or the calling thread alone."""
    if workers == 1:
        yield Team(1, None)
        return
    with ThreadPoolExecutor(workers) as pool:
        yield Team(workers, pool)


@dataclass(frozen=True)
class Flow:
    """Solution of a flow problem.

    Attributes
    ----------
    velocity : (nu,) float64, through each open face
    pressure : (nc,) float64, in each pore voxel
    power : float
        f'u, the rate of work of the force f.
    mismatch : float
        Range of the flow rates through the layers, relative to their mean.
    power_history : (iterations,) float64
    residual_history : (iterations,) float64
        Residual in the norm of the preconditioner, relative to the first.
    """

    velocity: FloatArray
    pressure: FloatArray
    power: float
    mismatch: float
    power_history: FloatArray
    residual_history: FloatArray


class StokesSolver:
    """Preconditioned MINRES for the equations of one image, for any force."""

    def __init__(self, flow: StaggeredFlow, team: Team) -> None:
        self.flow = flow
        self.team = team
        self.faces = flow.friction.diagonal.size
        self.cells = flow.faces.shape[0]
        # velocities, a zero for "no face", pressures, a zero for "no cell"
        self.size = self.faces + self.cells + 2
        self.friction = Hierarchy(flow.friction)
        mobility = self._mobility()
        self.schur = Hierarchy(Matrix(*_schur(flow.faces, flow.cells, mobility, flow.place)))

    def solve(
        self,
        force: FloatArray,
        flow_rates: Callable[[FloatArray], FloatArray],
        tolerance: float,
        iterations: int,
        tick: Tick = no_tick,
    ) -> Flow:
        """Iterate until power and flow rates agree to the tolerance.

        Parameters
        ----------
        force : (nu,) float64
        flow_rates : callable
            Flow rates (m,) that continuity makes equal, of the velocities (nu,).
        tolerance : float
            Largest range of these, and largest change of the power since the last two checks,
            relative to the mean and to the power.
        iterations : int
            Most of them.
        tick : callable
            Called after each.

        Raises
        ------
        NotConvergedError
        """
        team, size, faces = self.team, self.size, self.faces
        pieces, force_pieces = team.pieces(size), team.pieces(faces)
        x, w0, w1, v0, v1, z, q = (np.zeros(size) for _ in range(7))
        v1[:faces] = force
        gamma0, gamma = 1.0, self._precondition(v1, z)
        if not gamma > 0:
            raise NotConvergedError("the force does no work: nothing flows")
        eta = start = gamma
        s0 = s1 = 0.0
        c0 = c1 = 1.0
        powers: list[float] = []
        residuals: list[float] = []
        mismatch = math.inf
        for iteration in range(1, iterations + 1):
            delta = self._multiply(z, q) / gamma**2
            team.run(_lanczos, pieces, q, v1, v0, 1 / gamma, delta / gamma, gamma / gamma0)
            v0, v1, q = v1, q, v0
            next_z = q  # its content is spent
            next_gamma = self._precondition(v1, next_z)
            a0 = c1 * delta - c0 * s1 * gamma
            a1 = math.hypot(a0, next_gamma)
            a2 = s1 * delta + c0 * c1 * gamma
            a3 = s0 * gamma
            c0, c1 = c1, a0 / a1
            s0, s1 = s1, next_gamma / a1
            team.run(_update, pieces, x, w0, w1, z, 1 / (gamma * a1), a3 / a1, a2 / a1, c1 * eta)
            w0, w1 = w1, w0
            eta = -s1 * eta
            z, q = next_z, z
            gamma0, gamma = gamma, next_gamma
            powers.append(sum(team.run(_dot, force_pieces, force, x)))
            residuals.append(abs(eta) / start)
            tick(f"residual {residuals[-1]:.1e}")
            solved = residuals[-1] < _SOLVED
            if solved or (iteration % _CHECK_EVERY == 0 and iteration > 2 * _CHECK_EVERY):
                mismatch = _mismatch(flow_rates(x[:faces]))
                change = _change(powers)
                if mismatch <= tolerance and (solved or change <= tolerance):
                    break
        else:
            raise NotConvergedError(
                f"Stokes flow: the flow rates through the layers still differ by {mismatch:.1e} "
                f"after {iterations} iterations, the tolerance is {tolerance:.0e}"
            )
        return Flow(
            velocity=x[:faces],
            pressure=x[faces + 1 : -1],
            power=powers[-1],
            mismatch=mismatch,
            power_history=np.array(powers),
            residual_history=np.array(residuals),
        )

    def _multiply(self, z: FloatArray, out: FloatArray) -> float:
        """Write K z to out and return z'K z."""
        flow, split = self.flow, self.faces + 1
        work = self.team.run(
            _momentum, self.team.pieces(self.faces), *flow.friction[:4], flow.cells,
            z[:split], z[split:], out,
        )  # fmt: skip
        rest = self.team.run(
            _continuity,
            self.team.pieces(self.cells),
            flow.faces,
            z[:split],
            z[split:],
            out[split:],
        )
        return float(sum(work) + sum(rest))

    def _precondition(self, v: FloatArray, z: FloatArray) -> float:
        """Write P v to z and return the norm sqrt(v'P v)."""
        split = self.faces + 1

        def cycle(first: int, last: int) -> None:
            if first < 3:
                self.friction.cycle(v, z, first, min(last, 3))
            if last > 3:
                self.schur.cycle(v[split:], z[split:], 0, 1)

        blocks = [(0, 4)] if self.team.workers == 1 else [(n, n + 1) for n in (3, 0, 1, 2)]
        self.team.run(cycle, blocks)
        parts = self.team.run(_add_and_dot, self.team.pieces(self.size), z, v, split)
        return math.sqrt(max(sum(parts), 0.0))

    def _mobility(self) -> FloatArray:
        """A^-1 1 by a few conjugate-gradient steps."""
        faces = self.faces
        pieces = self.team.pieces(faces)
        nothing = np.zeros(self.cells + 1)
        blocks = [(n, n + 1) for n in range(3)] if self.team.workers > 1 else [(0, 3)]
        x, z = np.zeros(faces), np.zeros(faces)
        p, q = np.zeros(faces + 1), np.zeros(faces)
        r = np.ones(faces)
        before = 1.0
        for step in range(_MOBILITY_CYCLES):
            self.team.run(self.friction.cycle, blocks, r, z)
            now = sum(self.team.run(_dot, pieces, r, z))
            p[:faces] = z + (now / before if step else 0.0) * p[:faces]
            work = self.team.run(
                _momentum, pieces, *self.flow.friction[:4], self.flow.cells, p, nothing, q
            )
            if not now > _SOLVED * faces:
                break
            length = now / sum(work)
            x += length * p[:faces]
            r -= length * q
            before = now
        # from above by the value in free space of a few pore sizes, from below by a lone voxel's
        return np.maximum(x, 0.05)


def _mismatch(rates: FloatArray) -> float:
    """Range of the flow rates through the layers, relative to their mean."""
    return float(np.ptp(rates) / abs(rates.mean()))


def _change(powers: list[float]) -> float:
    """Range of the power at the last three checks, relative to it."""
    recent = powers[-2 * _CHECK_EVERY - 1 :: _CHECK_EVERY]
    return float(np.ptp(recent)) / abs(powers[-1])


@njit(cache=True, nogil=True)
def _schur(
    faces: IntArray, cells: IntArray, mobility: FloatArray, place: NDArray[np.int16]
) -> Entries:
    """G' M G as a graph Laplacian of the pore voxels."""
    count = faces.shape[0]
    none = np.int32(count)
    start = np.zeros(count + 1, np.int32)
    middle = np.empty(count, np.int32)
    column = np.empty(6 * count, np.int32)
    weight = np.empty(6 * count, np.float32)
    diagonal = np.zeros(count, np.float32)
    entry = 0
    for c in range(count):
        for lower in (True, False):
            for side in range(6):
                f = faces[c, side]
                if f >= mobility.size:
                    continue
                other = cells[f, side % 2]
                if other == c:
                    continue
                if lower:
                    diagonal[c] += mobility[f]
                if other != none and (other < c) == lower:
                    column[entry] = other
                    weight[entry] = mobility[f]
                    entry += 1
            if lower:
                middle[c] = entry
        start[c + 1] = entry
    block = np.array([0, count])
    return (
        start, column[:entry].copy(), weight[:entry].copy(), diagonal, middle, place, block
    )  # fmt: skip


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _momentum(
    start: IntArray,
    column: IntArray,
    weight: Vector,
    diagonal: Vector,
    cells: IntArray,
    u: FloatArray,
    p: FloatArray,
    out: FloatArray,
    lo: int,
    hi: int,
) -> float:
    work = 0.0
    for i in range(lo, hi):
        total = diagonal[i] * u[i] + p[cells[i, 1]] - p[cells[i, 0]]
        for e in range(start[i], start[i + 1]):
            total -= weight[e] * u[column[e]]
        out[i] = total
        work += total * u[i]
    return work


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _continuity(
    faces: IntArray, u: FloatArray, p: FloatArray, out: FloatArray, lo: int, hi: int
) -> float:
    work = 0.0
    for c in range(lo, hi):
        total = u[faces[c, 0]] - u[faces[c, 1]]
        total += u[faces[c, 2]] - u[faces[c, 3]]
        total += u[faces[c, 4]] - u[faces[c, 5]]
        out[c] = total
        work += total * p[c]
    return work


@njit(cache=True, nogil=True, fastmath=_FAST)
def _dot(a: FloatArray, b: FloatArray, lo: int, hi: int) -> float:
    """Share of a'b of a piece; BLAS would start its own threads."""
    total = 0.0
    for i in range(lo, hi):
        total += a[i] * b[i]
    return total


@njit(cache=True, nogil=True, fastmath=_FAST)
def _lanczos(
    q: FloatArray,
    v1: FloatArray,
    v0: FloatArray,
    a: float,
    b: float,
    c: float,
    lo: int,
    hi: int,
) -> None:
    """Write the next basis vector q / gamma - delta / gamma v1 - gamma / gamma0 v0 to q."""
    for i in range(lo, hi):
        q[i] = a * q[i] - b * v1[i] - c * v0[i]


@njit(cache=True, nogil=True, fastmath=_FAST)
def _update(
    x: FloatArray,
    w0: FloatArray,
    w1: FloatArray,
    z: FloatArray,
    a: float,
    b: float,
    c: float,
    step: float,
    lo: int,
    hi: int,
) -> None:
    """Replace the oldest direction by the next one and step along it."""
    for i in range(lo, hi):
        w0[i] = a * z[i] - b * w0[i] - c * w1[i]
        x[i] += step * w0[i]


@njit(cache=True, nogil=True, fastmath=_FAST)
def _add_and_dot(z: FloatArray, v: FloatArray, split: int, lo: int, hi: int) -> float:
    """Add the identity to the pressure part and return the piece's share of v'z."""
    total = 0.0
    for i in range(lo, min(hi, split)):
        total += z[i] * v[i]
    for i in range(max(lo, split), hi):
        z[i] += v[i]
        total += z[i] * v[i]
    return total
