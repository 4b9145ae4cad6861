"""Open an image file of any supported format as a shape, a type and a stream of slabs."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from numpy.typing import DTypeLike

from poreops.base.arrays import Values
from poreops.errors import InputError
from poreops.images.hdf5 import HDF5, open_hdf5
from poreops.images.itk import ITK, open_itk
from poreops.images.matlab import MATLAB, is_hdf5, open_matlab
from poreops.images.numpy_files import NPZ, RAW, open_npy, open_npz, open_raw
from poreops.images.picture_files import PICTURES, open_folder, open_picture
from poreops.images.stored import StoredImage, damage_is_bad_input
from poreops.images.tiff import TIFF, open_tiff
from poreops.images.zarr import METADATA, open_zarr

SLICES = TIFF | PICTURES | {".npy"}
WITH_DATASETS = HDF5 | MATLAB | NPZ


@dataclass(frozen=True)
class Source:
    """An image file and what it does not say of itself.

    Attributes
    ----------
    dataset : array inside a npz, HDF5 or mat file
    shape, dtype, offset : of a raw file
    """

    dataset: str | None = None
    shape: tuple[int, ...] | None = None
    dtype: DTypeLike | None = None
    offset: int = 0


@contextmanager
def open_image(file: Path, source: Source | None = None) -> Iterator[StoredImage]:
    """Open an image file, a Zarr or a folder of slices; what is wrong becomes `InputError`.

    Errors met while the slabs are read become `InputError` too.

    Parameters
    ----------
    file : image, Zarr or folder of slices
    source : what a file does not say of itself
    """
    if any((file / name).is_file() for name in METADATA):
        opened: AbstractContextManager[StoredImage] = open_zarr(
            file, source.dataset if source else None
        )
    elif file.is_dir():
        opened = open_folder(file, SLICES, open_image)
    elif file.is_file():
        opened = _opened(file, source or Source())
    else:
        raise InputError(f"an image file must exist, there is no {file}; check the path")
    with ExitStack() as stack:
        with damage_is_bad_input(file):
            stored = stack.enter_context(opened)
        yield replace(stored, slabs=lambda: _guarded(file, stored))


def suffix_of(file: Path) -> str:
    """Return the suffix that tells the format, in lower case; `.nii.gz` is one.

    Parameters
    ----------
    file : path of an image
    """
    name = file.name.lower()
    return ".nii.gz" if name.endswith(".nii.gz") else file.suffix.lower()


def _opened(file: Path, source: Source) -> AbstractContextManager[StoredImage]:
    suffix = suffix_of(file)
    described = source.shape is not None or source.dtype is not None or source.offset
    if suffix not in RAW and described:
        raise InputError(
            f"shape, dtype and offset describe a raw file ({', '.join(sorted(RAW))}), got them "
            f"for {file.name}; drop --shape, --dtype and --offset or rename the file"
        )
    if source.dataset is not None and suffix not in WITH_DATASETS:
        raise InputError(
            f"a dataset is a part of an HDF5, npz or mat file, got {source.dataset!r} for "
            f"{file.name}; drop --dataset"
        )
    if suffix in TIFF:
        return open_tiff(file)
    if suffix == ".npy":
        return open_npy(file)
    if suffix in NPZ:
        return open_npz(file, source.dataset)
    if suffix in MATLAB and not is_hdf5(file):
        return open_matlab(file, source.dataset)
    if suffix in HDF5 | MATLAB:
        return open_hdf5(file, source.dataset)
    if suffix in PICTURES:
        return open_picture(file)
    if suffix in ITK:
        return open_itk(file, suffix)
    if suffix in RAW:
        return open_raw(file, source.shape, source.dtype, source.offset)
    raise InputError(
        f"an image file must be .tif, .png, .npy, .npz, .h5, .mat, .nrrd, .mhd, .nii or .raw, got "
        f"{file.name}; convert it, or rename a raw file to .raw and give --shape and --dtype"
    )


def _guarded(file: Path, stored: StoredImage) -> Iterator[Values]:
    """Yield the slabs; damage met while one is read is bad input."""
    slabs = stored.slabs()
    while True:
        with damage_is_bad_input(file):
            slab = next(slabs, None)
        if slab is None:
            return
        yield slab
