"""The command `poreops`: networks and transport properties of images, and digital cores.

Only Typer is imported here; each command loads what it needs.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from poreops.errors import InputError, NotConvergedError

# Typer holds its own copy of click or the installed one; its public error leads to the right base
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]

app = typer.Typer(
    name="poreops",
    help="Pore networks of segmented images, with conductances from simulation or a model.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Image = Annotated[
    str,
    typer.Argument(
        help="TIFF stack, .npy, .npz, HDF5 (file.h5:/dataset) or .raw with --shape and --dtype. "
        "Pore is True, 1 or 255.",
        show_default=False,
    ),
]
ImageSet = Annotated[
    str,
    typer.Argument(
        help="Folder of 8-bit grey images of one size (TIFF, PNG, npy, ...), or one stack.",
        show_default=False,
    ),
]
VoxelSize = Annotated[
    float, typer.Option("--voxel-size", help="Edge of a voxel in metres.", show_default=False)
]
OptionalVoxelSize = Annotated[
    float | None,
    typer.Option("--voxel-size", help="Edge of a voxel in metres; written to the results."),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model", help="Model of the method `model`, e.g. models:/conductance@champion."
    ),
]
Method = Annotated[
    str | None,
    typer.Option(
        "--method",
        help="Conductances by dns, model, geometry or shape-factor.  [default: model with "
        "--model, else dns]",
    ),
]
Transport = Annotated[
    str,
    typer.Option(
        "--transport", help="What the network carries: diffusion, flow or both; flow by dns."
    ),
]
Walls = Annotated[
    str | None,
    typer.Option(
        "--walls",
        help="Of flow: stepped takes the voxels as cubes, smooth as samples of smooth grains.  "
        "[default: stepped, or those of the model]",
    ),
]
Refine = Annotated[
    int,
    typer.Option(
        "--refine",
        help="2 splits each voxel and solves once more: states the discretisation error.",
    ),
]
Axis = Annotated[str, typer.Option("--axis", help="x, y, z or all (array axes 0, 1, 2).")]
Out = Annotated[
    Path, typer.Option("--out", "-o", help="Folder for the results.", show_default=False)
]
OptionalOut = Annotated[
    Path | None, typer.Option("--out", "-o", help="Folder for the results; none by default.")
]
PoreLabel = Annotated[
    int | None, typer.Option("--pore-label", help="Value of the pore in a segmented image.")
]
Dataset = Annotated[
    str | None, typer.Option("--dataset", help="Array inside an HDF5 or npz file.")
]
Shape = Annotated[
    str | None, typer.Option("--shape", help="Of a raw file, e.g. 400,400,400 (C order).")
]
Dtype = Annotated[str | None, typer.Option("--dtype", help="Of a raw file, e.g. uint8 or >u2.")]
Workers = Annotated[
    int | None, typer.Option("--workers", help="Threads; all processors by default.", min=1)
]
GreyImage = Annotated[
    str,
    typer.Argument(
        help="Grey slice, or stack of slices: TIFF, .npy, .npz or HDF5; pores are dark.",
        show_default=False,
    ),
]
RockModelUri = Annotated[
    str, typer.Option("--model", help="Model of rock properties, by its URI or folder.")
]
Threshold = Annotated[
    float | None,
    typer.Option(
        "--threshold",
        help="Grey level below which a pixel is pore.  [default: as the model was trained]",
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document and nothing else on stdout.")
]


@app.command()
def network(
    image: Image,
    voxel_size: VoxelSize,
    out: Out,
    model: Model = None,
    method: Method = None,
    transport: Transport = "diffusion",
    walls: Walls = None,
    axis: Axis = "all",
    pore_label: PoreLabel = None,
    dataset: Dataset = None,
    shape: Shape = None,
    dtype: Dtype = None,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Build an OpenPNM-ready pore network; its formation factor, tortuosity, permeability."""
    from poreops.cli import jobs, show

    source = jobs.ImageSource(image, dataset, _parsed_shape(shape), dtype, pore_label)
    results = jobs.network(source, voxel_size, method, model, transport, axis, out, workers, walls)
    _show(results, show.network_text, as_json, out)


