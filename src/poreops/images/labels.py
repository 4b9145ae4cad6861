"""Decide which values of a segmented image are pore."""

import math
from collections.abc import Iterable, Iterator, Sequence
from numbers import Integral, Real
from typing import cast

import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import DType, Values
from poreops.errors import InputError
from poreops.images.stored import StoredImage

PoreLabel = int | Sequence[int]

_DIGITS = 20  # of a label that is quoted
_ROUNDING = 1e-5  # of labels that went through float32 arithmetic


def parse_labels(text: str | None) -> tuple[int, ...] | None:
    """Read one label or several, `1` or `1,2`; an empty text is none.

    Parameters
    ----------
    text : as the user gave it

    Examples
    --------
    >>> parse_labels("1,2"), parse_labels("")
    ((1, 2), None)
    """
    if text is None or not text.strip():
        return None
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise InputError(
            f"pore labels must be whole numbers, got {text[:40]!r}; give one as --pore-label 1, "
            "several as --pore-label 1,2"
        ) from None


def checked_labels(pore_label: PoreLabel | None) -> tuple[int, ...] | None:
    """Return the labels as different integers in the order given; None for none.

    Parameters
    ----------
    pore_label : as the user gave it, one or several

    Raises
    ------
    InputError
        If one is not a whole number, or the sequence is empty.
    """
    if pore_label is None:
        return None
    several = isinstance(pore_label, Iterable) and not isinstance(pore_label, str | bytes)
    labels = list(cast("Sequence[int]", pore_label)) if several else [cast("int", pore_label)]
    if not labels or not all(_is_whole(label) for label in labels):
        raise InputError(
            f"a pore label must be a whole number or several, got {pore_label!r}; give "
            "pore_label=1 or pore_label=[1, 2] (--pore-label 1,2)"
        )
    return tuple(dict.fromkeys(int(v) for v in labels))


def _is_whole(value: object) -> bool:
    if isinstance(value, np.bool_ | Integral):
        return True
    return isinstance(value, Real) and math.isfinite(value) and float(value).is_integer()


