"""Conventions that size factors and permeabilities hang on: figures of two do not compare."""

from typing import Literal, cast, get_args

from poreops.base.arguments import checked_choice, shown
from poreops.errors import InputError

Walls = Literal["stepped", "smooth"]
"""How the walls between voxels are read, worth tens of per cent of a permeability.
``stepped``: the voxels are the body, cubes with edges, as other voxel solvers take them.
``smooth``: they sample smooth grains, whose surface runs through the steps."""

WALLS: Walls = "stepped"
"""The default everywhere."""

BEFORE_WALLS: Walls = "smooth"
"""What models and labels were made with that state no convention."""

LABORATORY = "laboratory"
"""In place of the walls, where flow was measured and not simulated."""

Convention = Literal["centroid", "porespy"]
"""Where the current of a diffusive size factor enters and leaves, and where it is measured.
``centroid``: at the voxels nearest the centroids; ``porespy``: half a voxel beside them, as
PoreSpy 3.2 does. See `poreops.conduits.diffusive.diffusive_size_factors`."""

CONVENTION: Convention = "centroid"
"""The default everywhere, and what models that state none were made with."""


def checked_walls(walls: str) -> Walls:
    """Return the convention of the walls, or raise InputError.

    Parameters
    ----------
    walls : as the user gave it

    Returns
    -------
    Walls
    """
    if not isinstance(walls, str) or walls not in get_args(Walls):
        raise InputError(
            f"walls must be {' or '.join(get_args(Walls))}, got {shown(walls)}; "
            f"{WALLS} is the default"
        )
    return cast(Walls, walls)


def checked_convention(convention: str) -> Convention:
    """Return the convention of diffusive size factors, or raise InputError.

    Parameters
    ----------
    convention : as the user gave it

    Returns
    -------
    Convention
    """
    return cast(Convention, checked_choice(convention, get_args(Convention), "convention"))


def require_same_walls(one: Walls, of_one: str, other: Walls, of_other: str) -> None:
    """Raise InputError unless two sources of flow figures share the walls.

    Parameters
    ----------
    one, other : conventions
    of_one, of_other : what they are of, for the message

    Examples
    --------
    >>> require_same_walls("stepped", "the model", "stepped", "the labels")
    """
    what = f"flow past {one} walls does not compare with flow past {other} walls"
    _require_same(one, of_one, other, of_other, what, "the same walls")


def require_same_convention(one: str, of_one: str, other: str, of_other: str) -> None:
    """Raise InputError unless two sources of diffusive size factors share the convention.

    Parameters
    ----------
    one, other : conventions
    of_one, of_other : what they are of, for the message

    Examples
    --------
    >>> require_same_convention("centroid", "the model", "centroid", "the labels")
    """
    what = f"size factors of the convention {one} do not compare with those of {other}"
    _require_same(one, of_one, other, of_other, what, "one label.convention")


def _require_same(
    one: str, of_one: str, other: str, of_other: str, what: str, remedy: str
) -> None:
    if one != other:
        raise InputError(
            f"{what}: {of_one} has the former, {of_other} the latter; make both with {remedy}"
        )
