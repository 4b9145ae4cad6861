"""The options of the commands: name, type and one line of help, and what is parsed out of text."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from poreops.errors import InputError

if TYPE_CHECKING:
    from poreops.cli.source import ImageSource

Image = Annotated[
    str,
    typer.Argument(
        help="TIFF, PNG, folder of slices, .npy, .npz, HDF5 (file.h5:/dataset), .mat, .nrrd, "
        ".mhd, .nii, or .raw with --shape and --dtype. Pore is True, 1 or 255; else give "
        "--pore-label.",
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
GreyImage = Annotated[
    str,
    typer.Argument(
        help="Grey slice, or stack of slices: TIFF, PNG, folder, .npy, .npz, HDF5; or segmented "
        "ones.",
        show_default=False,
    ),
]
VoxelSize = Annotated[
    str | None,
    typer.Option(
        "--voxel-size",
        help="Edge of a voxel in metres, or of slices,rows,columns.  [default: as the file "
        "states]",
        show_default=False,
    ),
]
AnyVoxelSize = Annotated[
    bool,
    typer.Option(
        "--any-voxel-size",
        help="Take --voxel-size even outside 1 nm to 1 mm, or against the file.",
    ),
]
PoreLabel = Annotated[
    str | None,
    typer.Option(
        "--pore-label", "--phase",
        help="Value of the pore in a segmented image, or several: 1,2.  [default: the larger of "
        "two values, 1 or 255]",
    ),
]  # fmt: skip
Diffusivity = Annotated[
    list[str] | None,
    typer.Option(
        "--diffusivity",
        help="Of each label of the image, relative to the free one: 0=0,1=1,2=0.25. Several "
        "phases conduct.",
    ),
]
Dataset = Annotated[
    str | None, typer.Option("--dataset", help="Array inside an HDF5 or npz file.")
]
Shape = Annotated[
    str | None,
    typer.Option("--shape", help="Of a raw file: slices,rows,columns, e.g. 400,400,400."),
]
Dtype = Annotated[str | None, typer.Option("--dtype", help="Of a raw file, e.g. uint8 or >u2.")]
Offset = Annotated[
    int, typer.Option("--offset", help="Bytes of a raw file's header, which are skipped.", min=0)
]
Model = Annotated[
    str | None,
    typer.Option("--model", help="Model of model and auto, e.g. models:/conductance@champion."),
]
Method = Annotated[
    str | None,
    typer.Option(
        "--method",
        help="Conductances by dns, model, auto, geometry or shape-factor; interface gives a "
        "bracket instead.  [default: model with --model, else dns]",
    ),
]
Rtol = Annotated[
    float | None,
    typer.Option(
        "--rtol",
        help="Of auto: conduits whose interval is wider than this are simulated, 0 for all; of "
        "interface: width of the bracket, relative to its middle.  [default: 0.05 and 0.03]",
        show_default=False,
        min=0,
    ),
]
Transport = Annotated[
    str,
    typer.Option(
        "--transport", help="What the network carries: diffusion, flow or both; flow by dns."
    ),
]
Quantity = Annotated[
    str, typer.Option("--transport", help="Size factors of diffusion [m] or flow [m3].")
]
Convention = Annotated[
    str,
    typer.Option(
        "--convention",
        help="Where the current of a simulated conduit enters: centroid, or porespy (half a voxel "
        "beside).",
    ),
]
PeakRadius = Annotated[
    int,
    typer.Option(
        "--r-max", help="Radius in voxels of the filter that finds the pores' centres.", min=1
    ),
]
Sigma = Annotated[
    float,
    typer.Option(
        "--sigma", help="Gauss filter before the pores' centres are sought, sd in voxels.", min=0
    ),
]
Axis = Annotated[str, typer.Option("--axis", help="x, y, z or all (array axes 0, 1, 2).")]
Ends = Annotated[
    str,
    typer.Option(
        "--ends", help="Concentrations fixed on the end faces (face) or in the end layers (node)."
    ),
]
Periodic = Annotated[
    str | None, typer.Option("--periodic", help="Axes with periodic sides, e.g. y,z.")
]
Boundary = Annotated[
    str,
    typer.Option(
        "--boundary",
        help="Beyond the faces: reflected, sealed (walls beside the flow) or periodic.",
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
Tolerance = Annotated[
    float | None,
    typer.Option("--tolerance", help="Largest relative deviation of the flux through any layer."),
]
Iterations = Annotated[
    int | None, typer.Option("--iterations", help="Most iterations of the solver.", min=1)
]
Chunks = Annotated[
    int | None,
    typer.Option(
        "--chunks",
        help="Of a volume larger than memory: edge in voxels of chunks, worked on one by one; the "
        "image may be labels of `poreops partition`. --workers are processes.",
    ),
]
Level = Annotated[
    int | None,
    typer.Option(
        "--level",
        help="With --chunks: degree of the modes at each throat.  [default: 1]",
        min=0,
        max=3,
        show_default=False,
    ),
]
Workers = Annotated[
    int | None, typer.Option("--workers", help="Threads; all processors by default.", min=1)
]
Octants = Annotated[
    bool,
    typer.Option(
        "--octants/--no-octants", help="Solve the eight octants: is the image representative?"
    ),
]
Out = Annotated[
    Path,
    typer.Option("--out", "-o", help="New or empty folder for the results.", show_default=False),
]
OptionalOut = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="New or empty folder for the results; none by default."),
]
Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", help="Replace the files that an earlier run wrote into --out."),
]
RockModelUri = Annotated[
    str, typer.Option("--model", help="Model of rock properties, by its URI or folder.")
]
Threshold = Annotated[
    float | None,
    typer.Option(
        "--threshold",
        help="Grey level below which a pixel is pore, above which with --pores bright.  "
        "[default: as the model was trained]",
    ),
]
Pores = Annotated[
    str | None,
    typer.Option(
        "--pores",
        help="Phase that is pore: dark or bright.  [default: dark of greys; of segmented slices "
        "1 or 255, else the darker]",
    ),
]
Mask = Annotated[
    str | None,
    typer.Option(
        "--mask",
        help="Image of the field of view, 1 or 255 inside: a slice, or a stack.  [default: a "
        "border of one grey value, round or straight, is left out]",
    ),
]
AsVolume = Annotated[
    bool,
    typer.Option(
        "--volume",
        help="The image is a segmented volume, or a grey one with --threshold: one diffusion "
        "solve along each --axis, and no model.",
    ),
]
Plugs = Annotated[
    Path | None,
    typer.Option(
        "--plugs",
        help="With --volume: table of `poreops plugs` whose rocks the law is fitted on too.",
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document and nothing else on stdout.")
]


def source(
    image: str,
    dataset: str | None,
    shape: str | None,
    dtype: str | None,
    offset: int,
    pore_label: str | None,
    voxel_size: str | None,
    any_voxel_size: bool,
) -> "ImageSource":
    """Return the image file and how it is read, from the options as they were given."""
    from poreops.cli.source import ImageSource
    from poreops.images.labels import parse_labels
    from poreops.images.spacing import parse_voxel_size

    return ImageSource(
        image, dataset, parsed_shape(shape), dtype, offset, parse_labels(pore_label),
        parse_voxel_size(voxel_size), any_voxel_size,
    )  # fmt: skip


def refuse_with(option: str, given: dict[str, str | None]) -> None:
    """Raise InputError where an option is given that has no meaning beside another.

    Parameters
    ----------
    option : that was given
    given : other option → its value; None was not given
    """
    for name, value in given.items():
        if value is not None:
            raise InputError(f"{name} is for slices, got it with {option}; drop one of the two")


def parsed_shape(shape: str | None) -> tuple[int, ...] | None:
    """Return the shape of a raw file.

    Parameters
    ----------
    shape : slices, rows and columns, separated by , or x; None stays None

    Examples
    --------
    >>> parsed_shape("40,40,36"), parsed_shape("40x36")
    ((40, 40, 36), (40, 36))
    """
    if shape is None:
        return None
    try:
        return tuple(int(n) for n in shape.replace("x", ",").split(","))
    except ValueError:
        raise InputError(
            f"shape must be voxel counts, got {shape!r}; give it as --shape 400,400,400"
        ) from None


def parsed_diffusivity(given: list[str] | None) -> dict[int, float] | None:
    """Return the diffusivity of each label.

    Parameters
    ----------
    given : label=value, several of them separated by commas; None stays None

    Examples
    --------
    >>> parsed_diffusivity(["0=0,1=1", "2=0.25"])
    {0: 0.0, 1: 1.0, 2: 0.25}
    """
    if not given:
        return None
    found: dict[int, float] = {}
    for part in ",".join(given).split(","):
        label, _, value = part.partition("=")
        try:
            number, diffusivity = int(label), float(value)
        except ValueError:
            raise InputError(
                f"a diffusivity must be LABEL=VALUE, got {part!r}; give it as --diffusivity "
                "0=0,1=1,2=0.25"
            ) from None
        if not math.isfinite(diffusivity) or diffusivity < 0:
            raise InputError(
                f"a diffusivity must be finite and >= 0, got {value} for label {number}; give it "
                "relative to the free one"
            )
        if number in found:
            raise InputError(
                f"a label has one diffusivity, got two for {number}; drop one of them"
            )
        found[number] = diffusivity
    return found


def relative_tolerance(
    method: str | None, rtol: float | None, transport: str = "diffusion"
) -> float:
    """Return how narrow intervals or brackets must be, or raise InputError where there are none.

    Parameters
    ----------
    method, rtol, transport : as given
    """
    usual = {"auto": 0.05, "interface": 0.1 if transport == "flow" else 0.03}
    if rtol is not None and method not in usual:
        raise InputError(
            f"rtol belongs to the intervals of a model and the bracket of an interface network, "
            f"got --rtol {rtol:g}; add --method auto or --method interface, or drop it"
        )
    return usual.get(method or "", 0.05) if rtol is None else rtol


def in_chunks(method: str | None, chunks: int | None, level: int | None) -> bool:
    """Tell whether a network is to be built in chunks, or raise InputError where it cannot be.

    Parameters
    ----------
    method, chunks, level : as given
    """
    if level is not None and chunks is None:
        raise InputError(
            f"the degree of the modes follows from --rtol, got --level {level}; drop it, or give "
            "--chunks"
        )
    if level is not None and method != "interface":
        raise InputError(
            f"modes are those of an interface network, got --level {level}; drop it, or give "
            "--method interface"
        )
    return chunks is not None
