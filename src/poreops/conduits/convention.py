"""Where the current of a diffusive size factor enters and leaves, and where it is measured."""

from typing import Literal, cast, get_args

from poreops.base.arguments import checked_choice
from poreops.errors import InputError

Convention = Literal["centroid", "porespy"]
"""``centroid``: at the voxels nearest the centroids; ``porespy``: half a voxel beside them, as
PoreSpy 3.2 does. See `poreops.conduits.diffusive.diffusive_size_factors`."""

CONVENTION: Convention = "centroid"
"""The default everywhere, and what models that state none were made with."""


def checked_convention(convention: str) -> Convention:
    """Return the convention, or raise InputError."""
    return cast(Convention, checked_choice(convention, get_args(Convention), "convention"))


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
    if one != other:
        raise InputError(
            f"size factors of the convention {one} do not compare with those of {other}: "
            f"{of_one} has the former, {of_other} the latter; make both with one label.convention"
        )
