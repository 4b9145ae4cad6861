"""Open an array of a Zarr folder of version 2, as OME-Zarr up to 0.4 is."""

import itertools
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from poreops.base.arrays import Values
from poreops.base.content import Json
from poreops.base.zarr import zarr_box, zarr_chunk
from poreops.errors import InputError
from poreops.images.numpy_files import chosen
from poreops.images.spacing import Spacing, metres_of, round_off
from poreops.images.stored import StoredImage, checked_axes, long_axes

METADATA = (".zarray", ".zgroup", "zarr.json")  # one of them makes a folder a Zarr


@contextmanager
def open_zarr(folder: Path, dataset: str | None) -> Iterator[StoredImage]:
    """Open the array that was asked for, the finest one of OME-Zarr, or the only one.

    Parameters
    ----------
    folder : of the array or group
    dataset : path inside the folder; None for the finest, `im`, or the only one
    """
    if (folder / "zarr.json").is_file():
        raise InputError(
            f"a Zarr folder must be of version 2 (OME-Zarr up to 0.4), {folder.name} is of "
            "version 3; write it again with zarr_format=2, or as HDF5"
        )
    image = _image(folder)
    finest = image.get("datasets", [{}])[0]
    name = (dataset or finest.get("path", "")).strip("/")
    if not (folder / ".zarray").is_file():
        arrays = [file.parent.relative_to(folder) for file in folder.rglob(".zarray")]
        name = chosen(folder, sorted(one.as_posix() for one in arrays), name or None)
    meta = json.loads((folder / name / ".zarray").read_text("utf-8"))
    shape = tuple(meta["shape"])
    axes, spacing = _axes(image, finest) if name and name == finest.get("path") else (None, None)
    notes = checked_axes(axes, shape, folder.name) if axes else []
    places = [range(-(-n // c)) for n, c in zip(shape, meta["chunks"], strict=True)]
    files = (zarr_chunk(folder / name, meta, place) for place in itertools.product(*places))
    absent = sum(not file.is_file() for file in files)
    if absent:
        notes.append(
            f"{absent} of {math.prod(map(len, places))} chunks of {folder.name} are not stored; "
            f"they were read as {meta['fill_value']}, the fill value; was it copied whole?"
        )
    first = len(long_axes(shape)[0])

    def slabs() -> Iterator[Values]:
        for row in places[first]:
            yield zarr_layers(folder / name, meta, first, row).reshape(-1, *shape[first + 1 :])

    yield StoredImage(
        shape, np.dtype(meta["dtype"]), slabs, "OME-Zarr" if image else "Zarr", axes=axes,
        spacing=spacing, dataset=name or None, warnings=tuple(notes),
    )  # fmt: skip


def zarr_layers(folder: Path, meta: Json, axis: int, row: int) -> Values:
    """Return the layers of an array that one row of chunks across an axis holds.

    Parameters
    ----------
    folder : of the array
    meta : what it says of itself (`.zarray`)
    axis : across which a row lies
    row : of chunks
    """
    lower, upper = [0] * len(meta["shape"]), list(meta["shape"])
    lower[axis] = row * meta["chunks"][axis]
    upper[axis] = min(lower[axis] + meta["chunks"][axis], upper[axis])
    return zarr_box(folder, lower, upper)


def _image(folder: Path) -> Json:
    """Return the first image of an OME-Zarr group; empty of another one."""
    file = folder / ".zattrs"
    found = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    return next(iter(found.get("multiscales", [])), {})


def _axes(image: Json, level: Json) -> tuple[str | None, Spacing | None]:
    """Return a letter for each axis, and the edges of voxels along those of space."""
    axes = [{"name": axis} if isinstance(axis, str) else axis for axis in image.get("axes", [])]
    letters = "".join(axis["name"].upper()[:1] for axis in axes) or None
    changes = [one.get("coordinateTransformations", []) for one in (level, image)]
    scales = [one["scale"] for one in itertools.chain(*changes) if one["type"] == "scale"]
    if not scales or len(scales[0]) != len(axes):
        return letters, None
    metres = [metres_of(a.get("unit")) if a.get("type") == "space" else None for a in axes]
    steps = [math.prod(along) for along in zip(*scales, strict=True)]
    edges = tuple(round_off(s * m) if m else None for s, m in zip(steps, metres, strict=True))
    return letters, Spacing(edges, "OME-Zarr scale") if any(edges) else None
