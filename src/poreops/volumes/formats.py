"""Open an image file of any supported format as a shape, a type and a stream of slabs."""

import logging
import math
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import DTypeLike, NDArray

from poreops.errors import InputError

SLAB_BYTES = 64 * 2**20

_TIFF = {".tif", ".tiff"}
_HDF5 = {".h5", ".hdf5", ".hdf", ".nxs"}
_RAW = {".raw", ".bin", ".dat"}
_BROKEN_TIFF = ("invalid page offset", "failed to reshape", "corrupt", "invalid offset")


@dataclass(frozen=True)
class StoredImage:
    """An open image file.

    Attributes
    ----------
    shape : of the array whose C order is the order of the file
    dtype : type of the stored values
    slabs : starts a pass over the image along axis 0, some consecutive layers at a time
    fortran : the image is the transpose of the array described here
    sliceable : a slab can be read without the rest
    """

    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    slabs: Callable[[], Iterator[NDArray[np.generic]]]
    fortran: bool = False
    sliceable: bool = True


@contextmanager
def open_image(
    file: Path,
    *,
    dataset: str | None,
    shape: tuple[int, ...] | None,
    dtype: DTypeLike | None,
) -> Iterator[StoredImage]:
    """Open an image file; errors met now or while its slabs are read become `InputError`."""
    if file.is_dir():
        raise InputError(f"an image is one file, {file} is a folder; save the slices as one stack")
    if not file.is_file():
        raise InputError(f"an image file must exist, there is no {file}; check the path")
    suffix = file.suffix.lower()
    if suffix not in _RAW and (shape is not None or dtype is not None):
        raise InputError(
            f"shape and dtype describe a raw file ({', '.join(sorted(_RAW))}), got them for "
            f"{file.name}; drop --shape and --dtype or rename the file"
        )
    if dataset is not None and suffix not in _HDF5 | {".npz"}:
        raise InputError(
            f"a dataset is a part of an HDF5 or npz file, got {dataset!r} for {file.name}; "
            "drop --dataset"
        )
    if suffix in _TIFF:
        opened = _open_tiff(file)
    elif suffix == ".npy":
        opened = _open_npy(file)
    elif suffix == ".npz":
        opened = _open_npz(file, dataset)
    elif suffix in _HDF5:
        opened = _open_hdf5(file, dataset)
    elif suffix in _RAW:
        opened = _open_raw(file, shape, dtype)
    else:
        raise InputError(
            f"an image file must be .tif, .npy, .npz, .h5 or .raw, got {file.name}; "
            "convert it, or rename a raw file to .raw and give --shape and --dtype"
        )
    try:
        with opened as stored:
            yield stored
    except InputError:
        raise
    except PermissionError as error:
        raise InputError(f"an image file must be readable, {error}; change its rights") from None
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        if "imagecodecs" in reason:
            raise InputError(
                f"a TIFF must be uncompressed or deflate-compressed, {file.name}: {reason}; save "
                "it so, or pip install imagecodecs"
            ) from None
        raise InputError(
            f"an image file must be complete, {file.name} is truncated or damaged ({reason}); "
            "copy or export it again"
        ) from None


def _layers(shape: tuple[int, ...], itemsize: int) -> Iterator[slice]:
    """Cut axis 0 into slices of about `SLAB_BYTES`."""
    layer = max(math.prod(shape[1:]) * itemsize, 1)
    step = max(SLAB_BYTES // layer, 1)
    for start in range(0, shape[0], step):
        yield slice(start, min(start + step, shape[0]))


def _stored_array(array: Any) -> StoredImage:
    """Describe an array, memory map or HDF5 dataset that is sliced on demand."""
    shape, dtype = tuple(int(n) for n in array.shape), np.dtype(array.dtype)

    def slabs() -> Iterator[NDArray[np.generic]]:
        for layers in _layers(shape, dtype.itemsize):
            yield np.asarray(array[layers])

    return StoredImage(shape, dtype, slabs)


def _stored_npy(stream: IO[bytes], size: int | None, reopen: Callable[[], Any]) -> StoredImage:
    """Describe an array in numpy's format, of `size` bytes with its header where known."""
    shape, fortran, dtype = _npy_header(stream)
    if dtype.hasobject:
        raise InputError(
            "an image must hold labels (boolean, integer or float), got an array of Python "
            "objects; save it as uint8"
        )
    if size is not None and size - stream.tell() < math.prod(shape) * dtype.itemsize:
        raise EOFError(f"{math.prod(shape) * dtype.itemsize} bytes of voxels expected")
    file_shape = shape[::-1] if fortran else shape

    def slabs() -> Iterator[NDArray[np.generic]]:
        with reopen() as source:
            _npy_header(source)
            for layers in _layers(file_shape, dtype.itemsize):
                slab_shape = (layers.stop - layers.start, *file_shape[1:])
                expected = math.prod(slab_shape) * dtype.itemsize
                content = source.read(expected)
                if len(content) < expected:
                    raise EOFError(f"{expected - len(content)} bytes are missing")
                yield np.frombuffer(content, dtype=dtype).reshape(slab_shape)

    return StoredImage(file_shape, dtype, slabs, fortran=fortran and len(shape) > 1)


def _npy_header(stream: Any) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    version = npy_format.read_magic(stream)
    read = npy_format.read_array_header_1_0 if version == (1, 0) else None
    shape, fortran, dtype = (read or npy_format.read_array_header_2_0)(stream)
    return shape, fortran, dtype


@contextmanager
def _open_npy(file: Path) -> Iterator[StoredImage]:
    with file.open("rb") as stream:
        stored = _stored_npy(stream, file.stat().st_size, lambda: file.open("rb"))
    yield stored


@contextmanager
def _open_npz(file: Path, dataset: str | None) -> Iterator[StoredImage]:
    with zipfile.ZipFile(file) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist()]
        member = f"{_chosen(file, names, dataset)}.npy"
        with archive.open(member) as stream:
            # a zip member seeks by reading again from its start, so no size check here
            stored = _stored_npy(stream, None, lambda: archive.open(member))
        yield stored


