"""Open an array of a MATLAB file older than v7.3; v7.3 is HDF5."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from poreops.base.arrays import Values
from poreops.errors import InputError
from poreops.images.numpy_files import chosen
from poreops.images.stored import StoredImage

MATLAB = {".mat"}
MATLAB_NUMBERS = {
    "logical": "bool", "uint8": "uint8", "int8": "int8", "uint16": "uint16", "int16": "int16",
    "uint32": "uint32", "int32": "int32", "uint64": "uint64", "int64": "int64",
    "single": "float32", "double": "float64",
}  # fmt: skip


def is_hdf5(file: Path) -> bool:
    """Whether a file is HDF5, with a block of the user's before it or not.

    Parameters
    ----------
    file : to look at
    """
    import h5py

    return bool(h5py.is_hdf5(file))


@contextmanager
def open_matlab(file: Path, dataset: str | None) -> Iterator[StoredImage]:
    """Open the array that was asked for, `im`, or the only one, in MATLAB's order of axes.

    Parameters
    ----------
    file : to read
    dataset : name of the array; None for `im`, or the only one
    """
    from scipy.io import loadmat, whosmat
    from scipy.io.matlab import MatReadError

    try:
        entries = {name: (shape, kind) for name, shape, kind in whosmat(file)}
    except (MatReadError, NotImplementedError) as error:
        raise EOFError(str(error)) from None
    name = chosen(file, list(entries), dataset)
    shape, kind = entries[name]
    if kind not in MATLAB_NUMBERS:
        raise InputError(
            f"an image must hold labels (boolean, integer or float), {name} of {file.name} is a "
            f"MATLAB {kind}; save it as uint8"
        )
    dtype = np.dtype(MATLAB_NUMBERS[kind])

    def slabs() -> Iterator[Values]:
        # MATLAB's first axis runs fastest
        yield loadmat(file, variable_names=[name], mat_dtype=True)[name].astype(dtype).T

    yield StoredImage(
        tuple(int(n) for n in shape)[::-1], dtype, slabs, "MATLAB", fortran=True, sliceable=False,
        dataset=name,
    )  # fmt: skip
