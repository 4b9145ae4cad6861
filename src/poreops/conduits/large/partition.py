"""Partition a volume that need not fit in memory, chunk by chunk, on any number of processes."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

import h5py
import numpy as np
from numpy.typing import NDArray

from poreops.base.files import read_json, replacing, write_json
from poreops.base.hdf5 import COMPRESSION, read_hdf5, write_hdf5
from poreops.conduits.large.chunks import SIDES, Box, Chunks
from poreops.conduits.large.job import Flooded, Job
from poreops.conduits.large.joined import Voxels, closed_pores, joined_markers
from poreops.errors import InputError
from poreops.machine.tasks import parallel_map

T = TypeVar("T")

Slabs = Iterable[NDArray[np.bool_]]
"""The volume as consecutive layers along axis 0, (n, ny, nz) each, True = pore."""


class Watch(Protocol):
    """Wraps a stream of so many chunks, with the name of what is being done, as a bar does."""

    def __call__(self, stream: Iterable[T], total: int, name: str) -> Iterable[T]:
        """Yield what the stream yields."""


def unwatched(stream: Iterable[T], total: int, name: str) -> Iterable[T]:  # noqa: ARG001
    """Return the stream as it is.

    Parameters
    ----------
    stream : of what is done
    total : how many things
    name : of what is being done
    """
    return stream


STORED = 64  # edge of the cubes in which pores are stored [voxel]


@dataclass(frozen=True)
class ChunkedRegions:
    """A partition that lies in files.

    Attributes
    ----------
    job : the chunks and their files
    conns : (Nt, 2) int64, 0-based regions i < j that share a face, in lexicographic order
    marked : number of the regions that hold a marker
    closed : number of the pores without one, which are regions too
    rounds : chunks flooded in each round until the labels stood still
    numbers : for each chunk the closed pore, from 0, of each of its pieces
    """

    job: Job
    conns: NDArray[np.int64]
    marked: int
    closed: int
    rounds: tuple[int, ...]
    numbers: list[NDArray[np.int32]] = field(repr=False)

    @property
    def count(self) -> int:
        """Number of regions N."""
        return self.marked + self.closed

    def blocks(self) -> Iterator[tuple[Box, NDArray[np.int32]]]:
        """Yield each chunk's place and labels: 0 solid, 1..N regions."""
        for index in range(len(self.job.chunks)):
            labels = self.job.labels(index)
            if len(self.numbers[index]):
                pieces, _ = self.job.unreached(index, labels)
                inside = pieces > 0
                labels[inside] = self.marked + 1 + self.numbers[index][pieces[inside] - 1]
            yield self.job.chunks.box(index), labels


def prepared(
    slabs: Callable[[], Slabs],
    shape: tuple[int, int, int],
    folder: Path,
    *,
    edge: int,
    r_max: int,
    sigma: float,
    source: object = None,
) -> Job:
    """Lay down the volume in a folder, unless it lies there from an earlier run of the same job.

    Parameters
    ----------
    slabs : starts to read the volume
    shape : of the volume [voxel]
    folder : for the files of the chunks; one of another job is emptied
    edge : of a chunk [voxel]
    r_max, sigma : as of `poreops.conduits.partition.partition`
    source : what tells the volume from others, as JSON holds it

    Raises
    ------
    InputError
        The volume holds no pore or no solid.
    """
    job = Job(folder, Chunks(shape, edge), r_max, sigma)
    described = {
        "shape": list(shape), "edge": edge, "r_max": r_max, "sigma": sigma, "source": source
    }  # fmt: skip
    note = folder / "job.json"
    if folder.is_dir() and not (note.is_file() and read_json(note) == described):
        shutil.rmtree(folder)
    if not job.pores.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        write_json(note, described)
        try:
            _store(slabs(), shape, job.pores)
        except InputError:
            shutil.rmtree(folder)
            raise
    return job


