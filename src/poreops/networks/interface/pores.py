"""Where the pores of a partitioned image lie and how large they are."""

import math
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from poreops.conduits.crop import region_centroids
from poreops.conduits.partition import Regions


class PlacedPores:
    """A network whose pores are the regions of an image.

    Attributes
    ----------
    regions : Regions
    voxel_size : float [m]
    """

    regions: Regions
    voxel_size: float

    @cached_property
    def coords(self) -> NDArray[np.float64]:
        """Centroids of the regions, (N, 3) [m], the image's corner at 0."""
        labels = self.regions.labels
        coords = np.full((self.regions.count, 3), 0.5)
        coords[:, : labels.ndim] = region_centroids(labels) + 0.5
        return coords * self.voxel_size

    @cached_property
    def diameters(self) -> NDArray[np.float64]:
        """Diameters of the spheres (circles) as large as the regions, (N,) [m]."""
        labels = self.regions.labels
        volume = np.bincount(labels.ravel(), minlength=self.regions.count + 1)[1:]
        unit = math.pi / (6 if labels.ndim == 3 else 4)
        found: NDArray[np.float64] = (volume / unit) ** (1 / labels.ndim) * self.voxel_size
        return found
