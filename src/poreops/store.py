"""Artifact formats: whole files or none, the same bytes for the same content."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import h5py
import numpy as np
import yaml
from numpy.typing import ArrayLike, NDArray

from poreops.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[Any]

# Of gzip 1, gzip 4 and lzf on 64³ conduits, gzip 1 takes half the room of lzf (4 % of the labels
# uncompressed) and no more time; shuffle does nothing to one-byte labels and helps float columns.
_COMPRESSION: dict[str, Any] = {"compression": "gzip", "compression_opts": 1, "shuffle": True}


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that becomes `path` only if the block succeeds.

    A reader sees the old file or the new one, never a part; a killed writer leaves `path` alone.

    Parameters
    ----------
    path : path of the file to write; its folder is made.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch()
    except OSError as error:
        raise InputError(
            f"the output folder must be writable, got {path.parent} ({error.strerror}); "
            "choose another one or change its permissions"
        ) from error
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, content: Any) -> None:
    """Write JSON, sorted and indented; numpy scalars and arrays become numbers and lists.

    Raises
    ------
    ValueError
        If a number is not finite: JSON has no NaN, and a metric that is NaN is a failure.
    """
    text = json.dumps(content, indent=2, sort_keys=True, allow_nan=False, default=_plain)
    write_text(path, text + "\n")


def read_json(path: str | Path) -> Any:
    """Return the content of a JSON file; raises InputError if it is missing or broken."""
    try:
        return json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path} must be JSON, got {error}; delete it and make it again"
        ) from None


def write_yaml(path: str | Path, content: Any) -> None:
    """Write YAML in block style, keys in the given order."""
    write_text(path, yaml.safe_dump(content, sort_keys=False, allow_unicode=True))


def read_yaml(path: str | Path) -> Any:
    """Return the content of a YAML file; raises InputError if it is missing or broken."""
    try:
        return yaml.safe_load(_text(path))
    except yaml.YAMLError as error:
        line = " ".join(str(error).split())
        raise InputError(f"{path} must be YAML, got {line}; correct that line") from None


def write_table(path: str | Path, frame: "pd.DataFrame") -> None:
    """Write a table as Parquet, whole or not at all; its index is left out."""
    with replacing(path) as temporary:
        frame.to_parquet(temporary, index=False)


def read_table(path: str | Path) -> "pd.DataFrame":
    """Return a Parquet table; raises InputError if it is missing or broken."""
    import pandas as pd

    if not Path(path).is_file():
        raise _missing(Path(path))
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        line = " ".join(str(error).split())[:200]
        raise InputError(f"{path} must be Parquet, got {line}; make it again") from None


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files with their relative names, as hex."""
    path = Path(path)
    if not path.exists():
        raise _missing(path)
    digest = hashlib.sha256()
    if path.is_file():
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        return digest.hexdigest()
    for file_path in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(f"{file_path.relative_to(path).as_posix()}\0{sha256(file_path)}\n".encode())
    return digest.hexdigest()


def write_hdf5(
    path: str | Path,
    arrays: Mapping[str, ArrayLike],
    attrs: Mapping[str, Any] | None = None,
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
            options = {"chunks": _chunks(array), **_COMPRESSION} if array.size else {}
            file.create_dataset(name, data=array, **(options if array.ndim else {}))
        file.attrs.update(attrs or {})


def read_hdf5(path: str | Path) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return every array of an HDF5 file by its name, and the attributes of its root.

    Raises
    ------
    InputError
        If the file is missing, truncated or not HDF5.
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
    """Open an HDF5 file for reading; raises InputError if it is missing, truncated or other."""
    path = Path(path)
    if not path.is_file():
        raise _missing(path)
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        reason = "a truncated file" if "truncated" in str(error) else "another format"
        raise InputError(
            f"{path} must be a complete HDF5 file, got {reason} of {path.stat().st_size} bytes; "
            "delete it and make or copy it again (an artifact: dvc repro)"
        ) from None
    with file:
        yield file


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
        attrs: Mapping[str, Any] | None = None,
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
                **_COMPRESSION,
            )  # fmt: skip
        self._file.attrs.update(self._attrs)
        return self

    def append(self, conduits: Conduits) -> None:
        """Append the rows of `conduits`; raises ValueError if the columns do not fit."""
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


def read_conduits(path: str | Path, rows: slice | NDArray[np.intp] | None = None) -> Conduits:
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
                f"{', '.join(missing)}; make it with the stage extract_conduits"
            )
        chosen = slice(None) if rows is None else rows
        return Conduits(**{name: _rows(file[name], chosen) for name in names})


def _rows(dataset: h5py.Dataset, rows: slice | NDArray[np.intp]) -> Array:
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


def _chunks(array: Array) -> tuple[int, ...] | None:
    if array.ndim == 0:
        return None
    row_bytes = max(1, array[:1].nbytes)
    return (min(len(array), max(1, (1 << 20) // row_bytes)), *array.shape[1:])


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Path):
        return value.as_posix()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _text(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise _missing(Path(path)) from None


def _missing(path: Path) -> InputError:
    return InputError(
        f"{path} must exist, got no such file; check the path, or make an artifact with: dvc repro"
    )
