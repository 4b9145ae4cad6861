"""Read a segmented image as a boolean array, True = pore, and say how it was understood."""

import math
import re
import warnings as python_warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray

from poreops.base.arrays import Values
from poreops.errors import InputError
from poreops.images.formats import Source, open_image
from poreops.images.labels import PoreLabel, PoreTest, checked_labels
from poreops.images.numpy_files import order_warning
from poreops.images.reading import Reading, ReadingWarning, Volume
from poreops.images.spacing import VoxelSize, cubes, resolve
from poreops.images.stored import SLAB_BYTES, StoredImage, fill
from poreops.machine.memory import require_memory

_DATASET_PATH = re.compile(
    r"^(?P<file>.+\.(?:h5|hdf5|hdf|nxs|mat)):(?P<dataset>.+)$", re.IGNORECASE
)
Layers = tuple[NDArray[np.intp] | None, ...]


def read_header(
    path: str | Path,
    *,
    dataset: str | None = None,
    shape: tuple[int, ...] | None = None,
    dtype: DTypeLike | None = None,
    offset: int = 0,
    voxel_size: VoxelSize | None = None,
    any_voxel_size: bool = False,
) -> Reading:
    """Read what an image file says of itself, not its voxels; arguments as `read_volume`."""
    file, dataset = split_path(path, dataset)
    with open_image(file, Source(dataset, shape, dtype, offset)) as stored:
        return described(file, stored, voxel_size, any_voxel_size)[0]


def read_image(
    path: str | Path,
    *,
    dataset: str | None = None,
    shape: tuple[int, ...] | None = None,
    dtype: DTypeLike | None = None,
    offset: int = 0,
    pore_label: PoreLabel | None = None,
) -> NDArray[np.bool_]:
    """Read a segmented image as a boolean array, True = pore.

    What `read_volume` notes as a warning is issued as a `ReadingWarning` here.

    Parameters
    ----------
    path : str or Path
        A file of any format of `read_volume`, or a folder of slices.
    dataset : str, optional
        Array inside a `.npz`, HDF5 or mat file; not needed if there is one, or one named `im`.
    shape, dtype, offset : optional
        Of a raw file, which does not know them: slices, rows, columns in C order, e.g.
        `(400, 512, 512)`, `"uint8"`, and the bytes of a header.
    pore_label : int or sequence of int, optional
        The values of pore voxels. Without it the image must be binary: boolean, {0, 1} or
        {0, 255}, and pore is the larger value.

    Returns
    -------
    (nx, ny) or (nx, ny, nz) bool
        True = pore; axes 0, 1, 2 are the file's slices, rows and columns.

    Raises
    ------
    InputError
        If the file cannot be read as one segmented image.
    """
    volume = read_volume(
        path, dataset=dataset, shape=shape, dtype=dtype, offset=offset, pore_label=pore_label
    )
    for text in volume.reading.warnings:
        python_warnings.warn(text, ReadingWarning, stacklevel=2)
    return volume.image


