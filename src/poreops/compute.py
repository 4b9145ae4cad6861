"""Run independent tasks on several processes."""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")


class ComputeConfig(BaseModel):
    """Where heavy stages run.

    Attributes
    ----------
    workers : processes; 0 for one per core
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    workers: Annotated[int, Field(ge=0)]


def parallel_map(
    function: Callable[..., T], tasks: Iterable[Any], config: ComputeConfig
) -> Iterator[T]:
    """Yield ``function(task)`` in the order of the tasks, computed on several processes.

    The processes are spawned: no state of this one but the task itself reaches them, so the
    results do not depend on their number. ``function`` must be importable.
    """
    workers = config.workers or len(os.sched_getaffinity(0))
    tasks = list(tasks)
    if workers == 1 or len(tasks) < 2:
        yield from map(function, tasks)
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(tasks)), mp_context=spawn) as pool:
        yield from pool.map(function, tasks)
