"""What the member `physics` sees of a conduit: an estimate of its size factor, and how sure it is.

The traits of `poreops.conduits.estimates`, on the conduit's own voxels; where a ROI was shrunk, on
those of the ROI.
"""

import math
from typing import cast

import numpy as np
from numpy.typing import NDArray

from poreops.base.conventions import Convention
from poreops.conduits.estimates import (
    DIFFUSIVE_TRAITS,
    HYDRAULIC_TRAITS,
    diffusive_estimate,
    hydraulic_estimate,
)
from poreops.conduits.labels import LabelConfig
from poreops.errors import NotConvergedError
from poreops.solvers.stokes.staggered import EDGE_FRICTION

ZOOM = 0
"""Column of the logarithm of the zoom, from the voxels of the estimate to those of the ROI."""
ESTIMATE = 1
"""Column of the logarithm of the estimate; those behind it are what the correction learns from."""

DIFFICULTY = 2
"""Column of what tells how sure it is: the residual of diffusion, the gap between the bounds."""

WITHOUT_LENGTH = ("log_gap", "log_darcy", "log_drop")
"""Traits without a length, of flow: a conduit beyond those of the training is of another kind, and
not only larger or smaller."""


def prior_encoding(label: LabelConfig) -> str:
    """Return the encoding of the estimates of what labels are: ``priors+`` and their convention.

    Parameters
    ----------
    label : LabelConfig
    """
    return f"priors+{label.walls if label.target == 'hydraulic' else label.convention}"


def prior_names(encoding: str) -> tuple[str, ...]:
    """Return the names of the columns of an encoding.

    Parameters
    ----------
    encoding : of `prior_encoding`
    """
    flow = encoding.removeprefix("priors+") in EDGE_FRICTION
    return ("log_zoom", *(HYDRAULIC_TRAITS if flow else DIFFUSIVE_TRAITS))


def kind_columns(encoding: str) -> list[int]:
    """Return the columns of `WITHOUT_LENGTH` that an encoding has.

    Parameters
    ----------
    encoding : of `prior_encoding`
    """
    return [n for n, name in enumerate(prior_names(encoding)) if name in WITHOUT_LENGTH]


def limits(rows: NDArray[np.float32], encoding: str) -> NDArray[np.float32]:
    """Return the least and the largest of each of the `kind_columns`, (2, j) float32.

    Parameters
    ----------
    rows : (n, k) float32, as `priors` returns them
    encoding : of `prior_encoding`
    """
    shape = rows[:, kind_columns(encoding)]
    return np.stack([shape.min(axis=0), shape.max(axis=0)])


def priors(box: NDArray[np.uint8], encoding: str, zoom: float = 1.0) -> NDArray[np.float32]:
    """Return the row of a conduit, NaN where its regions share no face or nothing settles.

    Parameters
    ----------
    box : uint8, 2D or 3D, 0/1/2
    encoding : of `prior_encoding`
    zoom : voxels of the ROI per voxel of the box
    """
    row = np.full(len(prior_names(encoding)), np.nan, np.float32)
    convention = encoding.removeprefix("priors+")
    try:
        if convention in EDGE_FRICTION:
            found = hydraulic_estimate(box, convention)
        else:
            found = diffusive_estimate(box, cast(Convention, convention))
    except NotConvergedError:
        return row
    if found is not None and found.size_factor > 0:
        row[ZOOM], row[ESTIMATE:] = math.log(zoom), found.traits
    return row
