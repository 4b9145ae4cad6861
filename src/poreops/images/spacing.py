"""Edges of voxels: what a file states, what the user gives, and cubes made of other voxels."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import cast

import numpy as np
from numpy.typing import NDArray

from poreops.errors import InputError

SMALLEST, LARGEST = 1e-9, 1e-3  # [m]
TOLERANCE = 0.01  # of edges that are called equal

_METRES = {
    "m": 1.0, "meter": 1.0, "metre": 1.0, "cm": 1e-2, "centimeter": 1e-2, "mm": 1e-3,
    "millimeter": 1e-3, "millimetre": 1e-3, "um": 1e-6, "µm": 1e-6, "μm": 1e-6, "micron": 1e-6,
    "microns": 1e-6, "micrometer": 1e-6, "micrometre": 1e-6, "\\u00b5m": 1e-6, "nm": 1e-9,
    "nanometer": 1e-9, "nanometre": 1e-9, "pm": 1e-12, "å": 1e-10, "angstrom": 1e-10,
    "a": 1e-10, "in": 0.0254, "inch": 0.0254, "inches": 0.0254,
}  # fmt: skip

Edges = tuple[float, ...]
VoxelSize = float | Sequence[float]


@dataclass(frozen=True)
class Spacing:
    """What a file states about its voxels.

    Attributes
    ----------
    edges : of a voxel along each axis of the image, None where not stated
    source : the part of the file that says so
    metres : the edges are in metres; else only their ratios are known
    """

    edges: tuple[float | None, ...]
    source: str
    metres: bool = True

    def text(self) -> str:
        """Return the edges as they are quoted in messages."""
        listed = ", ".join("?" if e is None else f"{e:.6g}" for e in self.edges)
        return f"{listed} {'m' if self.metres else '(no unit)'}"


def metres_of(unit: str | None) -> float | None:
    """Return a unit of length in metres, None for none, pixels or an unknown one.

    Parameters
    ----------
    unit : name of a unit

    Examples
    --------
    >>> metres_of("micron"), metres_of("pixel")
    (1e-06, None)
    """
    if not unit:
        return None
    return _METRES.get(unit.strip()) or _METRES.get(unit.strip().lower())


def spacing_of(
    edges: Sequence[float | None], unit: str | None, source: str, metres: float | None = None
) -> Spacing | None:
    """Return a spacing from a file's numbers; None where these say nothing.

    Parameters
    ----------
    edges : number along each axis, as the file has it
    unit : of these
    source : what says so, for messages
    metres : that the unit is, where it is known
    """
    usable = [e if e is not None and math.isfinite(e) and e > 0 else None for e in edges]
    if all(e is None for e in usable):
        return None
    factor = metres if metres is not None else metres_of(unit)
    if factor is None:
        # without a unit only the ratios say something
        known = {e for e in usable if e is not None}
        return Spacing(tuple(usable), source, metres=False) if len(known) > 1 else None
    scaled = tuple(None if e is None else round_off(e * factor) for e in usable)
    return Spacing(scaled, source)


def round_off(value: float) -> float:
    """Return a product of decimals without its last bits: 15 µm is 1.5e-05 m, no more digits.

    Parameters
    ----------
    value : a product
    """
    return float(f"{value:.12g}")


def parse_voxel_size(text: str | None) -> VoxelSize | None:
    """Read `5.3e-6` or `15e-6,5e-6,5e-6` (slices, rows, columns).

    Parameters
    ----------
    text : as the user gave it

    Examples
    --------
    >>> parse_voxel_size("5.3e-6"), parse_voxel_size("15e-6,5e-6,5e-6")
    (5.3e-06, (1.5e-05, 5e-06, 5e-06))
    """
    if text is None:
        return None
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InputError(
            f"voxel size must be a length in metres, or one for slices, rows and columns, got "
            f"{text!r}; give it as --voxel-size 5.3e-6 or 15e-6,5e-6,5e-6"
        ) from None
    return numbers[0] if len(numbers) == 1 else numbers


def checked_edges(given: VoxelSize, ndim: int, *, any_size: bool) -> Edges:
    """Return a given voxel size along each axis of an image.

    Parameters
    ----------
    given : one edge, or one for each axis [m]
    ndim : number of axes
    any_size : take sizes outside 1 nm to 1 mm too

    Raises
    ------
    InputError
        Not a positive number or one for each axis; outside 1 nm to 1 mm unless `any_size`.
    """
    several = isinstance(given, Iterable) and not isinstance(given, str | bytes)
    values = list(cast("Sequence[float]", given)) if several else [cast("float", given)]
    if not values or not all(_is_length(value) for value in values):
        raise InputError(
            f"voxel size must be > 0 m, got {given!r}; give one number, or one for each axis, as "
            "--voxel-size 5.3e-6"
        )
    if len(values) not in {1, ndim}:
        raise InputError(
            f"voxel size must be one number or one for each of the {ndim} axes (slices, rows, "
            f"columns), got {len(values)}: {given}; give it as --voxel-size 5.3e-6"
        )
    edges = tuple(float(v) for v in values) * (ndim if len(values) == 1 else 1)
    if not any_size:
        _refuse_slip(edges, "", "give it in metres, ")
    return edges


def _is_length(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    return math.isfinite(value) and float(value) > 0


def _refuse_slip(edges: Edges, source: str, remedy: str) -> None:
    for edge in edges:
        if not SMALLEST <= edge <= LARGEST:
            guess = edge * (1e-6 if edge > LARGEST else 1e-3)
            while guess < SMALLEST:
                guess *= 1e3
            while guess > LARGEST:
                guess *= 1e-3
            meant = f"did you mean {guess:.6g}? " if not source or edge > LARGEST else ""
            raise InputError(
                f"voxel size must lie between 1 nm and 1 mm, got {edge:g} m{source}; {meant}"
                f"{remedy}or take it as it is with --any-voxel-size"
            )


def resolve(
    given: VoxelSize | None, stated: Spacing | None, shape: tuple[int, ...], *, any_size: bool,
    name: str,
) -> tuple[Edges | None, str | None, list[str]]:  # fmt: skip
    """Return the edges of an image's voxels, who said so, and warnings.

    Parameters
    ----------
    given : by the user, for one or all axes [m]
    stated : by the file, for each axis of `shape`
    shape : of the image; the edge along an axis of one voxel does not matter
    any_size : take the given one where it contradicts the file or looks like a slip
    name : of the file, for messages

    Raises
    ------
    InputError
        The two contradict each other by more than 1 %, or one lies outside 1 nm to 1 mm.
    """
    matters = [n > 1 for n in shape]
    if given is None:
        return _from_file(stated, matters, any_size=any_size, name=name)
    edges = checked_edges(given, len(shape), any_size=any_size)
    if stated is None or _agree(edges, stated, matters):
        return edges, "given", []
    listed = ", ".join(f"{e:.6g}" for e in (edges if len(set(edges)) > 1 else edges[:1]))
    conflict = f"{name} states {stated.text()} ({stated.source}), --voxel-size says {listed} m"
    if any_size:
        return edges, "given, against the file", [f"{conflict}; the latter was taken"]
    remedy = "correct one of them" if stated.metres else "give slices, rows and columns"
    raise InputError(
        f"voxel sizes must agree within {TOLERANCE:.0%}, {conflict}; {remedy}, leave "
        "--voxel-size out, or overrule the file with --any-voxel-size"
    )


def _agree(edges: Edges, stated: Spacing, matters: list[bool]) -> bool:
    ratios = [
        edge / own
        for edge, own, counts in zip(edges, stated.edges, matters, strict=True)
        if own is not None and counts
    ]
    if not ratios:
        return True
    # without a unit the file may be off by a factor, the same along each axis
    unit = 1.0 if stated.metres else ratios[0]
    # a ratio of exactly 1 % is a last bit above it in one unit and below it in another
    return all(abs(ratio / unit - 1) <= TOLERANCE * (1 + 1e-9) for ratio in ratios)


def _from_file(
    stated: Spacing | None, matters: list[bool], *, any_size: bool, name: str
) -> tuple[Edges | None, str | None, list[str]]:
    if stated is None:
        return None, None, []
    known = [
        e for e, counts in zip(stated.edges, matters, strict=True) if e is not None and counts
    ]
    if not known:
        return None, None, []
    if not stated.metres:
        if max(known) <= min(known) * (1 + TOLERANCE):
            return None, None, []
        raise InputError(
            f"voxel sizes must have a unit, {name} states {stated.text()} ({stated.source}); "
            "give --voxel-size slices,rows,columns in metres"
        )
    if not any_size:
        _refuse_slip(tuple(known), f" in {name} ({stated.source})", "give --voxel-size, ")
    missing = any(e is None and counts for e, counts in zip(stated.edges, matters, strict=True))
    notes = []
    if missing:
        if max(known) > min(known) * (1 + TOLERANCE):
            raise InputError(
                f"voxel sizes must be known along each axis, {name} states {stated.text()} "
                f"({stated.source}); give --voxel-size slices,rows,columns in metres"
            )
        notes.append(
            f"{name} states {stated.text()} for slices, rows and columns ({stated.source}); "
            f"{known[0]:g} m was taken for all"
        )
    return tuple(known[0] if e is None else e for e in stated.edges), stated.source, notes


def cubes(
    edges: Edges, shape: tuple[int, ...]
) -> tuple[float, tuple[NDArray[np.intp] | None, ...]]:
    """Return the edge of cubic voxels and, for each axis, the nearest layers to repeat.

    Parameters
    ----------
    edges, shape : of the image, along each axis

    Returns
    -------
    edge : the smallest one; the geometric mean where all are equal within 1 %
    layers : indices along each axis, None where the axis stays as it is

    Examples
    --------
    >>> edge, layers = cubes((2.0, 1.0), (3, 4))
    >>> edge, layers[0].tolist(), layers[1]
    (1.0, [0, 0, 1, 1, 2, 2], None)
    """
    counted = [e for e, n in zip(edges, shape, strict=True) if n > 1]
    smallest = min(counted)
    if max(counted) <= smallest * (1 + TOLERANCE):
        same = len(set(counted)) == 1
        return smallest if same else math.exp(sum(map(math.log, counted)) / len(counted)), (
            (None,) * len(shape)
        )
    found: list[NDArray[np.intp] | None] = []
    for edge, n in zip(edges, shape, strict=True):
        if n == 1 or edge <= smallest * (1 + TOLERANCE / 10):
            found.append(None)
            continue
        count = resampled_count(n, edge, smallest)
        nearest = np.floor((np.arange(count) + 0.5) * smallest / edge + 1e-9)
        found.append(np.minimum(nearest, n - 1).astype(np.intp))
    return smallest, tuple(found)


def resampled_count(n: int, edge: float, smallest: float) -> int:
    """Return how many cubes of the smallest edge cover n voxels of another.

    Parameters
    ----------
    n : number of voxels
    edge : of these
    smallest : edge of the cubes, in the same unit
    """
    return max(round(n * edge / smallest), 1)