def read_volume(
    path: str | Path,
    *,
    dataset: str | None = None,
    shape: tuple[int, ...] | None = None,
    dtype: DTypeLike | None = None,
    offset: int = 0,
    pore_label: PoreLabel | None = None,
    voxel_size: VoxelSize | None = None,
    any_voxel_size: bool = False,
) -> Volume:
    """Read a segmented image and how it was understood.

    The file is read slab by slab, so that memory holds one byte a voxel and one slab. Array axes
    0, 1, 2 are the file's slices, rows and columns, and are called x, y, z; an axis of one voxel
    keeps its place. Voxels that are no cubes are resampled to the smallest edge, by the nearest
    voxel.

    Parameters
    ----------
    path : str or Path
        `.tif`/`.tiff`, `.npy`, `.npz`, `.h5`/`.hdf5`/`.nxs`/`.mat` (also written
        `file.h5:/dataset`), `.raw`/`.bin`/`.dat`, `.png`/`.jpg`/`.bmp`, a folder of slices, or
        with SimpleITK `.nrrd`/`.mhd`/`.nii`.
    dataset : str, optional
        Array inside a `.npz`, HDF5 or mat file; not needed if there is one, or one named `im`.
    shape, dtype, offset : optional
        Of a raw file, which does not know them: slices, rows, columns in C order, e.g.
        `(400, 512, 512)`, `"uint8"`, and the bytes of a header.
    pore_label : int or sequence of int, optional
        The values of pore voxels. Without it the image must be binary: boolean, {0, 1} or
        {0, 255}, and pore is the larger value.
    voxel_size : float or one for each axis, optional
        Edge of a voxel [m]. Without it the file's own counts, if it states one.
    any_voxel_size : bool
        Take `voxel_size` even if it contradicts the file or lies outside 1 nm to 1 mm.

    Returns
    -------
    Volume
        image : (nx, ny) or (nx, ny, nz) bool, C-contiguous.

    Raises
    ------
    InputError
        The file is missing, truncated, incomplete, of an unknown format, larger than memory; its
        image is not 2D or 3D, has channels, holds NaN, is not binary and comes without a pore
        label, or has no pore; the voxel size contradicts the file.
    """
    labels = checked_labels(pore_label)
    file, dataset = split_path(path, dataset)
    with open_image(file, Source(dataset, shape, dtype, offset)) as stored:
        reading, layers = described(file, stored, voxel_size, any_voxel_size)
        require_room(file, stored, reading, itemsize=1)
        test = PoreTest(labels, file.name, stored)
        pore = np.empty(stored.image_shape, dtype=np.bool_)
        fill(pore, stored, test, file.name)
        if not pore.any():
            raise InputError(test.no_pore())
        found, rule = test.rule()
    pore = pore.reshape(without_extra_axes(stored.image_shape)[0])
    notes = [*reading.warnings, *test.warnings()]
    if stored.raw and (order := order_warning(pore)) is not None:
        notes.append(order)
    if stored.white is not None:
        notes.append(_photometric(found, file.name))
    return Volume(
        resampled(pore, layers),
        replace(
            reading, pore_labels=found, pore_rule=rule,
            photometric=None if stored.white is None else "stored values, zero is shown white",
            warnings=tuple(dict.fromkeys(notes)),
        ),
    )  # fmt: skip


def described(
    file: Path, stored: StoredImage, voxel_size: VoxelSize | None, any_size: bool
) -> tuple[Reading, Layers]:
    """Check an open image; return how it is understood, and the layers that make cubes.

    Parameters
    ----------
    file : for messages
    stored : open image
    voxel_size : given [m], in place of what the file says
    any_size : take sizes outside 1 nm to 1 mm too
    """
    if stored.dtype.kind not in "biuf":
        raise InputError(
            f"an image must hold labels (boolean, integer or float), {file.name} holds "
            f"{stored.dtype}; save it as uint8"
        )
    shape, kept = without_extra_axes(stored.image_shape)
    if len(shape) not in {2, 3} or min(shape) < 1 or sum(n > 1 for n in shape) < 2:
        named = f" (axes {stored.axes})" if stored.axes else ""
        raise InputError(
            f"an image must have 2 or 3 axes, two of them longer than one voxel, {file.name} has "
            f"shape {stored.image_shape}{named}; save one volume without time or channel axes"
        )
    notes = list(stored.warnings)
    if len(kept) < len(stored.image_shape):
        notes.append(
            f"{file.name} has shape {stored.image_shape}; its array axes "
            f"{', '.join(map(str, kept))} were taken as {', '.join('xyz'[: len(kept)])}"
        )
    stated = stored.spacing
    if stated is not None:
        stated = replace(stated, edges=tuple(stated.edges[axis] for axis in kept))
    edges, source, more = resolve(voxel_size, stated, shape, any_size=any_size, name=file.name)
    layers: Layers = (None,) * len(shape)
    resampling, new = None, shape
    if edges is not None:
        edge, layers = cubes(edges, shape)
        new = tuple(
            n if index is None else len(index) for n, index in zip(shape, layers, strict=True)
        )
        if new != shape:
            resampling = (
                f"{times(new)} cubes of {edge:.6g} m by the nearest voxel, from {times(shape)} "
                f"voxels of {' x '.join(f'{e:.6g}' for e in edges)} m"
            )
            more.append(
                f"{file.name} has voxels that are no cubes; it was resampled to {resampling}"
            )
        edges = (edge,) * len(shape)
    return Reading(
        path=file, format=stored.format, dataset=stored.dataset, file_shape=stored.image_shape,
        dtype=stored.dtype, axes=stored.axes, shape=new, voxel_size=edges,
        voxel_size_source=source, resampling=resampling, lossy=stored.lossy,
        warnings=(*notes, *more),
    ), layers  # fmt: skip


