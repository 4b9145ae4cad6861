"""Open an array of a Zarr folder of version 2, as OME-Zarr up to 0.4 is."""

import itertools
import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from poreops.base.arrays import Values
from poreops.base.content import Json
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
    files = (_file(folder / name, meta, place) for place in itertools.product(*places))
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
    return _box(folder, meta, lower, upper)


def zarr_box(folder: Path, lower: Sequence[int], upper: Sequence[int]) -> Values:
    """Return a box of an array, from those of its chunks that it meets.

    Parameters
    ----------
    folder : of the array
    lower, upper : first and behind-last element along each axis
    """
    meta = json.loads((folder / ".zarray").read_text("utf-8"))
    return _box(folder, meta, lower, upper)


def _box(folder: Path, meta: Json, lower: Sequence[int], upper: Sequence[int]) -> Values:
    import imagecodecs

    packed = (meta["compressor"] or {}).get("id", "none")
    if meta.get("filters") or packed not in ("none", "zlib", "gzip", "blosc", "zstd"):
        raise InputError(
            "chunks of a Zarr array must be plain or of zlib, gzip, blosc or zstd, "
            f"{folder.name} has {meta.get('filters') or packed}; write it again so, or as HDF5"
        )
    decode = getattr(imagecodecs, f"{packed}_decode")
    chunk = meta["chunks"]
    sizes = [b - a for a, b in zip(lower, upper, strict=True)]
    found = np.full(sizes, meta["fill_value"] or 0, meta["dtype"])
    places = [range(a // c, -(-b // c)) for a, b, c in zip(lower, upper, chunk, strict=True)]
    for place in itertools.product(*places):
        file = _file(folder, meta, place)
        if file.is_file():
            values = np.frombuffer(decode(file.read_bytes()), meta["dtype"])
            # where the chunk begins, as seen from the box
            at = [i * c - a for i, c, a in zip(place, chunk, lower, strict=True)]
            part = found[tuple(slice(max(a, 0), a + c) for a, c in zip(at, chunk, strict=True))]
            # at far faces chunks are stored whole
            cut = tuple(
                slice(max(-a, 0), max(-a, 0) + n) for a, n in zip(at, part.shape, strict=True)
            )
            part[...] = values.reshape(chunk, order=meta.get("order", "C"))[cut]
    return found


def _file(folder: Path, meta: Json, place: tuple[int, ...]) -> Path:
    separator: str = meta.get("dimension_separator", ".")
    return folder / separator.join(map(str, place))


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
