"""What the dock runs on a layer: arrays in, lines of text and new layers out; no napari."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from poreops.base.arrays import Array
from poreops.base.content import Json
from poreops.cli.napari.reader import LayerData, scaled
from poreops.errors import InputError


@dataclass(frozen=True)
class Outcome:
    """What a job found.

    Attributes
    ----------
    lines : of text, the result first, then what speaks against it
    layers : to add
    """

    lines: tuple[str, ...]
    layers: tuple[LayerData, ...] = field(default=(), repr=False)


def run(job: str, image: Array, voxel_size: float | None, axis: str) -> Outcome:
    """Run a job on the image of a layer.

    Parameters
    ----------
    job : one of `JOBS`
    image : (nx, ny[, nz]) bool or 0/1, 1 = pore
    voxel_size : [m], None if unknown
    axis : "x", "y" or "z", of those jobs that need one

    Returns
    -------
    Outcome

    Raises
    ------
    InputError, NotConvergedError
        As the function of the job.
    """
    if job not in JOBS:
        raise InputError(f"a job must be one of {', '.join(JOBS)}, got {job!r}; choose one")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        outcome = JOBS[job](np.asarray(image), voxel_size, axis)
    notes = tuple(f"warning: {warning.message}" for warning in caught)
    return Outcome((*outcome.lines, *notes), outcome.layers)


def voxel_size_of(metadata: Mapping[str, Json]) -> float | None:
    """Return the voxel size [m] that the reader left in a layer's metadata, None if unknown.

    Parameters
    ----------
    metadata : of the layer
    """
    size = metadata.get("voxel_size_m")
    return None if size is None else float(size)


def _formation_factor(image: Array, voxel_size: float | None, axis: str) -> Outcome:
    from poreops.solvers.diffusion.bulk import formation_factor

    found = formation_factor(image, axis)
    options = {"name": f"concentration {axis}", "colormap": "viridis", "contrast_limits": (0, 1)}
    options |= scaled(voxel_size, image.ndim)
    return Outcome((_shown(found),), ((found.field, options, "image"),))


def _permeability(image: Array, voxel_size: float | None, axis: str) -> Outcome:
    from poreops.solvers.stokes.permeability import permeability

    found = permeability(image, axis, voxel_size=1.0 if voxel_size is None else voxel_size)
    speed = np.sqrt((found.velocity**2).sum(axis=0))
    options = {"name": f"speed {axis}", "colormap": "magma"} | scaled(voxel_size, image.ndim)
    return Outcome((_shown(found),), ((speed, options, "image"),))


def _partition(image: Array, voxel_size: float | None, _: str) -> Outcome:
    from poreops.conduits.partition import partition

    found = partition(image)
    options = {"name": "regions"} | scaled(voxel_size, image.ndim)
    return Outcome((_shown(found),), ((found.labels, options, "labels"),))


def _check(image: Array, _: float | None, __: str) -> Outcome:
    from poreops.conduits.image_check import check

    found = check(image)
    return Outcome((_shown(found), *(f"warning: {text}" for text in found.warnings)))


def _shown(found: object) -> str:
    """Return the line of a result without its angle brackets, which Qt may take for markup."""
    return repr(found).strip("<>")


JOBS: Mapping[str, Callable[[Array, float | None, str], Outcome]] = {
    "check": _check,
    "partition": _partition,
    "formation factor": _formation_factor,
    "permeability": _permeability,
}
"""Name in the dock → what it runs."""
