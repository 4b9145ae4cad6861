"""How Stokes flow through an image is solved: the arguments of a run, checked."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poreops.base.arguments import checked_count, checked_tolerance, checked_workers
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
    axis : of the mean flow, 0, 1 or 2 once it is checked
    boundary, walls, tolerance, iterations, progress
    workers : threads, all processors once it is checked
    """

    axis: Any
    boundary: Boundary
    walls: Walls
    tolerance: float
    iterations: int
    workers: Any
    progress: bool

    def checked(self, im: NDArray[Any], usual: float) -> "How":
        """Return this with its axis and workers as numbers.

        Parameters
        ----------
        im : (nx, ny, nz) or (nx, ny) bool
        usual : tolerance that a message proposes

        Raises
        ------
        InputError
            If one of them, or the image, breaks a rule.
        """
        checked_image(im)
        axis = checked_flow_axis(np.asarray(im), self.axis)
        checked_boundary(self.boundary)
        checked_walls(self.walls)
        checked_tolerance(self.tolerance, usual)
        checked_count(self.iterations, "iterations")
        return replace(self, axis=axis, workers=checked_workers(self.workers))
