"""Share the loops of a kernel among threads."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

Kernel = Callable[..., T]
"""A compiled loop: first and last index of a part of it, and the arrays it works on."""


class Team:
    """Threads that run a kernel without the interpreter's lock, each on its part of a loop."""

    def __init__(self, workers: int, pool: ThreadPoolExecutor | None) -> None:
        self.workers = workers
        self._pool = pool

    def run(self, kernel: Kernel[object], cuts: Sequence[int], *args: object) -> None:
        """Call ``kernel(cuts[t], cuts[t + 1], *args)`` for each part t; the caller takes one.

        Parameters
        ----------
        kernel : function of two limits and the arguments
        cuts : limits of the parts, one more than there are parts
        *args : of the kernel
        """
        if self._pool is None:
            for t in range(len(cuts) - 1):
                kernel(cuts[t], cuts[t + 1], *args)
            return
        others = [
            self._pool.submit(kernel, cuts[t], cuts[t + 1], *args) for t in range(1, len(cuts) - 1)
        ]
        kernel(cuts[0], cuts[1], *args)
        for other in others:
            other.result()

    def cuts(self, size: int) -> list[int]:
        """Cut 0..size-1 into equal parts, one to a worker.

        Parameters
        ----------
        size : number of elements
        """
        return [size * t // self.workers for t in range(self.workers + 1)]


@contextmanager
def team_of(workers: int | None) -> Iterator[Team]:
    """Make a team of so many threads; all cores by default.

    Parameters
    ----------
    workers : threads; None for all cores
    """
    workers = workers or len(os.sched_getaffinity(0))
    if workers == 1:
        yield Team(1, None)
        return
    with ThreadPoolExecutor(workers - 1) as pool:
        yield Team(workers, pool)
