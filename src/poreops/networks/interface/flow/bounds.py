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

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.linalg import splu

from poreops.base.arrays import Array
from poreops.networks.interface.bounds import Bounds
from poreops.networks.interface.flow.pieces import Joint
from poreops.networks.interface.flow.response import Held, Response, Terminals

_DRAG = 1e-10  # on motions as a whole: some of them no mode may hold, and no force drives

Sides = Sequence[tuple[int, int]]
"""Patches of a block, and on which side of them it lies."""


def flow_bounds(
    axis: int,
    sides: Mapping[int, Sides],
    joints: Sequence[Joint],
    modes: Sequence[Array],
    responses: Mapping[int, Response],
    held: Callable[[int], tuple[Held, Terminals]],
) -> Bounds:
    """Bound the flow rate along an axis.

    Parameters
    ----------
    axis : 0, 1 or 2
    sides : block → its patches
    joints, modes : of each patch
    responses : block → how it answers to tractions
    held : block → it with given velocities at its patches, and these patches
    """
    found = _solve(sides, modes, responses)
    upper = 0.0
    views: dict[int, list[Array]] = {}
    for block, x in found.items():
        answer = responses[block]
        m = len(answer.matrix)
        upper += float(answer.matrix[-1] @ x[:m] + answer.rigid[:, -1] @ x[m:])
        trace = answer.trace @ x
        row = 0
        for patch, _ in sides[block]:
            rows = len(joints[patch].soft)
            views.setdefault(patch, []).append(trace[row : row + rows])
            row += rows
    shared = {patch: (one + other) / 2 for patch, (one, other) in views.items()}
    jump = {patch: float(((one - other) ** 2).sum()) for patch, (one, other) in views.items()}
    lost = work = 0.0
    parts = []
    for block, x in found.items():
        answer, (one, ends) = responses[block], held(block)
        velocity = np.concatenate([np.zeros(0), *(shared[patch] for patch, _ in sides[block])])
        rubbed, driven = one.flow(velocity)
        m = len(answer.matrix)
        own = float(x[:m] @ answer.matrix @ x[:m])
        mixed = driven + float((ends.modes @ x[: m - 1]) @ velocity)
        parts.append((block, own, mixed, rubbed))
        lost, work = lost + rubbed, work + driven
    scale = work / lost
    gap = np.zeros(len(joints))
    for block, own, mixed, rubbed in parts:
        excess = max(own - 2 * scale * mixed + scale**2 * rubbed, 0.0)
        total = sum(jump[patch] for patch, _ in sides[block])
        for patch, _ in sides[block]:
            part = jump[patch] / total if total > 0 else 1 / len(sides[block])
            gap[patch] += excess * part
    return Bounds(axis, work**2 / lost, upper, gap)


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
