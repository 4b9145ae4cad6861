"""The commands of rock properties and digital cores.

Only Typer is imported here; each command loads what it needs.
"""

from pathlib import Path
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
    for command in (properties, plugs, generate, score):
        app.command()(command)


def properties(
    image: o.GreyImage,
    voxel_size: o.VoxelSize = None,
    any_voxel_size: o.AnyVoxelSize = False,
    model: o.RockModelUri = "models:/rock-properties@champion",
    threshold: o.Threshold = None,
    pores: o.Pores = None,
    pore_label: o.PoreLabel = None,
    mask: o.Mask = None,
    volume: o.AsVolume = False,
    own_plugs: o.Plugs = None,
    axis: o.Axis = "all",
    workers: o.Workers = None,
    out: o.OptionalOut = None,
    overwrite: o.Overwrite = False,
    as_json: o.Json = False,
) -> None:
    """Predict porosity and permeability from grey micro-CT slices, or of a small volume."""
    from poreops.cli import rock_jobs, show
    from poreops.images.labels import parse_labels
    from poreops.images.spacing import parse_voxel_size

    if volume:
        from poreops.cli import volume_job

        o.refuse_with("--volume", {"--pores": pores, "--mask": mask})
        source = o.source(image, None, None, None, 0, pore_label, voxel_size, any_voxel_size)
        deliver(
            lambda _: volume_job.volume_properties(source, axis, threshold, own_plugs, workers),
            volume_job.volume_text, as_json=as_json, out=out, overwrite=overwrite,
        )  # fmt: skip
        return
    edges = parse_voxel_size(voxel_size)
    phase = rock_jobs.Phase(threshold, pores, parse_labels(pore_label), mask)
    deliver(
        lambda _: rock_jobs.properties(image, edges, any_voxel_size, model, phase),
        show.properties_text, as_json=as_json, out=out, overwrite=overwrite,
    )  # fmt: skip


def plugs(
    images: Annotated[
        list[str], typer.Argument(help="Segmented volumes of one rock.", show_default=False)
    ],
    table: Annotated[
        Path,
        typer.Option("--table", help="CSV that the plugs are added to.", show_default=False),
    ],
    rock: Annotated[
        str | None,
        typer.Option("--rock", help="What is left out together.  [default: the file's name]"),
    ] = None,
    edge: Annotated[int, typer.Option("--edge", help="Of a plug, in voxels.", min=32)] = 128,
    count: Annotated[int, typer.Option("--count", help="Most plugs of a volume.", min=1)] = 8,
    pore_label: o.PoreLabel = None,
    workers: o.Workers = None,
    as_json: o.Json = False,
) -> None:
    """Cut volumes into plugs and simulate flow and diffusion in each; goes on where it stopped."""
    from poreops.cli import plugs_job

    deliver(
        lambda _: plugs_job.plugs(images, table, rock, edge, count, pore_label, workers),
        plugs_job.plugs_text, as_json=as_json,
    )  # fmt: skip


def generate(
    model: Annotated[
        str,
        typer.Option("--model", help="E.g. models:/digital-core@champion.", show_default=False),
    ],
    out: o.Out,
    count: Annotated[int, typer.Option("-n", "--count", help="Number of cores.")] = 1,
    size: Annotated[
        int | None,
        typer.Option("--size", help="Edge in pixels; that of the training patches by default."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Another seed gives other cores.")] = 0,
    porosity: Annotated[
        float | None,
        typer.Option("--porosity", help="Share of pores of every core; that of the rock if none."),
    ] = None,
    ore_share: Annotated[
        float | None,
        typer.Option("--ore-share", help="Share of ores of every core; that of the rock if none."),
    ] = None,
    segment: Annotated[
        bool, typer.Option("--segment", help="Write the pores too: mask_0000.tif, ...")
    ] = False,
    overwrite: o.Overwrite = False,
    as_json: o.Json = False,
) -> None:
    """Draw grey digital cores from a trained generator, one TIFF each."""
    from poreops.cli import core_jobs, show

    deliver(
        lambda folder: core_jobs.generate(
            model, count, size, seed, porosity, ore_share, segment, folder
        ),
        show.generate_text, as_json=as_json, out=out, overwrite=overwrite,
    )  # fmt: skip


def score(
    real: o.ImageSet,
    generated: o.ImageSet,
    extractor: Annotated[
        str,
        typer.Option(
            "--extractor", help="Features by efficientnet-lite0, inception-v3 or wavelets."
        ),
    ] = "efficientnet-lite0",
    smoothing: Annotated[
        float,
        typer.Option("--smoothing", help="Gauss filter before segmentation, sd in pixels.", min=0),
    ] = 1.5,
    r_max: Annotated[
        int | None,
        typer.Option("--r-max", help="Largest lag of S2; a quarter of the edge.", min=1),
    ] = None,
    as_json: o.Json = False,
) -> None:
    """Compare two sets of grey images: two-point correlation, FID and KID."""
    from poreops.cli import core_jobs, show

    deliver(
        lambda _: core_jobs.score(real, generated, extractor, smoothing, r_max),
        show.score_text, as_json=as_json,
    )  # fmt: skip
