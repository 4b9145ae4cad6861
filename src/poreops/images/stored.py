"""An open image file: its shape, its type, what it says of itself, and a stream of slabs."""

import lzma
import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from poreops.base.arrays import DType, Values
from poreops.errors import InputError
from poreops.images.spacing import Spacing

if TYPE_CHECKING:
    import h5py

SLAB_BYTES = 64 * 2**20

# what the readers of the formats raise on bytes that are not theirs
_DAMAGE = (
    OSError, ValueError, EOFError, LookupError, TypeError, AttributeError, RuntimeError,
    ArithmeticError, SyntaxError, AssertionError, MemoryError, struct.error, zlib.error,
    lzma.LZMAError, zipfile.BadZipFile, tokenize.TokenError,
)  # fmt: skip

_AXIS_NAMES = {"C": "channels", "Q": "an unknown quantity"}


@dataclass(frozen=True)
class StoredImage:
    """An open image file.

    Attributes
    ----------
    shape : of the array whose C order is the order of the file
    dtype : type of the stored values
    slabs : starts a pass over the image, some consecutive layers at a time along its first axis
        that is longer than one
    format : for the reader of an answer
    fortran : the image is the transpose of the array described here
    sliceable : a slab can be read without the rest
    axes : a letter for each axis of the image, where the file names them
    spacing : edges of its voxels, where the file states them
    palette : the values are indices of a colour map
    white : where zero is shown white: the stored value that is shown black; else None
    dataset : name of the array inside the file
    raw : nothing in the file vouches for shape and order
    lossy : values are not kept exactly
    warnings : what the owner of the file should know
    """

    shape: tuple[int, ...]
    dtype: DType
    slabs: Callable[[], Iterator[Values]]
    format: str
    fortran: bool = False
    sliceable: bool = True
    axes: str | None = None
    spacing: Spacing | None = None
    palette: bool = False
    white: int | None = None
    dataset: str | None = None
    raw: bool = False
    lossy: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Shape in the order of the image's axes."""
        return self.shape[::-1] if self.fortran else self.shape


def layers(shape: tuple[int, ...], itemsize: int) -> Iterator["slice[int, int, None]"]:
    """Cut axis 0 into slices of about `SLAB_BYTES`.

    Parameters
    ----------
    shape : of an image
    itemsize : bytes of a voxel
    """
    layer = max(math.prod(shape[1:]) * itemsize, 1)
    step = max(SLAB_BYTES // layer, 1)
    for start in range(0, shape[0], step):
        yield slice(start, min(start + step, shape[0]))


def long_axes(shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Split a shape into its leading ones and the rest, at least one axis.

    Parameters
    ----------
    shape : of an image

    Examples
    --------
    >>> long_axes((1, 1, 4, 1)), long_axes((1, 1))
    (((1, 1), (4, 1)), ((1,), (1,)))
    """
    leading = 0
    while leading < len(shape) - 1 and shape[leading] == 1:
        leading += 1
    return shape[:leading], shape[leading:]


def array_slabs(
    array: "Values | h5py.Dataset",
) -> Callable[[], Iterator[Values]]:
    """Return the slabs of an array, memory map or HDF5 dataset that is sliced on demand.

    Parameters
    ----------
    array : with ``shape``, ``dtype`` and slicing
    """
    ones, rest = long_axes(tuple(int(n) for n in array.shape))
    itemsize = np.dtype(array.dtype).itemsize

    def slabs() -> Iterator[Values]:
        for part in layers(rest, itemsize):
            yield np.asarray(array[(0,) * len(ones) + (part,)])

    return slabs


def checked_axes(
    axes: str, shape: tuple[int, ...], name: str, *, stated: bool = True
) -> list[str]:
    """Return a warning where time stands for slices; refuse channels and colour.

    Parameters
    ----------
    axes, shape : a letter and a length for each axis
    name : of the file
    stated : the letter Q (another quantity) is the file's word, not the reader's for "unnamed"
    """
    letters = {letter for letter, n in zip(axes, shape, strict=True) if n > 1}
    if "S" in letters:
        raise InputError(
            f"an image must hold one value a voxel, {name} has colour (axes {axes}, shape "
            f"{shape}); save it as 8-bit grey or labels"
        )
    refused = sorted(letters - set("XYZTI" if stated else "XYZTIQ"))
    if refused:
        what = _AXIS_NAMES.get(refused[0], f"the axis {refused[0]}")
        raise InputError(
            f"the axes of an image must be slices, rows and columns, {name} has {what} (axes "
            f"{axes}, shape {shape}); save one channel, or name the axes ZYX when saving"
        )
    if "T" in letters and "Z" not in letters:
        return [f"{name} calls its slices time steps (axes {axes}); they were taken as z"]
    return []


def fill(
    image: Values,
    stored: StoredImage,
    convert: Callable[[Values], Values],
    name: str,
) -> None:
    """Fill an array of the image's shape slab by slab; nothing else of its size is made.

    Parameters
    ----------
    image : array to fill
    stored : open image
    convert : from a slab as stored to one of `image`
    name : of the file, for the message

    Raises
    ------
    InputError
        The file holds fewer layers than it says.
    """
    # a transposed view takes the layers of a file in Fortran order
    target = image.T if stored.fortran else image
    target = target.reshape(long_axes(target.shape)[1])
    start = 0
    for values in stored.slabs():
        part = values.reshape(-1, *target.shape[1:])
        target[start : start + len(part)] = convert(part)
        start += len(part)
    if start != len(target):
        raise InputError(
            f"an image file must be complete, {name} holds {start} of {len(target)} layers; copy "
            "or export it again"
        )


@contextmanager
def damage_is_bad_input(file: Path) -> Iterator[None]:
    """Turn what a format's reader raises on a broken file into one line.

    Parameters
    ----------
    file : that is being read
    """
    try:
        yield
    except InputError:
        raise
    except PermissionError as error:
        raise InputError(f"an image file must be readable, {error}; change its rights") from None
    except _DAMAGE as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise InputError(
            f"an image file must be complete, {file.name} is truncated or damaged ({reason}); "
            "copy or export it again"
        ) from None
