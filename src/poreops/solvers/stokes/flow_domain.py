"""What flows in an image: its boundary conditions, its percolating pores."""

from dataclasses import dataclass
from typing import Literal

import cc3d
import numpy as np
from numpy.typing import NDArray

from poreops.base.arguments import checked_array, checked_axis, shown
from poreops.base.arrays import Array
from poreops.errors import InputError
from poreops.solvers.stokes.percolation import percolating
from poreops.solvers.stokes.staggered import INLET_PLANE, MIRROR, OUTLET_PLANE

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Boundary:
    """What lies beyond the faces of an image.

    Attributes
    ----------
    ends : "pressure" or "periodic"
        Across the axis of the mean flow: the pressure is uniform on both end faces and the image
        continued by reflection there, or the image is repeated and a body force drives the flow.
    sides : "slip", "no-slip" or "periodic"
        Along it: the image continued by reflection, walled in, or repeated.
    """

    ends: Literal["pressure", "periodic"]
    sides: Literal["slip", "no-slip", "periodic"]

    def __post_init__(self) -> None:
        if self.ends not in ("pressure", "periodic"):
            raise InputError(f"ends must be 'pressure' or 'periodic', got {self.ends!r}")
        if self.sides not in ("slip", "no-slip", "periodic"):
            raise InputError(f"sides must be 'slip', 'no-slip' or 'periodic', got {self.sides!r}")


# the image continued by reflection across all its faces: a periodic medium of twice its size
REFLECTED = Boundary("pressure", "slip")
# a core in an impermeable sleeve
SEALED = Boundary("pressure", "no-slip")
# the image repeated: for periodic media
PERIODIC = Boundary("periodic", "periodic")


def checked_boundary(boundary: object) -> Boundary:
    """Return the conditions at the faces of an image, or raise InputError.

    Parameters
    ----------
    boundary : as the user gave it
    """
    if not isinstance(boundary, Boundary):
        raise InputError(f"boundary must be a Boundary, got {shown(boundary)}; e.g. REFLECTED")
    return boundary


def flowing_pores(pore: BoolArray, axis: int, boundary: Boundary) -> BoolArray:
    """Pores of the clusters through which fluid can pass from end to end along an axis.

    Parameters
    ----------
    pore : (nx, ny, nz) bool
    axis : int
    boundary : Boundary
    """
    sides = [a for a in range(3) if a != axis] if boundary.sides == "periodic" else []
    if boundary.ends == "pressure":
        return percolating(pore, axis, sides)
    return _winding(pore, axis, [*sides, axis])


def _winding(pore: BoolArray, axis: int, periodic: list[int]) -> BoolArray:
    """Pores of the clusters that come back to themselves one period further along the axis.

    Clusters of the box are joined across its periodic faces; each gets the number of periods
    that a walk has crossed to reach it. Where two walks disagree, the cluster percolates.
    """
    labels, count = cc3d.connected_components(pore, connectivity=6, return_N=True)
    joins: list[list[tuple[int, int]]] = [[] for _ in range(count + 1)]
    for side in periodic:
        pairs = np.stack([labels.take(layer, side).ravel() for layer in (-1, 0)], axis=1)
        step = int(side == axis)
        for last, first in np.unique(pairs[pairs.all(axis=1)], axis=0).tolist():
            joins[last].append((first, step))
            joins[first].append((last, -step))
    period: dict[int, int] = {}
    keep = np.zeros(count + 1, bool)
    for seed in range(1, count + 1):
        if seed in period:
            continue
        period[seed] = 0
        cluster, winds = [seed], False
        for here in cluster:
            for there, step in joins[here]:
                if there not in period:
                    period[there] = period[here] + step
                    cluster.append(there)
                winds |= period[there] != period[here] + step
        keep[cluster] = winds
    return np.asarray(keep[labels])


def padded_box(pore: BoolArray, axis: int, boundary: Boundary, ndim: int) -> NDArray[np.uint8]:
    """State of the voxels and, in one layer around them, of what lies beyond.

    Parameters
    ----------
    pore : (nx, ny, nz) bool
    axis : of the mean flow
    boundary : Boundary
    ndim : 2 where the first axis is one layer, or 3
    """
    box = np.pad(pore.astype(np.uint8), 1)
    for side in range(3 - ndim, 3):
        layers = np.moveaxis(box, side, 0)
        if side != axis and boundary.sides == "slip":
            layers[[0, -1]] = MIRROR
        if side == axis and boundary.ends == "pressure":
            layers[0] = np.where(layers[1] == 1, INLET_PLANE, layers[1])
            layers[-1] = np.where(layers[-2] == 1, OUTLET_PLANE, layers[-2])
    return box


def periodic_axes(axis: int, boundary: Boundary, ndim: int) -> tuple[bool, bool, bool]:
    """Whether the image is repeated along each axis; a 2D image is along the axis it lacks.

    Parameters
    ----------
    axis : of the mean flow
    boundary : Boundary
    ndim : 2 where the first axis is one layer, or 3
    """
    along, across = boundary.ends == "periodic", boundary.sides == "periodic"
    one, two, three = (along if side == axis else across for side in range(3))
    return one or ndim == 2, two, three


def checked_image(im: Array) -> BoolArray:
    """Return a binary 2D or 3D image as (nx, ny, nz) bool; 2D as one layer along axis 0.

    Parameters
    ----------
    im : as the user gave it
    """
    image = checked_array(im, "image")
    if image.ndim not in (2, 3):
        raise InputError(f"image must be 2D or 3D, got {image.ndim}D of shape {image.shape}")
    if image.size == 0:
        raise InputError(f"image must hold voxels, got shape {image.shape}")
    if image.dtype != np.bool_:
        found = np.unique(image)
        if not np.isin(found, (0, 1)).all():
            raise InputError(
                f"image must be binary (True or 1 = pore), got {found.size} values from "
                f"{found[0]} to {found[-1]}; segment it first"
            )
        image = image.astype(bool)
    if not image.any():
        raise InputError("image must hold pore voxels (True), got none; is it inverted?")
    return image.reshape((1,) * (3 - image.ndim) + image.shape)


def checked_flow_axis(image: Array, axis: int | str) -> int:
    """Return the axis >= 0 of an image that is long enough along it, or raise InputError.

    Parameters
    ----------
    image : (nx, ny, nz) or (nx, ny)
    axis : as the user gave it
    """
    index = checked_axis(axis, image.ndim)
    if image.shape[index] < 3:
        raise InputError(
            f"axis {index} must be at least 3 voxels long, got {image.shape[index]}; "
            "take a longer image or another axis"
        )
    return index