def _store(slabs: Slabs, shape: tuple[int, int, int], path: Path) -> None:
    pores, start = 0, 0
    cube = tuple(min(STORED, n) for n in shape)
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        stored = file.create_dataset("pores", shape, bool, chunks=cube, **COMPRESSION)
        waiting: list[NDArray[np.bool_]] = []
        for slab in slabs:
            pores += int(np.count_nonzero(slab))
            waiting.append(slab)
            if sum(map(len, waiting)) >= STORED:
                layers = np.concatenate(waiting)
                # whole cubes only: one that is written twice is compressed twice
                whole = len(layers) // STORED * STORED
                stored[start : start + whole] = layers[:whole]
                start, waiting = start + whole, [layers[whole:].copy()]
        layers = np.concatenate([np.zeros((0, *shape[1:]), bool), *waiting])
        if start + len(layers) != shape[0]:
            raise InputError(
                f"an image file must be complete, it holds {start + len(layers)} of {shape[0]} "
                "layers; copy or export it again"
            )
        stored[start:] = layers
        if not 0 < pores < np.prod(shape, dtype=np.int64):
            raise InputError(
                f"a volume must hold pores and solid, got {'no pore' if not pores else 'no solid'}"
                "; is the pore label right or inverted?"
            )


def partition_in_chunks(
    job: Job, *, processes: int = 1, watch: Watch = unwatched
) -> ChunkedRegions:
    """Partition a volume in chunks; where it was interrupted, finished chunks are not repeated.

    The markers are those of `poreops.conduits.partition.partition`, bit for bit. The flood is that
    of `poreops.conduits.large.flood`, so that the labels are the same for any chunks and any
    number of processes.

    Parameters
    ----------
    job : that was prepared
    processes : that share the chunks; one is this process
    watch : shows how far it has come

    Returns
    -------
    ChunkedRegions

    Raises
    ------
    InputError
        Pores so wide that a chunk and its margin do not fit in memory.
    """
    every = range(len(job.chunks))
    todo = [index for index in every if not job.peaks(index).is_file()]
    for _ in watch(parallel_map(job.find_peaks, todo, processes=processes), len(todo), "peaks"):
        pass
    if not job.markers.is_file():
        _write_markers(job)
    numbers, _ = read_hdf5(job.markers)
    rounds = _settle(job, processes, watch)
    rests = parallel_map(job.rest, every, processes=processes)
    found = list(watch(rests, len(every), "throats"))
    closed = closed_pores(
        job.chunks.shape,
        [one.starts for one in found],
        [(one.voxels, one.pieces) for one in found],
    )
    pairs = np.unique(np.concatenate([one.pairs for one in found]), axis=0)
    return ChunkedRegions(
        job,
        pairs,
        int(numbers["numbers"].max(initial=0)),
        max((int(n.max(initial=-1)) + 1 for n in closed), default=0),
        rounds,
        closed,
    )


def _write_markers(job: Job) -> None:
    found = []
    for index in range(len(job.chunks)):
        with h5py.File(job.peaks(index), "r") as file:
            found.append((file["peaks"][()], file["tops"][()]))
    peaks, tops = (np.concatenate(lists) for lists in zip(*found, strict=True))

    def distance_at(voxels: Voxels) -> NDArray[np.float32]:
        owner = job.chunks.owner(voxels)
        distance = np.zeros(len(voxels), np.float32)
        for index in np.unique(owner):
            mine = owner == index
            with h5py.File(job.peaks(int(index)), "r") as file:
                squared = file["squared"][()]
            inside = job.chunks.inside(voxels[mine], job.chunks.box(int(index)))
            distance[mine] = np.sqrt(squared.ravel()[inside].astype(np.float32))
        return distance

    voxels, numbers = joined_markers(job.chunks.shape, peaks, tops, distance_at)
    write_hdf5(job.markers, {"voxels": voxels, "numbers": numbers})


def _settle(job: Job, processes: int, watch: Watch) -> tuple[int, ...]:
    """Flood chunks until each was flooded from the states that its neighbours have."""
    last: dict[int, Flooded] = {}
    todo, rounds = list(range(len(job.chunks))), []
    while todo:
        rounds.append(len(todo))
        name = f"flood, round {len(rounds)}"
        flooded = parallel_map(job.flood, todo, processes=processes)
        done = watch(flooded, len(todo), name)
        last |= dict(zip(todo, done, strict=True))
        todo = [index for index in last if _is_stale(job, index, last)]
    return tuple(rounds)


def _is_stale(job: Job, index: int, last: dict[int, Flooded]) -> bool:
    for side, (axis, high) in enumerate(SIDES):
        other = job.chunks.neighbour(index, axis, high)
        if other is not None and last[index].seen[side] != last[other].own[side ^ 1]:
            return True
    return False
