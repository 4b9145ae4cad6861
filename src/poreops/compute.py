"""Run independent tasks on several processes, here or on a cluster: the only Dask import."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from poreops.errors import InputError
from poreops.extras import needs

T = TypeVar("T")

_ANSWER_WITHIN = 8  # seconds in which a scheduler must answer
_TRIES = 5  # a task is given up when this many workers died under it


class ComputeConfig(BaseModel):
    """Where heavy stages run.

    Attributes
    ----------
    workers : processes on this machine; 0 for one per core. 1 runs in the stage's own process.
    scheduler : null for processes on this machine if there is more than one worker; "processes"
        for these in any case; "tcp://host:port" of a running Dask scheduler, which reads and
        writes the same folder as this machine and has this package installed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    workers: Annotated[int, Field(ge=0)]
    scheduler: Annotated[str, Field(pattern=r"^(processes|(tcp|tls)://.+:\d+)$")] | None


def parallel_map(
    function: Callable[[Any], T],
    tasks: Iterable[Any],
    config: ComputeConfig,
    *,
    announce: Callable[[str], object] | None = None,
) -> Iterator[T]:
    """Yield ``function(task)`` in the order of the tasks, computed by Dask workers.

    The results do not depend on the number of workers. A worker that dies costs the tasks that it
    held, which run again elsewhere.

    Parameters
    ----------
    function : of one task; it and the tasks travel to the workers
    tasks : any number
    config : ComputeConfig
    announce : told the address of the dashboard

    Raises
    ------
    InputError
        If the scheduler does not answer.
    """
    tasks = list(tasks)
    workers = config.workers or len(os.sched_getaffinity(0))
    if config.scheduler is None and (workers == 1 or len(tasks) < 2):
        yield from map(function, tasks)
        return
    with _client(config.scheduler, min(workers, max(len(tasks), 1))) as client:
        if announce is not None:
            announce(f"{len(tasks)} tasks, dashboard at {client.dashboard_link}")
        futures = client.map(function, tasks, pure=False)
        futures.reverse()  # so that each is forgotten, and its memory freed, once it is yielded
        while futures:
            yield futures.pop().result()


@contextmanager
def _client(scheduler: str | None, workers: int) -> Iterator[Any]:
    needs("pipeline", "a pool of processes")
    import dask
    from distributed import Client, LocalCluster

    settings = {
        "temporary-directory": tempfile.gettempdir(),
        "distributed.scheduler.allowed-failures": _TRIES,
        "distributed.comm.timeouts.connect": _ANSWER_WITHIN,
        "distributed.admin.large-graph-warning-threshold": "1GB",  # a task may carry a volume
    }
    with dask.config.set(settings):
        if scheduler not in (None, "processes"):
            try:
                client = Client(scheduler, timeout=_ANSWER_WITHIN)
            except (OSError, TimeoutError) as error:
                raise InputError(
                    f"a Dask scheduler must answer at {scheduler}, got no answer within "
                    f"{_ANSWER_WITHIN} s; start it or set compute.scheduler to null"
                ) from error
            with client:
                yield client
            return
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            memory_limit=0,  # a stage bounds its memory by the size of its tasks
            silence_logs=50,
        )
        with cluster, Client(cluster) as client:
            yield client
