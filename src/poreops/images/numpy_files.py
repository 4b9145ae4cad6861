"""Open npy and npz files, and raw files of a stated shape; objects are never unpickled."""

import math
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import DTypeLike, NDArray

from poreops.base.arrays import DType, Values
from poreops.errors import InputError
from poreops.images.stored import StoredImage, array_slabs, layers, long_axes

NPZ = {".npz"}
RAW = {".raw", ".bin", ".dat"}


@contextmanager
def open_npy(file: Path) -> Iterator[StoredImage]:
    """Open an array in numpy's format.

    Parameters
    ----------
    file : to read
    """
    with file.open("rb") as stream:
        stored = _stored_npy(stream, file.stat().st_size, lambda: file.open("rb"), None)
    yield stored


@contextmanager
def open_npz(file: Path, dataset: str | None) -> Iterator[StoredImage]:
    """Open one array of an npz file.

    Parameters
    ----------
    file : to read
    dataset : name of the array; None for `im`, or the only one
    """
    with zipfile.ZipFile(file) as archive:
        names = [n.removesuffix(".npy") for n in archive.namelist() if n.endswith(".npy")]
        name = chosen(file, names, dataset)
        with archive.open(f"{name}.npy") as stream:
            # a zip member seeks by reading again from its start, so no size check here
            stored = _stored_npy(stream, None, lambda: archive.open(f"{name}.npy"), name)
        yield stored


def chosen(file: Path, names: list[str], dataset: str | None) -> str:
    """Return the array to read: the one asked for, `im`, or the only one.

    Parameters
    ----------
    file : for the message
    names : of the arrays that it holds
    dataset : that was asked for
    """
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


def _stored_npy(
    stream: IO[bytes],
    size: int | None,
    reopen: Callable[[], AbstractContextManager[IO[bytes]]],
    dataset: str | None,
) -> StoredImage:
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

    def slabs() -> Iterator[Values]:
        _, rest = long_axes(file_shape)
        with reopen() as source:
            _npy_header(source)
            for part in layers(rest, dtype.itemsize):
                slab_shape = (part.stop - part.start, *rest[1:])
                expected = math.prod(slab_shape) * dtype.itemsize
                content = source.read(expected)
                if len(content) < expected:
                    raise EOFError(f"{expected - len(content)} bytes are missing")
                yield np.frombuffer(content, dtype=dtype).reshape(slab_shape)

    return StoredImage(
        file_shape, dtype, slabs, "npy" if dataset is None else "npz",
        fortran=fortran and len(shape) > 1, dataset=dataset,
    )  # fmt: skip


def _npy_header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, DType]:
    version = npy_format.read_magic(stream)
    read = npy_format.read_array_header_1_0 if version == (1, 0) else None
    shape, fortran, dtype = (read or npy_format.read_array_header_2_0)(stream)
    return shape, fortran, dtype


@contextmanager
def open_raw(
    file: Path, shape: tuple[int, ...] | None, dtype: DTypeLike | None, offset: int
) -> Iterator[StoredImage]:
    """Open a file of voxels alone, after `offset` bytes, in C order.

    Parameters
    ----------
    file : to read
    shape : of the image, (nz, ny, nx) as stored
    dtype : of a voxel
    offset : bytes before the first voxel
    """
    if shape is None or dtype is None:
        raise InputError(
            f"a raw file does not know its shape and type, got {shape=} and {dtype=} for "
            f"{file.name}; give them as --shape slices,rows,columns --dtype uint8"
        )
    try:
        kind = np.dtype(dtype)
    except TypeError:
        raise InputError(
            f"dtype must be a numpy type, got {dtype!r}; give uint8, bool, uint16, <f4, ..."
        ) from None
    if kind.hasobject or kind.kind not in "biuf":
        raise InputError(
            f"dtype must be that of labels (boolean, integer or float), got {dtype!r}; give "
            "uint8, bool, uint16, <f4, ..."
        )
    if not shape or min(shape) < 1:
        raise InputError(
            f"shape must be positive, got {shape}; give it as --shape slices,rows,columns"
        )
    if offset < 0:
        raise InputError(f"offset must not be negative, got {offset}; give the header's length")
    expected, size = math.prod(shape) * kind.itemsize, file.stat().st_size
    if expected + offset != size:
        header = f" after {offset} bytes" if offset else ""
        beyond = size - expected - offset
        hint = (
            f"{beyond} more: a header of --offset {offset + beyond}?"
            if beyond > 0
            else f"{-beyond} are missing"
        )
        raise InputError(
            f"a raw file of shape {shape} and type {kind} must have {expected} bytes{header}, "
            f"{file.name} has {size - offset} ({hint}); correct --shape, --dtype or --offset"
        )
    if kind.kind == "b":
        kind = np.dtype(np.uint8)  # a byte of 7 is no truth value
    array = np.memmap(file, dtype=kind, mode="r", offset=offset, shape=shape)
    yield StoredImage(shape, kind, array_slabs(array), "raw", raw=True)


def order_warning(pore: NDArray[np.bool_]) -> str | None:
    """Return a warning where a raw image looks read in a wrong order of its axes.

    Neighbours of an image are alike along every axis. In an image cut up by a wrong shape they
    are so along the axis that runs through the file, not along the others; among the orders of
    the same edge lengths the right one has the largest of the smallest correlations.

    Parameters
    ----------
    pore : (n0, n1, n2) bool, True in the pore
    """
    if pore.ndim < 2 or min(pore.shape) < 3:
        return None
    from itertools import permutations

    flat = pore.reshape(-1)
    orders = sorted(set(permutations(pore.shape)))
    found = {order: _likeness(flat, order) for order in orders}
    own = found[pore.shape]
    best = max(orders, key=lambda order: min(found[order]))
    listed = ", ".join(f"{value:.2f}" for value in own)
    if min(found[best]) > max(2 * min(own), min(own) + 0.2):
        return (
            f"neighbouring voxels should be alike along every axis, their correlation is {listed} "
            f"along axes 0, 1, 2; in the order {','.join(map(str, best))} it is "
            f"{min(found[best]):.2f} or more; --shape is slices,rows,columns"
        )
    if min(own) < 0.2 and max(own) > 0.5:
        return (
            f"neighbouring voxels should be alike along every axis, their correlation is {listed} "
            "along axes 0, 1, 2; check --shape (slices,rows,columns), --dtype and --offset"
        )
    return None


def _likeness(flat: NDArray[np.bool_], shape: tuple[int, ...]) -> list[float]:
    """Correlation of neighbours along each axis, in a sample of the voxels."""
    rng = np.random.default_rng(0)
    count = min(flat.size, 100_000)
    place = [rng.integers(n, size=count) for n in shape]
    strides = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    found = []
    for axis, n in enumerate(shape):
        # the first of the pair has a neighbour behind it
        moved = [p % (n - 1) if a == axis else p for a, p in enumerate(place)]
        first = sum(p * stride for p, stride in zip(moved, strides, strict=True))
        one, other = (flat[first + shift].astype(float) for shift in (0, strides[axis]))
        spread = float(one.std() * other.std())
        both = float(np.mean(one * other) - one.mean() * other.mean())
        found.append(both / spread if spread > 0 else 1.0)
    return found
