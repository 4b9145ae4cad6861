"""What the check of an image warns of."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poreops.conduits.image_check import Parts, Throats

SHORTEST_AXIS = 3
"""Voxels that an axis must have to be solved along."""
RESOLVED_WIDTH = 4
"""Voxels across a throat below which the voxels, not the rock, decide its conductance."""

_FLOATING, _CLOSED = 0.05, 0.05  # shares of the pores that are worth a warning
_POROSITY_ERROR, _CONDUCTIVITY_ERROR = 0.05, 0.10  # relative standard errors


def check_warnings(
    shape: tuple[int, ...],
    percolating: Sequence[float],
    closed_share: float,
    throats: "Throats | None",
    parts: "Parts | None",
) -> list[str]:
    """Say what speaks against the numbers of an image, a sentence each.

    Parameters
    ----------
    shape : of the image
    percolating : share of the pores that join the two faces of each axis
    closed_share : share of the pores in closed ones
    throats, parts : of `poreops.conduits.image_check`; None where there are none
    """
    found = []
    for name, length, share in zip("xyz", shape, percolating, strict=False):
        if length < SHORTEST_AXIS:
            found.append(
                f"axis {name} is {length} voxel(s) long, nothing can be solved along it; "
                f"{SHORTEST_AXIS} are the least"
            )
        elif share == 0:
            found.append(f"axis {name} does not percolate: no pores join its two faces")
        elif 1 - share > _FLOATING:
            found.append(
                f"axis {name}: {1 - share:.1%} of the pores do not join its two faces and carry "
                "nothing"
            )
    if closed_share > _CLOSED:
        found.append(
            f"{closed_share:.1%} of the pores are closed, they touch no face; is the resolution "
            "enough to see their throats?"
        )
    if throats is not None and throats.mean < RESOLVED_WIDTH:
        found.append(
            f"throats are {throats.mean:.1f} voxels wide on average, below {RESOLVED_WIDTH} the "
            "voxels decide their conductance; take a finer image"
        )
    return found + _spread_warnings(parts)


def _spread_warnings(parts: "Parts | None") -> list[str]:
    if parts is None:
        return []
    found = []
    if parts.porosity_error > _POROSITY_ERROR:
        low, high = min(parts.porosity), max(parts.porosity)
        found.append(
            f"the porosity of the parts runs from {low:.3f} to {high:.3f}: for the rock it is "
            f"known to ± {parts.porosity_error:.0%} (one standard error); take a larger image"
        )
    for axis, factors in parts.formation_factor.items():
        error = parts.conductivity_error(axis)
        if error > _CONDUCTIVITY_ERROR:
            found.append(
                f"F along {'xyz'[axis]} of the parts runs from {min(factors):.3g} to "
                f"{max(factors):.3g}: for the rock it is known to ± {error:.0%} (one standard "
                "error); take a larger image"
            )
    return found
