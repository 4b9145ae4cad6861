"""Condensed blocks, the modes of their patches, and their responses, some blocks at a time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from poreops.base.arrays import Array
from poreops.machine.progress import Tick
from poreops.networks.interface.condense import condense
from poreops.networks.interface.modes import flux_modes, potential_modes
from poreops.networks.interface.ports import Blocks, Patches
from poreops.networks.interface.response import Response, cut, shorted

CLOSED = -1
"""Variant of a block without inlet and outlet; the others are axes."""
LINEAR = 3
"""In place of an axis: potentials linear in the position on all image faces."""
CACHE_BYTES = 2**30  # of condensed matrices, which further modes need again


@dataclass
class Joints:
    """The blocks of an image and how they answer to the modes of their patches.

    Attributes
    ----------
    blocks, patches : as found in the image
    kept : (n,) bool, voxels at patches
    behind : (nf, 2) int64, kept voxel (counted in its block) on both sides of each face
    ends : (n, 3, 2) bool, voxels at the image faces, by axis and side
    level : (Np,) int64, of the modes of each patch
    ndim : 2 where the faces across the last axis are no faces of the image
    potential, flux : list of (f, m) float64, modes of each patch
    short, cut : {(block, variant): Response}
    """

    blocks: Blocks
    patches: Patches
    ends: Array
    level: Array
    ndim: int = 3
    kept: Array = field(init=False)
    behind: Array = field(init=False)
    potential: list[Array] = field(init=False)
    flux: list[Array] = field(init=False)
    short: dict[tuple[int, int], Response] = field(default_factory=dict)
    cut: dict[tuple[int, int], Response] = field(default_factory=dict)
    _sides: list[list[tuple[int, int]]] = field(init=False)
    _condensed: dict[tuple[int, ...], Array] = field(default_factory=dict)
    _cached: int = 0

    def __post_init__(self) -> None:
        self.kept = np.zeros(len(self.ends), dtype=bool)
        self.kept[self.patches.voxel.ravel()] = True
        number = np.cumsum(self.kept) - 1
        first = np.append(0, np.cumsum(self.kept))[self.blocks.start[self.patches.pair]]
        self.behind = number[self.patches.voxel]
        self.behind -= np.repeat(first, np.diff(self.patches.start), axis=0)
        self.potential = [np.zeros((0, 0))] * len(self.patches)
        self.flux = list(self.potential)
        self._sides = [[] for _ in range(len(self.blocks))]
        for patch, pair in enumerate(self.patches.pair):
            for side, block in enumerate(pair):
                self._sides[block].append((patch, side))
        self._set_modes(range(len(self.patches)))

    def raise_level(self, which: Array, level: Array) -> list[int]:
        """Give patches other levels; return the blocks that must answer again.

        Parameters
        ----------
        which : numbers of patches
        level : int64, of each of them
        """
        self.level[which] = level
        self._set_modes(which)
        return sorted(set(self.patches.pair[which].ravel().tolist()))

    def sides(self, block: int) -> list[tuple[int, int]]:
        """Return the patches of a block, and on which side of them it lies.

        Parameters
        ----------
        block : its number
        """
        return self._sides[block]

    def sides_of(self, keys: Sequence[tuple[int, int]]) -> tuple[Array, Array, Array]:
        """Return the patches of many blocks and on which side of them these lie.

        Parameters
        ----------
        keys : blocks and variants

        Returns
        -------
        patch, side : int64, one block after the other
        count : (len(keys),) int64, sides of each block
        """
        sides = [self._sides[block] for block, _ in keys]
        flat = np.array([one for each in sides for one in each], dtype=np.int64).reshape(-1, 2)
        count = np.array([len(each) for each in sides], dtype=np.int64)
        return np.ascontiguousarray(flat[:, 0]), np.ascontiguousarray(flat[:, 1]), count

    def variant(self, block: int, axis: int) -> int:
        """Return the axis, if the block touches its inlet or outlet, else `CLOSED`.

        Parameters
        ----------
        block : its number
        axis : 0, 1, 2 or `LINEAR`
        """
        return axis if self._touching(block, axis).any() else CLOSED

    def answer(
        self, blocks: Sequence[int], axes: Mapping[int, Sequence[int]], workers: int, tick: Tick
    ) -> None:
        """Compute the responses of these blocks.

        Parameters
        ----------
        blocks : to compute those of
        axes : block → axes along which something flows through it
        workers : threads
        tick : called after each block
        """
        sizes = np.diff(self.blocks.start)
        # the large ones first, so that no thread waits for one in the end
        large_first = sorted(blocks, key=lambda block: -int(sizes[block]))
        for _ in _each(lambda block: self._answer(block, axes[block]), large_first, workers):
            tick("")

    def settle(self) -> None:
        """Let go of all that is not needed to solve again with the modes that there are."""
        self._condensed.clear()
        self._cached = CACHE_BYTES
        for answers in (self.short, self.cut):
            for key, one in answers.items():
                answers[key] = Response(one.matrix, one.trace[:0].copy())

    def at_patch(self, patch: int, side: int) -> Array:
        """Return the kept voxel (counted in its block) behind each face of a patch.

        Parameters
        ----------
        patch : its number
        side : 0 or 1, where the block lies, as of `sides`
        """
        found: Array = self.behind[self.patches.faces(patch), side]
        return found

    def _ends(self, block: int) -> Array:
        found: Array = self.ends[self.blocks.start[block] : self.blocks.start[block + 1]]
        return found

    def _touching(self, block: int, axis: int) -> Array:
        """Return the voxels of a block at inlet or outlet, (n,) bool."""
        ends = self._ends(block)
        reached = ends[:, : self.ndim] if axis == LINEAR else ends[:, axis]
        return np.asarray(reached.reshape(len(ends), -1).any(axis=1))

    def _set_modes(self, which: Iterable[int]) -> None:
        for patch in which:
            faces, level = self.patches.faces(patch), int(self.level[patch])
            centre = self.patches.centre[faces]
            self.potential[patch] = potential_modes(centre, level)
            self.flux[patch] = flux_modes(
                centre, self.patches.axis[faces], self.patches.sign[faces], level
            )

    def _answer(self, block: int, axes: Sequence[int]) -> None:
        sides = self.sides(block)
        size = int(np.count_nonzero(self.kept[self._range(block)]))
        faces = np.zeros(size)
        for patch, side in sides:
            np.add.at(faces, self.at_patch(patch, side), 1.0)
        potential = self._spread(block, self.potential, size)
        flux = self._spread(block, self.flux, size)
        whole = np.concatenate([np.zeros(0), *(self.flux[p].sum(axis=0) for p, _ in sides)])
        variants = sorted({self.variant(block, axis) for axis in axes})
        for variant, matrix in zip(variants, self._matrices(block, variants), strict=True):
            self.short[block, variant] = shorted(matrix, faces, potential)
            self.cut[block, variant] = cut(matrix, flux, whole)

    def _range(self, block: int) -> slice:
        return slice(int(self.blocks.start[block]), int(self.blocks.start[block + 1]))

    def _spread(self, block: int, modes: list[Array], size: int) -> Array:
        """Return EB: modes of all patches of a block, on its kept voxels."""
        sides = self.sides(block)
        columns = [modes[patch].shape[1] for patch, _ in sides]
        spread = np.zeros((size, sum(columns)))
        begin = 0
        for (patch, side), width in zip(sides, columns, strict=True):
            at = self.at_patch(patch, side)
            np.add.at(spread[:, begin : begin + width], at, modes[patch])
            begin += width
        return spread

    def _matrices(self, block: int, variants: Sequence[int]) -> Array:
        """Return the matrix on ports, inlet and outlet of each variant of a block."""
        key = (block, *variants)
        if key in self._condensed:
            return self._condensed[key]
        own = self._range(block)
        lost, links, corner = map(
            np.stack, zip(*(self._terminals(block, one) for one in variants), strict=True)
        )
        found: Array = condense(
            self.blocks.place[own], self.blocks.neighbour[own], self.kept[own], lost, links, corner
        )
        if self._cached + found.nbytes <= CACHE_BYTES:
            self._cached += found.nbytes
            self._condensed[key] = found
        return found

    def _terminals(self, block: int, variant: int) -> tuple[Array, Array, Array]:
        """Return what joins the voxels of a block to its terminals, as `condense` wants it."""
        ends = self._ends(block)
        if variant == CLOSED:
            return np.zeros(len(ends)), np.zeros((len(ends), 2)), np.zeros((2, 2))
        if variant != LINEAR:
            reached = 2.0 * ends[:, variant]
            return reached.sum(axis=1), reached, np.diag(reached.sum(axis=0))
        # potentials x, y, z on the image faces
        voxel, axis, side = np.nonzero(ends[:, : self.ndim])
        # the position of each face, the image's centre at 0
        where = self.blocks.place[self._range(block)][voxel] + 0.5
        where[np.arange(len(axis)), axis] += side - 0.5
        where -= np.array(self.blocks.shape) / 2
        links = np.zeros((len(ends), 3))
        np.add.at(links, voxel, 2 * where)
        lost = 2.0 * np.bincount(voxel, minlength=len(ends))
        return lost, links, 2 * where.T @ where


def _each(function: Callable[[int], None], items: Sequence[int], workers: int) -> Iterable[None]:
    workers = min(workers, max(len(items), 1))
    if workers == 1:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(function, items)
