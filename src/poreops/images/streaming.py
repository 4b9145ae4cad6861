"""Read a segmented volume layer by layer, where it need not fit in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray

from poreops.errors import InputError
from poreops.images.formats import Source, open_image
from poreops.images.labels import PoreLabel, PoreTest, checked_labels
from poreops.images.read import described, split_path
from poreops.images.reading import Reading
from poreops.images.spacing import VoxelSize
from poreops.images.stored import StoredImage


@dataclass(frozen=True)
class PoreStream:
    """An open volume.

    Attributes
    ----------
    reading : how it is understood before a voxel is read
    stored : open image
    test : tells pores from solid
    """

    reading: Reading
    stored: StoredImage
    test: PoreTest

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the volume."""
        nx, ny, nz = self.reading.shape
        return nx, ny, nz

    def layers(self) -> Iterator[NDArray[np.bool_]]:
        """Yield consecutive layers, (n, ny, nz) each, True = pore.

        Raises
        ------
        InputError
            The volume is not binary and no pore label was given, or the file is damaged.
        """
        for values in self.stored.slabs():
            yield self.test(values.reshape(-1, *self.shape[1:]))

    def understood(self) -> Reading:
        """Return how the volume was understood; before its layers were read that is little."""
        if not self.test.met:
            return self.reading
        labels, rule = self.test.rule()
        notes = (*self.reading.warnings, *self.test.warnings())
        return replace(self.reading, pore_labels=labels, pore_rule=rule, warnings=notes)


@contextmanager
def open_pores(
    path: str | Path,
    *,
    dataset: str | None = None,
    shape: tuple[int, ...] | None = None,
    dtype: DTypeLike | None = None,
    offset: int = 0,
    pore_label: PoreLabel | None = None,
    voxel_size: VoxelSize | None = None,
    any_voxel_size: bool = False,
) -> Iterator[PoreStream]:
    """Open a segmented volume; arguments as `poreops.images.read.read_volume`.

    Raises
    ------
    InputError
        It is not 3D, its voxels are no cubes, or it is stored in Fortran order.
    """
    labels = checked_labels(pore_label)
    file, dataset = split_path(path, dataset)
    with open_image(file, Source(dataset, shape, dtype, offset)) as stored:
        reading, _ = described(file, stored, voxel_size, any_voxel_size)
        if len(reading.shape) != 3 or min(reading.shape) < 2:
            raise InputError(
                f"a volume must be 3D, {file.name} has shape {reading.shape}; a slice needs no "
                "chunks"
            )
        if reading.resampling is not None:
            raise InputError(
                f"voxels must be cubes to be read in parts, {file.name} would be resampled to "
                f"{reading.resampling}; resample it first"
            )
        if stored.fortran:
            raise InputError(
                f"a volume must be stored in C order to be read in parts, {file.name} is in "
                "Fortran order, as MATLAB writes it; save it as HDF5 from Python or Fiji"
            )
        yield PoreStream(reading, stored, PoreTest(labels, file.name, stored))