def require_room(file: Path, stored: StoredImage, reading: Reading, itemsize: int) -> None:
    """Refuse an image that does not fit in memory, before a voxel is read.

    Parameters
    ----------
    file : for the message
    stored : open image
    reading : how it is understood
    itemsize : bytes of a voxel once it is read
    """
    slab = math.prod(stored.shape) * stored.dtype.itemsize
    voxels = math.prod(stored.shape)
    require_memory(
        itemsize * (voxels + (reading.voxels if reading.resampling else 0))
        + (min(slab, SLAB_BYTES) if stored.sliceable else slab),
        f"reading {file.name} of {times(reading.shape)} voxels",
        "crop the image to a part",
    )


def resampled(image: Values, layers: Layers) -> Values:
    """Repeat layers along each axis that has a list of them.

    Parameters
    ----------
    image : of any shape
    layers : for each axis the layers to take, in order, or None for all once
    """
    for axis, index in enumerate(layers):
        if index is not None:
            image = image.take(index, axis)
    return image


def split_path(path: str | Path, dataset: str | None) -> tuple[Path, str | None]:
    """Split `file.h5:/dataset` into its two parts.

    Parameters
    ----------
    path : of a file, perhaps with a dataset
    dataset : given apart
    """
    match = _DATASET_PATH.match(str(path))
    if match is None or Path(path).exists():
        return Path(path), dataset
    if dataset is not None:
        raise InputError(
            f"a dataset is named once, got {match['dataset']!r} in the path and {dataset!r}; "
            "drop one of the two"
        )
    return Path(match["file"]), match["dataset"]


def times(shape: tuple[int, ...]) -> str:
    """Return a shape for people: 4 x 5 x 6.

    Parameters
    ----------
    shape : of an image
    """
    return " x ".join(str(n) for n in shape)


def without_extra_axes(shape: tuple[int, ...]) -> tuple[tuple[int, ...], list[int]]:
    """Leave out axes of one voxel beyond the third: leading ones, then trailing, then inner.

    Up to three axes keep their places, so that array axes 0, 1, 2 keep their names.

    Parameters
    ----------
    shape : as stored
    """
    kept = list(range(len(shape)))
    while len(kept) > 3:
        ones = [axis for axis in kept if shape[axis] == 1]
        if not ones:
            break
        first = next((axis for axis in (kept[0], kept[-1]) if shape[axis] == 1), ones[0])
        kept.remove(first)
    return tuple(shape[axis] for axis in kept), kept


def _photometric(labels: tuple[int, ...], name: str) -> str:
    """Say which reading was taken of a TIFF that shows zero white."""
    taken = f"{name} shows zero as white; labels were taken as stored, not as shown: "
    if 0 in labels:
        return f"{taken}the pores, 0, are white; --pore-label chooses others"
    listed = ", ".join(map(str, labels))
    return f"{taken}{listed} is darker than 0; for the other phase give --pore-label 0"