@app.command("size-factors")
def size_factors(
    image: Image,
    voxel_size: VoxelSize,
    out: OptionalOut = None,
    model: Model = None,
    method: Method = None,
    pore_label: PoreLabel = None,
    dataset: Dataset = None,
    shape: Shape = None,
    dtype: Dtype = None,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Partition an image and give the diffusive size factor of every throat."""
    from poreops.cli import jobs, show

    source = jobs.ImageSource(image, dataset, _parsed_shape(shape), dtype, pore_label)
    results = jobs.size_factors(source, voxel_size, method, model, out, workers)
    _show(results, show.size_factors_text, as_json, out)


@app.command("formation-factor")
def formation_factor(
    image: Image,
    axis: Axis = "all",
    voxel_size: OptionalVoxelSize = None,
    out: OptionalOut = None,
    pore_label: PoreLabel = None,
    dataset: Dataset = None,
    shape: Shape = None,
    dtype: Dtype = None,
    as_json: Json = False,
) -> None:
    """Solve diffusion in the whole image: formation factor and tortuosity without a network."""
    from poreops.cli import jobs, show

    source = jobs.ImageSource(image, dataset, _parsed_shape(shape), dtype, pore_label)
    results = jobs.formation_factor(source, axis, voxel_size, out)
    _show(results, show.formation_factor_text, as_json, out)


@app.command()
def permeability(
    image: Image,
    voxel_size: VoxelSize,
    axis: Axis = "all",
    walls: Walls = None,
    refine: Refine = 1,
    out: OptionalOut = None,
    pore_label: PoreLabel = None,
    dataset: Dataset = None,
    shape: Shape = None,
    dtype: Dtype = None,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Solve Stokes flow in the whole image: permeability without a network."""
    from poreops.cli import jobs, show

    source = jobs.ImageSource(image, dataset, _parsed_shape(shape), dtype, pore_label)
    results = jobs.permeability(source, axis, voxel_size, out, workers, walls or "stepped", refine)
    _show(results, show.permeability_text, as_json, out)


@app.command()
def properties(
    image: GreyImage,
    voxel_size: VoxelSize,
    model: RockModelUri = "models:/rock-properties@champion",
    threshold: Threshold = None,
    out: OptionalOut = None,
    as_json: Json = False,
) -> None:
    """Predict porosity and permeability from grey micro-CT slices, with intervals."""
    from poreops.cli import jobs, show

    results = jobs.properties(image, voxel_size, model, threshold, out)
    _show(results, show.properties_text, as_json, out)


@app.command()
def generate(
    model: Annotated[
        str,
        typer.Option("--model", help="E.g. models:/digital-core@champion.", show_default=False),
    ],
    out: Out,
    count: Annotated[int, typer.Option("-n", "--count", help="Number of cores.")] = 1,
    size: Annotated[
        int | None,
        typer.Option("--size", help="Edge in pixels; that of the training patches by default."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Another seed gives other cores.")] = 0,
    as_json: Json = False,
) -> None:
    """Draw grey digital cores from a trained generator, one TIFF each."""
    from poreops.cli import core_jobs, show

    results = core_jobs.generate(model, count, size, seed, out)
    _show(results, show.generate_text, as_json, out)


@app.command()
def score(
    real: ImageSet,
    generated: ImageSet,
    extractor: Annotated[
        str,
        typer.Option("--extractor", help="Features by efficientnet-lite0 or inception-v3."),
    ] = "efficientnet-lite0",
    smoothing: Annotated[
        float,
        typer.Option("--smoothing", help="Gauss filter before segmentation, sd in pixels.", min=0),
    ] = 1.5,
    r_max: Annotated[
        int | None,
        typer.Option("--r-max", help="Largest lag of S2; a quarter of the edge.", min=1),
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare two sets of grey images: two-point correlation, FID and KID."""
    from poreops.cli import core_jobs, show

    results = core_jobs.score(real, generated, extractor, smoothing, r_max)
    _show(results, show.score_text, as_json, None)


def main() -> NoReturn:
    """Run the command; bad input is one line on stderr and exit code 2."""
    # a terminated run removes its temporary folder as an interrupted one does
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(run(sys.argv[1:]))


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
    except OSError as error:
        return _fail(f"{error.strerror or error} ({error.filename or 'output'})", 1)
    return code if isinstance(code, int) else 0


def _fail(message: str, code: int) -> int:
    typer.echo(f"error: {' '.join(message.split())}", err=True)
    return code


def _parsed_shape(shape: str | None) -> tuple[int, ...] | None:
    if shape is None:
        return None
    try:
        return tuple(int(n) for n in shape.replace("x", ",").split(","))
    except ValueError:
        raise InputError(
            f"shape must be voxel counts, got {shape!r}; give it as --shape 400,400,400"
        ) from None


def _show(results: dict[str, Any], text: Any, as_json: bool, out: Path | None) -> None:
    if as_json:
        import json

        typer.echo(json.dumps(results, indent=2, allow_nan=False))
        return
    typer.echo(text(results))
    if out is not None:
        typer.echo(f"written to {out}")
