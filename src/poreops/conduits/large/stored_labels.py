"""Labels of regions that stay in their file: read box by box, measured in one pass."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import h5py
import numpy as np
from numba import njit
from numpy.typing import NDArray

from poreops.base.arrays import Array, DType
from poreops.base.hdf5 import open_hdf5
from poreops.base.zarr import zarr_box
from poreops.errors import InputError

Corner = Sequence[int]  # a voxel, by its place along each axis

_SLAB_BYTES = 2**28  # of labels that are held at a time while the file is passed through


@dataclass(frozen=True)
class Extents:
    """Where each region lies and how large it is.

    Attributes
    ----------
    boxes : (N, 3, 2) int32, first and behind-last voxel along each axis; 0, 0 of an empty region
    voxels : (N,) int64
    centroids : (N, 3) float64 [voxel], the centre of the first voxel at 0; NaN of an empty region
    """

    boxes: NDArray[np.int32]
    voxels: NDArray[np.int64]
    centroids: NDArray[np.float64]


@dataclass(frozen=True)
class StoredLabels:
    """Regions in a file of `poreops partition --out`, HDF5 or OME-Zarr.

    It holds no open file, so that it can travel to other processes.

    Attributes
    ----------
    path : of the file or folder
    """

    path: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))
        _ = self._about  # refuses another file at once

    def __getstate__(self) -> dict[str, object]:
        # tables of all regions stay behind: a process that is sent the labels reads boxes
        return {"path": self.path, "_about": self._about, "count": self.count}

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the volume."""
        nx, ny, nz = self._about[0]
        return nx, ny, nz

    @property
    def cube(self) -> tuple[int, ...]:
        """Shape of the parts in which the labels are stored."""
        return self._about[1]

    @property
    def voxel_size(self) -> float | None:
        """Edge of a voxel [m], where the file states it."""
        return self._about[2]

    @cached_property
    def count(self) -> int:
        """Number of regions N."""
        stated = self._about[3]
        return len(self.extents.voxels) if stated is None else stated

    @cached_property
    def conns(self) -> NDArray[np.int64]:
        """Regions of each throat, (Nt, 2), 0-based, i < j, in lexicographic order."""
        if self.path.is_dir():
            conns = zarr_box(self.path / "conns", *_whole(self.path / "conns"))
        else:
            with open_hdf5(self.path) as file:
                conns = file["conns"][()]
        found: NDArray[np.int64] = conns.astype(np.int64)
        return found

    def box(self, lower: Corner, upper: Corner) -> NDArray[np.int32]:
        """Read the labels of a box: 0 solid, 1..N regions.

        Parameters
        ----------
        lower, upper : first and behind-last voxel along each axis
        """
        if self.path.is_dir():
            return zarr_box(self.path / "0", lower, upper).astype(np.int32)
        with open_hdf5(self.path) as file:
            place = tuple(slice(a, b) for a, b in zip(lower, upper, strict=True))
            labels: NDArray[np.int32] = file["labels"][place].astype(np.int32, copy=False)
        return labels

    def slabs(self) -> Iterator[tuple[int, NDArray[np.int32]]]:
        """Yield consecutive layers along axis 0, and the number of the first of them."""
        _, ny, nz = self.shape
        whole = max(_SLAB_BYTES // (4 * ny * nz * self.cube[0]), 1) * self.cube[0]
        for first in range(0, self.shape[0], whole):
            last = min(first + whole, self.shape[0])
            yield first, self.box((first, 0, 0), (last, ny, nz))

    def bounding_boxes(self) -> NDArray[np.int32]:
        """Return the box of each region, (N, 3, 2), first and behind-last voxel by axis."""
        return self.extents.boxes

    @cached_property
    def extents(self) -> Extents:
        """Boxes, voxels and centroids of all regions: one pass through the file."""
        count = self._about[3] or 0
        low, high = np.full((count, 3), 2**31 - 1, np.int32), np.zeros((count, 3), np.int32)
        sums = np.zeros((count, 4), np.int64)
        for first, labels in self.slabs():
            largest, least = int(labels.max(initial=0)), int(labels.min(initial=0))
            if least < 0 or (self._about[3] is not None and largest > count):
                raise InputError(
                    f"labels must lie in 0..{count}, {self.path} holds {least}..{largest}; "
                    "partition the image again"
                )
            more = max(largest - len(low), 0)  # where the file does not say how many there are
            low = np.pad(low, ((0, more), (0, 0)), constant_values=2**31 - 1)
            high = np.pad(high, ((0, more), (0, 0)))
            sums = np.pad(sums, ((0, more), (0, 0)))
            _measure(labels, first, low, high, sums)
        voxels = sums[:, 3].copy()
        low[voxels == 0] = 0
        with np.errstate(invalid="ignore", divide="ignore"):
            return Extents(np.stack([low, high], axis=2), voxels, sums[:, :3] / voxels[:, None])

    @cached_property
    def _about(self) -> tuple[tuple[int, ...], tuple[int, ...], float | None, int | None]:
        """Shape, stored parts, voxel size and number of regions."""
        if self.path.is_dir():
            try:
                meta, throats = (
                    json.loads((self.path / name / ".zarray").read_text("utf-8"))
                    for name in ("0", "conns")
                )
            except FileNotFoundError:
                raise self._other("no labels `0` with `conns`") from None
            self._check(tuple(meta["shape"]), np.dtype(meta["dtype"]), tuple(throats["shape"]))
            return tuple(meta["shape"]), tuple(meta["chunks"]), _edge(self.path), None
        with open_hdf5(self.path) as file:
            if not {"labels", "conns"} <= set(file):
                raise self._other(", ".join(file) or "nothing")
            labels = file["labels"]
            self._check(labels.shape, labels.dtype, file["conns"].shape)
            size = labels.attrs.get("element_size_um")
            stated = file.attrs.get("regions")
            return (
                labels.shape,
                labels.chunks or labels.shape,
                None if size is None else float(size[0]) * 1e-6,
                None if stated is None else int(stated),
            )

    def _check(self, shape: tuple[int, ...], dtype: DType, throats: tuple[int, ...]) -> None:
        if len(shape) != 3 or dtype.kind not in "iu" or throats[1:] != (2,):
            raise self._other(f"labels of shape {shape} and {dtype}, throats of shape {throats}")

    def _other(self, found: str) -> InputError:
        return InputError(
            f"regions must be a 3D file that poreops partition wrote, {self.path} holds {found}; "
            "partition the image again"
        )


def holds_regions(path: Path) -> bool:
    """Tell whether a file or folder is one of regions, not of an image.

    Parameters
    ----------
    path : of the file or folder, which need not be there
    """
    if path.is_dir():
        return all((path / name / ".zarray").is_file() for name in ("0", "conns"))
    if not path.is_file() or not h5py.is_hdf5(path):
        return False
    with open_hdf5(path) as file:
        return bool(file.attrs.get("kind") == "regions")


def _whole(folder: Path) -> tuple[tuple[int, ...], tuple[int, ...]]:
    shape = json.loads((folder / ".zarray").read_text("utf-8"))["shape"]
    return (0,) * len(shape), tuple(shape)


def _edge(folder: Path) -> float | None:
    """Return the voxel size that an OME-Zarr of `poreops partition` states [m]."""
    file = folder / ".zattrs"
    images = json.loads(file.read_text("utf-8")).get("multiscales", []) if file.is_file() else []
    for image in images:
        if all(axis.get("unit") == "micrometer" for axis in image["axes"]):
            return float(image["datasets"][0]["coordinateTransformations"][0]["scale"][0]) * 1e-6
    return None


@njit(cache=True, nogil=True)
def _measure(labels: Array, first: int, low: Array, high: Array, sums: Array) -> None:
    """Widen the boxes of regions by those of some layers; add up their voxels and places."""
    nx, ny, nz = labels.shape
    for i in range(nx):
        for j in range(ny):
            for k in range(nz):
                region = labels[i, j, k] - 1
                if region < 0:
                    continue
                place = (i + first, j, k)
                for axis in range(3):
                    low[region, axis] = min(low[region, axis], place[axis])
                    high[region, axis] = max(high[region, axis], place[axis] + 1)
                    sums[region, axis] += place[axis]
                sums[region, 3] += 1
