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
from poreops.networks.interface.gaps import gaps
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
    upper, lower, gap = gaps(joints, keys, short, cut)
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
    patch, side, count = joints.sides_of(keys)
    width = np.array([one.shape[1] for one in modes], dtype=np.int64)
    shared = 0 if opened is None else np.where(opened[patch], 0, side)
    used, where = np.unique(2 * patch + shared, return_inverse=True)
    size = int(width[used // 2].sum())
    if not size:
        return [known] * len(keys)
    first = (np.cumsum(width[used // 2]) - width[used // 2])[where]
    own = width[patch]
    before = np.append(0, np.cumsum(own))
    number = np.arange(before[-1]) + np.repeat(first - before[:-1], own)
    numbers = np.split(number.astype(np.int32), before[np.cumsum(count)[:-1]])
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
