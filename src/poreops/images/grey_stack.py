"""Read grey slices from any format, in the scale that they are stored in, as they are shown."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from poreops.base.arrays import Values
from poreops.errors import InputError
from poreops.images.formats import SLICES, WITH_DATASETS, Source, open_image
from poreops.images.picture_files import slice_files
from poreops.images.read import require_room, split_path, without_extra_axes
from poreops.images.reading import Reading, Volume
from poreops.images.spacing import TOLERANCE, VoxelSize, resolve
from poreops.images.stored import StoredImage, fill

GREY_FILES = SLICES | WITH_DATASETS


def read_stack(
    path: str | Path,
    *,
    dataset: str | None = None,
    voxel_size: VoxelSize | None = None,
    any_voxel_size: bool = False,
) -> Volume:
    """Read a grey slice or a stack of slices and how it was understood.

    A TIFF that stores white as zero is turned round, so that the values are those shown.

    Parameters
    ----------
    path : any format of `read_volume`, or a folder of slices
    dataset : array inside npz, HDF5 or mat
    voxel_size : edge of a pixel [m]; without it the file's own, if it states one
    any_voxel_size : take `voxel_size` even if it contradicts the file or looks like a slip

    Returns
    -------
    Volume
        image : (n, rows, columns), in the type of the file.

    Raises
    ------
    InputError
        The file is missing, damaged or incomplete, in colour, not of slices, larger than memory;
        its pixels are not square; the pixel size contradicts the file.
    """
    file, dataset = split_path(path, dataset)
    with open_image(file, Source(dataset)) as stored:
        shape = _slices_shape(file, stored)
        reading = _described(file, stored, shape, voxel_size, any_voxel_size)
        require_room(file, stored, reading, stored.dtype.itemsize)
        image: Values = np.empty(stored.image_shape, dtype=stored.dtype.newbyteorder("="))
        fill(image, stored, lambda values: _as_shown(values, stored, file.name), file.name)
    return Volume(image.reshape(shape), reading)


def read_grey(path: str | Path, dataset: str | None = None) -> Volume:
    """Read an 8-bit grey image or a stack of slices, (n, rows, columns) uint8.

    Parameters
    ----------
    path : any format of `read_stack`
    dataset : array inside npz, HDF5 or mat

    Raises
    ------
    InputError
        If `read_stack` does, or the image is of another type than uint8, or constant.
    """
    volume = read_stack(path, dataset=dataset)
    image, name = volume.image, Path(path).name
    if image.dtype != np.uint8:
        bits = "float" if image.dtype.kind == "f" else f"{8 * image.dtype.itemsize}-bit"
        raise InputError(
            f"a core image must be 8-bit grey (uint8), {name} is {bits} ({image.dtype}); "
            "rescale it to 0..255 and save it as uint8"
        )
    if image.min() == image.max():
        raise InputError(
            f"a core image must have contrast, {name} has one grey value only; check the export"
        )
    return volume


def read_grey_set(path: str | Path) -> Volume:
    """Read all images of a folder, or one file, as slices of one size, (n, rows, columns) uint8.

    The reading is that of the first file; it is lossy if one of them is, and has the warnings of
    all.

    Parameters
    ----------
    path : folder of images, or file of one or of a stack

    Raises
    ------
    InputError
        If there is no image, one is bad, or they differ in size.
    """
    folder = Path(path)
    files = slice_files(folder, GREY_FILES) if folder.is_dir() else [folder]
    volumes = [read_grey(file) for file in files]
    for file, volume in zip(files, volumes, strict=True):
        if volume.image.shape[1:] != volumes[0].image.shape[1:]:
            raise InputError(
                f"the images of a set must have one size, {files[0].name} has "
                f"{volumes[0].image.shape[1:]} and {file.name} {volume.image.shape[1:]}; crop "
                "them alike"
            )
    return joined(folder, volumes)


def joined(path: Path, volumes: Sequence[Volume]) -> Volume:
    """Put the slices of several files into one stack; its reading is lossy if one of them is.

    Parameters
    ----------
    path : of the folder they are in, for messages
    volumes : slices of each file
    """
    first = volumes[0].reading
    if len(volumes) == 1:
        return volumes[0]
    image = np.concatenate([volume.image for volume in volumes])
    notes = dict.fromkeys(text for volume in volumes for text in volume.reading.warnings)
    reading = replace(
        first, path=path, shape=image.shape, file_shape=image.shape,
        lossy=any(volume.reading.lossy for volume in volumes), warnings=tuple(notes),
    )  # fmt: skip
    return Volume(image, reading)


def _slices_shape(file: Path, stored: StoredImage) -> tuple[int, int, int]:
    """Return (n, rows, columns); refuse colour and what is no stack of slices."""
    if stored.dtype.kind not in "buif":
        raise InputError(
            f"an image must hold grey values, {file.name} holds {stored.dtype}; save it as uint8"
        )
    if stored.palette:
        raise InputError(
            f"an image must be grey, {file.name} has a colour map; convert it to 8-bit grey"
        )
    shape = without_extra_axes(stored.image_shape)[0]
    named = stored.axes is not None
    if not named and len(shape) in {3, 4} and shape[-1] in {3, 4}:
        raise InputError(
            f"an image must be grey, {file.name} has {shape[-1]} colours (shape {shape}); convert "
            "it to 8-bit grey"
        )
    if len(shape) == 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) not in {2, 3} or min(shape) < 1:
        raise InputError(
            f"an image must be a slice or a stack of slices, {file.name} has shape "
            f"{stored.image_shape}; save one of two or three axes"
        )
    rows, columns = shape[-2:]
    return (1 if len(shape) == 2 else shape[0]), rows, columns


def _described(
    file: Path,
    stored: StoredImage,
    shape: tuple[int, int, int],
    voxel_size: VoxelSize | None,
    any_size: bool,
) -> Reading:
    notes = list(stored.warnings)
    stated = stored.spacing
    if stated is not None:
        # each slice is an image of its own: their distance does not matter
        stated = replace(stated, edges=stated.edges[-2:])
    edges, source, more = resolve(voxel_size, stated, shape[1:], any_size=any_size, name=file.name)
    if edges is not None and max(edges) > min(edges) * (1 + TOLERANCE):
        raise InputError(
            f"pixels must be square, {file.name} has {edges[0]:.6g} x {edges[1]:.6g} m "
            f"({source}); resample it"
        )
    if stored.white is not None and stored.dtype.kind not in "bu":
        more.append(f"{file.name} shows zero as white, but holds {stored.dtype}; kept as stored")
    return Reading(
        path=file, format=stored.format, dataset=stored.dataset, file_shape=stored.image_shape,
        dtype=stored.dtype, axes=stored.axes, shape=shape,
        voxel_size=edges and (edges[0], *edges), voxel_size_source=source,
        photometric=None if stored.white is None else "as shown: stored with white as zero",
        lossy=stored.lossy, warnings=(*notes, *more),
    )  # fmt: skip


def _as_shown(values: Values, stored: StoredImage, name: str) -> Values:
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise InputError(
            f"an image must hold finite grey values, {name} has NaN or infinity; replace them"
        )
    if stored.white is None or stored.dtype.kind not in "bu":
        return values
    if stored.dtype.kind == "b":
        return np.asarray(np.logical_not(values))
    return np.asarray(np.subtract(stored.white, values, dtype=values.dtype))
