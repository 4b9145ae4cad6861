"""Solve many conduits on threads; one that does not settle costs the others nothing."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from poreops.base.arguments import checked_workers
from poreops.base.arrays import Integers
from poreops.errors import NotConvergedError, UnsettledWarning

Crop = NDArray[np.uint8]
Names = Callable[[int], str]
"""What a conduit is called in a warning, from its number."""
_SHOWN = 3


def pair_names(conns: Integers) -> Names:
    """Return the names of the conduits of 0-based pairs (Nt, 2).

    Parameters
    ----------
    conns : (Nt, 2) int, 0-based
    """
    return lambda i: f"conduit {i} (labels {conns[i, 0] + 1} and {conns[i, 1] + 1})"


def solve_each(
    crops: Iterable[Crop],
    solve: Callable[[Crop], float],
    workers: int | None = None,
    names: Names = "conduit {}".format,
) -> NDArray[np.float64]:
    """Return the size factor of each conduit crop, NaN where the solver does not settle.

    Parameters
    ----------
    crops : iterable of uint8, 0/1/2
    solve : size factor of one, raises NotConvergedError
    workers : int, optional
        Threads; all available processors by default.
    names : of the conduits, for the warning

    Warns
    -----
    UnsettledWarning
        Once, with the names of those that have no size factor.
    """
    workers = checked_workers(workers)

    def attempt(crop: Crop) -> float | NotConvergedError:
        try:
            return solve(crop)
        except NotConvergedError as error:
            return error

    found = np.array(list(_results(crops, attempt, workers)), dtype=object)
    lost = [i for i, value in enumerate(found) if isinstance(value, NotConvergedError)]
    if lost:
        shown = "; ".join(f"{names(i)}: {found[i]}" for i in lost[:_SHOWN])
        more = f"; and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
        warnings.warn(
            f"{len(lost)} of {len(found)} conduits did not settle, their size factors are NaN: "
            f"{shown}{more}",
            UnsettledWarning,
            stacklevel=3,
        )
        found[lost] = np.nan
    return found.astype(np.float64)


def _results(
    crops: Iterable[Crop], attempt: Callable[[Crop], float | NotConvergedError], workers: int
) -> Iterator[float | NotConvergedError]:
    if workers == 1:
        yield from map(attempt, crops)
        return
    stream = iter(crops)
    with ThreadPoolExecutor(workers) as pool:
        # in slices, so that not all crops of a large image are held at once
        while batch := list(islice(stream, 64 * workers)):
            yield from pool.map(attempt, batch)
