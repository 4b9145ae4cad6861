"""What the benchmarks of interface networks share: cubes, a clock, the test of a bracket."""

import itertools
import time
from collections.abc import Callable, Iterator
from typing import ParamSpec, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.bool_]
P = ParamSpec("P")
T = TypeVar("T")


class Bracket(Protocol):
    """Of a formation factor."""

    lower: float
    upper: float


def corner_cubes(im: Image, edge: int, count: int) -> Iterator[tuple[tuple[int, ...], Image]]:
    """Corner and voxels of the first cubes of an image."""
    starts = [range(0, n - edge + 1, edge) for n in im.shape]
    for corner in itertools.islice(itertools.product(*starts), count):
        yield corner, im[tuple(slice(c, c + edge) for c in corner)]


def central_cube(im: Image, edge: int) -> Image:
    """Cube in the middle of an image; the whole of an axis that is shorter."""
    starts = [max((n - edge) // 2, 0) for n in im.shape]
    return np.ascontiguousarray(im[tuple(slice(c, c + edge) for c in starts)])


def timed(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[T, float]:
    """Return what a call gives and the CPU seconds that it took in this process."""
    begin = time.process_time()
    return call(*args, **kwargs), time.process_time() - begin


def contains(found: Bracket, exact: float) -> bool:
    """Whether full DNS lies in the bracket, but for rounding."""
    return found.lower <= exact * (1 + 1e-8) <= found.upper * (1 + 2e-8)
