"""Read what PoreOps reads as layers of napari, with the voxel size that the file states."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from poreops.base.arrays import Array
from poreops.base.content import Json
from poreops.errors import InputError
from poreops.images.formats import SLICES, WITH_DATASETS, suffix_of
from poreops.images.grey_stack import read_stack
from poreops.images.itk import ITK
from poreops.images.read import read_volume
from poreops.images.reading import Reading

LayerData = tuple[Array, dict[str, Json], str]
"""Array, keyword arguments of the layer and its type, as napari takes them."""

READ = SLICES | WITH_DATASETS | set(ITK)
MICROMETRES = 1e6  # per metre, the unit of the scale in napari


def get_reader(path: str | list[str]) -> Callable[[str | list[str]], list[LayerData]] | None:
    """Return the reader of a path, None if PoreOps reads no such file: napari asks others then.

    Parameters
    ----------
    path : of a file, or of several
    """
    paths = path if isinstance(path, list) else [path]
    known = (Path(one).is_dir() or suffix_of(Path(one)) in READ for one in paths)
    return read_layers if paths and all(known) else None


def read_layers(path: str | list[str]) -> list[LayerData]:
    """Read files as layers: a segmented image as its pores, others as grey values.

    Parameters
    ----------
    path : one file or folder of slices, or several

    Returns
    -------
    list of (array, options, "labels" or "image")
        Pores are (nx, ny[, nz]) uint8 labels, 1 = pore; greys (n, rows, columns). Axes stay those
        of the array; the scale is in micrometres. ``metadata`` holds "voxel_size_m" (None if
        unknown) and "reading".

    Raises
    ------
    InputError
        No image of either kind.
    """
    paths = path if isinstance(path, list) else [path]
    return [_layer(Path(one)) for one in paths]


def _layer(path: Path) -> LayerData:
    try:
        volume = read_volume(path)
    except InputError as not_segmented:
        try:
            grey = read_stack(path)
        except InputError:
            raise not_segmented from None
        return grey.image, _options(grey.reading, path, grey.image.ndim), "image"
    pores = volume.image.astype(np.uint8)
    return pores, _options(volume.reading, path, pores.ndim), "labels"


def _options(reading: Reading, path: Path, ndim: int) -> dict[str, Json]:
    metadata = {"voxel_size_m": reading.edge, "reading": reading.as_dict()}
    return {"name": path.stem, "metadata": metadata} | scaled(reading.edge, ndim)


def scaled(voxel_size: float | None, ndim: int) -> dict[str, Json]:
    """Return the options that give a layer its voxel size, none for an unknown one.

    Parameters
    ----------
    voxel_size : [m]
    ndim : of the layer
    """
    if voxel_size is None:
        return {}
    return {"scale": (voxel_size * MICROMETRES,) * ndim, "units": ("um",) * ndim}
