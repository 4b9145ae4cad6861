"""The interface network of a partition that stays in its file, with bounds along each axis."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.base.arguments import checked_axis, checked_count, checked_voxel_size
from poreops.base.extras import needs
from poreops.base.files import read_json, write_json
from poreops.conduits.large.partition import Watch, unwatched
from poreops.conduits.large.stored_labels import StoredLabels
from poreops.machine.memory import require_memory
from poreops.machine.progress import bar_at_once
from poreops.machine.tasks import parallel_map, workers
from poreops.networks.interface.bounds import Bounds
from poreops.networks.interface.effective import InterfaceDiffusion, diffusion_along
from poreops.networks.interface.large.answers import BlockJob
from poreops.networks.interface.large.gap import excess
from poreops.networks.interface.large.groups import Group, groups_of
from poreops.networks.interface.large.joined import Joined, joined
from poreops.networks.interface.large.solve import solved, system
from poreops.networks.interface.modes import ALL
from poreops.networks.interface.ports import MOST_VOXELS

EDGE = 128
"""Of the cells of the volume whose regions answer together, by default [voxel]."""
BYTES_PER_VOXEL = 60  # of the box of a group


@dataclass(frozen=True)
class StoredInterfaceNetwork:
    """What an interface network says of labels that stay in their file.

    Attributes
    ----------
    labels : StoredLabels
    voxel_size : float [m]
    level : degree of the modes
    along : tuple of InterfaceDiffusion, of each axis that was asked for
    gap : (N, 3) float64
        Share of each region in the width of the bracket along each axis, relative to its middle:
        where the network is wrong.
    blocks, patches : how many there are in clusters that join two faces
    modes : of potential, of all patches
    groups : that the local solves were divided into
    """

    labels: StoredLabels
    voxel_size: float
    level: int
    along: tuple[InterfaceDiffusion, ...]
    gap: NDArray[np.float64] = field(repr=False, compare=False)
    blocks: int
    patches: int
    modes: int
    groups: int

    def formation_factor(self, axis: str | int) -> InterfaceDiffusion:
        """Return the formation factor along an axis with its bounds.

        Parameters
        ----------
        axis : "x", "y", "z" or 0, 1, 2

        Raises
        ------
        KeyError
            It was not asked for.
        """
        name = "xyz"[checked_axis(axis, 3)]
        return {one.axis: one for one in self.along}[name]


def interface_network_of_file(
    path: str | Path,
    voxel_size: float | None = None,
    *,
    level: int = 1,
    edge: int = EDGE,
    workers: int | None = None,
    progress: bool = False,
) -> StoredInterfaceNetwork:
    """Bound the formation factor of labels that stay in their file.

    Local solves that an interrupted run finished lie in a folder beside the file and are not
    repeated.

    Parameters
    ----------
    path : HDF5 or OME-Zarr of `poreops partition --out`
    voxel_size : float [m]
        As the file states it by default, else 1; the formation factor does not depend on it.
    level : 0..3, degree of the modes; one more at cuts through large pores
    edge : of the cells of the volume whose regions answer together [voxel]
    workers : processes; `POREOPS_WORKERS`, or one per core, by default
    progress : bool
        Show bars on stderr, or below the cell of a notebook.

    Returns
    -------
    StoredInterfaceNetwork
        Bounds of `poreops.interface_network` with these modes, to rounding, whatever the edge
        and the workers.

    Raises
    ------
    InputError
        No file of regions, an argument out of its range, or regions so wide that a group does not
        fit in memory.
    """
    labels = StoredLabels(Path(path))
    folder = labels.path.with_name(f".{labels.path.name}.blocks")
    found = network_in_groups(
        labels, folder, voxel_size, level=level, edge=edge, processes=workers,
        watch=bar_at_once if progress else unwatched,
    )  # fmt: skip
    shutil.rmtree(folder)
    return found


def network_in_groups(
    labels: StoredLabels,
    folder: Path,
    voxel_size: float | None = None,
    *,
    level: int = 1,
    most: int = MOST_VOXELS,
    edge: int = EDGE,
    axes: Sequence[int] = (0, 1, 2),
    processes: int | None = None,
    watch: Watch = unwatched,
) -> StoredInterfaceNetwork:
    """Solve as `interface_network_of_file` does, with a folder of one's own for the groups.

    Parameters
    ----------
    labels : of the regions
    folder : for the answers of the groups; one of another job is emptied
    voxel_size, level, edge : as of `interface_network_of_file`
    most : voxels of a block; larger regions are cut
    axes : that bounds are wanted of
    processes : as workers there
    watch : shows how far it has come
    """
    checked_count(level, "level", 0, ALL - 1)
    checked_count(edge, "edge", 1)
    size = checked_voxel_size(voxel_size or labels.voxel_size or 1.0)
    processes = _checked_processes(processes)
    job = _prepared(BlockJob(folder, labels, level, most), edge)
    groups = groups_of(labels, edge)
    todo = [group for group in groups if not job.answers(group.number).is_file()]
    _require_memory(todo, processes)
    for _ in watch(parallel_map(job.answer, todo, processes=processes), len(todo), "blocks"):
        pass
    porosity = float(labels.extents.voxels.sum()) / float(np.prod(labels.shape))
    gap = np.zeros((labels.count, 3))
    if not groups:
        along = tuple(diffusion_along(axis, None, labels.shape, porosity) for axis in axes)
        return StoredInterfaceNetwork(labels, size, level, along, gap, 0, 0, 0, 0)
    blocks = joined([job.answers(group.number) for group in groups])
    bounds = dict(
        zip(axes, watch((_along(blocks, a, gap) for a in axes), len(axes), "axes"), strict=True)
    )
    return StoredInterfaceNetwork(
        labels,
        size,
        level,
        tuple(diffusion_along(axis, one, labels.shape, porosity) for axis, one in bounds.items()),
        gap,
        len(blocks.region),
        len(blocks.pair),
        int(blocks.short.modes.sum()),
        len(groups),
    )


def _along(blocks: Joined, axis: int, gap: NDArray[np.float64]) -> Bounds | None:
    """Return the bounds along an axis, None if nothing flows; enter the gap of the regions."""
    members = blocks.percolating(axis)
    if not members.size:
        return None
    short = system(blocks, blocks.short, members, axis)
    x, _ = solved(short)  # any potential gives an upper bound
    cut = system(blocks, blocks.cut, members, axis)
    y, above = solved(cut)
    upper = float(short.energies(x).sum())
    lower = float(cut.energies(y).sum()) - above
    shares = excess(blocks, short, cut, x, y)
    found = Bounds(axis, lower, upper, shares)
    np.add.at(gap[:, axis], blocks.region[members], shares / found.middle)
    return found


def _prepared(job: BlockJob, edge: int) -> BlockJob:
    """Return the job with its folder; answers to another one are removed."""
    path = job.stored.path
    stat = (path / "0" / ".zarray" if path.is_dir() else path).stat()
    described = {
        "labels": str(path.resolve()), "bytes": stat.st_size, "changed": stat.st_mtime_ns,
        "level": job.level, "most": job.most, "edge": edge,
    }  # fmt: skip
    note = job.folder / "job.json"
    if job.folder.is_dir() and not (note.is_file() and read_json(note) == described):
        shutil.rmtree(job.folder)
    if not note.is_file():
        job.folder.mkdir(parents=True, exist_ok=True)
        write_json(note, described)
    return job


def _checked_processes(given: int | None) -> int:
    # one process needs no Dask
    count = given or (workers() if find_spec("distributed") else 1)
    if count > 1:
        needs("pipeline", "a network on several processes")
    return count


def _require_memory(groups: Sequence[Group], processes: int) -> None:
    sizes = [
        int(
            np.prod([b - a for a, b in zip(group.lower, group.upper, strict=True)], dtype=np.int64)
        )
        for group in groups
    ]
    require_memory(
        max(sizes, default=0) * BYTES_PER_VOXEL * min(processes, max(len(groups), 1)),
        "the widest group of regions, in each process,",
        "take fewer workers or smaller chunks",
    )
