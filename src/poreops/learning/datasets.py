"""The encoded examples that networks learn from."""

from pathlib import Path

import numpy as np

from poreops.learning.encoding import Encoded, ImageEncoding, encode
from poreops.learning.splits import Rows
from poreops.learning.training import Examples
from poreops.store import open_hdf5, read_conduits
from poreops.transport.quantity import zoom_power

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

    The size factors are those of the ROI, in powers of its voxel (`transport.quantity`). Conduits
    that did not settle have none and are left out.

    Parameters
    ----------
    conduits, labels : files of the stages extract_conduits and label_conduits
    image : encoding of the image branch
    rows : (n,) int64, increasing; all by default
    """
    with open_hdf5(labels) as file:
        size_factors, target = file["size_factor"][()], file.attrs["target"]
    rows = np.arange(len(size_factors)) if rows is None else rows
    rows = rows[np.isfinite(size_factors[rows])]
    images, scalars, ratios = [], [], []
    for start in range(0, len(rows), _SLICE):
        part = read_conduits(conduits, rows[start : start + _SLICE])
        encoded = encode(part.roi, image, workers=workers)
        images.append(encoded.image)
        scalars.append(encoded.scalars)
        ratios.append(part.zoom_ratio)
    encoded = Encoded(np.concatenate(images), np.concatenate(scalars))
    scale = np.concatenate(ratios) ** zoom_power(target, encoded.image.ndim - 2)
    return Examples(encoded, size_factors[rows] * scale)
