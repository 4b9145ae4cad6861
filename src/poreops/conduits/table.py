"""The table of conduits: their images, places and zoom, written volume after volume."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import h5py
import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.base.files import replacing
from poreops.base.hdf5 import COMPRESSION, open_hdf5
from poreops.errors import InputError


@dataclass(frozen=True)
class Conduits:
    """Conduits of one or more volumes, in the order of extraction.

    roi : (N, size, size[, size]) uint8, labels 0 elsewhere, 1 and 2 the two regions.
    volume : (N,) int32, index of the parent volume.
    conns : (N, 2) int32, the two regions in the parent volume, 0-based, as OpenPNM.
    box : (N, 2·ndim) int32, bounding box in the parent volume: starts, then stops.
    zoom_ratio : (N,) float64, voxels of the roi per voxel of the volume.
    centroids : (N, 2, ndim) float64, of the two regions, voxel index coordinates of the volume.
    """

    roi: NDArray[np.uint8]
    volume: NDArray[np.int32]
    conns: NDArray[np.int32]
    box: NDArray[np.int32]
    zoom_ratio: NDArray[np.float64]
    centroids: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.roi)


class ConduitWriter:
    """Append the conduits of one volume after the other to an HDF5 file.

    The file appears under its name when the block ends without an error.

    Parameters
    ----------
    path : file to write.
    size : edge of the cubic roi in voxels.
    ndim : 2 or 3.
    attrs : name → value, stored on the root.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        size: int = 64,
        ndim: int = 3,
        attrs: Mapping[str, object] | None = None,
    ) -> None:
        self._layout = {
            "roi": ((size,) * ndim, np.uint8),
            "volume": ((), np.int32),
            "conns": ((2,), np.int32),
            "box": ((2 * ndim,), np.int32),
            "zoom_ratio": ((), np.float64),
            "centroids": ((2, ndim), np.float64),
        }
        self._replacing = replacing(path)
        self._attrs = {**(attrs or {}), "layout": "conduits-1"}

    def __enter__(self) -> Self:
        self._file = h5py.File(self._replacing.__enter__(), "w")
        for name, (shape, dtype) in self._layout.items():
            # one roi a chunk, so that reading one conduit or a shuffled batch inflates no other
            rows = 1 if name == "roi" else 4096
            self._file.create_dataset(
                name, (0, *shape), dtype, maxshape=(None, *shape), chunks=(rows, *shape),
                **COMPRESSION,
            )  # fmt: skip
        self._file.attrs.update(self._attrs)
        return self

    def append(self, conduits: Conduits) -> None:
        """Append the rows of `conduits`; raises ValueError if the columns do not fit.

        Parameters
        ----------
        conduits : Conduits of the same columns
        """
        first, last = len(self), len(self) + len(conduits)
        for name, (shape, dtype) in self._layout.items():
            column = np.asarray(getattr(conduits, name))
            if column.shape != (len(conduits), *shape):
                raise ValueError(
                    f"{name} must have shape {(len(conduits), *shape)}, got {column.shape}"
                )
            if not np.can_cast(column.dtype, dtype, "same_kind"):
                raise ValueError(f"{name} must be {np.dtype(dtype)}, got {column.dtype}")
        for name in self._layout:
            dataset = self._file[name]
            dataset.resize(last, axis=0)
            dataset[first:last] = getattr(conduits, name)

    def __len__(self) -> int:
        return int(self._file["volume"].shape[0])

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        self._replacing.__exit__(kind, error, trace)


def read_conduits(
    path: str | Path, rows: "slice[int, int, None] | NDArray[np.intp] | None" = None
) -> Conduits:
    """Return the conduits of a file that `ConduitWriter` wrote, or some rows of it.

    Parameters
    ----------
    path : HDF5 file.
    rows : a slice, or increasing row numbers (n,) int; all rows by default.

    Raises
    ------
    InputError
        If the file is missing or truncated, or does not hold conduits.
    """
    names = Conduits.__dataclass_fields__
    with open_hdf5(path) as file:
        if missing := [name for name in names if name not in file]:
            raise InputError(
                f"{path} must hold the columns {', '.join(names)}, got none named "
                f"{', '.join(missing)}; make it with the stage conductance_conduits"
            )
        chosen = slice(None) if rows is None else rows
        return Conduits(**{name: _rows(file[name], chosen) for name in names})


def _rows(dataset: h5py.Dataset, rows: "slice[int, int, None] | NDArray[np.intp]") -> Array:
    if isinstance(rows, slice):
        whole: Array = dataset[rows]
        return whole
    found = np.empty((len(rows), *dataset.shape[1:]), dataset.dtype)
    # run by run: h5py takes forty times as long for scattered rows at once
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    for run in np.split(np.arange(len(rows)), breaks) if len(rows) else []:
        source = np.s_[rows[run[0]] : rows[run[-1]] + 1]
        dataset.read_direct(found, source, np.s_[run[0] : run[-1] + 1])
    return found
