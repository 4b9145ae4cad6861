"""How Stokes flow through an image is solved: the arguments of a run, checked."""

from dataclasses import dataclass

import numpy as np

from poreops.base.arguments import checked_count, checked_tolerance, checked_workers
from poreops.base.arrays import Array
from poreops.base.conventions import Walls, checked_walls
from poreops.solvers.stokes.flow_domain import (
    Boundary,
    checked_boundary,
    checked_flow_axis,
    checked_image,
)


@dataclass(frozen=True)
class How:
    """How an image is solved; see `poreops.solvers.stokes.permeability.permeability`.

    Attributes
    ----------
    axis : of the mean flow, 0, 1 or 2
    boundary, walls, tolerance, iterations, progress
    workers : threads
    """

    axis: int
    boundary: Boundary
    walls: Walls
    tolerance: float
    iterations: int
    workers: int
    progress: bool


def checked_how(
    im: Array,
    axis: int | str,
    boundary: Boundary,
    walls: Walls,
    *,
    tolerance: float,
    usual: float,
    iterations: int,
    workers: int | None,
    progress: bool,
) -> How:
    """Return how an image is to be solved, with the axis and the number of threads.

    Parameters
    ----------
    im : (nx, ny, nz) or (nx, ny) bool
    axis, boundary, walls, tolerance, iterations, workers, progress : as of `permeability`
    usual : tolerance that a message proposes

    Raises
    ------
    InputError
        If one of them, or the image, breaks a rule.
    """
    checked_image(im)
    return How(
        checked_flow_axis(np.asarray(im), axis),
        checked_boundary(boundary),
        checked_walls(walls),
        checked_tolerance(tolerance, usual),
        checked_count(iterations, "iterations"),
        checked_workers(workers),
        progress,
    )