class PoreTest:
    """Tells pores from solid, slab by slab, and says at the end what it took for pore.

    Parameters
    ----------
    labels : of the pores; None takes the larger value of a binary image
    name : of the file, for messages
    stored : the image
    """

    def __init__(self, labels: tuple[int, ...] | None, name: str, stored: StoredImage) -> None:
        self._labels, self._name, self._stored = labels, name, stored
        self._met: set[int] = set()  # of the labels, or the values above 0
        self._zero = False
        self._rounded = False

    def __call__(self, values: Values) -> NDArray[np.bool_]:
        """Return where a slab is pore."""
        kind = values.dtype.kind
        if kind == "f":
            return self._of_floats(values)
        if self._labels is not None:
            return self._of_labels(values, self._labels)
        pore = np.asarray(values != 0)
        if kind == "b":
            self._met |= {1} if pore.any() else set()
        elif pore.any():
            nonzero = values[pore] if not pore.all() else values
            self._meet({int(nonzero.min()), int(nonzero.max())})
        self._zero = self._zero or not pore.all()
        return pore

    def _of_floats(self, values: Values) -> NDArray[np.bool_]:
        if np.isnan(values).any():
            raise InputError(
                f"an image must not hold NaN, {self._name} has {int(np.isnan(values).sum())} or "
                "more; segment it again or replace NaN by the solid's label"
            )
        near = np.rint(values)
        with np.errstate(invalid="ignore"):  # infinity less infinity
            off = float(np.nanmax(np.abs(values - near), initial=0))
        self._rounded = self._rounded or 0 < off <= _ROUNDING
        if self._labels is not None:
            return self._of_labels(near if off <= _ROUNDING else values, self._labels)
        found = np.unique(near)
        if off > _ROUNDING or len(found) > 2 or not np.isfinite(found).all():
            raise InputError(self._not_binary())
        self._meet({int(value) for value in found if value != 0})
        self._zero = self._zero or 0 in found
        return np.asarray(near != 0)

    def _of_labels(self, values: Values, labels: tuple[int, ...]) -> NDArray[np.bool_]:
        pore = np.zeros(values.shape, dtype=np.bool_)
        for label in labels:
            if not _can_hold(values.dtype, label):
                continue
            same = values == values.dtype.type(label)
            if same.any():
                self._met.add(label)
                pore |= same
        return pore

    def _meet(self, values: set[int]) -> None:
        """Take note of values above 0; a second one in any slab is no binary image."""
        self._met |= values
        if len(self._met) > 1 or not self._met <= {1, 255}:
            raise InputError(self._not_binary())

    @property
    def met(self) -> bool:
        """Whether a pore was met so far."""
        return bool(self._met)

    def rule(self) -> tuple[tuple[int, ...], str]:
        """Return the labels taken for pore and how they were decided."""
        if self._labels is not None:
            return self._labels, "as given"
        labels = tuple(self._met) or (1,)
        if self._stored.dtype.kind == "b":
            return labels, "True of a boolean image; for the other phase give --pore-label 0"
        if not self._zero:
            return labels, "the only value"
        return labels, f"largest-value default of 0 and {labels[0]}; 0 = pore? use --pore-label 0"

    def warnings(self) -> list[str]:
        """Return what was odd about the labels."""
        found = []
        if self._rounded:
            found.append(f"{self._name} holds labels that are not whole; they were rounded")
        missing = [label for label in self._labels or () if label not in self._met]
        if missing and self._met:
            listed = ", ".join(map(_short, missing))
            found.append(f"no voxel of {self._name} has the label {listed}")
        return found

    def no_pore(self) -> str:
        """Return the message for an image without a pore."""
        if self._labels is None:
            return (
                f"an image must have at least one pore voxel, {self._name} holds only 0; "
                "if 0 is the pore, give pore_label=0 (--pore-label 0)"
            )
        listed = " or ".join(map(_short, self._labels))
        return (
            f"an image must have at least one pore voxel, no voxel of {self._name} has the "
            f"label {listed}; it holds {self._some()}; give the pore's value as pore_label "
            "(--pore-label)"
        )

    def _not_binary(self) -> str:
        kind, lossy = self._stored.dtype, ""
        if self._stored.lossy:
            lossy = " after lossy compression, which changes values"
        if len(_some_values(self._stored.slabs(), most=9)) > 8:
            return (
                f"an image must be segmented, {self._name} ({kind}) holds more than 8 values "
                f"({self._some()}){lossy}; segment it, or name the pore's value with pore_label "
                "(--pore-label)"
            )
        return (
            f"an image without a pore label must be boolean, {{0, 1}} or {{0, 255}}, {self._name} "
            f"({kind}) holds {self._some()}{lossy}; name the pore's value with pore_label "
            "(--pore-label)"
        )

    def _some(self) -> str:
        found = sorted(_some_values(self._stored.slabs(), most=9))
        return ", ".join(f"{value:.8g}" for value in found[:8]) + (", ..." if found[8:] else "")


def _can_hold(dtype: DType, label: int) -> bool:
    if dtype.kind == "b":
        return label in {0, 1}
    if dtype.kind in "iu":
        limits = np.iinfo(dtype.str)
        return int(limits.min) <= label <= int(limits.max)
    return abs(label) <= float(np.finfo(dtype.str).max)


def _short(label: int) -> str:
    text = str(label)
    return text if len(text) <= _DIGITS else f"{text[:_DIGITS]}..."


def _some_values(slabs: Iterator[Values], most: int) -> set[float]:
    """Return the first values met, at most `most`."""
    found: set[float] = set()
    for values in slabs:
        found.update(np.unique(values)[:most].astype(float).tolist())
        if len(found) >= most:
            break
    return set(sorted(found)[:most])
