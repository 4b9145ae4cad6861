"""Straight channels cut into regions, and the model that is exact for them."""

import numpy as np

from poreops.conduits.partition import Regions, touching_pairs

VOXEL = 5e-6


class PrismModel:
    """The exact answer for conduits that are prisms: area over distance of the centroids."""

    target = "diffusive"

    def conduit_size_factors(self, crops):
        return np.array([self._prism(crop) for crop in crops])

    def _prism(self, crop):
        first, second = (np.argwhere(crop == label).mean(axis=0) for label in (1, 2))
        axis = int(np.argmax(np.abs(second - first)))
        area = max(np.count_nonzero(layer) for layer in np.moveaxis(crop, axis, 0))
        return area / abs(second - first)[axis]


def regions_of(labels):
    labels = np.ascontiguousarray(labels, dtype=np.int32)
    return Regions(labels, touching_pairs(labels))


def prism(lengths, width=3, shape=(7, 6)):
    """Return a straight channel along x, cut into regions of these lengths."""
    labels = np.zeros((sum(lengths), *shape), dtype=np.int32)
    labels[:, 1 : 1 + width, 2 : 2 + width] = np.repeat(np.arange(len(lengths)) + 1, lengths)[
        :, np.newaxis, np.newaxis
    ]
    return labels
