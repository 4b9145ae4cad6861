"""Write OME-Zarr 0.4 chunk by chunk; a folder appears when it is whole."""

import json
import shutil
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from poreops.base.arrays import Values
from poreops.base.files import unwritable

_LEVEL = 1  # of zlib; labels shrink to a few per cent at any level


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield a folder beside `path` that takes its place only if the block succeeds.

    Parameters
    ----------
    path : of the folder to write; one that is there is replaced
    """
    temporary = path.with_name(f".{path.name}.part")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
    except OSError as error:
        raise unwritable(path.parent, error) from error
    try:
        yield temporary
        if path.exists():
            shutil.rmtree(path)
        temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_image(
    folder: Path,
    shape: Sequence[int],
    blocks: Iterable[tuple[Sequence[int], Values]],
    *,
    chunk: int,
    dtype: str,
    voxel_size: float | None,
) -> None:
    """Write a volume of labels as an OME-Zarr image of one resolution.

    Parameters
    ----------
    folder : of the group, which exists
    shape : of the volume
    blocks : first voxel and voxels of each part; a part ends where a chunk or the volume does
    chunk : edge of a chunk [voxel]
    dtype : of the voxels, as "<i4"
    voxel_size : [m]; None if unknown
    """
    space = {"type": "space"} | ({"unit": "micrometer"} if voxel_size else {})
    scale = [1.0 if voxel_size is None else voxel_size * 1e6] * len(shape)
    image = {
        "version": "0.4",
        "axes": [{"name": name} | space for name in "zyx"],
        "datasets": [
            {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": scale}]}
        ],
    }
    _json(folder / ".zgroup", {"zarr_format": 2})
    _json(folder / ".zattrs", {"multiscales": [image], "image-label": {"version": "0.4"}})
    _start(folder / "0", shape, [chunk] * len(shape), dtype)
    for first, voxels in blocks:
        for inside in np.ndindex(*(-(-n // chunk) for n in voxels.shape)):
            part = voxels[tuple(slice(i * chunk, (i + 1) * chunk) for i in inside)]
            if part.any():
                place = [(a + i * chunk) // chunk for a, i in zip(first, inside, strict=True)]
                _chunk(folder / "0", place, part, [chunk] * len(shape), dtype)


def write_array(folder: Path, values: Values) -> None:
    """Write an array of one chunk.

    Parameters
    ----------
    folder : of the array
    values : of any shape
    """
    dtype, shape = values.dtype.str, [max(n, 1) for n in values.shape]
    _start(folder, values.shape, shape, dtype)
    if values.size:
        _chunk(folder, [0] * values.ndim, values, shape, dtype)


def _start(folder: Path, shape: Sequence[int], chunks: Sequence[int], dtype: str) -> None:
    folder.mkdir()
    _json(
        folder / ".zarray",
        {
            "zarr_format": 2, "shape": list(shape), "chunks": list(chunks), "dtype": dtype,
            "compressor": {"id": "zlib", "level": _LEVEL}, "fill_value": 0, "order": "C",
            "filters": None, "dimension_separator": "/",
        },
    )  # fmt: skip


def _chunk(
    folder: Path, place: Sequence[int], part: Values, chunks: Sequence[int], dtype: str
) -> None:
    """Write one chunk; at a far face it is filled up."""
    values = np.zeros(chunks, dtype)
    values[tuple(slice(n) for n in part.shape)] = part
    file = folder.joinpath(*map(str, place))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(zlib.compress(values.tobytes(), _LEVEL))


def _json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
