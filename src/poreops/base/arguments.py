"""Check the arguments that public functions share; what is wrong is said in one line."""

import math
import os

import numpy as np

from poreops.base.arrays import Array
from poreops.errors import InputError

AXES = "xyz"
MOST_WORKERS = 1024


def checked_axis(axis: object, ndim: int) -> int:
    """Return the array axis 0, 1 or 2 of a number or a name, or raise InputError.

    Parameters
    ----------
    axis : as the user gave it, a number or one of "x", "y", "z"
    ndim : number of axes of the image

    Examples
    --------
    >>> [checked_axis(axis, 3) for axis in (0, "y", -1, np.int64(1))]
    [0, 1, 2, 1]
    """
    index = axis
    if isinstance(axis, str) and len(axis) == 1 and axis in AXES[:ndim]:
        index = AXES.index(axis)
    if (
        isinstance(index, bool | np.bool_)
        or not isinstance(index, int | np.integer)
        or not -ndim <= index < ndim
    ):
        raise InputError(
            f"axis must be one of {', '.join(AXES[:ndim])} or 0..{ndim - 1} for a {ndim}D image, "
            f"got {shown(axis)}"
        )
    return int(index) % ndim


def checked_voxel_size(voxel_size: object) -> float:
    """Return the edge of a cubic voxel [m], or raise InputError.

    Parameters
    ----------
    voxel_size : as the user gave it [m]; three equal edges are one

    Examples
    --------
    >>> checked_voxel_size((2e-6, 2e-6, 2e-6))
    2e-06
    """
    if isinstance(voxel_size, list | tuple | np.ndarray):
        edges = np.array(voxel_size, dtype=object).ravel()
        if not edges.size or any(edge != edges[0] for edge in edges[1:]):
            raise InputError(
                f"anisotropic voxel sizes are not supported, got {shown(voxel_size)}; "
                "resample the image to cubic voxels and give one size"
            )
        voxel_size = edges[0]
    number = checked_number(voxel_size, "voxel size", "give it in metres, e.g. 5.3e-6")
    if not number > 0:
        raise InputError(f"voxel size must be > 0 m, got {number:g}; give it in metres")
    return number


def checked_number(value: object, name: str, remedy: str) -> float:
    """Return a finite real number as float, or raise InputError.

    Parameters
    ----------
    value : as the user gave it
    name : of the argument, for the message
    remedy : what to give instead, for the message
    """
    real = (int, float, np.integer, np.floating)
    try:
        if isinstance(value, real) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
    except OverflowError:
        pass
    raise InputError(f"{name} must be a finite number, got {shown(value)}; {remedy}")


def checked_tolerance(value: object, usual: float) -> float:
    """Return a relative error between 0 and 1, or raise InputError.

    Parameters
    ----------
    value : as the user gave it
    usual : that the message proposes
    """
    number = checked_number(value, "tolerance", f"{usual:.0e} is usual")
    if not 0 < number < 1:
        raise InputError(
            f"tolerance must lie between 0 and 1, got {number:g}; {usual:.0e} is usual"
        )
    return number


def checked_array(value: object, name: str) -> Array:
    """Return an array of bool or real numbers, or raise InputError.

    Parameters
    ----------
    value : as the user gave it
    name : of the argument, for the message
    """
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        masked = int(np.ma.getmaskarray(value).sum())
        raise InputError(f"{name} must have no masked voxels, got {masked}; fill them")
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, OverflowError):
        array = np.zeros(0, dtype=object)
    if array.dtype.kind not in "buif":
        raise InputError(f"{name} must be an array of bool or numbers, got {shown(value)}")
    return array


def checked_count(value: object, name: str, least: int = 1, most: int = 2**31) -> int:
    """Return a whole number within limits, or raise InputError.

    Parameters
    ----------
    value : as the user gave it
    name : of the argument, for the message
    least, most : limits, both included
    """
    if (
        not isinstance(value, int | np.integer)
        or isinstance(value, bool)
        or not least <= value <= most
    ):
        upper = "" if most == 2**31 else f" and <= {most}"
        raise InputError(f"{name} must be a whole number >= {least}{upper}, got {shown(value)}")
    return int(value)


def checked_workers(workers: object) -> int:
    """Return the number of threads, by default that of the available processors.

    Parameters
    ----------
    workers : as the user gave it; None for all
    """
    if workers is None:
        return len(os.sched_getaffinity(0))
    return checked_count(workers, "workers", most=MOST_WORKERS)


def checked_choice(value: object, choices: tuple[str, ...], name: str) -> str:
    """Return one of the names, or raise InputError.

    Parameters
    ----------
    value : as the user gave it
    choices : that are allowed
    name : of the argument, for the message
    """
    if not isinstance(value, str) or value not in choices:
        listed = ", ".join(repr(choice) for choice in choices)
        raise InputError(f"{name} must be one of {listed}, got {shown(value)}")
    return value


def shown(value: object) -> str:
    """Return a value in one short line.

    Parameters
    ----------
    value : of any type
    """
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}..."
