"""Open an array of a MATLAB file older than v7.3; v7.3 is HDF5."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.volumes.numpy_files import chosen
from poreops.volumes.stored import StoredImage

MATLAB = {".mat"}


def is_hdf5(file: Path) -> bool:
    """Whether a file is HDF5, with a block of the user's before it or not."""
    import h5py

    return bool(h5py.is_hdf5(file))


@contextmanager
def open_matlab(file: Path, dataset: str | None) -> Iterator[StoredImage]:
    """Open the array that was asked for, `im`, or the only one, in MATLAB's order of axes."""
    from scipy.io import loadmat, whosmat

    name = chosen(file, [entry[0] for entry in whosmat(file)], dataset)
    values = np.asarray(loadmat(file, variable_names=[name])[name])

    def slabs() -> Iterator[NDArray[np.generic]]:
        yield values.T

    yield StoredImage(
        values.shape[::-1], values.dtype, slabs, "MATLAB", fortran=True, sliceable=False,
        dataset=name,
    )  # fmt: skip
