"""Run independent tasks on several processes, here or on a cluster: the only Dask import."""

import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from poreops.errors import InputError

if TYPE_CHECKING:
    from distributed import Client

T = TypeVar("T")
Task = TypeVar("Task")

_ANSWER_WITHIN = 8  # seconds in which a scheduler must answer
_TRIES = 5  # a task is given up when this many workers died under it


def workers() -> int:
    """Return how many processes a stage may use: ``POREOPS_WORKERS``, or one per core.

    Raises
    ------
    InputError
        If the variable holds something else than a count.
    """
    stated = os.environ.get("POREOPS_WORKERS", "0")
    if not stated.isdecimal():
        raise InputError(
            f"POREOPS_WORKERS must be a count of processes, got {stated!r}; 0 is one per core"
        )
    return int(stated) or len(os.sched_getaffinity(0))


def scheduler() -> str | None:
    """Return where tasks run: ``POREOPS_SCHEDULER``, or None for this machine.

    It may be ``tcp://host:port`` of a running Dask scheduler, which reads and writes the same
    folder as this machine and has this package installed; ``processes`` asks for processes of this
    machine even for a single worker.

    Raises
    ------
    InputError
        If the variable holds something else.
    """
    stated = os.environ.get("POREOPS_SCHEDULER") or None
    if stated is not None and not re.fullmatch(r"processes|(tcp|tls)://.+:\d+", stated):
        raise InputError(
            f"POREOPS_SCHEDULER must be tcp://host:port or processes, got {stated!r}; leave it "
            "unset for this machine"
        )
    return stated


def parallel_map(
    function: Callable[[Task], T],
    tasks: Iterable[Task],
    *,
    announce: Callable[[str], object] | None = None,
    processes: int | None = None,
) -> Iterator[T]:
    """Yield ``function(task)`` in the order of the tasks, computed by Dask workers.

    Where they run is a matter of the machine, which the environment states (`workers`,
    `scheduler`): the results do not depend on it. A worker that dies costs the tasks that it
    held, which run again elsewhere.

    Parameters
    ----------
    function : of one task; it and the tasks travel to the workers
    tasks : any number
    announce : told the address of the dashboard
    processes : of this machine, in place of what the environment states

    Raises
    ------
    InputError
        If the scheduler does not answer.
    """
    tasks, where = list(tasks), scheduler()
    count = workers() if processes is None else processes
    if where is None and (count == 1 or len(tasks) < 2):
        yield from map(function, tasks)
        return
    with _client(where, min(count, max(len(tasks), 1))) as client:
        if announce is not None:
            announce(f"{len(tasks)} tasks, dashboard at {client.dashboard_link}")
        futures = client.map(function, tasks, pure=False)
        futures.reverse()  # so that each is forgotten, and its memory freed, once it is yielded
        while futures:
            yield futures.pop().result()


@contextmanager
def _client(scheduler: str | None, workers: int) -> Iterator["Client"]:
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
                    f"{_ANSWER_WITHIN} s; start it or unset POREOPS_SCHEDULER"
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
