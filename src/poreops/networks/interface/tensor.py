"""The tensor of effective diffusivity: potentials linear in the position on the image's faces.

With c = ξ·x on all pore voxels' faces in the surface of the image, the least energy over the
volume is ξᵀDξ: Dirichlet's problem, so that the blocks' principles bound it from both sides, for
every ξ at once. D is symmetric. Potentials of that kind are some of those that the problem with
insulating sides admits, so D_xx is never below 1/F of that problem (Huet, J. Mech. Phys. Solids
38, 813, 1990): D is an upper bound on what a part of a larger medium lets through, and falls with
the size of the image.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from poreops.base.arrays import Array
from poreops.base.show.result import Result
from poreops.machine.progress import no_tick
from poreops.networks.interface.bounds import solve
from poreops.networks.interface.joints import CLOSED, LINEAR, Joints
from poreops.networks.interface.response import Response


@dataclass(frozen=True, repr=False)
class DiffusivityTensor(Result, kind="diffusivity tensor"):
    """Effective diffusivity of an image in all directions, relative to the free one, with bounds.

    Attributes
    ----------
    lower, upper : (ndim, ndim) float64, symmetric
        For every direction ξ the voxels' own ξᵀDξ lies between ξᵀ lower ξ and ξᵀ upper ξ.
    """

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]

    @property
    def tensor(self) -> NDArray[np.float64]:
        """Mean of the bounds, (ndim, ndim): an estimate."""
        return (self.lower + self.upper) / 2

    @cached_property
    def principal(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Principal diffusivities (ndim,), ascending, and directions as columns (ndim, ndim)."""
        values, directions = np.linalg.eigh(self.tensor)
        return values, directions


def diffusivity_tensor(joints: Joints, workers: int) -> DiffusivityTensor:
    """Return the bounds; blocks at the image's faces answer once more, with the modes they have.

    Parameters
    ----------
    joints : of the image
    workers : threads
    """
    members = _reached(joints)
    keys = [(block, joints.variant(block, LINEAR)) for block in members]
    missing = [block for block, variant in keys if (block, variant) not in joints.cut]
    joints.answer(missing, dict.fromkeys(missing, (LINEAR,)), workers, no_tick)
    volume = int(np.prod(joints.blocks.shape))
    n = joints.ndim
    upper, lower = (
        _energies(joints, keys, responses, modes)[:n, :n] / volume
        for responses, modes in ((joints.short, joints.potential), (joints.cut, joints.flux))
    )
    joints.settle()
    return DiffusivityTensor(lower, upper)


def _reached(joints: Joints) -> list[int]:
    """Return the blocks of the clusters that touch a face of the image."""
    count, pair = len(joints.blocks), joints.patches.pair
    graph = coo_array((np.ones(len(pair), np.int8), pair.T), shape=(count, count))
    cluster = connected_components(graph, directed=False)[1]
    owner = np.repeat(cluster, np.diff(joints.blocks.start))
    touching = owner[joints.ends[:, : joints.ndim].any(axis=(1, 2))]
    return np.flatnonzero(np.isin(cluster, touching)).tolist()


def _energies(
    joints: Joints, keys: Sequence[tuple[int, int]], responses: Mapping[tuple[int, int], Response],
    modes: Sequence[Array],
) -> Array:  # fmt: skip
    """Return the energy as a quadratic form of the gradient ξ, (3, 3)."""
    form = np.zeros((3, 3))
    for key, x in zip(keys, solve(joints, keys, responses, modes, np.eye(3)), strict=True):
        inner = x[:-3] if key[1] == CLOSED else x
        form += inner.T @ responses[key].matrix[: len(inner), : len(inner)] @ inner
    return (form + form.T) / 2
