"""Where the width of the bracket comes from: the energy of the difference, block by block."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.networks.interface.large.joined import Joined
from poreops.networks.interface.large.solve import System, driven

Flat = NDArray[np.float64]


def excess(joined: Joined, short: System, cut: System, x: Flat, y: Flat) -> Flat:
    """Return the share of each block in the difference of the bounds on the conductance, (n,).

    Parameters
    ----------
    joined : all blocks
    short, cut : the equations of an axis, of the same blocks
    x, y : their solutions
    """
    work = np.empty(len(short.blocks))
    _work(
        short.patch_at, short.patch, joined.cross, joined.cross_at, short.modes, cut.modes,
        short.first, cut.start, cut.index, cut.at, cut.width, cut.values, x, y, work,
    )  # fmt: skip
    found: Flat = np.maximum(short.energies(x) + cut.energies(y) - 2 * work, 0.0)
    return found


@njit(cache=True, nogil=True)
def _work(
    patch_at: Array, patch: Array, cross: Array, cross_at: Array, potential: Array, flux: Array,
    first: Array, start: Array, index: Array, at: Array, width: Array, values: Array, x: Array,
    y: Array, work: Array,
) -> None:  # fmt: skip
    """Find the work of the flow of the cut blocks in the potential of the shorted ones."""
    for n in range(at.size):
        _, current = driven(n, start, index, at, width, values, y)
        m = start[n + 1] - start[n]
        total = current[m] if width[n] > m else 0.0  # in the potential 1 of the inlet
        row = 0
        for k in range(patch_at[n], patch_at[n + 1]):
            p = patch[k]
            c, q = potential[p], flux[p]
            for i in range(c):
                for j in range(q):
                    total += x[first[p] + i] * cross[cross_at[p] + i * q + j] * current[row + j]
            row += q
        work[n] = total
