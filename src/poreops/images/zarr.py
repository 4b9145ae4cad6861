"""Open an array of a Zarr folder, OME-Zarr among them: versions 2 and 3, without shards."""

import gzip
import itertools
import json
import math
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from poreops.base.arrays import DType, Values
from poreops.base.content import Json
from poreops.errors import InputError
from poreops.images.numpy_files import chosen
from poreops.images.spacing import Spacing, metres_of, round_off
from poreops.images.stored import StoredImage, checked_axes, long_axes

METADATA = (".zarray", ".zgroup", "zarr.json")
"""Files one of which makes a folder a Zarr array or group."""

_LETTERS = {"x": "X", "y": "Y", "z": "Z", "t": "T", "c": "C"}


@dataclass(frozen=True)
class ZarrArray:
    """An array in chunks, each a file.

    Attributes
    ----------
    folder : of the array
    shape, chunks : of the array and of a chunk
    dtype : of the stored values
    fill : value of chunks that are not stored
    order : "C" or "F", within a chunk
    key : from the place of a chunk to its file's name
    decode : from the bytes of a file to those of the values
    """

    folder: Path
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: DType
    fill: Json
    order: str
    key: Callable[[tuple[int, ...]], str]
    decode: Callable[[bytes], bytes]

    def missing(self) -> tuple[int, int]:
        """Return how many chunks are not stored, and how many there should be."""
        counts = [-(-n // c) for n, c in zip(self.shape, self.chunks, strict=True)]
        places = itertools.product(*map(range, counts))
        absent = sum(not (self.folder / self.key(place)).is_file() for place in places)
        return absent, math.prod(counts)

    def layers(self, axis: int, row: int) -> Values:
        """Return the layers of the array that one row of chunks across an axis holds.

        Parameters
        ----------
        axis : before which every axis is one voxel long
        row : of chunks along it
        """
        first = row * self.chunks[axis]
        shape = list(self.shape)
        shape[axis] = min(self.chunks[axis], self.shape[axis] - first)
        # 0 where the fill value is null, which leaves it open
        layers = np.full(shape, self.fill if self.fill is not None else 0, self.dtype)
        counts = [-(-n // c) for n, c in zip(self.shape, self.chunks, strict=True)]
        counts[axis] = 1
        for place in itertools.product(*map(range, counts)):
            at = tuple(row if n == axis else i for n, i in enumerate(place))
            file = self.folder / self.key(at)
            if not file.is_file():
                continue
            values = np.frombuffer(self.decode(file.read_bytes()), self.dtype)
            part = tuple(slice(i * c, i * c + c) for i, c in zip(place, self.chunks, strict=True))
            target = layers[part]
            # chunks at the far faces are stored whole
            cut = tuple(slice(n) for n in target.shape)
            target[...] = values.reshape(self.chunks, order=self.order)[cut]  # type: ignore[call-overload]
        return layers


@contextmanager
def open_zarr(folder: Path, dataset: str | None) -> Iterator[StoredImage]:
    """Open the array that was asked for, the finest one of OME-Zarr, or the only one.

    Parameters
    ----------
    folder : of the array or group
    dataset : path inside the folder; None for the finest, `im`, or the only one
    """
    image = _multiscale(folder)
    scales = (image or {}).get("datasets", [])
    name = (dataset or "").strip("/")
    if not name and not _is_array(folder):
        name = scales[0]["path"] if scales else chosen(folder, _arrays(folder), None)
    if not _is_array(folder / name):
        chosen(folder, _arrays(folder), name)  # says which there are
        raise InputError(f"an array of a Zarr folder must exist, {folder.name} has no {name}")
    array = zarr_array(folder / name)
    scale = next((one for one in scales if one["path"] == name), None)
    axes = _axes(image) if image is not None and scale is not None else None
    notes = checked_axes(axes, array.shape, folder.name) if axes else []
    absent, chunks = array.missing()
    if absent:
        notes.append(
            f"{absent} of {chunks} chunks of {folder.name} are not stored and were read as "
            f"{array.fill}, its fill value; if it was copied, is it whole?"
        )
    ones, rest = long_axes(array.shape)

    def slabs() -> Iterator[Values]:
        axis = len(ones)
        for row in range(-(-rest[0] // array.chunks[axis])):
            yield array.layers(axis, row).reshape(-1, *rest[1:])

    yield StoredImage(
        array.shape, array.dtype, slabs, "OME-Zarr" if image else "Zarr",
        axes=axes, spacing=_spacing(image, scale) if scale else None,
        dataset=name or None, warnings=tuple(notes),
    )  # fmt: skip


def zarr_array(folder: Path) -> ZarrArray:
    """Read what an array says of itself.

    Parameters
    ----------
    folder : of the array

    Raises
    ------
    InputError
        It is stored in a way that is not read here.
    """
    if (folder / ".zarray").is_file():
        meta = json.loads((folder / ".zarray").read_text("utf-8"))
        if meta.get("filters"):
            raise _unread(folder, f"the filter {meta['filters'][0].get('id')}")
        stored = np.dtype(meta["dtype"])
        order, separator = meta.get("order", "C"), meta.get("dimension_separator", ".")
        codecs = [{"name": meta["compressor"]["id"]}] if meta["compressor"] else []
        chunks, prefix = meta["chunks"], ""
    else:
        meta = json.loads((folder / "zarr.json").read_text("utf-8"))
        stored, codecs = np.dtype(meta["data_type"]), []
        for codec in meta["codecs"]:
            if codec["name"] == "bytes":
                big = codec.get("configuration", {}).get("endian") == "big"
                stored = stored.newbyteorder(">" if big else "<")
            else:
                codecs.append(codec)
        encoding = meta["chunk_key_encoding"]
        default = encoding["name"] == "default"
        separator = encoding.get("configuration", {}).get("separator", "/" if default else ".")
        chunks, order = meta["chunk_grid"]["configuration"]["chunk_shape"], "C"
        prefix = f"c{separator}" if default else ""
    decoders = [_decoder(folder, codec["name"]) for codec in reversed(codecs)]

    def decode(data: bytes) -> bytes:
        for one in decoders:
            data = one(data)
        return data

    return ZarrArray(
        folder, tuple(meta["shape"]), tuple(chunks), stored, meta.get("fill_value"), order,
        lambda place: prefix + separator.join(map(str, place)), decode,
    )  # fmt: skip


def _decoder(folder: Path, name: str) -> Callable[[bytes], bytes]:
    import imagecodecs

    known: dict[str, Callable[[bytes], bytes]] = {
        "zlib": zlib.decompress,
        "gzip": gzip.decompress,
        "crc32c": lambda data: data[:-4],
        "blosc": imagecodecs.blosc_decode,
        "zstd": imagecodecs.zstd_decode,
        "lz4": lambda data: imagecodecs.lz4_decode(data, header=True),
    }
    if name not in known:
        raise _unread(folder, name)
    return known[name]


def _unread(folder: Path, what: str) -> InputError:
    return InputError(
        "chunks of a Zarr array must be plain or of zlib, gzip, blosc, zstd or lz4, "
        f"{folder.name} has {what}; write it again so, or as HDF5"
    )


def _is_array(folder: Path) -> bool:
    if (folder / ".zarray").is_file():
        return True
    meta = folder / "zarr.json"
    return meta.is_file() and json.loads(meta.read_text("utf-8")).get("node_type") == "array"


def _arrays(folder: Path) -> list[str]:
    found = [
        file.parent.relative_to(folder).as_posix()
        for name in (".zarray", "zarr.json")
        for file in folder.rglob(name)
        if _is_array(file.parent)
    ]
    return sorted(name for name in found if name != ".")


def _multiscale(folder: Path) -> Json | None:
    """Return the first image of an OME-Zarr group."""
    found = {}
    if (folder / ".zattrs").is_file():
        found = json.loads((folder / ".zattrs").read_text("utf-8"))
    elif (folder / "zarr.json").is_file():
        found = json.loads((folder / "zarr.json").read_text("utf-8")).get("attributes", {})
        found = found.get("ome", found)
    return next(iter(found.get("multiscales", [])), None)


def _axes(image: Json) -> str | None:
    names = [axis if isinstance(axis, str) else axis["name"] for axis in image.get("axes", [])]
    letters = [_LETTERS.get(name.lower()) for name in names]
    return "".join(letter for letter in letters if letter) if names and all(letters) else None


def _spacing(image: Json, scale: Json) -> Spacing | None:
    """Return the edges of voxels; the scale of an axis that is no space is left out."""
    changes = [*scale.get("coordinateTransformations", []),
               *image.get("coordinateTransformations", [])]  # fmt: skip
    factors = [one["scale"] for one in changes if one.get("type") == "scale"]
    axes = [axis for axis in image.get("axes", []) if isinstance(axis, dict)]
    if not factors or len(axes) != len(factors[0]):
        return None
    edges: list[float | None] = []
    for axis, steps in zip(axes, zip(*factors, strict=True), strict=True):
        metres = metres_of(axis.get("unit")) if axis.get("type", "space") == "space" else None
        edges.append(round_off(math.prod(steps) * metres) if metres else None)
    known = any(edge is not None for edge in edges)
    return Spacing(tuple(edges), "OME-Zarr scale") if known else None
