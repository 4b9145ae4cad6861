"""Read a segmented image as a boolean array, True = pore."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray

from poreops.errors import InputError
from poreops.volumes.formats import SLAB_BYTES, StoredImage, open_image
from poreops.volumes.memory import require_memory

_HDF5_PATH = re.compile(r"^(?P<file>.+\.(?:h5|hdf5|hdf|nxs)):(?P<dataset>.+)$", re.IGNORECASE)


@dataclass(frozen=True)
class ImageHeader:
    """What an image file says about itself, known without reading a voxel.

    Attributes
    ----------
    path : the file
    shape : number of voxels along each axis, axes of length one left out
    dtype : type of the stored values
    """

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]

    @property
    def voxels(self) -> int:
        """Number of voxels of the image."""
        return math.prod(self.shape)


def read_header(
    path: str | Path,
    *,
    dataset: str | None = None,
    shape: tuple[int, ...] | None = None,
    dtype: DTypeLike | None = None,
) -> ImageHeader:
    """Read shape and type of an image, not its voxels; arguments and errors as `read_image`."""
    file, dataset = _split_path(path, dataset)
    with open_image(file, dataset=dataset, shape=shape, dtype=dtype) as stored:
        return ImageHeader(file, _checked_shape(file, stored), stored.dtype)


def read_image(
    path: str | Path,
    *,
    dataset: str | None = None,
    shape: tuple[int, ...] | None = None,
    dtype: DTypeLike | None = None,
    pore_label: int | None = None,
) -> NDArray[np.bool_]:
    """Read a segmented image as a boolean array, True = pore.

    The file is read slab by slab, so that memory holds one byte a voxel and one slab. Axes keep
    the order of the file (axis 0 = x, 1 = y, 2 = z); axes of length one are left out.

    Parameters
    ----------
    path : str or Path
        `.tif`/`.tiff` stack, `.npy`, `.npz`, `.h5`/`.hdf5` (also written `file.h5:/dataset`), or
        `.raw`/`.bin`/`.dat`.
    dataset : str, optional
        Array inside a `.npz` or HDF5 file; not needed if there is one, or one named `im`.
    shape, dtype : optional
        Of a raw file, which does not know them: e.g. `(400, 400, 400)` in C order and `"uint8"`.
    pore_label : int, optional
        The value of pore voxels. Without it the image must be binary: boolean, {0, 1} or
        {0, 255}, and pore is the larger value.

    Returns
    -------
    (nx, ny) or (nx, ny, nz) bool

    Raises
    ------
    InputError
        The file is missing, truncated, of an unknown format, larger than memory, or its image is
        not 2D or 3D, holds NaN, is not binary and comes without a pore label, or has no pore.
    """
    file, dataset = _split_path(path, dataset)
    with open_image(file, dataset=dataset, shape=shape, dtype=dtype) as stored:
        squeezed = _checked_shape(file, stored)
        voxels = math.prod(squeezed)
        slab = voxels * stored.dtype.itemsize
        require_memory(
            voxels + (min(slab, SLAB_BYTES) if stored.sliceable else slab),
            f"reading {file.name} of {_times(squeezed)} voxels",
            "crop the image to a part",
        )
        pore = np.empty(stored.shape, dtype=np.bool_)
        start = 0
        for values in stored.slabs():
            stop = start + len(values)
            pore[start:stop] = _pore_of(values, pore_label, file, stored)
            start = stop
    pore = pore.reshape(tuple(n for n in pore.shape if n > 1))
    if stored.fortran:
        pore = np.ascontiguousarray(pore.T)
    if not pore.any():
        raise InputError(_no_pore(file, pore_label))
    return pore


def _split_path(path: str | Path, dataset: str | None) -> tuple[Path, str | None]:
    """Split `file.h5:/dataset` into its two parts."""
    match = _HDF5_PATH.match(str(path))
    if match is None or Path(path).exists():
        return Path(path), dataset
    if dataset is not None:
        raise InputError(
            f"a dataset is named once, got {match['dataset']!r} in the path and {dataset!r}; "
            "drop one of the two"
        )
    return Path(match["file"]), match["dataset"]


def _checked_shape(file: Path, stored: StoredImage) -> tuple[int, ...]:
    """Return the image's shape without axes of length one, in the user's axis order."""
    shape = stored.shape[::-1] if stored.fortran else stored.shape
    squeezed = tuple(n for n in shape if n != 1)
    if len(squeezed) not in {2, 3} or 0 in squeezed:
        raise InputError(
            f"an image must have 2 or 3 axes longer than one voxel, {file.name} has shape "
            f"{shape}; save one volume without time or channel axes"
        )
    if stored.dtype.kind not in "biuf":
        raise InputError(
            f"an image must hold labels (boolean, integer or float), {file.name} holds "
            f"{stored.dtype}; save it as uint8"
        )
    return squeezed


def _pore_of(
    values: NDArray[np.generic], pore_label: int | None, file: Path, stored: StoredImage
) -> NDArray[np.bool_]:
    """Return where a slab is pore."""
    if values.dtype.kind == "f" and np.isnan(values).any():
        raise InputError(
            f"an image must not hold NaN, {file.name} has {int(np.isnan(values).sum())} or more; "
            "segment it again or replace NaN by the solid's label"
        )
    if pore_label is not None:
        return np.asarray(values == pore_label)
    pore = np.asarray(values != 0)
    if values.dtype.kind != "b":
        nonzero = values[pore]
        if nonzero.size and (nonzero.min() != nonzero.max() or nonzero[0] not in {1, 255}):
            raise InputError(_not_binary(file, stored))
    return pore


def _not_binary(file: Path, stored: StoredImage) -> str:
    found = sorted(_some_values(stored.slabs(), most=9))
    listed = ", ".join(f"{value:g}" for value in found[:8])
    if len(found) > 8:
        return (
            f"an image must be segmented, {file.name} ({stored.dtype}) holds more than 8 values "
            f"({listed}, ...); segment it, or name the pore's value with pore_label (--pore-label)"
        )
    return (
        f"an image without a pore label must be boolean, {{0, 1}} or {{0, 255}}, {file.name} "
        f"({stored.dtype}) holds {listed}; name the pore's value with pore_label (--pore-label)"
    )


def _some_values(slabs: Iterator[NDArray[np.generic]], most: int) -> set[float]:
    """Return the first values met, at most `most`."""
    found: set[float] = set()
    for values in slabs:
        found.update(np.unique(values)[:most].astype(float).tolist())
        if len(found) >= most:
            break
    return set(sorted(found)[:most])


def _no_pore(file: Path, pore_label: int | None) -> str:
    if pore_label is None:
        return (
            f"an image must have at least one pore voxel, {file.name} holds only 0; "
            "if 0 is the pore, give pore_label=0 (--pore-label 0)"
        )
    return (
        f"an image must have at least one pore voxel, no voxel of {file.name} has the label "
        f"{pore_label}; give the pore's value as pore_label (--pore-label)"
    )


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(str(n) for n in shape)
