"""What was read from an image file and how it was understood."""

import math
from dataclasses import dataclass, field
from pathlib import Path

from poreops.base.arrays import Array, DType
from poreops.base.show.result import Shown


class ReadingWarning(UserWarning):
    """An image file was read in a way that its owner should confirm."""


@dataclass(frozen=True)
class Reading:
    """How an image file was understood; beside every image that is read.

    Attributes
    ----------
    path : the file, or the folder of slices
    format : e.g. "TIFF (ImageJ)"
    dataset : array that was read inside an HDF5, npz or mat file
    file_shape, dtype : of the stored array
    axes : letters that the file gives its axes ("ZYX"); None where it names none
    shape : of the image as returned, after resampling
    pore_labels : values counted as pore; () for a grey image, or before the voxels are read
    pore_rule : how these were decided
    voxel_size : (ndim,) edge of a voxel along each axis of the image [m], None if unknown
    voxel_size_source : who said so: "given", or a part of the file
    photometric : reading taken of a TIFF that stores white as zero
    resampling : what was done to make anisotropic voxels cubes
    lossy : the format does not keep voxel values exactly (JPEG)
    warnings : sentences that the owner of the file should read
    """

    path: Path
    format: str
    dataset: str | None
    file_shape: tuple[int, ...]
    dtype: DType
    axes: str | None
    shape: tuple[int, ...]
    pore_labels: tuple[int, ...] = ()
    pore_rule: str | None = None
    voxel_size: tuple[float, ...] | None = None
    voxel_size_source: str | None = None
    photometric: str | None = None
    resampling: str | None = None
    lossy: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def voxels(self) -> int:
        """Number of voxels of the image."""
        return math.prod(self.shape)

    @property
    def edge(self) -> float | None:
        """Edge of the cubic voxels [m]; None if unknown."""
        return None if self.voxel_size is None else self.voxel_size[-1]

    def as_dict(self) -> dict[str, object]:
        """Return the fields as JSON can hold them."""
        return {
            "path": str(self.path),
            "format": self.format,
            "dataset": self.dataset,
            "file_shape": list(self.file_shape),
            "dtype": str(self.dtype),
            "axes": self.axes,
            "shape": list(self.shape),
            "pore_labels": list(self.pore_labels),
            "pore_rule": self.pore_rule,
            "voxel_size_m": None if self.voxel_size is None else list(self.voxel_size),
            "voxel_size_source": self.voxel_size_source,
            "photometric": self.photometric,
            "resampling": self.resampling,
            "lossy": self.lossy,
            "warnings": list(self.warnings),
        }

    def lines(self) -> list[str]:
        """Return sentences for a terminal: pores, voxel size, resampling, warnings."""
        found = []
        if self.pore_rule is not None:
            labels = ", ".join(map(str, self.pore_labels))
            found.append(f"pores: label {labels} ({self.pore_rule})")
        if self.voxel_size is not None:
            found.append(f"voxel size: {self.edge:g} m ({self.voxel_size_source})")
        if self.resampling is not None:
            found.append(f"resampled: {self.resampling}")
        return [*found, *(f"warning: {text}" for text in self.warnings)]


@dataclass(frozen=True, repr=False)
class Volume(Shown, kind="volume"):
    """An image and how it was read.

    Attributes
    ----------
    image : (nx, ny) or (nx, ny, nz) bool, True = pore; of a grey stack (n, rows, columns), in the
        type of the file
    reading : Reading
    """

    image: Array = field(repr=False)
    reading: Reading
