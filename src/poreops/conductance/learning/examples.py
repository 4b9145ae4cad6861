"""The encoded examples that networks learn from."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from poreops.base.hdf5 import open_hdf5
from poreops.conductance.learning.encoding import (
    Encoded,
    ImageEncoding,
    covers,
    encode,
    narrowed,
    richest,
)
from poreops.conductance.learning.splits import Rows
from poreops.conductance.learning.training import Examples
from poreops.conduits.labels import label_definition
from poreops.conduits.quantity import zoom_power
from poreops.conduits.table import read_conduits

_SLICE = 512  # conduits read and encoded at a time: 134 MB of ROIs


def read_examples(
    conduits: str | Path,
    labels: str | Path,
    image: ImageEncoding,
    rows: Rows | None = None,
    *,
    workers: int | None = None,
) -> Examples:
    """Read and encode conduits with their labels, in slices.

    The size factors are those of the ROI, in powers of its voxel (`conduits.quantity`). Conduits
    that did not settle have none and are left out.

    Parameters
    ----------
    conduits, labels : files of the stages conductance_conduits and conductance_labels
    image : encoding of the image branch
    rows : (n,) int64, increasing; all by default
    """
    with open_hdf5(labels) as file:
        size_factors, label = file["size_factor"][()], label_definition(file.attrs)
    rows = np.arange(len(size_factors)) if rows is None else rows
    rows = rows[np.isfinite(size_factors[rows])]
    images, scalars, ratios = [], [], []
    for start in range(0, len(rows), _SLICE):
        part = read_conduits(conduits, rows[start : start + _SLICE])
        encoded = encode(part.roi, image, workers=workers)
        images.append(encoded.image)
        scalars.append(encoded.scalars)
        ratios.append(part.zoom_ratio)
        ndim = part.roi.ndim - 1
    encoded = Encoded(np.concatenate(images), np.concatenate(scalars))
    scale = np.concatenate(ratios) ** zoom_power(label.target, ndim)
    return Examples(encoded, size_factors[rows] * scale, label, ndim)


class EncodedOnce:
    """Labelled conduits for several trainings, encoded once where one encoding covers others.

    The last encoding alone is kept: of thousands of conduits it takes a gigabyte.

    Parameters
    ----------
    conduits, labels : files of the stages conductance_conduits and conductance_labels
    images : encodings that will be asked for
    """

    def __init__(
        self, conduits: str | Path, labels: str | Path, images: Sequence[ImageEncoding] = ()
    ) -> None:
        self.conduits, self.labels = conduits, labels
        self._richest: ImageEncoding = richest(images) if images else "none"
        with open_hdf5(labels) as file:
            self._known = np.isfinite(file["size_factor"][()])
        self._kept: tuple[ImageEncoding, Examples, float] | None = None

    def seconds(self, image: ImageEncoding) -> float:
        """Return what the encoding took that the next `examples` need not do again, or 0.

        Parameters
        ----------
        image : encoding of the image branch
        """
        return self._kept[2] if self._kept is not None and covers(self._kept[0], image) else 0.0

    def examples(self, image: ImageEncoding, rows: Rows) -> Examples:
        """Return what `read_examples` does.

        Parameters
        ----------
        image : encoding of the image branch
        rows : (n,) int64, increasing
        """
        if self._kept is None or not covers(self._kept[0], image):
            self._kept = None  # two at once may not fit
            start = time.perf_counter()
            read = self._richest if covers(self._richest, image) else image
            whole = read_examples(self.conduits, self.labels, read)
            self._kept = read, whole, time.perf_counter() - start
        place = np.cumsum(self._known) - 1
        whole = self._kept[1]
        seen = replace(whole, encoded=narrowed(whole.encoded, image))
        return seen.some(place[rows[self._known[rows]]])
