"""Which stage starts when, where several run at once."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

ALONE = {"conductance_networks", "conductance_scores", "properties_scores"}
"""Stages whose reports hold how fast something is: no other runs beside them."""
UNKNOWN = 10.0  # seconds of a stage that nobody has timed


@dataclass(frozen=True)
class Graph:
    """Stages, and what each reads of the others.

    Parameters
    ----------
    needs : stage → the stages whose outs it reads; these come before it
    seconds : stage → what it may take, of those that are known
    """

    needs: Mapping[str, set[str]]
    seconds: Mapping[str, float] = field(default_factory=dict)

    def ahead(self) -> dict[str, float]:
        """Return the seconds from the beginning of each stage to the end of what waits for it."""
        after = dict.fromkeys(self.needs, 0.0)
        found = {}
        for name in reversed(self.needs):
            found[name] = after[name] + self.seconds.get(name, UNKNOWN)
            for need in self.needs[name]:
                after[need] = max(after[need], found[name])
        return found


def following(ready: Sequence[str], running: Iterable[str], jobs: int) -> str | None:
    """Return the stage to start now, or None.

    One that must be alone waits until nothing runs and the others that may start are too few to
    fill the machine: to empty it for one would leave cores idle until the longest of the running
    ones ends, and what it lets begin may run beside those few.

    Parameters
    ----------
    ready : stages that may start, the most urgent first
    running : stages
    jobs : how many run at once
    """
    now = set(running)
    if len(now) >= jobs or now & ALONE:
        return None
    together = [name for name in ready if name not in ALONE]
    alone = [name for name in ready if name in ALONE and not now]
    return next(iter(alone if alone and len(together) < jobs else together), None)


def side_by_side(
    graph: Graph,
    jobs: int,
    due: Callable[[str], bool],
    run: Callable[[str, bool], None],
    ended: Callable[[str, float], None] = lambda *_: None,
    stopped: Callable[[], bool] = lambda: False,
) -> dict[str, BaseException]:
    """Run every stage after those that it needs; return what went wrong in which.

    Of those that may start the one with the longest way to the end does. After a failure nothing
    more starts, and what runs comes to its end.

    Parameters
    ----------
    graph : Graph
    jobs : how many run at once
    due : stage → whether there is something to run; asked once, when what it needs is there
    run : of a stage, and whether it has the machine for itself until its end
    ended : told each stage that ended well and its seconds
    stopped : whether nothing more shall start
    """
    ahead = graph.ahead()
    unfinished, waiting = set(graph.needs), dict.fromkeys(graph.needs)
    ready: list[str] = []
    running: dict[Future[None], tuple[str, float]] = {}
    failed: dict[str, BaseException] = {}
    with ThreadPoolExecutor(jobs) as pool:
        while True:
            for name in list(waiting):
                if failed or stopped() or graph.needs[name] & unfinished:
                    continue
                del waiting[name]
                try:
                    if due(name):
                        ready.append(name)
                    else:
                        unfinished.discard(name)
                except Exception as error:  # noqa: BLE001 (the caller raises it)
                    failed[name] = error
            ready.sort(key=lambda name: -ahead[name])
            while not (failed or stopped()):
                now = [name for name, _ in running.values()]
                if (name := following(ready, now, jobs)) is None:
                    break
                ready.remove(name)
                # what becomes ready later, becomes so by the end of something that runs
                alone = name in ALONE or not (now or ready)
                running[pool.submit(run, name, alone)] = name, time.monotonic()
            if not running:
                return failed
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name, start = running.pop(future)
                if (error := future.exception()) is not None:
                    failed[name] = error
                else:
                    unfinished.discard(name)
                    ended(name, time.monotonic() - start)
