"""The block at the top of an answer: which phase is the pore, is there enough, is it resolved."""

import numpy as np
from numpy.typing import NDArray

from poreops.base.content import Json
from poreops.conduits.image_check import ImageCheck, Parts, check
from poreops.conduits.partition import Regions
from poreops.images.reading import Reading

Results = dict[str, Json]

OPEN = 0.6
"""Porosity above which the other label of two may have been meant."""


def check_block(
    im: NDArray[np.bool_],
    reading: Reading,
    *,
    chosen: bool,
    regions: Regions | None = None,
    octants: bool = True,
    workers: int | None = None,
) -> Results:
    """Return what to look at before the numbers of an image are believed.

    ``chosen`` says that the user named the label of the pore.

    Parameters
    ----------
    im : image, True is pore
    reading : how the file was read
    chosen : whether the user named the label of the pore
    regions : of the image, if it was partitioned
    octants : solve the eight octants too
    workers : threads; None for all cores
    """
    found = check(im, regions=regions, parts=octants, workers=workers)
    names = "xyz"[: im.ndim]
    notes = [*reading.warnings, *([] if chosen else _phase_warnings(found, reading))]
    if reading.edge is None:
        notes.append("the voxel size is unknown; give it as --voxel-size to have units")
    return {
        "pore": {
            "labels": list(reading.pore_labels),
            "rule": reading.pore_rule,
            "share": found.porosity,
        },
        "voxel_size": voxel_size_results(reading),
        "percolating_share": dict(zip(names, found.percolating_share, strict=True)),
        "floating_share": dict(zip(names, found.floating_share, strict=True)),
        "closed": {"pores": found.closed_pores, "share": found.closed_share},
        "throats": _throats(found),
        "octants": _octants(found.parts, names) | _skipped(found, "parts"),
        "warnings": [*notes, *found.warnings],
    }


def voxel_size_results(reading: Reading) -> Results:
    """Return the edge of a voxel and who said so.

    Parameters
    ----------
    reading : how the file was read
    """
    return {
        "edge_m": reading.edge,
        "source": reading.voxel_size_source,
        "resampling": reading.resampling,
    }


def _phase_warnings(found: ImageCheck, reading: Reading) -> list[str]:
    """Say what the other of two labels gives, where nobody chose and the pore is most of it."""
    if found.porosity <= OPEN or reading.pore_rule is None:
        return []
    other = "the other one" if 0 in reading.pore_labels else "0"
    labels = ", ".join(map(str, reading.pore_labels))
    text = (
        f"{found.porosity:.1%} of the image is counted as pore (label {labels}, "
        f"{reading.pore_rule}); the other label would give {1 - found.porosity:.1%}: if that is "
        f"the pore, give --pore-label {other}"
    )
    return [text]


def _throats(found: ImageCheck) -> Results:
    if found.throats is None:
        return {"count": 0} | _skipped(found, "throats")
    throats = found.throats
    return {
        "count": throats.count,
        "smallest_voxels": throats.smallest,
        "mean_voxels": throats.mean,
        "one_voxel_share": throats.one_voxel_share,
        "measured_shape": list(throats.box),
    }


def _octants(parts: Parts | None, names: str) -> Results:
    if parts is None:
        return {}
    return {
        "porosity": list(parts.porosity),
        "porosity_error": parts.porosity_error,
        "solved_shape": list(parts.solved_shape),
        "formation_factor": {
            name: list(parts.formation_factor[axis]) for axis, name in enumerate(names)
        },
        "formation_factor_error": {
            name: parts.conductivity_error(axis) for axis, name in enumerate(names)
        },
    }


def _skipped(found: ImageCheck, what: str) -> Results:
    return {"skipped": found.skipped[what]} if what in found.skipped else {}
