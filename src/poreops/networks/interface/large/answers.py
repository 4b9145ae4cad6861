"""How the blocks of a group answer to the modes of their patches, from a file to a file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.base.hdf5 import write_hdf5
from poreops.conduits.large.stored_labels import StoredLabels
from poreops.machine.progress import no_tick
from poreops.networks.interface.joints import CLOSED, Joints
from poreops.networks.interface.large.cut import OwnBlocks, own_blocks
from poreops.networks.interface.large.groups import Group
from poreops.networks.interface.modes import ALL
from poreops.networks.interface.ports import Blocks, Patches


@dataclass(frozen=True)
class BlockJob:
    """The local solves of an image.

    Attributes
    ----------
    folder : of the files that the groups leave
    stored : the labels
    level : degree of the modes; one more at cuts through a region
    most : voxels of a block
    """

    folder: Path
    stored: StoredLabels
    level: int
    most: int

    def answers(self, number: int) -> Path:
        """Return the file of a group.

        Parameters
        ----------
        number : of the group
        """
        return self.folder / f"answers-{number}.h5"

    def answer(self, group: Group) -> None:
        """Write how the blocks of a group answer.

        Parameters
        ----------
        group : regions and their box
        """
        labels = self.stored.box(group.lower, group.upper)
        wanted = np.zeros(max(self.stored.count, int(labels.max(initial=0))) + 1, dtype=bool)
        wanted[group.own + 1] = wanted[group.beside + 1] = True
        labels[~wanted[labels]] = 0
        wanted[group.beside + 1] = False
        found = own_blocks(labels, wanted, group.lower, self.stored.shape, self.most)
        del labels
        level = self._levels(found.blocks, found.patches)
        joints = Joints(found.blocks, found.patches, found.ends, level)
        joints.settle()  # no condensed matrix is needed twice
        along = group.axes[np.searchsorted(group.own, found.blocks.region[: found.own])]
        axes = {block: self._axes(joints, block, some) for block, some in enumerate(along)}
        joints.answer([block for block, some in axes.items() if some], axes, 1, no_tick)
        write_hdf5(self.answers(group.number), _packed(joints, found))

    def _levels(self, blocks: Blocks, patches: Patches) -> NDArray[np.int64]:
        inside = blocks.region[patches.pair[:, 0]] == blocks.region[patches.pair[:, 1]]
        level = np.full(len(patches), self.level, np.int64)
        level[inside] = np.minimum(level[inside] + 1, max(self.level, ALL - 1))
        return level

    @staticmethod
    def _axes(joints: Joints, block: int, along: NDArray[np.bool_]) -> list[int]:
        """Return the axes that a block answers for; one without a patch must join two faces."""
        axes = [int(axis) for axis in np.flatnonzero(along)]
        if joints.sides(block):
            return axes
        own = slice(joints.blocks.start[block], joints.blocks.start[block + 1])
        through = np.asarray(np.logical_or.reduce(joints.ends[own], axis=0).all(axis=1))
        return [axis for axis in axes if through[axis]]


def _packed(joints: Joints, found: OwnBlocks) -> dict[str, Array]:
    """Return the answers as flat arrays.

    Returns
    -------
    dict
        Of blocks `key`, `region`, `ends` (Nb, 3, 2) and `sides`, how many patches each has, whose
        keys are in `side_key`; of answers `block`, `variant` and the matrices in `short`, `cut`
        (without the terminals where there are none); of patches `patch_key`, the modes of
        `potential` and of `flux`, and their products in `cross`.
    """
    own, blocks = found.own, found.blocks
    sides = [[patch for patch, _ in joints.sides(block)] for block in range(own)]
    reached = np.logical_or.reduceat(found.ends, blocks.start[:own], axis=0)
    answered = sorted(joints.short)
    pairs = zip(joints.potential, joints.flux, strict=True)

    def flat(answers: list[Array]) -> Array:
        return np.concatenate([np.zeros(0), *(one.ravel() for one in answers)])

    def matrices(responses: dict[tuple[int, int], Array]) -> Array:
        cut = [(responses[at], -2 if at[1] == CLOSED else None) for at in answered]
        return flat([matrix[:end, :end] for matrix, end in cut])

    return {
        "key": found.key[:own],
        "region": blocks.region[:own],
        "ends": reached,
        "sides": np.array([len(one) for one in sides], dtype=np.int64),
        "side_key": found.patch_key[np.array([p for one in sides for p in one], dtype=np.int64)],
        "block": np.array([block for block, _ in answered], dtype=np.int64),
        "variant": np.array([variant for _, variant in answered], dtype=np.int64),
        "short": matrices({at: one.matrix for at, one in joints.short.items()}),
        "cut": matrices({at: one.matrix for at, one in joints.cut.items()}),
        "patch_key": found.patch_key,
        "potential": np.array([one.shape[1] for one in joints.potential], dtype=np.int64),
        "flux": np.array([one.shape[1] for one in joints.flux], dtype=np.int64),
        "cross": flat([potential.T @ flux for potential, flux in pairs]),
    }
