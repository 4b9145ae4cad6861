"""Open pictures (PNG, JPEG, BMP) and folders of slices."""

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from poreops.base.arrays import Values
from poreops.errors import InputError
from poreops.images.spacing import Spacing
from poreops.images.stored import StoredImage, damage_is_bad_input

PICTURES = {".png", ".jpg", ".jpeg", ".bmp"}

# a file name with the suffix, opened
Open = Callable[[Path], AbstractContextManager[StoredImage]]


@contextmanager
def open_picture(file: Path) -> Iterator[StoredImage]:
    """Open a picture of one value a pixel; a palette's indices are its values.

    Parameters
    ----------
    file : to read
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            # large slices are usual here
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            opened = Image.open(file)
    except Image.DecompressionBombError:
        raise InputError(
            f"a picture must have less than {2 * (Image.MAX_IMAGE_PIXELS or 0)} pixels, "
            f"{file.name} has more; save it as TIFF"
        ) from None
    with opened as picture:
        if getattr(picture, "n_frames", 1) > 1:
            raise InputError(f"a picture must be one slice, {file.name} moves; save a stack")
        bands = picture.getbands()
        if len(bands) > 1:
            raise InputError(
                f"an image must hold one value a voxel, {file.name} has {len(bands)} colours "
                f"({picture.mode}); save it as 8-bit grey or labels"
            )
        mode, name = picture.mode, picture.format or "picture"
        values = np.asarray(picture)
    notes = []
    if mode == "P":
        notes.append(f"{file.name} has a colour map; its stored indices were taken, not colours")
    lossy = name in {"JPEG", "MPO", "WEBP", "JPEG2000"}
    if lossy:
        notes.append(f"{file.name} is a {name}, which changes values; export PNG or TIFF instead")
    if values.dtype.byteorder == ">":
        values = values.astype(values.dtype.newbyteorder("="))

    def slabs() -> Iterator[Values]:
        yield values

    yield StoredImage(
        values.shape,
        values.dtype,
        slabs,
        name,
        axes="YX",
        palette=mode == "P",
        lossy=lossy,
        warnings=tuple(notes),
    )


def natural_key(path: Path) -> list[tuple[int, int, str]]:
    """Sort names as people do: slice2 before slice10.

    Parameters
    ----------
    path : whose name is sorted by

    Examples
    --------
    >>> [p.name for p in sorted([Path("s10.png"), Path("s2.png")], key=natural_key)]
    ['s2.png', 's10.png']
    """
    parts = re.split(r"(\d+)", path.name)
    return [(0, int(part), part) if part.isdigit() else (1, 0, part.lower()) for part in parts]


def slice_files(folder: Path, suffixes: set[str]) -> list[Path]:
    """Return the image files of a folder in natural order, all of one suffix.

    Parameters
    ----------
    folder : of slices
    suffixes : of the files that count
    """
    files = [
        f for f in folder.iterdir()
        if f.is_file() and not f.name.startswith(".") and f.suffix.lower() in suffixes
    ]  # fmt: skip
    if not files:
        raise InputError(
            f"a folder must hold images ({', '.join(sorted(suffixes))}), {folder} holds none; "
            "check the path"
        )
    if {"core", "mask"} <= {f.name.partition("_")[0] for f in files}:
        raise InputError(
            f"a folder must hold images of one kind, {folder} holds the cores and the masks of "
            "poreops generate --segment; move one of them to another folder"
        )
    return sorted(files, key=natural_key)


@contextmanager
def open_folder(folder: Path, suffixes: set[str], open_file: Open) -> Iterator[StoredImage]:
    """Open a folder of slices, each a file of one size and type, in natural order.

    Parameters
    ----------
    folder : of slices
    suffixes : of the files that count
    open_file : reader of one slice
    """
    files = slice_files(folder, suffixes)
    kinds = sorted({f.suffix.lower() for f in files})
    if len(kinds) > 1:
        raise InputError(
            f"the slices of a folder must have one format, {folder} holds {', '.join(kinds)}; "
            "move the others away"
        )
    with open_file(files[0]) as stored:
        first = stored
    shape = tuple(n for n in first.shape if n > 1) if len(first.shape) > 2 else first.shape
    if len(files) == 1:
        with open_file(files[0]) as stored:
            yield stored
        return
    if len(shape) != 2:
        raise InputError(
            f"the files of a folder must be single slices, {files[0].name} has shape "
            f"{first.image_shape}; give the stack itself, or move the others away"
        )

    def slabs() -> Iterator[Values]:
        for file in files:
            with damage_is_bad_input(file), open_file(file) as stored:
                _require_like(stored, first, file, files[0])
                values = np.concatenate([np.ravel(slab) for slab in stored.slabs()])
            slice_shape = tuple(n for n in stored.image_shape if n > 1) or stored.image_shape
            slice_ = values.reshape(stored.shape)
            yield (slice_.T if stored.fortran else slice_).reshape(1, *slice_shape)

    spacing = first.spacing
    yield replace(
        first,
        shape=(len(files), *(first.image_shape if len(first.shape) == 2 else shape)),
        slabs=slabs,
        format=f"folder of {len(files)} slices, {first.format}",
        fortran=False,
        sliceable=True,
        axes="ZYX",
        spacing=spacing and Spacing((None, *spacing.edges[-2:]), spacing.source, spacing.metres),
        warnings=(*first.warnings, *_gaps(files)),
    )


def _require_like(stored: StoredImage, first: StoredImage, file: Path, other: Path) -> None:
    ours = (stored.image_shape, stored.dtype, stored.white)
    theirs = (first.image_shape, first.dtype, first.white)
    if ours != theirs:
        raise InputError(
            f"the slices of a folder must have one size and type, {other.name} has {theirs[0]} "
            f"{theirs[1]} and {file.name} {ours[0]} {ours[1]}"
            f"{'' if ours[2] == theirs[2] else ' with white as zero in one of them'}; "
            "crop them alike"
        )


def _gaps(files: list[Path]) -> list[str]:
    """Return a warning where the numbers of the slices leave one out or repeat."""
    runs = [re.findall(r"\d+", f.stem) for f in files]
    if len({len(run) for run in runs}) > 1 or not runs[0]:
        return []
    columns = [[int(n) for n in column] for column in zip(*runs, strict=True)]
    changing = [column for column in columns if len(set(column)) > 1]
    if len(changing) != 1:
        return []
    numbers = changing[0]
    steps = [b - a for a, b in pairwise(numbers)]
    if min(steps) == max(steps):
        return []
    at = next(i for i, step in enumerate(steps) if step != min(s for s in steps if s >= 0))
    names = f"{files[at].name} is followed by {files[at + 1].name}"
    return [f"the slices of {files[0].parent.name} are not numbered evenly: {names}"]
