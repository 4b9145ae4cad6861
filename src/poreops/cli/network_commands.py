"""The commands about partitions and drained networks.

Only Typer is imported here; each command loads what it needs.
"""

from typing import Annotated

import typer

from poreops.cli import options as o
from poreops.cli.answer import deliver


def add(app: typer.Typer) -> None:
    """Add the commands to the command line.

    Parameters
    ----------
    app : of all commands
    """
    for command in (partition, drainage):
        app.command()(command)


def partition(
    image: o.Image,
    scored: Annotated[
        bool,
        typer.Option(
            "--score", help="Bracket of the formation factor with linear modes: less is better."
        ),
    ] = False,
    chunks: Annotated[
        int | None,
        typer.Option(
            "--chunks",
            help="Edge in voxels of chunks, worked on one by one from file to file: --out "
            "is a file of labels then, .h5 or .zarr, and --workers are processes.",
        ),
    ] = None,
    voxel_size: o.VoxelSize = None,
    any_voxel_size: o.AnyVoxelSize = False,
    r_max: o.PeakRadius = 4,
    sigma: o.Sigma = 0.4,
    pore_label: o.PoreLabel = None,
    dataset: o.Dataset = None,
    shape: o.Shape = None,
    dtype: o.Dtype = None,
    offset: o.Offset = 0,
    workers: o.Workers = None,
    out: o.OptionalOut = None,
    overwrite: o.Overwrite = False,
    as_json: o.Json = False,
) -> None:
    """Partition an image into pores; score the partition and show which throats it is wrong at."""
    from poreops.cli import score_job

    source = o.source(image, dataset, shape, dtype, offset, pore_label, voxel_size, any_voxel_size)
    if chunks is not None:
        from poreops.cli import chunked_job

        given = chunked_job.Chunking(chunks, r_max, sigma, workers)
        deliver(
            lambda _: chunked_job.partition(source, out, given, overwrite, scored=scored),
            chunked_job.partition_text, as_json=as_json,
        )  # fmt: skip
        return
    deliver(
        lambda folder: score_job.partition(
            source, r_max, sigma, workers, scored=scored, sized=folder is not None
        ),
        score_job.partition_text, as_json=as_json, out=out, overwrite=overwrite,
    )  # fmt: skip


def drainage(
    image: o.Image,
    out: o.Out,
    voxel_size: o.VoxelSize = None,
    any_voxel_size: o.AnyVoxelSize = False,
    inlet: Annotated[
        str, typer.Option("--inlet", help="Face that the invading fluid comes from.")
    ] = "xmin",
    points: Annotated[
        int, typer.Option("--points", help="States, evenly in saturation.", min=2)
    ] = 9,
    surface_tension: Annotated[
        float, typer.Option("--surface-tension", help="Between the fluids [N/m].")
    ] = 0.072,
    contact_angle: Annotated[
        float, typer.Option("--contact-angle", help="Of the fluid that wets, degrees below 90.")
    ] = 0.0,
    trapping: Annotated[
        bool,
        typer.Option("--trapping", help="Pores cut off from the opposite face keep their fluid."),
    ] = False,
    rtol: o.Rtol = None,
    axis: o.Axis = "all",
    r_max: o.PeakRadius = 4,
    sigma: o.Sigma = 0.4,
    pore_label: o.PoreLabel = None,
    octants: o.Octants = True,
    dataset: o.Dataset = None,
    shape: o.Shape = None,
    dtype: o.Dtype = None,
    offset: o.Offset = 0,
    workers: o.Workers = None,
    overwrite: o.Overwrite = False,
    as_json: o.Json = False,
) -> None:
    """Invade the pores from a face; diffusivity of what is left at each saturation."""
    from poreops.cli import drainage_job
    from poreops.cli.jobs import Conductances

    source = o.source(image, dataset, shape, dtype, offset, pore_label, voxel_size, any_voxel_size)
    rtol = o.relative_tolerance("interface", rtol)
    given = Conductances("interface", None, "diffusion", r_max, sigma, workers, None, rtol)
    fluids = drainage_job.Fluids(inlet, points, surface_tension, contact_angle, trapping)
    deliver(
        lambda _: drainage_job.drainage(source, given, fluids, axis, octants),
        drainage_job.drainage_text, as_json=as_json, out=out, overwrite=overwrite,
    )  # fmt: skip
