"""Where regions meet the faces of an image, and the conduits that end there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.ndimage as spim
from numpy.typing import NDArray

from poreops.base.arrays import Integers, Values
from poreops.conduits.crop import face_regions, mirrored_conduit
from poreops.conduits.loop import Crop


@dataclass(frozen=True)
class FaceContacts:
    """The Nb places where a region meets an image face.

    Attributes
    ----------
    region : (Nb,) int, 0-based
    axis, side : (Nb,) int, the face: side 0 at index 0 of the axis, 1 at its last index
    """

    region: NDArray[np.int64]
    axis: NDArray[np.int64]
    side: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.region)

    def some(self, which: Values) -> Self:
        """Return the chosen ones, by index or mask.

        Parameters
        ----------
        which : (k,) int or (n,) bool
        """
        return type(self)(self.region[which], self.axis[which], self.side[which])


_EMPTY = np.zeros(0, dtype=np.int64)
NO_CONTACTS = FaceContacts(_EMPTY, _EMPTY, _EMPTY)


def face_contacts(labels: Integers) -> FaceContacts:
    """Find where regions meet the image faces, by axis, side and region.

    Parameters
    ----------
    labels : (nx, ny[, nz]) int, 0 solid, 1..N regions
    """
    found = [
        (region, axis, side)
        for axis in range(labels.ndim)
        for side in (0, 1)
        for region in face_regions(labels, axis, side)
    ]
    region, axis, side = np.array(found, dtype=np.int64).reshape(-1, 3).T
    return FaceContacts(region, axis, side)


def mirrored_conduits(labels: Integers, contacts: FaceContacts) -> Iterator[Crop]:
    """Yield the conduit of a region and its mirror image for each face contact.

    The face may also be that of a padding layer: the region's box must only end there.

    Parameters
    ----------
    labels : (nx, ny[, nz]) int, 0 solid, 1..N regions
    contacts : of `face_contacts`
    """
    boxes = spim.find_objects(labels)
    for region, axis, side in zip(contacts.region, contacts.axis, contacts.side, strict=True):
        yield mirrored_conduit(labels, region, axis, side, boxes[region])
