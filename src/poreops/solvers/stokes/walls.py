"""How the walls between voxels are read: a convention worth tens of per cent of a permeability."""

from typing import Literal, cast, get_args

from poreops.base.arguments import shown
from poreops.errors import InputError

Walls = Literal["stepped", "smooth"]
"""``stepped``: the voxels are the body, cubes with edges, as other voxel solvers take them.
``smooth``: they sample smooth grains, whose surface runs through the steps."""

WALLS: Walls = "stepped"
"""The default everywhere."""

BEFORE_WALLS: Walls = "smooth"
"""What models and labels were made with that state no convention."""

LABORATORY = "laboratory"
"""In place of the walls, where flow was measured and not simulated."""

EDGE_FRICTION: dict[Walls, float] = {"stepped": 2.0, "smooth": 1.0}
"""Friction of a face beside an edge, see `poreops.solvers.stokes.staggered`."""


def checked_walls(walls: str) -> Walls:
    """Return the convention, or raise InputError."""
    if not isinstance(walls, str) or walls not in get_args(Walls):
        raise InputError(
            f"walls must be {' or '.join(get_args(Walls))}, got {shown(walls)}; "
            f"{WALLS} is the default"
        )
    return cast(Walls, walls)


def require_same_walls(one: Walls, of_one: str, other: Walls, of_other: str) -> None:
    """Raise InputError unless two sources of flow figures share the convention.

    Parameters
    ----------
    one, other : conventions
    of_one, of_other : what they are of, for the message

    Examples
    --------
    >>> require_same_walls("stepped", "the model", "stepped", "the labels")
    """
    if one != other:
        raise InputError(
            f"flow past {one} walls does not compare with flow past {other} walls: {of_one} has "
            f"the former, {of_other} the latter; make both with the same walls"
        )
