"""The command `poreops`: networks and transport properties of images, and digital cores.

Only Typer is imported here; each command loads what it needs.
"""

import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from poreops.base.extras import needs
from poreops.cli import (
    finetune_command,
    line_commands,
    model_commands,
    network_commands,
    platform_commands,
)
from poreops.cli import options as o
from poreops.cli.answer import UnwrittenError, deliver
from poreops.errors import InputError, NotConvergedError

# Typer holds its own copy of click or the installed one; its public error leads to the right base
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]

app = typer.Typer(
    name="poreops",
    help="Pore networks of segmented images, with conductances from simulation or a model.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        import poreops

        typer.echo(f"poreops {poreops.__version__}")
        raise typer.Exit


@app.callback()
def _poreops(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    pass


@app.command()
def sample(
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="File to write, as rock.tif.", show_default=False),
    ],
    size: Annotated[int, typer.Option("--size", help="Edge of the cube in voxels.")] = 96,
    porosity: Annotated[float, typer.Option("--porosity", help="Share of the pores.")] = 0.25,
    seed: Annotated[int, typer.Option("--seed", help="Another seed gives another rock.")] = 1,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
    as_json: o.Json = False,
) -> None:
    """Write a small synthetic rock as a TIFF stack, to try the other commands on."""
    from poreops.cli import sample_job

    deliver(
        lambda _: sample_job.sample(out, size, porosity, seed, overwrite),
        sample_job.sample_text, as_json=as_json,
    )  # fmt: skip


@app.command()
def check(
    image: o.Image,
    voxel_size: o.VoxelSize = None,
    any_voxel_size: o.AnyVoxelSize = False,
    pore_label: o.PoreLabel = None,
    octants: o.Octants = True,
    dataset: o.Dataset = None,
    shape: o.Shape = None,
    dtype: o.Dtype = None,
    offset: o.Offset = 0,
    workers: o.Workers = None,
    out: o.OptionalOut = None,
    overwrite: o.Overwrite = False,
    as_json: o.Json = False,
) -> None:
    """Look at an image before a number from it is believed: phase, connection, resolution."""
    from poreops.cli import bulk_jobs, show

    source = o.source(image, dataset, shape, dtype, offset, pore_label, voxel_size, any_voxel_size)
    deliver(
        lambda _: bulk_jobs.check(source, octants, workers),
        show.check_text, as_json=as_json, out=out, overwrite=overwrite,
    )  # fmt: skip


