"""One image in every format that is read."""

import h5py
import numpy as np
import tifffile
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

SHAPES = hnp.array_shapes(min_dims=2, max_dims=3, min_side=2, max_side=7)
BINARY = hnp.arrays(np.bool_, SHAPES).filter(lambda im: im.any())
LABELS = hnp.arrays(np.uint8, SHAPES, elements=st.integers(0, 4))
each_example = settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


def _write_tiff(path, im):
    # without it tifffile takes an axis of length 3 for colour
    tifffile.imwrite(path, im, photometric="minisblack")


def _write_deflate(path, im):
    tifffile.imwrite(path, im, compression="zlib", photometric="minisblack")


def _write_pages(path, im):
    with tifffile.TiffWriter(path) as writer:
        for page in im if im.ndim == 3 else [im]:
            writer.write(page, contiguous=False, metadata=None)


def _write_hdf5(path, im):
    with h5py.File(path, "w") as root:
        root.create_dataset("scans/rock", data=im, chunks=True, compression="gzip")


def _write_raw(path, im):
    im.tofile(path)


WRITERS = {
    "a.tif": _write_tiff,
    "deflate.tiff": _write_deflate,
    "pages.tif": _write_pages,
    "a.npy": np.save,
    "a.npz": lambda path, im: np.savez_compressed(path, rock=im),
    "stored.npz": lambda path, im: np.savez(path, im=im, other=np.zeros(3)),
    "a.h5": _write_hdf5,
    "a.raw": _write_raw,
}


def described(name, im):
    """What a raw file does not say of itself."""
    return {"shape": im.shape, "dtype": im.dtype} if name.endswith(".raw") else {}
