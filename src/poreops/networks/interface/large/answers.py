"""How the blocks of a group answer to the modes of their patches, from a file to a file.

What decides an answer is taken in the order of the whole image: voxels, faces and patches in the
order of their places, positions relative to a patch's first face. So it does not depend on how
the image was divided.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.base.hdf5 import write_hdf5
from poreops.conduits.large.stored_labels import StoredLabels
from poreops.machine.progress import no_tick
from poreops.networks.interface.joints import CLOSED, Joints
from poreops.networks.interface.large.groups import Group
from poreops.networks.interface.modes import ALL
from poreops.networks.interface.ports import Blocks, Patches, cut_blocks, find_patches


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
        blocks, number = cut_blocks(labels, self.most)
        del labels
        mine = np.isin(blocks.region, group.own)
        lower, shape = np.array(group.lower), self.stored.shape
        key = block_keys(blocks, lower, shape)
        patches = find_patches(blocks, number, np.zeros((0, 2), np.int64))
        del number
        patches, patch_key = in_order(patches, key, mine, lower, shape)
        joints = Joints(
            blocks, patches, _ends(blocks, lower, shape), self._levels(blocks, patches)
        )
        joints.settle()  # no condensed matrix is needed twice
        axes = {
            int(block): self._axes(joints, int(block), along)
            for block, along in zip(
                np.flatnonzero(mine),
                group.axes[np.searchsorted(group.own, blocks.region[mine])],
                strict=True,
            )
        }
        joints.answer([block for block, some in axes.items() if some], axes, 1, no_tick)
        write_hdf5(self.answers(group.number), _packed(joints, mine, key, patch_key))

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
        through = joints.ends[own].any(axis=0).all(axis=1)
        return [axis for axis in axes if through[axis]]


def block_keys(blocks: Blocks, lower: Array, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return the place in the image of the first voxel of each block, (Nb,), flat.

    Parameters
    ----------
    blocks : of a box
    lower : (3,) first voxel of the box
    shape : of the image
    """
    first = blocks.place[blocks.start[:-1]] + lower
    return np.ravel_multi_index(tuple(first.T), shape).astype(np.int64)


def in_order(
    patches: Patches, key: NDArray[np.int64], mine: NDArray[np.bool_], lower: Array,
    shape: tuple[int, ...],
) -> tuple[Patches, NDArray[np.int64]]:  # fmt: skip
    """Return the patches of some blocks in the order of the image, and the key of each.

    Parameters
    ----------
    patches : of a box; the faces of each are sorted by axis, then by place
    key : (Nb,) of the blocks
    mine : (Nb,) bool, blocks whose patches are wanted
    lower, shape : as for `block_keys`

    Returns
    -------
    Patches
        The block with the smaller key first; centres relative to the first face of the patch.
    (Np,) int64
        The first face of each: three times the place of the voxel before it, plus its axis.
    """
    kept = np.flatnonzero(mine[patches.pair].any(axis=1))
    first = patches.start[kept]
    before = np.floor(patches.centre[first]).astype(np.int64) + lower
    found = 3 * np.ravel_multi_index(tuple(before.T), shape).astype(np.int64)
    found += patches.axis[first]
    order = np.argsort(found, kind="stable")
    kept, found = kept[order], found[order]
    size = np.diff(patches.start)[kept]
    start = np.concatenate([[0], np.cumsum(size)])
    faces = np.repeat(patches.start[kept] - start[:-1], size) + np.arange(start[-1])
    swap = key[patches.pair[kept, 0]] > key[patches.pair[kept, 1]]
    turned = np.repeat(swap, size)[:, None]
    pair, voxel, sign = patches.pair[kept], patches.voxel[faces], patches.sign[faces]
    pair = np.where(swap[:, None], pair[:, ::-1], pair)
    voxel = np.where(turned, voxel[:, ::-1], voxel)
    sign = np.where(turned[:, 0], -sign, sign)
    centre = patches.centre[faces]
    centre -= np.repeat(centre[start[:-1]], size, axis=0)
    return (
        Patches(pair, patches.throat[kept], start, voxel, patches.axis[faces], sign, centre),
        found,
    )


def _ends(blocks: Blocks, lower: Array, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Tell which voxels touch a face of the image: (n, 3, 2), by axis and side."""
    place = blocks.place + lower.astype(np.int32)
    return np.stack([place == 0, place == np.array(shape) - 1], axis=2)


def _packed(
    joints: Joints, mine: NDArray[np.bool_], key: Array, patch_key: Array
) -> dict[str, Array]:
    """Return the answers as flat arrays.

    Returns
    -------
    dict
        Of blocks `key`, `region`, `ends` (Nb, 3, 2) and `sides`, how many patches each has, whose
        keys are in `side_key`; of answers `block`, `variant` and the matrices in `short`, `cut`
        (without the terminals where there are none); of patches `patch_key`, the modes of
        `potential` and of `flux`, and their products in `cross`.
    """
    own = np.flatnonzero(mine)
    rank = {int(block): n for n, block in enumerate(own)}
    sides = [[patch for patch, _ in joints.sides(int(block))] for block in own]
    reached = np.logical_or.reduceat(joints.ends, joints.blocks.start[:-1], axis=0)
    answered = sorted(joints.short)
    pairs = zip(joints.potential, joints.flux, strict=True)

    def flat(answers: list[Array]) -> Array:
        return np.concatenate([np.zeros(0), *(one.ravel() for one in answers)])

    def matrices(responses: dict[tuple[int, int], Array]) -> Array:
        cut = [(responses[at], -2 if at[1] == CLOSED else None) for at in answered]
        return flat([matrix[:end, :end] for matrix, end in cut])

    return {
        "key": key[own],
        "region": joints.blocks.region[own],
        "ends": reached[own],
        "sides": np.array([len(one) for one in sides], dtype=np.int64),
        "side_key": patch_key[np.array([p for one in sides for p in one], dtype=np.int64)],
        "block": np.array([rank[block] for block, _ in answered], dtype=np.int64),
        "variant": np.array([variant for _, variant in answered], dtype=np.int64),
        "short": matrices({at: one.matrix for at, one in joints.short.items()}),
        "cut": matrices({at: one.matrix for at, one in joints.cut.items()}),
        "patch_key": patch_key,
        "potential": np.array([one.shape[1] for one in joints.potential], dtype=np.int64),
        "flux": np.array([one.shape[1] for one in joints.flux], dtype=np.int64),
        "cross": flat([potential.T @ flux for potential, flux in pairs]),
    }
