"""HDF5 files: whole or none, the same bytes for the same arrays."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import ArrayLike

from poreops.base.arrays import Array
from poreops.base.content import Json
from poreops.base.files import missing, replacing
from poreops.errors import InputError

# Of gzip 1, gzip 4 and lzf on 64³ conduits, gzip 1 takes half the room of lzf (4 % of the labels
# uncompressed) and no more time; shuffle does nothing to one-byte labels and helps float columns.
COMPRESSION: dict[str, object] = {"compression": "gzip", "compression_opts": 1, "shuffle": True}

# how h5py says that bytes inside a file are not what they were
_DAMAGE = re.compile(r"^[\"']?(Can't|Unable to) .*\b(read|get|open)\b|visitation failed")


def write_hdf5(
    path: str | Path,
    arrays: Mapping[str, ArrayLike],
    attrs: Mapping[str, object] | None = None,
) -> None:
    """Write named arrays to a compressed HDF5 file, whole or not at all.

    The same arrays and attributes give the same bytes, so that DVC sees no change.

    Parameters
    ----------
    path : file to write.
    arrays : name → array of any shape and a plain dtype; names may hold "/" for groups.
    attrs : name → scalar, string or array, stored on the root.
    """
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        for name, values in arrays.items():
            array = np.asarray(values)
            # chunks of about one megabyte along the first axis; a scalar or empty array has none
            options = {"chunks": _chunks(array), **COMPRESSION} if array.size else {}
            file.create_dataset(name, data=array, **(options if array.ndim else {}))
        file.attrs.update(attrs or {})


def read_hdf5(path: str | Path) -> tuple[dict[str, Array], dict[str, Json]]:
    """Return every array of an HDF5 file by its name, and the attributes of its root.

    Parameters
    ----------
    path : file to read

    Raises
    ------
    InputError
        If the file is missing, truncated, damaged or not HDF5.
    """
    arrays: dict[str, Array] = {}
    with open_hdf5(path) as file:

        def take(name: str, item: h5py.Dataset | h5py.Group) -> None:
            if isinstance(item, h5py.Dataset):
                arrays[name] = item[()]

        file.visititems(take)
        return arrays, dict(file.attrs)


@contextmanager
def open_hdf5(path: str | Path) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading; raises InputError if it is missing, damaged or other.

    Parameters
    ----------
    path : file to read
    """
    path = Path(path)
    if not path.is_file():
        raise missing(path)
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        reason = "a truncated file" if "truncated" in str(error) else "another format"
        raise _incomplete(path, reason) from None
    with file:
        try:
            yield file
        except (OSError, RuntimeError, KeyError) as error:
            # a name that is not there is its reader's matter
            if not _DAMAGE.search(str(error)) or "doesn't exist" in str(error):
                raise
            raise _incomplete(path, "damaged content") from None


def _incomplete(path: Path, found: str) -> InputError:
    return InputError(
        f"{path} must be a complete HDF5 file, got {found} of {path.stat().st_size} bytes; "
        "delete it and make or copy it again (an artifact: dvc repro)"
    )


def _chunks(array: Array) -> tuple[int, ...] | None:
    if array.ndim == 0:
        return None
    row_bytes = max(1, array[:1].nbytes)
    return (min(len(array), max(1, (1 << 20) // row_bytes)), *array.shape[1:])
