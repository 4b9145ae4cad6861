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

    The images lie in a file that several processes map at once: thousands of conduits take a
    gigabyte.

    Parameters
    ----------
    conduits, labels : files of the stages conductance_conduits and conductance_labels
    images : encodings that will be asked for
    folder : holds the file of the images
    """

    def __init__(
        self,
        conduits: str | Path,
        labels: str | Path,
        images: Sequence[ImageEncoding],
        folder: Path,
    ) -> None:
        self.conduits, self.labels = conduits, labels
        self._richest: ImageEncoding = richest(images)
        with open_hdf5(labels) as file:
            self._known = np.isfinite(file["size_factor"][()])
        start = time.perf_counter()
        whole = read_examples(conduits, labels, self._richest)
        folder.mkdir(parents=True, exist_ok=True)
        self._images = folder / "images.npy"
        np.save(self._images, whole.encoded.image)
        nothing = np.empty((len(whole), 0), np.uint8)
        self._others = replace(whole, encoded=Encoded(nothing, whole.encoded.scalars))
        self._seconds = time.perf_counter() - start

    def seconds(self, image: ImageEncoding) -> float:
        """Return what the encoding took that `examples` need not do again, or 0.

        Parameters
        ----------
        image : encoding of the image branch
        """
        return self._seconds if covers(self._richest, image) else 0.0

    def examples(self, image: ImageEncoding, rows: Rows) -> Examples:
        """Return what `read_examples` does.

        Parameters
        ----------
        image : encoding of the image branch
        rows : (n,) int64, increasing
        """
        if not covers(self._richest, image):
            return read_examples(self.conduits, self.labels, image, rows)
        # nothing of an image without channels can be mapped
        empty = self._richest == "none"
        images = np.load(self._images) if empty else np.load(self._images, mmap_mode="r")
        every = Encoded(np.asarray(images), self._others.encoded.scalars)
        place = np.cumsum(self._known) - 1
        seen = replace(self._others, encoded=narrowed(every, image))
        return seen.some(place[rows[self._known[rows]]])
