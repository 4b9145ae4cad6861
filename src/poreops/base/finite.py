"""Refuse numbers that are not finite before they are kept or handed on."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from poreops.errors import InputError


class DivergedError(InputError):
    """A model holds or answers numbers that are not finite; the message names the array."""


def check_finite(arrays: Mapping[str, ArrayLike], what: str) -> None:
    """Raise `DivergedError` for the first array that holds NaN or an infinity.

    Parameters
    ----------
    arrays : name → numbers of any shape
    what : owner of the arrays, for the message

    Examples
    --------
    >>> check_finite({"kernel": [1.0, float("nan")], "bias": [0.0]}, "the network")
    Traceback (most recent call last):
    poreops.base.finite.DivergedError: the network must be finite, got 1 of 2 numbers in
    kernel that are not, 1 of 2 arrays in all; ...
    """
    bad = {}
    for name, values in arrays.items():
        array = np.asarray(values)
        if array.dtype.kind == "f" or array.dtype.name == "bfloat16":
            count = int((~np.isfinite(array.astype(np.float64))).sum())
            if count:
                bad[name] = (count, array.size)
    if bad:
        name, (count, size) = next(iter(bad.items()))
        raise DivergedError(
            f"{what} must be finite, got {count} of {size} numbers in {name} that are not, "
            f"{len(bad)} of {len(arrays)} arrays in all; "
            "train it again in float32 or with a smaller learning rate"
        )
