"""Open NRRD, MetaImage and NIfTI through SimpleITK, an optional extra."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.errors import InputError
from poreops.volumes.spacing import LARGEST, SMALLEST, Spacing, spacing_of
from poreops.volumes.stored import StoredImage

ITK = {".nrrd", ".nhdr", ".mhd", ".mha", ".nii", ".nii.gz"}


@contextmanager
def open_itk(file: Path) -> Iterator[StoredImage]:
    """Open the image; axes run slices, rows, columns, as numpy has them."""
    try:
        import SimpleITK as sitk  # noqa: N813
    except ImportError:
        raise InputError(
            f"{file.name} needs SimpleITK, which is not installed; pip install 'poreops[formats]'"
        ) from None
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(file))
    reader.ReadImageInformation()
    if reader.GetNumberOfComponents() > 1:
        raise InputError(
            f"an image must hold one value a voxel, {file.name} has "
            f"{reader.GetNumberOfComponents()} components; save it as 8-bit grey or labels"
        )
    keys = {key: reader.GetMetaData(key) for key in reader.GetMetaDataKeys()}
    shape = tuple(int(n) for n in reader.GetSize())[::-1]
    edges = tuple(float(n) for n in reader.GetSpacing())[::-1]
    values: NDArray[np.generic] = sitk.GetArrayFromImage(reader.Execute())

    def slabs() -> Iterator[NDArray[np.generic]]:
        yield values

    yield StoredImage(
        shape, values.dtype, slabs, file.suffix.lstrip(".").upper(), sliceable=False,
        axes=("ZYX" if len(shape) == 3 else None), spacing=_spacing(file, edges, keys),
    )  # fmt: skip


def _spacing(file: Path, edges: tuple[float, ...], keys: dict[str, str]) -> Spacing | None:
    """Return the spacing; MetaImage and NIfTI count in mm, NRRD names its unit or has none."""
    source = f"{file.suffix.lstrip('.')} spacing"
    if all(edge == 1 for edge in edges):
        return None  # what the formats assume where nothing was written
    if file.suffix.lower() in {".nrrd", ".nhdr"}:
        unit = keys.get("NRRD_space units", "").strip('"() ').split('" "')[0]
        return spacing_of(edges, unit or None, source)
    metres = 1e-3
    if any(not SMALLEST <= edge * metres <= LARGEST for edge in edges):
        return spacing_of(edges, None, source)  # written in another unit
    return spacing_of(edges, None, source, metres)
