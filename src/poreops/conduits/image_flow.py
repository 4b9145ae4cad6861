"""The equations of Stokes flow through a whole image, for networks that cut it into blocks."""

import numpy as np

from poreops.base.arrays import Array
from poreops.base.conventions import Walls
from poreops.errors import InputError
from poreops.solvers.stokes.flow_domain import (
    REFLECTED,
    checked_flow_axis,
    flowing_pores,
    padded_box,
    periodic_axes,
)
from poreops.solvers.stokes.staggered import EDGE_FRICTION, StaggeredFlow, discretise


def image_flow(labels: Array, axis: int, walls: Walls) -> StaggeredFlow | None:
    """Return the equations that `poreops.permeability` solves with its default boundary.

    Parameters
    ----------
    labels : (nx, ny[, nz]) int, 0 solid
    axis : of the mean flow
    walls : "stepped" or "smooth"

    Returns
    -------
    StaggeredFlow or None
        Of the pores that join the two faces; the axis that a 2D image lacks comes first. None if
        nothing percolates.

    Raises
    ------
    InputError
        Fewer than 3 voxels along the axis, or no solid.
    """
    ndim = labels.ndim
    along = checked_flow_axis(labels, axis) + 3 - ndim
    pore = np.asarray(labels > 0).reshape((1,) * (3 - ndim) + labels.shape)
    flowing = flowing_pores(pore, along, REFLECTED)
    if not flowing.any():
        return None
    if flowing.all():
        raise InputError("image must hold solid voxels (False), got pores only: k is infinite")
    box = padded_box(flowing, along, REFLECTED, ndim)
    return discretise(box, periodic_axes(along, REFLECTED, ndim), EDGE_FRICTION[walls])
