"""The command `partition`: regions of a volume that need not fit in memory."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from poreops.cli import options as o
from poreops.cli.answer import deliver

if TYPE_CHECKING:
    from poreops.cli.source import ImageSource

Labels = Annotated[
    Path,
    typer.Option("--out", "-o", help="File of labels: .h5, or .zarr.", show_default=False),
]
Chunks = Annotated[
    int, typer.Option("--chunks", help="Edge of a chunk in voxels; memory grows with it.")
]
Processes = Annotated[
    int | None,
    typer.Option("--workers", help="Processes; as POREOPS_WORKERS by default.", min=1),
]


def partition(
    image: o.Image,
    out: Labels,
    chunks: Chunks = 256,
    r_max: o.PeakRadius = 4,
    sigma: o.Sigma = 0.4,
    voxel_size: o.VoxelSize = None,
    any_voxel_size: o.AnyVoxelSize = False,
    pore_label: o.PoreLabel = None,
    dataset: o.Dataset = None,
    shape: o.Shape = None,
    dtype: o.Dtype = None,
    offset: o.Offset = 0,
    workers: Processes = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
    as_json: o.Json = False,
) -> None:
    """Split the pores of a volume into regions, chunk by chunk; goes on where it stopped."""
    source = o.source(image, dataset, shape, dtype, offset, pore_label, voxel_size, any_voxel_size)
    in_chunks(source, out, chunks, r_max, sigma, workers, overwrite=overwrite, as_json=as_json)


def in_chunks(
    source: "ImageSource",
    out: Path,
    chunks: int,
    r_max: int,
    sigma: float,
    workers: int | None,
    *,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Partition a volume in chunks and print what was found.

    Parameters
    ----------
    source : of the volume
    out : file of labels to write
    chunks : edge of a chunk [voxel]
    r_max, sigma : as of `poreops.partition`
    workers : processes; None as the environment says
    overwrite : replace the file
    as_json : print JSON
    """
    from poreops.cli import chunked_job

    given = chunked_job.Chunking(chunks, r_max, sigma, workers)
    deliver(
        lambda _: chunked_job.partition(source, out, given, overwrite),
        chunked_job.partition_text, as_json=as_json,
    )  # fmt: skip
