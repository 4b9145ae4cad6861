"""Bounds on the flow rate from blocks that share moments of velocity.

With the friction A, the gradient G and the force f of the unit pressure at the inlet, the flow
rate of the voxels is

    Q = max over G'u = 0 of 2 f'u - u'Au                                      (Helmholtz).

* upper: velocities of the blocks need agree in moments only, B'[u] = 0, so the maximum is over
  more. Its dual is the least of the blocks' answers over tractions Bμ at the patches;
* lower: any u that is continuous and lets nothing vanish gives (f'u)² / u'Au <= Q. Both sides'
  mean at each patch is taken, and the flow with the least friction in between.

The force of the upper flow balances its friction against every continuous flow, so with
s = f'u / u'Au the gap is the friction of the difference of upper flow and s u, a sum over blocks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.linalg import splu

from poreops.base.arrays import Array
from poreops.networks.interface.bounds import Bounds
from poreops.networks.interface.flow.pieces import Joint
from poreops.networks.interface.flow.response import Response

_DRAG = 1e-10  # on motions as a whole: some of them no mode may hold, and no force drives

Sides = Sequence[tuple[int, int]]
"""Patches of a block, and on which side of them it lies."""


@dataclass(frozen=True)
class UpperFlow:
    """The flow that gives the upper bound along an axis.

    Attributes
    ----------
    axis : 0, 1 or 2
    sides : block → its patches
    rate : its flow rate
    friction : block → friction of its flow
    traction : patch → (r,) float64, on the first of its blocks
    velocity : patch → (r,) float64, mean of the velocities on its two sides
    jump : (Np,) float64, square of their difference
    """

    axis: int
    sides: Mapping[int, Sides]
    rate: float
    friction: Mapping[int, float]
    traction: Mapping[int, Array]
    velocity: Mapping[int, Array]
    jump: Array

    def at_patches(self, block: int) -> Array:
        """Return the mean velocities at the patches of a block, (r,) float64.

        Parameters
        ----------
        block : its number
        """
        return np.concatenate([np.zeros(0), *(self.velocity[p] for p, _ in self.sides[block])])


def upper_flow(
    axis: int, sides: Mapping[int, Sides], joints: Sequence[Joint], modes: Sequence[Array],
    responses: Mapping[int, Response],
) -> UpperFlow:  # fmt: skip
    """Find the flow that only moments of the velocity join, which passes more than the voxels.

    Parameters
    ----------
    axis : 0, 1 or 2
    sides : block → its patches
    joints, modes : of each patch
    responses : block → how it answers to tractions
    """
    found = _solve(sides, modes, responses)
    rate = 0.0
    friction: dict[int, float] = {}
    traction: dict[int, Array] = {}
    views: dict[int, list[Array]] = {}
    for block, x in found.items():
        answer = responses[block]
        m = len(answer.matrix)
        rate += float(answer.matrix[-1] @ x[:m] + answer.rigid[:, -1] @ x[m:])
        friction[block] = float(x[:m] @ answer.matrix @ x[:m])
        trace = answer.trace @ x
        row = column = 0
        for patch, _ in sides[block]:
            height, width = len(joints[patch].soft), modes[patch].shape[1]
            views.setdefault(patch, []).append(trace[row : row + height])
            traction[patch] = modes[patch] @ x[column : column + width]
            row, column = row + height, column + width
    velocity = {patch: (one + other) / 2 for patch, (one, other) in views.items()}
    jump = np.zeros(len(joints))
    for patch, (one, other) in views.items():
        jump[patch] = ((one - other) ** 2).sum()
    return UpperFlow(axis, sides, rate, friction, traction, velocity, jump)


def flow_bounds(upper: UpperFlow, held: Mapping[int, tuple[float, float]]) -> Bounds:
    """Bound the flow rate along an axis.

    Parameters
    ----------
    upper : flow of the upper bound
    held : block → friction and work of the force, with the mean velocities at its patches
    """
    lost = sum(rubbed for rubbed, _ in held.values())
    work = sum(driven for _, driven in held.values())
    scale = work / lost
    gap = np.zeros(len(upper.jump))
    for block, own in upper.sides.items():
        rubbed, mixed = held[block]
        for patch, side in own:
            push = float(upper.traction[patch] @ upper.velocity[patch])
            mixed += -push if side else push
        excess = max(upper.friction[block] - 2 * scale * mixed + scale**2 * rubbed, 0.0)
        patches = [patch for patch, _ in own]
        jump = upper.jump[patches]
        gap[patches] += excess * (jump / jump.sum() if jump.sum() > 0 else 1 / max(len(own), 1))
    return Bounds(upper.axis, float(work**2 / lost), upper.rate, gap)


def _solve(
    sides: Mapping[int, Sides], modes: Sequence[Array], responses: Mapping[int, Response]
) -> dict[int, Array]:
    """Return for each block its tractions, 1 for the force, and its motions as a whole."""
    first: dict[int, int] = {}
    size = 0
    for patch in sorted({patch for own in sides.values() for patch, _ in own}):
        first[patch] = size
        size += modes[patch].shape[1]
    tractions = size
    rows, columns, values = [], [], []
    numbers = {}
    source = np.zeros(size + sum(len(each.rigid) for each in responses.values()))
    for block, own in sides.items():
        answer = responses[block]
        at = [first[patch] + np.arange(modes[patch].shape[1]) for patch, _ in own]
        z = len(answer.rigid)
        numbers[block] = np.concatenate([*at, size + np.arange(z)]).astype(np.int64)
        m = len(answer.matrix) - 1
        local = np.zeros((m + z, m + z))
        local[:m, :m] = answer.matrix[:m, :m]
        local[m:, :m], local[:m, m:] = answer.rigid[:, :m], answer.rigid[:, :m].T
        local[range(m, m + z), range(m, m + z)] = -_DRAG
        source[numbers[block]] -= np.append(answer.matrix[:m, m], answer.rigid[:, m])
        rows.append(np.repeat(numbers[block], m + z))
        columns.append(np.tile(numbers[block], m + z))
        values.append(local.ravel())
        size += z
    solution = np.zeros(size)
    if size:
        matrix = coo_array(
            (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))),
            shape=(size, size),
        ).tocsc()
        definite = size == tractions
        factor = splu(
            matrix, permc_spec="MMD_AT_PLUS_A" if definite else "COLAMD",
            diag_pivot_thresh=0.0 if definite else 1.0, options={"SymmetricMode": definite},
        )  # fmt: skip
        solution = factor.solve(source)
        solution += factor.solve(source - matrix @ solution)
    found = {}
    for block in sides:
        m = len(responses[block].matrix) - 1
        x = solution[numbers[block]]
        found[block] = np.concatenate([x[:m], [1.0], x[m:]])
    return found
