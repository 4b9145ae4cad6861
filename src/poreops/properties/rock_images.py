"""The grey images of a rock, one stack of slices made of its files."""

from pathlib import Path

import numpy as np

from poreops.errors import InputError
from poreops.images.grey_stack import joined, read_stack
from poreops.images.reading import Volume
from poreops.images.spacing import VoxelSize
from poreops.properties.slices.segment import check_slices


def read_grey(
    files: tuple[Path, ...],
    name: str,
    *,
    voxel_size: VoxelSize | None = None,
    any_voxel_size: bool = False,
) -> Volume:
    """Read the grey slices of a rock, (n, h, w), in the scale that they are stored in.

    Parameters
    ----------
    files : each a slice or a stack of slices along axis 0, or a folder of them, in any format
    name : of the rock, for messages
    voxel_size, any_voxel_size : as of `read_stack`

    Raises
    ------
    InputError
        A colour image, slices of different sizes or types, blank slices, or a file that is
        missing, damaged or of another format.
    """
    volumes: list[Volume] = []
    for path in files:
        volume = read_stack(path, voxel_size=voxel_size, any_voxel_size=any_voxel_size)
        stack = volume.image
        first = volumes[0].image if volumes else stack
        if (stack.shape[1:], stack.dtype) != (first.shape[1:], first.dtype):
            raise InputError(
                f"the slices of {name} must have one size and type, got {stack.shape[1:]} "
                f"{stack.dtype} in {path.name} beside {first.shape[1:]} {first.dtype}; "
                "crop them alike, or give them as two samples"
            )
        # what is no number may lie outside the field of view; the segmentation looks at that
        known = np.isfinite(stack) if stack.dtype.kind == "f" else None
        check_slices(stack, f"{name} ({path.name})", known)
        volumes.append(volume)
    return joined(files[0], volumes)
