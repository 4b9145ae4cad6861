"""Where the bracket's width comes from: the gap of each block, shared among its patches.

The gap of a block is the energy of the difference of its two solutions (Prager and Synge 1947),
and the jumps of flux and of potential at a patch say how much of it is due to its modes.
"""

from collections.abc import Sequence

import numpy as np
from numba import njit

from poreops.base.arrays import Array
from poreops.networks.interface.joints import Joints


def gaps(
    joints: Joints, keys: Sequence[tuple[int, int]], short: Sequence[Array], cut: Sequence[Array]
) -> tuple[float, float, Array]:
    """Return the energies of the shorted and of the cut blocks, and their gap on each patch.

    Parameters
    ----------
    joints : whose blocks have answered
    keys : blocks and variants that something flows through
    short, cut : unknowns of each block, those of its terminals in the end

    Returns
    -------
    upper, lower : float
    gap : (Np,) float64, >= 0
    """
    energies, excess, closed, known = np.zeros(2), np.zeros(len(keys)), [], []
    for i, (key, x, y) in enumerate(zip(keys, short, cut, strict=True)):
        up, low = joints.short[key], joints.cut[key]
        current = low.matrix @ y
        energy = np.array([x @ up.matrix @ x, y @ current])
        energies += energy
        excess[i] = energy.sum() - 2 * (x[-2:] @ current[-2:])
        closed.append(not low.matrix[-2:, -2:].any())  # its potential is known up to a constant
        driven = np.append(current[:-2], y[-2:])
        known.append((up.trace @ x, low.trace @ driven, x[:-2], y[:-2], current[:-2]))
    trace, flow_trace, *unknowns = zip(*known, strict=True)
    potential, moment, currents = (np.concatenate(one) for one in unknowns)
    patch, side, count = joints.sides_of(keys)
    gap = np.zeros(len(joints.patches))
    _share(
        gap, excess, np.array(closed), patch, side, _begins(count),
        _begins([len(one) for one in trace]), np.concatenate(trace), np.concatenate(flow_trace),
        joints.patches.start, joints.behind, _flat(joints.potential), _flat(joints.flux),
        potential, moment, currents,
    )  # fmt: skip
    return float(energies[0]), float(energies[1]), gap


def _begins(counts: Sequence[int] | Array) -> Array:
    """Return where each of so many begins, and where the last one ends."""
    begins: Array = np.append(0, np.cumsum(counts)).astype(np.int64)
    return begins


def _flat(modes: Sequence[Array]) -> tuple[Array, Array]:
    """Return all modes one after the other, row by row, and where those of each patch begin."""
    return (
        np.concatenate([one.ravel() for one in modes] + [np.zeros(0)]),
        _begins([one.size for one in modes]),
    )


@njit(cache=True, nogil=True)
def _share(
    gap: Array, excess: Array, closed: Array, patch: Array, side: Array, begin: Array,
    first: Array, trace: Array, flow_trace: Array, start: Array, behind: Array,
    potential_modes: tuple[Array, Array], flux_modes: tuple[Array, Array],
    potential: Array, moment: Array, current: Array,
) -> None:  # fmt: skip
    """Add to the gap of each patch its share in each of its blocks.

    Of the blocks: `excess`, energies less the work at the terminals; `closed`; `begin`, where
    their sides (`patch`, `side`) begin; `first`, where their kept voxels do. Of the kept voxels:
    `trace` and `flow_trace`, potentials of the shorted and of the cut block. Of the sides, one
    after the other: `potential`, `moment` and `current`, of each mode.
    """
    share = np.zeros(patch.size)
    a = b = 0
    for block in range(excess.size):
        sides = range(begin[block], begin[block + 1])
        total, energy = 0.0, excess[block]
        for one in sides:
            p = patch[one]
            faces = start[p + 1] - start[p]
            modes = potential_modes[0][potential_modes[1][p] : potential_modes[1][p + 1]]
            fluxes = flux_modes[0][flux_modes[1][p] : flux_modes[1][p + 1]]
            modes, fluxes = modes.reshape(faces, -1), fluxes.reshape(faces, -1)
            c, q = modes.shape[1], fluxes.shape[1]
            held = np.dot(modes, potential[a : a + c])
            flux = np.dot(fluxes, current[b : b + q])
            at = first[block] + behind[start[p] : start[p + 1], side[one]]
            energy -= 2 * np.dot(held, flux)
            # flux of the shorted block less that of the cut one; potentials likewise
            other = 2 * (held - trace[at]) - flux
            ends = flow_trace[at] + flux / 2
            rest = ends - held
            if closed[block]:
                whole = fluxes.sum(axis=0)
                shift = np.dot(whole, moment[b : b + q]) - np.dot(np.dot(fluxes, whole), ends)
                rest += shift / np.dot(whole, whole)
            share[one] = (other**2).sum() / 4 + (rest**2).sum()
            total += share[one]
            a, b = a + c, b + q
        for one in sides:
            part = share[one] / total if total > 0 else 1 / len(sides)
            gap[patch[one]] += max(energy, 0.0) * part
