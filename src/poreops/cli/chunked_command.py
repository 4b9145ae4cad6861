"""The command `partition`: regions of a volume that need not fit in memory."""

from pathlib import Path
from typing import Annotated

import typer

from poreops.cli import options as o
from poreops.cli.answer import deliver


def partition(
    image: o.Image,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="File of labels: .h5, or .zarr.", show_default=False),
    ],
    chunks: Annotated[
        int, typer.Option("--chunks", help="Edge of a chunk in voxels; memory grows with it.")
    ] = 256,
    r_max: o.PeakRadius = 4,
    sigma: o.Sigma = 0.4,
    voxel_size: o.VoxelSize = None,
    any_voxel_size: o.AnyVoxelSize = False,
    pore_label: o.PoreLabel = None,
    dataset: o.Dataset = None,
    shape: o.Shape = None,
    dtype: o.Dtype = None,
    offset: o.Offset = 0,
    workers: Annotated[
        int | None,
        typer.Option("--workers", help="Processes; as POREOPS_WORKERS by default.", min=1),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
    as_json: o.Json = False,
) -> None:
    """Split the pores of a volume into regions, chunk by chunk; goes on where it stopped."""
    from poreops.cli import chunked_job

    source = o.source(image, dataset, shape, dtype, offset, pore_label, voxel_size, any_voxel_size)
    given = chunked_job.Chunking(chunks, r_max, sigma, workers)
    deliver(
        lambda _: chunked_job.partition(source, out, given, overwrite),
        chunked_job.partition_text, as_json=as_json,
    )  # fmt: skip
