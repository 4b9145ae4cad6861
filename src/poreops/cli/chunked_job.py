"""What `poreops partition --chunks` does: from a file to a file of labels, chunk by chunk."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.base.arguments import checked_count, checked_number
from poreops.base.content import Json
from poreops.base.extras import needs
from poreops.cli.answer import Answer, Results
from poreops.cli.progress import Clock, progress_bar
from poreops.cli.source import ImageSource
from poreops.conduits.large.files import write_labels_hdf5
from poreops.conduits.large.partition import ChunkedRegions, partition_in_chunks, prepared
from poreops.conduits.partition import MOST_R_MAX
from poreops.errors import InputError
from poreops.images.read import split_path
from poreops.images.streaming import open_pores
from poreops.images.zarr_files import whole_folder, write_array, write_image
from poreops.machine.tasks import workers

HDF5, ZARR = (".h5", ".hdf5"), (".zarr",)
STEP, MOST = 16, 2048  # voxels; chunks of the file divide those of the work


@dataclass(frozen=True)
class Chunking:
    """How a volume is partitioned: edge of a chunk, the filter, and processes that share it."""

    edge: int
    r_max: int
    sigma: float
    processes: int | None

    def checked(self) -> "Chunking":
        """Return this, or raise InputError naming what is out of its range."""
        edge = checked_count(self.edge, "chunks", STEP, MOST)
        if edge % STEP:
            raise InputError(
                f"chunks must be a multiple of {STEP} voxels, got {edge}; give --chunks 256"
            )
        r_max = checked_count(self.r_max, "r_max", most=MOST_R_MAX)
        sigma = checked_number(self.sigma, "sigma", "0.4 is usual")
        if not 0 <= sigma <= MOST_R_MAX:
            raise InputError(
                f"sigma must lie in 0..{MOST_R_MAX} voxels, got {sigma:g}; 0.4 is usual"
            )
        # one process needs no Dask
        count = self.processes or (workers() if find_spec("distributed") else 1)
        if count > 1:
            needs("pipeline", "a partition on several processes")
        return Chunking(edge, r_max, sigma, count)


def partition(
    source: ImageSource, out: Path | None, given: Chunking, overwrite: bool, *, scored: bool
) -> Answer:
    """Partition a volume and write its labels.

    Parameters
    ----------
    source : of the volume
    out : file to write
    given : chunks and parameters
    overwrite : replace the file
    scored : whether a score was asked for, which needs the labels as a whole

    Raises
    ------
    InputError
        If the file is there already, or an argument is out of its range.
    """
    import poreops

    if scored:
        raise InputError("a score needs the labels as a whole, got --chunks; drop one of the two")
    if out is None:
        raise InputError("a partition in chunks needs a file, got none; give --out labels.h5")
    if out.suffix.lower() not in HDF5 + ZARR:
        raise InputError(f"labels are written as HDF5 or Zarr, got {out}; name it {out.stem}.h5")
    if out.exists() and not overwrite:
        raise InputError(f"{out} is there already; choose another name, or say --overwrite")
    given = given.checked()
    clock = Clock()
    folder = out.with_name(f".{out.name}.chunks")
    with open_pores(source.path, pore_label=source.pore_label, **source.options()) as stream:
        with clock.stage("read"):
            job = prepared(
                stream.layers, stream.shape, folder, edge=given.edge, r_max=given.r_max,
                sigma=given.sigma, source=source_state(source),
            )  # fmt: skip
        reading = stream.understood()
    with clock.timed("partition"):
        regions = partition_in_chunks(
            job, processes=given.processes or 1, watch=progress_bar
        )  # fmt: skip
    with clock.stage("write"):
        pores = _write(regions, out, reading.edge)
    shutil.rmtree(folder)
    return Answer(
        {
            "command": "partition",
            "version": poreops.__version__,
            "image": source.path,
            "reading": reading.as_dict(),
            "shape": list(reading.shape),
            "voxel_size_m": reading.edge,
            "porosity": pores / reading.voxels,
            "r_max": given.r_max,
            "sigma": given.sigma,
            "regions": regions.count,
            "closed": regions.closed,
            "throats": len(regions.conns),
            "chunks": {
                "edge": given.edge, "count": len(job.chunks), "flooded": list(regions.rounds)
            },
            "file": out.as_posix(),
            "warnings": list(reading.warnings),
            "seconds": clock.seconds,
        }
    )  # fmt: skip


def source_state(source: ImageSource) -> Json:
    """Return what tells this volume from another of the same shape: its place, size and time.

    Parameters
    ----------
    source : of the volume
    """
    path, dataset = split_path(source.path, source.dataset)
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    stats = [file.stat() for file in files]
    return {
        "path": str(path.resolve()),
        "bytes": sum(stat.st_size for stat in stats),
        "changed": max((stat.st_mtime_ns for stat in stats), default=0),
        "dataset": dataset,
        "pore_label": None if source.pore_label is None else list(source.pore_label),
        "shape": None if source.shape is None else list(source.shape),
        "dtype": source.dtype,
        "offset": source.offset,
    }


def _write(regions: ChunkedRegions, out: Path, voxel_size: float | None) -> int:
    """Write the labels and throats; return the number of pore voxels."""
    pores = 0

    def counted() -> Iterator[tuple[tuple[int, ...], NDArray[np.int32]]]:
        nonlocal pores
        for box, labels in regions.blocks():
            pores += int(np.count_nonzero(labels))
            yield tuple(first for first, _ in box), labels

    chunks = regions.job.chunks
    stored = next(n for n in range(min(64, chunks.edge), 0, -1) if chunks.edge % n == 0)
    if out.suffix.lower() in HDF5:
        write_labels_hdf5(
            out, chunks.shape, counted(), regions.conns, chunk=stored, count=regions.count,
            voxel_size=voxel_size,
        )  # fmt: skip
        return pores
    with whole_folder(out) as folder:
        write_image(
            folder, chunks.shape, counted(), chunk=stored, dtype="<i4", voxel_size=voxel_size
        )
        write_array(folder / "conns", regions.conns.astype("<i8"))
    return pores


def partition_text(results: Results) -> str:
    """Return the results for a terminal.

    Parameters
    ----------
    results : of `partition`
    """
    size = " x ".join(map(str, results["shape"]))
    chunks = results["chunks"]
    flooded = " + ".join(map(str, chunks["flooded"]))
    closed = f", {results['closed']} of them closed pores" if results["closed"] else ""
    return "\n".join(
        [
            f"image     {results['image']}: {size} voxels, porosity {results['porosity']:.4f}",
            f"regions   {results['regions']}{closed}",
            f"throats   {results['throats']}",
            f"chunks    {chunks['count']} of {chunks['edge']} voxels, flooded {flooded}",
            *(f"warning: {text}" for text in results["warnings"]),
            f"written to {results['file']}",
        ]
    )
