"""Join the responses of blocks: bounds on the conductance between two faces, and their gap.

Dirichlet's principle: any potential has an energy of at least the conductance G; that of the
blocks shorted by modes is the least of those with traces in the modes. Thomson's principle: any
conserved flow gives a lower bound; cut blocks share just the moments of the potential. Both
potentials drop by 1. The energy of their difference is the gap (Prager and Synge 1947), a sum
over blocks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from poreops.base.arrays import Array
from poreops.networks.interface.joints import CLOSED, Joints
from poreops.networks.interface.response import Response

DROP = np.array([1.0, 0.0])
"""Potentials of inlet and outlet."""


@dataclass(frozen=True)
class Bounds:
    """Bounds on the conductance G along an axis, and where their gap lies.

    Attributes
    ----------
    axis : int
    lower, upper : float
        In units of a voxel: current for a unit drop and unit diffusivity.
    gap : (Np,) float64, share of each patch in upper - lower, >= 0
    """

    axis: int
    lower: float
    upper: float
    gap: Array

    @property
    def middle(self) -> float:
        """Geometric middle of the bounds."""
        return float(np.sqrt(self.upper * self.lower))

    @property
    def width(self) -> float:
        """Width of the bracket of 1/G relative to its geometric middle."""
        return (self.upper - self.lower) / self.middle


def percolating(joints: Joints, axis: int, opened: Array | None = None) -> Array:
    """Return the blocks of the clusters that join the two faces of an axis.

    Parameters
    ----------
    joints : of the image
    axis : 0, 1 or 2
    opened : (Np,) bool, patches that join their blocks; all by default
    """
    count = len(joints.blocks)
    pair = joints.patches.pair if opened is None else joints.patches.pair[opened]
    graph = coo_array((np.ones(len(pair), np.int8), pair.T), shape=(count, count))
    cluster = connected_components(graph, directed=False)[1]
    owner = np.repeat(cluster, np.diff(joints.blocks.start))
    through = np.ones(int(cluster.max(initial=0)) + 1, dtype=bool)
    for side in range(2):
        reached = np.zeros_like(through)
        reached[owner[joints.ends[:, axis, side]]] = True
        through &= reached
    found: Array = np.flatnonzero(through[cluster])
    return found


def bounds(joints: Joints, axis: int, members: Array) -> Bounds:
    """Solve for the bounds along an axis.

    Parameters
    ----------
    joints : whose blocks have answered
    axis : int
    members : blocks of the clusters that join the faces, not empty
    """
    variants = [joints.variant(block, axis) for block in members.tolist()]
    keys = list(zip(members.tolist(), variants, strict=True))
    short = solve(joints, keys, joints.short, joints.potential)
    cut = solve(joints, keys, joints.cut, joints.flux)
    upper = lower = 0.0
    gap = np.zeros(len(joints.patches))
    for key, x, y in zip(keys, short, cut, strict=True):
        up, low = joints.short[key], joints.cut[key]
        current = low.matrix @ y
        up_energy, low_energy = float(x @ up.matrix @ x), float(y @ current)
        upper += up_energy
        lower += low_energy
        excess = up_energy + low_energy - 2 * _work(joints, key[0], x, current)
        shares = _jumps(joints, key[0], x, y, current, up, low)
        total = sum(shares.values())
        for patch, share in shares.items():
            gap[patch] += max(excess, 0.0) * (share / total if total > 0 else 1 / len(shares))
    return Bounds(axis, lower, upper, gap)


def solve(
    joints: Joints, keys: Sequence[tuple[int, int]], responses: Mapping[tuple[int, int], Response],
    modes: Sequence[Array], known: Array = DROP, opened: Array | None = None,
) -> list[Array]:  # fmt: skip
    """Return the unknowns of each block, with those of its terminals in the end.

    Parameters
    ----------
    joints : whose blocks have answered
    keys : blocks and variants, of clusters that reach a terminal each
    responses : the shorted or the cut ones
    modes : of each patch, of these responses
    known : (t,) or (t, cases) float64, potentials of the terminals
    opened : (Np,) bool, patches that join their blocks, all by default; the potentials on the
        two sides of another are not the same, and nothing flows there
    """

    def shared(patch: int, side: int) -> tuple[int, int]:
        return patch, 0 if opened is None or opened[patch] else side

    used = sorted({shared(*one) for block, _ in keys for one in joints.sides(block)})
    first = {}
    size = 0
    for one in used:
        first[one] = size
        size += modes[one[0]].shape[1]
    numbers = [
        np.concatenate(
            [np.zeros(0, np.int64)]
            + [first[shared(*p)] + np.arange(modes[p[0]].shape[1]) for p in joints.sides(block)]
        )
        for block, _ in keys
    ]
    if not size:
        return [known] * len(keys)
    rows, columns, values = [], [], []
    source = np.zeros((size, *known.shape[1:]))
    for at, key in zip(numbers, keys, strict=True):
        m, response = len(at), responses[key]
        rows.append(np.repeat(at, m))
        columns.append(np.tile(at, m))
        values.append(response.matrix[:m, :m].ravel())
        if key[1] != CLOSED:
            source[at] -= response.matrix[:m, m:] @ known
    matrix = coo_array(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))),
        shape=(size, size),
    ).tocsc()
    factor = splu(
        matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )  # fmt: skip
    solution = factor.solve(source)
    solution += factor.solve(source - matrix @ solution)
    return [np.concatenate([solution[at], known]) for at in numbers]


def _work(joints: Joints, block: int, x: Array, current: Array) -> float:
    """Return the work of the flow of the cut blocks in the potential of the shorted ones."""
    work = float(x[-2:] @ current[-2:])
    a = b = 0
    for patch, _ in joints.sides(block):
        potential, flux = joints.potential[patch], joints.flux[patch]
        c, q = potential.shape[1], flux.shape[1]
        work += float((potential @ x[a : a + c]) @ (flux @ current[b : b + q]))
        a, b = a + c, b + q
    return work


def _jumps(
    joints: Joints, block: int, x: Array, y: Array, current: Array, up: Response, low: Response
) -> dict[int, float]:
    """Say how far the two solutions disagree on each patch of a block, as energies."""
    potential = up.trace @ x
    driven = np.append(current[:-2], y[-2:])
    flow_potential = low.trace @ driven
    shares: dict[int, float] = {}
    a = b = 0
    for patch, side in joints.sides(block):
        at = joints.at_patch(block, patch, side)
        c, q = joints.potential[patch].shape[1], joints.flux[patch].shape[1]
        trace = joints.potential[patch] @ x[a : a + c]
        flux = joints.flux[patch] @ current[b : b + q]
        moments = y[b : b + q]
        a, b = a + c, b + q
        # flux of the shorted block less that of the cut one; potentials likewise
        other = 2 * (trace - potential[at]) - flux
        ends = flow_potential[at] + flux / 2
        rest = ends - trace
        if not low.matrix[-2:, -2:].any():  # closed: known up to a constant
            shift = joints.flux[patch].T @ ends
            whole = joints.flux[patch].sum(axis=0)
            rest = rest + whole @ (moments - shift) / (whole @ whole)
        shares[patch] = float((other**2).sum() / 4 + (rest**2).sum())
    return shares
