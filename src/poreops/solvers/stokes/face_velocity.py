"""Velocities on the voxel faces of an image, and what follows from them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from poreops.solvers.stokes.staggered import FloatArray


class FaceVelocity(NamedTuple):
    """Velocity through the open voxel faces of an image made 3D.

    Attributes
    ----------
    value : (nu,) float64 [voxel Δp / µ]
        Those across axis 0, 1 and 2 one after the other.
    place : (nu, 3) int16
        Index of the voxel behind the face, plus one.
    block : (4,) int64
        First face across each axis, and nu.
    periodic : three bool
    """

    value: FloatArray
    place: NDArray[np.int16]
    block: NDArray[np.int64]
    periodic: tuple[bool, bool, bool]

    def across(self, axis: int) -> "slice[int, int, None]":
        """Faces across an axis.

        Parameters
        ----------
        axis : 0, 1 or 2
        """
        return slice(self.block[axis], self.block[axis + 1])

    def layer_rates(self, axis: int, layers: int) -> FloatArray:
        """Flow rates through the layers of faces across an axis, (layers + 1,).

        Parameters
        ----------
        axis : 0, 1 or 2
        layers : number of voxels along it
        """
        faces = self.across(axis)
        layer, value = self.place[faces, axis], self.value[faces]
        rates = np.bincount(layer, value, minlength=layers + 1).astype(np.float64)
        if self.periodic[axis]:
            rates[0] = rates[-1]  # they are the same faces
        return rates

    def at_voxels(self, shape: tuple[int, ...]) -> FloatArray:
        """Mean of the two faces across each axis, (3, nx, ny, nz).

        Parameters
        ----------
        shape : of the image, (nx, ny, nz)
        """
        centre = np.zeros((3, *shape))
        for axis in range(3):
            faces = self.across(axis)
            for ahead in (0, 1):
                voxel = self.place[faces].astype(np.int64) - 1
                voxel[:, axis] += ahead
                if self.periodic[axis]:
                    voxel[:, axis] %= shape[axis]
                inside = (voxel[:, axis] >= 0) & (voxel[:, axis] < shape[axis])
                # no two of these faces have the same voxel ahead
                centre[axis][tuple(voxel[inside].T)] += 0.5 * self.value[faces][inside]
        return centre
