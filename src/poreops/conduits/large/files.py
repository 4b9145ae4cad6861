"""Write labels to HDF5 part by part, as `poreops.load_regions` reads them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from poreops.base.files import replacing
from poreops.base.hdf5 import COMPRESSION


def write_labels_hdf5(
    path: Path,
    shape: tuple[int, ...],
    blocks: Iterable[tuple[Sequence[int], NDArray[np.int32]]],
    conns: NDArray[np.int64],
    *,
    chunk: int,
    count: int,
    voxel_size: float | None,
) -> None:
    """Write labels and throats, whole or not at all.

    Parameters
    ----------
    path : file to write
    shape : of the volume
    blocks : first voxel and labels of each part
    conns : (Nt, 2) regions of each throat, 0-based
    chunk : edge of the stored cubes [voxel]
    count : number of regions
    voxel_size : [m]; None if unknown
    """
    cube = tuple(min(chunk, n) for n in shape)
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        labels = file.create_dataset("labels", shape, np.int32, chunks=cube, **COMPRESSION)
        for first, part in blocks:
            place = tuple(slice(a, a + n) for a, n in zip(first, part.shape, strict=True))
            labels[place] = part
        file.create_dataset("conns", data=conns)
        if voxel_size is not None:
            labels.attrs["element_size_um"] = [voxel_size * 1e6] * len(shape)
        # as Regions.save has them
        file.attrs.update(
            {
                "kind": "regions", "regions": count, "labels.units": "", "labels.dims": "x,y,z",
                "conns.units": "", "conns.dims": "throat,end",
            }
        )  # fmt: skip
