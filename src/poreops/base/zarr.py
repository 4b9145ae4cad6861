"""Read boxes of the arrays of Zarr folders of version 2."""

import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from poreops.base.arrays import Values
from poreops.base.content import Json
from poreops.errors import InputError


def zarr_box(folder: Path, lower: Sequence[int], upper: Sequence[int]) -> Values:
    """Return a box of an array, from those of its chunks that it meets.

    Parameters
    ----------
    folder : of the array
    lower, upper : first and behind-last element along each axis
    """
    import imagecodecs

    meta = json.loads((folder / ".zarray").read_text("utf-8"))
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
        file = zarr_chunk(folder, meta, place)
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


def zarr_chunk(folder: Path, meta: Json, place: tuple[int, ...]) -> Path:
    """Return the file of a chunk.

    Parameters
    ----------
    folder : of the array
    meta : what it says of itself (`.zarray`)
    place : of the chunk along each axis
    """
    separator: str = meta.get("dimension_separator", ".")
    return folder / separator.join(map(str, place))