@app.command()
def network(
    image: o.Image,
    out: o.Out,
    voxel_size: o.VoxelSize = None,
    any_voxel_size: o.AnyVoxelSize = False,
    model: o.Model = None,
    method: o.Method = None,
    transport: o.Transport = "diffusion",
    walls: o.Walls = None,
    rtol: o.Rtol = None,
    chunks: o.Chunks = None,
    level: o.Level = None,
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
    """Build an OpenPNM-ready pore network; its formation factor, tortuosity, permeability."""
    from poreops.cli import jobs, show

    source = o.source(image, dataset, shape, dtype, offset, pore_label, voxel_size, any_voxel_size)
    asked, rtol = rtol, o.relative_tolerance(method, rtol, transport)
    given = jobs.Conductances(method, model, transport, r_max, sigma, workers, walls, rtol)
    if o.in_chunks(method, chunks, level) and method != "interface":
        from poreops.cli import stored_conduits_job as conduits

        deliver(
            lambda _: conduits.network(source, given, chunks or 0, axis, out),
            conduits.network_text, as_json=as_json, out=out, overwrite=overwrite,
        )  # fmt: skip
        return
    if chunks is not None:
        from poreops.cli import stored_network_job as stored

        deliver(
            lambda _: stored.stored_network(source, given, chunks or 0, level, asked, axis, out),
            stored.stored_network_text, as_json=as_json, out=out, overwrite=overwrite,
        )  # fmt: skip
        return
    if method == "interface":
        from poreops.cli.interface_job import interface

        deliver(
            lambda _: interface(source, given, rtol, axis, octants),
            show.interface_text, as_json=as_json, out=out, overwrite=overwrite,
        )  # fmt: skip
        return
    deliver(
        lambda _: jobs.network(source, given, axis, octants),
        show.network_text, as_json=as_json, out=out, overwrite=overwrite,
    )  # fmt: skip


@app.command("size-factors")
def size_factors(
    image: o.Image,
    voxel_size: o.VoxelSize = None,
    any_voxel_size: o.AnyVoxelSize = False,
    out: o.OptionalOut = None,
    model: o.Model = None,
    method: o.Method = None,
    transport: o.Quantity = "diffusion",
    walls: o.Walls = None,
    rtol: o.Rtol = None,
    convention: o.Convention = "centroid",
    r_max: o.PeakRadius = 4,
    sigma: o.Sigma = 0.4,
    pore_label: o.PoreLabel = None,
    dataset: o.Dataset = None,
    shape: o.Shape = None,
    dtype: o.Dtype = None,
    offset: o.Offset = 0,
    workers: o.Workers = None,
    overwrite: o.Overwrite = False,
    as_json: o.Json = False,
) -> None:
    """Partition an image and give the size factor of every throat, of diffusion or of flow."""
    from poreops.cli import jobs, show

    source = o.source(image, dataset, shape, dtype, offset, pore_label, voxel_size, any_voxel_size)
    rtol = o.relative_tolerance(method, rtol)
    given = jobs.Conductances(method, model, transport, r_max, sigma, workers, walls, rtol)
    if out is not None:
        needs("networks", "a folder of size factors")
    deliver(
        lambda _: jobs.size_factors(source, given, convention),
        show.size_factors_text, as_json=as_json, out=out, overwrite=overwrite,
    )  # fmt: skip


@app.command("formation-factor")
def formation_factor(
    image: o.Image,
    axis: o.Axis = "all",
    voxel_size: o.VoxelSize = None,
    any_voxel_size: o.AnyVoxelSize = False,
    out: o.OptionalOut = None,
    pore_label: o.PoreLabel = None,
    diffusivity: o.Diffusivity = None,
    ends: o.Ends = "face",
    periodic: o.Periodic = None,
    tolerance: o.Tolerance = None,
    octants: o.Octants = True,
    dataset: o.Dataset = None,
    shape: o.Shape = None,
    dtype: o.Dtype = None,
    offset: o.Offset = 0,
    workers: o.Workers = None,
    overwrite: o.Overwrite = False,
    as_json: o.Json = False,
) -> None:
    """Solve diffusion in the whole image: formation factor and tortuosity without a network."""
    from poreops.cli import bulk_jobs, show

    source = o.source(image, dataset, shape, dtype, offset, pore_label, voxel_size, any_voxel_size)
    phases = o.parsed_diffusivity(diffusivity)
    numerics = bulk_jobs.Numerics(tolerance, None, workers)
    deliver(
        lambda _: bulk_jobs.formation_factor(
            source, axis, phases, ends, periodic, numerics, octants
        ),
        show.formation_factor_text, as_json=as_json, out=out, overwrite=overwrite,
    )  # fmt: skip


@app.command()
def permeability(
    image: o.Image,
    voxel_size: o.VoxelSize = None,
    any_voxel_size: o.AnyVoxelSize = False,
    axis: o.Axis = "all",
    out: o.OptionalOut = None,
    pore_label: o.PoreLabel = None,
    boundary: o.Boundary = "reflected",
    walls: o.Walls = None,
    refine: o.Refine = 1,
    tolerance: o.Tolerance = None,
    iterations: o.Iterations = None,
    octants: o.Octants = True,
    dataset: o.Dataset = None,
    shape: o.Shape = None,
    dtype: o.Dtype = None,
    offset: o.Offset = 0,
    workers: o.Workers = None,
    overwrite: o.Overwrite = False,
    as_json: o.Json = False,
) -> None:
    """Solve Stokes flow in the whole image: permeability without a network."""
    from poreops.cli import bulk_jobs, show

    source = o.source(image, dataset, shape, dtype, offset, pore_label, voxel_size, any_voxel_size)
    numerics = bulk_jobs.Numerics(tolerance, iterations, workers)
    deliver(
        lambda _: bulk_jobs.permeability(
            source, axis, boundary, walls or "stepped", refine, numerics, octants
        ),
        show.permeability_text, as_json=as_json, out=out, overwrite=overwrite,
    )  # fmt: skip


network_commands.add(app)
line_commands.add(app)
app.add_typer(model_commands.models)
app.command()(finetune_command.finetune)
app.command()(model_commands.serve)
app.command(
    context_settings={
        "allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": [],
    }
)(model_commands.mlflow)  # fmt: skip
platform_commands.add(app)


def main() -> NoReturn:
    """Run the command; bad input is one line on stderr and exit code 2."""
    # a run that is told to end removes its temporary folder as an interrupted one does
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, _end)
    sys.exit(run(sys.argv[1:]))


def _end(number: int, _: object) -> NoReturn:
    # a second one must not interrupt the cleaning
    for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


def run(arguments: list[str]) -> int:
    """Run the command with these arguments and return its exit code."""
    # TensorFlow's greetings are no messages of ours
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    command = typer.main.get_command(app)
    try:
        code = command.main(arguments or ["--help"], prog_name="poreops", standalone_mode=False)
    except (InputError, NotConvergedError) as error:
        return _fail(str(error), 2)
    except _UsageError as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "poreops"
        message = getattr(error, "format_message", error.__str__)()
        return _fail(f"{message.rstrip('.')}; see {path} --help", 2)
    except (typer.Abort, KeyboardInterrupt):
        return _fail("interrupted; nothing was written", 130)
    except MemoryError as error:
        return _fail(f"out of memory ({error}); crop the image", 1)
    except UnwrittenError as error:
        return _fail(str(error), 1)
    except OSError as error:
        return _fail(f"{error.strerror or error} ({error.filename or 'output'})", 1)
    except Exception as error:  # noqa: BLE001 - the last resort of a command
        if os.environ.get("POREOPS_DEBUG"):
            traceback.print_exc()
        return _fail(
            f"this is a fault of poreops, {type(error).__name__}: {error}; nothing was written; "
            "POREOPS_DEBUG=1 shows where it happened, please report that",
            1,
        )
    return code if isinstance(code, int) else 0


def _fail(message: str, code: int) -> int:
    typer.echo(f"error: {' '.join(message.split())}", err=True)
    return code
