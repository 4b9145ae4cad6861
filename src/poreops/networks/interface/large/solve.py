"""Solve for the potentials (moments) at all patches: conjugate gradients on the blocks' matrices.

Nothing is assembled: a product goes through the blocks. The preconditioner adds two parts: the
square of each patch on the diagonal, and the system of the constant modes, one unknown a patch.
That is a pore network, which the higher modes only refine: so the number of steps does not grow
with the image. It is solved at once, a large one by a cycle of algebraic multigrid (Ruge and
Stüben 1987).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.linalg import eigvalsh_tridiagonal
from scipy.sparse import coo_array, csr_array, csr_matrix
from scipy.sparse.linalg import SuperLU, splu

from poreops.base.arrays import Array
from poreops.errors import NotConvergedError
from poreops.networks.interface.joints import CLOSED
from poreops.networks.interface.large.joined import Answers, Joined, ranges

Flat = NDArray[np.float64]
Whole = NDArray[np.int64]

_CLOSE = 1e-13  # energy of the error that is left, relative to that of the solution
_MOST_STEPS = 2000
_DIRECT = 20_000  # constant modes; of more a factor takes more time and memory than a cycle


@dataclass(frozen=True)
class System:
    """The blocks of one axis, and the unknowns of each.

    Attributes
    ----------
    blocks : (n,) int64
    start : (n + 1,) int64, where the unknowns of each block begin
    index : int64, the unknowns
    at : (n,) int64, where the matrix of each begins
    width : (n,) int64, of its rows; two more than it has unknowns where there are terminals
    values : of all matrices
    patch, patch_at : the patches of the blocks, and where those of each begin
    first : (Np,) int64, first unknown of each patch, -1 where it is of no block here
    modes : (Np,) int64
    size : number of unknowns
    """

    blocks: Whole
    start: Whole
    index: Whole
    at: Whole
    width: Whole
    values: Flat
    patch: Whole
    patch_at: Whole
    first: Whole
    modes: Whole
    size: int

    def product(self, x: Flat) -> Flat:
        """Return A x.

        Parameters
        ----------
        x : (size,) float64
        """
        y = np.zeros(self.size)
        _product(self.start, self.index, self.at, self.width, self.values, x, y)
        return y

    def source(self) -> Flat:
        """Return what the inlet, at 1, sends into the blocks, (size,)."""
        b = np.zeros(self.size)
        _source(self.start, self.index, self.at, self.width, self.values, b)
        return b

    def energies(self, x: Flat) -> Flat:
        """Return the energy of each block, (n,), the inlet at 1 and the outlet at 0.

        Parameters
        ----------
        x : (size,) float64
        """
        found = np.empty(len(self.blocks))
        _energies(self.start, self.index, self.at, self.width, self.values, x, found)
        return found


def system(joined: Joined, answers: Answers, blocks: Whole, axis: int) -> System:
    """Return the equations of an axis.

    Parameters
    ----------
    joined : all blocks
    answers : the shorted or the cut ones
    blocks : of the clusters that join the faces of the axis
    axis : 0, 1 or 2
    """
    sides = np.diff(joined.start)[blocks]
    patch = joined.patch[ranges(joined.start[blocks], sides)]
    used = np.zeros(len(joined.pair), dtype=bool)
    used[patch] = True
    counts = np.where(used, answers.modes, 0)
    end = np.cumsum(counts)
    first = np.where(used, end - counts, -1)
    patch_at = _starts(sides)
    summed = np.concatenate([[0], np.cumsum(counts[patch])])
    touching = joined.ends[blocks, axis].any(axis=1)
    start = summed[patch_at]
    return System(
        blocks,
        start,
        ranges(first[patch], counts[patch]),
        answers.at[blocks, np.where(touching, axis, CLOSED)],
        np.diff(start) + np.where(touching, 2, 0),
        answers.values,
        patch,
        patch_at,
        first,
        counts,
        int(end[-1]) if len(end) else 0,
    )


def solved(of: System) -> tuple[Flat, float]:
    """Return the unknowns, and how far their energy may be above the least one.

    Parameters
    ----------
    of : the equations

    Raises
    ------
    NotConvergedError
        After too many steps.
    """
    if not of.size:
        return np.zeros(0), 0.0
    precondition = _Preconditioner(of)
    b = of.source()
    x, r = np.zeros(of.size), b.copy()
    z = precondition(r)
    p = z.copy()
    left = float(r @ z)
    energy, lengths, ratios = 0.0, [], []
    for _ in range(_MOST_STEPS):
        q = of.product(p)
        length = left / float(p @ q)
        x += length * p
        r -= length * q
        energy += length * left
        lengths.append(length)
        z = precondition(r)
        before, left = left, float(r @ z)
        ratios.append(left / before)
        if left <= _CLOSE * energy:
            return x, left / _least(lengths, ratios)
        p *= ratios[-1]
        p += z
    raise NotConvergedError(f"the potentials of the patches did not settle in {_MOST_STEPS} steps")


def _least(lengths: list[float], ratios: list[float]) -> float:
    """Return the least eigenvalue of the preconditioned system, as the steps have shown it."""
    a, c = np.array(lengths), np.array(ratios[:-1])
    diagonal = 1 / a
    diagonal[1:] += c / a[:-1]
    return float(
        eigvalsh_tridiagonal(diagonal, np.sqrt(c) / a[:-1], select="i", select_range=(0, 0))[0]
    )


class _Preconditioner:
    """Squares of the patches on the diagonal, and the constant modes of all of them."""

    def __init__(self, of: System) -> None:
        used = np.flatnonzero(of.first >= 0)
        self._first = of.first[used]
        modes = of.modes[used]
        at = _starts(modes**2)
        squares = np.zeros(int(at[-1]))
        place = np.full(len(of.first), -1, np.int64)
        place[used] = np.arange(len(used))
        local = place[of.patch]
        rows = np.empty(int((np.diff(of.patch_at) ** 2).sum()), np.int32)
        columns, values = np.empty_like(rows), np.empty(len(rows))
        _gather(
            of.patch_at, local, modes, at, of.at, of.width, of.values, squares, rows, columns,
            values,
        )  # fmt: skip
        self._modes, self._at, self._squares = modes, at, squares
        for count in np.unique(modes):
            mine = np.flatnonzero(modes == count)
            where = at[mine, None] + np.arange(count**2)
            inverse = np.linalg.inv(squares[where].reshape(-1, count, count))
            squares[where] = inverse.reshape(len(mine), -1)
        coarse = coo_array((values, (rows, columns)), shape=(len(used),) * 2).tocsr()
        del rows, columns, values
        self._solve = _coarse_solver(coarse)

    def __call__(self, r: Flat) -> Flat:
        z = np.empty_like(r)
        _squared(self._first, self._modes, self._at, self._squares, r, z)
        z[self._first] += self._solve(r[self._first])
        return z


def _coarse_solver(matrix: csr_array) -> Callable[[Flat], Flat]:
    """Return what solves a pore network, a large one about: by one cycle of multigrid."""
    if matrix.shape[0] <= _DIRECT:
        factor: SuperLU = splu(
            matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )  # fmt: skip
        solve: Callable[[Flat], Flat] = factor.solve
        return solve
    from pyamg import ruge_stuben_solver

    # this one draws no random numbers; its smoother is symmetric
    levels = ruge_stuben_solver(csr_matrix(matrix), max_coarse=500)
    return lambda r: levels.solve(r, x0=np.zeros_like(r), maxiter=1, tol=1e-30, cycle="V")


def _starts(size: Whole) -> Whole:
    return np.concatenate([[0], np.cumsum(size)]).astype(np.int64)


@njit(cache=True, nogil=True)
def _product(
    start: Array, index: Array, at: Array, width: Array, values: Array, x: Array, y: Array
) -> None:
    for b in range(at.size):
        low, m, w = start[b], start[b + 1] - start[b], width[b]
        for i in range(m):
            row = at[b] + i * w
            found = 0.0
            for j in range(m):
                found += values[row + j] * x[index[low + j]]
            y[index[low + i]] += found


@njit(cache=True, nogil=True)
def _source(start: Array, index: Array, at: Array, width: Array, values: Array, b: Array) -> None:
    for n in range(at.size):
        low, m, w = start[n], start[n + 1] - start[n], width[n]
        if w > m:
            for i in range(m):
                b[index[low + i]] -= values[at[n] + i * w + m]


@njit(cache=True, nogil=True)
def _energies(
    start: Array, index: Array, at: Array, width: Array, values: Array, x: Array, found: Array
) -> None:
    for n in range(at.size):
        potential, current = driven(n, start, index, at, width, values, x)
        total = 0.0
        for i in range(width[n]):
            total += potential[i] * current[i]
        found[n] = total


@njit(cache=True, nogil=True)
def driven(
    n: int, start: Array, index: Array, at: Array, width: Array, values: Array, x: Array
) -> tuple[Array, Array]:
    """Return the potentials of a block, and the currents that they drive, each (width,).

    Parameters
    ----------
    n : the block, among those of a `System`
    start, index, at, width, values : of the system
    x : (size,) float64; the inlet is at 1 and the outlet at 0
    """
    low, m, w = start[n], start[n + 1] - start[n], width[n]
    potential, current = np.zeros(w), np.empty(w)
    for i in range(m):
        potential[i] = x[index[low + i]]
    if w > m:
        potential[m] = 1.0
    for i in range(w):
        row = at[n] + i * w
        here = 0.0
        for j in range(w):
            here += values[row + j] * potential[j]
        current[i] = here
    return potential, current


@njit(cache=True, nogil=True)
def _gather(
    patch_at: Array, patch: Array, modes: Array, squares_at: Array, at: Array, width: Array,
    values: Array, squares: Array, rows: Array, columns: Array, constants: Array,
) -> None:  # fmt: skip
    """Add up the squares of the patches, and list the entries of their constant modes."""
    n = 0
    for b in range(at.size):
        row = 0
        for one in range(patch_at[b], patch_at[b + 1]):
            p = patch[one]
            c = modes[p]
            for i in range(c):
                for j in range(c):
                    squares[squares_at[p] + i * c + j] += values[
                        at[b] + (row + i) * width[b] + row + j
                    ]
            column = 0
            for other in range(patch_at[b], patch_at[b + 1]):
                rows[n], columns[n] = p, patch[other]
                constants[n] = values[at[b] + row * width[b] + column]
                column += modes[patch[other]]
                n += 1
            row += c


@njit(cache=True, nogil=True)
def _squared(first: Array, modes: Array, at: Array, squares: Array, r: Array, z: Array) -> None:
    for p in range(first.size):
        c, low = modes[p], first[p]
        for i in range(c):
            found = 0.0
            for j in range(c):
                found += squares[at[p] + i * c + j] * r[low + j]
            z[low + i] = found
