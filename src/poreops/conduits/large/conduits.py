"""The conduits of a volume that stays in its file, one after another."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from poreops.conduits.crop import conduit_boxes, crop_conduit
from poreops.conduits.large.groups import EDGE, open_groups, read_group
from poreops.conduits.loop import Crop


class StoredConduit(NamedTuple):
    """A conduit of a file of labels.

    Attributes
    ----------
    number : row of the file's conns
    conn : (2,) int64, its regions, 0-based
    box : (6,) int64, its joint bounding box in the volume: starts, then stops [voxel]
    crop : uint8 of the shape of the box, 1 and 2 in the regions, 0 elsewhere
    """

    number: int
    conn: NDArray[np.int64]
    box: NDArray[np.int64]
    crop: Crop


def conduits_of_file(path: str | Path, *, edge: int = EDGE) -> Iterator[StoredConduit]:
    """Cut the conduits of a volume that need not fit in memory.

    Parameters
    ----------
    path : path
        HDF5 or OME-Zarr of `poreops partition --out`, or HDF5 of `Regions.save`, 3D.
    edge : int
        Edge of the cubes [voxel] by which the conduits are grouped. Of a group as much is held
        as its regions reach over.

    Returns
    -------
    iterator of StoredConduit
        Group by group, and in a group in the order of the file's conns. A crop is that of
        `poreops.conduits.crop.crop_conduit` in the whole image.

    Raises
    ------
    InputError
        Another file, labels with gaps, an edge out of its range, or a group that does not fit
        in memory.

    Examples
    --------
    Size factors of the conduits of a file, in voxels::

        for conduit in poreops.conduits_of_file("labels.h5"):
            found[conduit.number] = conduit_size_factor(conduit.crop)
    """
    for stored, group in open_groups(path, edge):
        if not len(group.throats):
            continue
        part = read_group(stored, group)
        corner = np.tile(group.origin, 2)
        boxes = conduit_boxes(part, group.conns)
        for number, conn, box in zip(group.throats.tolist(), group.conns, boxes, strict=True):
            crop = crop_conduit(part, conn, box)
            yield StoredConduit(number, group.regions[conn], box + corner, crop)