@contextmanager
def _open_hdf5(file: Path, dataset: str | None) -> Iterator[StoredImage]:
    import h5py

    with h5py.File(file, "r") as root:
        names: list[str] = []
        root.visititems(
            lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None
        )
        yield _stored_array(root[_chosen(file, names, dataset and dataset.strip("/"))])


def _chosen(file: Path, names: list[str], dataset: str | None) -> str:
    """Return the array to read: the one asked for, `im`, or the only one."""
    if dataset is None:
        if "im" in names:
            return "im"
        if len(names) == 1:
            return names[0]
    elif dataset in names:
        return dataset
    listed = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    asked = "none was named" if dataset is None else f"there is no {dataset!r}"
    raise InputError(
        f"an array of {file.name} must be named, {asked}; give one of: {listed or '(it is empty)'}"
        " as --dataset"
    )


@contextmanager
def _open_raw(
    file: Path, shape: tuple[int, ...] | None, dtype: DTypeLike | None
) -> Iterator[StoredImage]:
    if shape is None or dtype is None:
        raise InputError(
            f"a raw file does not know its shape and type, got {shape=} and {dtype=} for "
            f"{file.name}; give them as --shape 400,400,400 --dtype uint8"
        )
    try:
        kind = np.dtype(dtype)
    except TypeError:
        raise InputError(
            f"dtype must be a numpy type, got {dtype!r}; give uint8, bool, uint16, <f4, ..."
        ) from None
    if not shape or min(shape) < 1:
        raise InputError(f"shape must be positive, got {shape}; give it as --shape 400,400,400")
    expected, size = math.prod(shape) * kind.itemsize, file.stat().st_size
    if expected != size:
        raise InputError(
            f"a raw file of shape {shape} and type {kind} must have {expected} bytes, {file.name} "
            f"has {size}; correct --shape or --dtype (a header must be cut off first)"
        )
    yield _stored_array(np.memmap(file, dtype=kind, mode="r", shape=shape))


@contextmanager
def _open_tiff(file: Path) -> Iterator[StoredImage]:
    import tifffile

    with _tiff_complaints() as complaints, tifffile.TiffFile(file) as tiff:
        series = max(tiff.series, key=lambda entry: math.prod(entry.shape))
        pages = len(tiff.pages)
        if complaints:
            raise EOFError(f"{complaints[0]}, {pages} pages left")
        if "S" in series.axes:
            raise InputError(
                f"an image must hold one value a voxel, {file.name} has colour (axes "
                f"{series.axes}, shape {series.shape}); save it as 8-bit grey or labels"
            )
        shape, dtype = tuple(series.shape), np.dtype(series.dtype)
        if series.dataoffset is not None and dtype.kind != "b":
            stored_type = dtype.newbyteorder(tiff.byteorder)
            yield _stored_array(
                np.memmap(file, dtype=stored_type, mode="r", offset=series.dataoffset, shape=shape)
            )
        elif len(series.pages) == shape[0] and len(shape) == 3:

            def slabs() -> Iterator[NDArray[np.generic]]:
                for page in series.pages:
                    yield page.asarray()[np.newaxis]

            yield StoredImage(shape, dtype, slabs)
        else:

            def whole() -> Iterator[NDArray[np.generic]]:
                yield series.asarray().reshape(shape)

            yield StoredImage(shape, dtype, whole, sliceable=False)


@contextmanager
def _tiff_complaints() -> Iterator[list[str]]:
    """Collect what tifffile only logs about a broken file: it reads a cut stack as a short one."""
    found: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            message = record.getMessage()
            if any(word in message for word in _BROKEN_TIFF):
                found.append(message.split("> ")[-1])

    logger, handler = logging.getLogger("tifffile"), Collect()
    propagate = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield found
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
