"""The compact form of a request: an array as npz or TIFF, and what a body must not be."""

import base64
import binascii
import io
import json
import math
import re
import zipfile
from typing import IO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import DTypeLike, NDArray

from poreops.errors import InputError

Array = NDArray[np.generic]

NPZ, TIFF, JSON = "application/x-npz", "image/tiff", "application/json"

# a fraction, or a power of ten that makes one, in a text of numbers
_FRACTION = re.compile(rb"\.\d*[1-9]|\d[eE]-\d")
_KINDS = {"npz": NPZ, "tiff": TIFF}


def compact(body: bytes, content_type: str) -> tuple[bytes, str] | None:
    """Return the bytes of an array and their type, None for a request in MLflow's own form.

    Parameters
    ----------
    body : npz or TIFF as it is, or JSON ``{"npz": base64}`` or ``{"tiff": base64}``
    content_type : of the request

    Raises
    ------
    InputError
        If the base64 cannot be read.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind in (NPZ, TIFF):
        return body, kind
    head = body[:64].lstrip()
    name = next((name for name in _KINDS if head.startswith(b'{"%s"' % name.encode())), None)
    if kind != JSON or name is None:
        return None
    try:
        content = json.loads(body)
        if set(content) != {name} or not isinstance(content[name], str):
            raise InputError(f'a compact request must be {{"{name}": base64}} and no more')
        return base64.b64decode(content[name], validate=True), _KINDS[name]
    except (json.JSONDecodeError, UnicodeDecodeError, binascii.Error) as error:
        raise InputError(f"a compact request must be JSON with base64, got {error}") from None


def array(packed: bytes, kind: str, most: int) -> Array:
    """Return the array of an npz or TIFF file.

    Parameters
    ----------
    packed : bytes of the file
    kind : `NPZ` or `TIFF`
    most : bytes that it may have unpacked; what it declares is looked at first

    Raises
    ------
    InputError
        If it cannot be read, holds objects, or would be larger.
    """
    try:
        return _of_npz(packed, most) if kind == NPZ else _of_tiff(packed, most)
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - readers fail in many ways on bytes that are none
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"a compact request must be a whole {kind}, got: {reason}") from None


def fitted(values: Array, dtype: DTypeLike, ndim: int) -> Array:
    """Return an array as the model's signature wants it, without a changed value.

    Parameters
    ----------
    values : with as many dimensions as the signature, or one fewer: a single row
    dtype, ndim : of the signature

    Raises
    ------
    InputError
        If a value would change, or the dimensions do not fit.
    """
    if values.ndim == ndim - 1:
        values = values[None]
    if values.ndim != ndim:
        raise InputError(f"the array must have {ndim} dimensions, got {values.ndim}")
    with np.errstate(invalid="ignore"):
        cast = values.astype(dtype)
    if not np.array_equal(cast, values, equal_nan=cast.dtype.kind == "f"):
        raise InputError(
            f"the array must hold values that {np.dtype(dtype)} has, got {values.dtype} from "
            f"{values.min()} to {values.max()}, with fractions or out of range"
        )
    return cast


def check_whole_numbers(body: bytes) -> None:
    """Raise InputError if a JSON body has a fraction; MLflow would cut it silently.

    Parameters
    ----------
    body : JSON, as it came
    """
    if found := _FRACTION.search(body):
        start = max(found.start() - 8, 0)
        shown = body[start : found.end() + 4].decode(errors="replace")
        raise InputError(f"the input must be whole numbers, got ...{shown}...; round them first")


def npz(values: Array) -> bytes:
    """Return the bytes of an npz file with the array `predictions`.

    Parameters
    ----------
    values : of any shape and dtype
    """
    file = io.BytesIO()
    np.savez_compressed(file, predictions=values)
    return file.getvalue()


def _of_npz(packed: bytes, most: int) -> Array:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        infos = archive.infolist()
        if len(infos) != 1 or not infos[0].filename.endswith(".npy"):
            raise InputError(
                f"an npz must hold one array, got {[i.filename for i in infos]!r:.80}"
            )
        with archive.open(infos[0]) as file:
            shape, dtype = _npy_header(file)
        need = math.prod(shape) * dtype.itemsize
        if dtype.kind not in "buif":
            raise InputError(f"an array must be of bool or numbers, got {dtype}")
        _check_size(max(need, infos[0].file_size), most)
        with archive.open(infos[0]) as file:
            found: Array = npy.read_array(file, allow_pickle=False)
    return found


def _npy_header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(file)
    return shape, dtype


def _of_tiff(packed: bytes, most: int) -> Array:
    import tifffile

    with tifffile.TiffFile(io.BytesIO(packed)) as file:
        if not file.series:
            raise InputError("a TIFF must hold an image, got none")
        series = file.series[0]
        _check_size(math.prod(series.shape) * np.dtype(series.dtype).itemsize, most)
        return np.asarray(series.asarray())


def _check_size(need: int, most: int) -> None:
    if need > most:
        raise InputError(
            f"an array may have {most} bytes unpacked, got {need}; send less at a time"
        )
