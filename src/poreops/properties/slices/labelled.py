"""Stacks that are segmented already: which of their values is pore."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from poreops.errors import InputError
from poreops.properties.slices.view import detected_view

Pores = Literal["dark", "bright"]
"""Which of two phases is pore."""

FEW = 8
"""A stack of at most so many different values holds phases, and not greys."""
# of segmented files, in every command: 0 is solid, the other pore
_CONVENTION = ({0.0, 1.0}, {0.0, 255.0})
_SOLID, _OUTSIDE, _PORE = 0, 128, 255


def few_values(values: NDArray[np.generic]) -> NDArray[np.generic] | None:
    """Return the different values of an image of phases, ascending; None if it holds greys.

    Parameters
    ----------
    values : of an image

    Examples
    --------
    >>> few_values(np.array([[0, 255], [255, 0]], np.uint8))
    array([  0, 255], dtype=uint8)
    >>> few_values(np.arange(100)) is None
    True
    """
    # most greys are found out by a part
    flat = values.reshape(-1)
    if len(np.unique(flat[: 1 << 14])) > FEW:
        return None
    found = np.unique(flat)
    return found if len(found) <= FEW else None


def pore_phase(
    stack: NDArray[np.generic],
    values: NDArray[np.generic],
    name: str,
    pores: Pores | None,
    pore_label: float | Sequence[float] | None,
) -> tuple[NDArray[np.bool_], str]:
    """Return the pores of a segmented stack, and how they were told from the solid.

    Parameters
    ----------
    stack : (n, h, w)
    values : of its phases, ascending
    name : of the stack, for messages
    pores : the lowest or the highest of the values
    pore_label : value of the pore, or several

    Raises
    ------
    InputError
        A label that does not occur, or more than two phases and no word which is pore.
    """
    listed = ", ".join(f"{float(v):g}" for v in values)
    if pore_label is not None:
        labels = np.atleast_1d(np.asarray(pore_label))
        given = ", ".join(f"{float(v):g}" for v in labels)
        if pores is not None:
            raise InputError(
                f"the pores of {name} are chosen once, got --pores {pores} and the pore label "
                f"{given}; drop one of them"
            )
        if not np.isin(labels, values).all():
            raise InputError(
                f"a pore label must occur in the image, got {given}, {name} holds {listed}; "
                "choose of these"
            )
        return np.isin(stack, labels), f"value {given} of {listed}, as chosen"
    if len(values) < 2:
        raise InputError(
            f"{name} must show pores and solid, every pixel has the value {listed}; leave it out"
        )
    if pores is not None:
        chosen = values[-1] if pores == "bright" else values[0]
        return np.asarray(stack == chosen), f"value {float(chosen):g} of {listed}, as chosen"
    if len(values) > 2:
        raise InputError(
            f"an image of {len(values)} phases must come with the pore's, {name} holds {listed}; "
            "give its value as --pore-label (pore_label in rocks.csv), or --pores dark or bright "
            "for the lowest or highest"
        )
    by_convention = {float(v) for v in values} in _CONVENTION
    chosen = values[1] if by_convention else values[0]
    rule = "as in segmented files" if by_convention else "the darker one"
    other = "dark" if by_convention else "bright"
    why = f"value {float(chosen):g} of {listed}, {rule} (--pores {other} counts the other)"
    return np.asarray(stack == chosen), why


def two_phases(
    stack: NDArray[np.generic], name: str, pore_label: float | Sequence[float]
) -> NDArray[np.uint8]:
    """Return a segmented stack as 255 for pore and 0 for solid: no label need go with it.

    Parameters
    ----------
    stack : (n, h, w) of at most `FEW` values
    name : of the stack, for messages
    pore_label : value of the pore, or several

    Returns
    -------
    (n, h, w) uint8
        A border of one value stays one, as 128.

    Raises
    ------
    InputError
        A stack of greys, or a label that does not occur.
    """
    values = few_values(stack)
    if values is None:
        raise InputError(
            f"a pore label belongs to a segmented image, {name} has more than {FEW} values, so "
            "greys; leave pore_label empty, its dark phase is pore"
        )
    found = detected_view(stack, segmented=True)
    inside = np.ones(stack.shape, bool) if found is None else found[0]
    seen = values if found is None else np.unique(stack[inside])
    pore, _ = pore_phase(stack, seen, name, None, pore_label)
    return np.where(inside, np.where(pore, _PORE, _SOLID), _OUTSIDE).astype(np.uint8)
