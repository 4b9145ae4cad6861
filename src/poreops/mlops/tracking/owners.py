"""Who holds a run: a process, known by its machine, its number and when it started.

A process that is killed cannot end its run. The next run of the same stage on the same machine
does it, and says so in both.
"""

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from poreops.mlops.tracking.connection import client

_Found = TypeVar("_Found")

OWNER, CLOSED_BY, CLOSES = "owner", "killed.closed_by", "killed.closes"
"""Tags: of every run; of a run whose process died; of the run that found it."""

_BETWEEN = ", "


def this_process() -> str:
    """Return the mark of this process, as "rock-3/4026531836/812/51234"."""
    return "/".join([*_machine(), str(os.getpid()), _started(os.getpid())])


def gone(mark: str) -> bool:
    """Tell whether the processes of a mark have ended for sure; a process elsewhere has not.

    Parameters
    ----------
    mark : as `this_process` gives it, several as `joined` gives them

    Examples
    --------
    >>> gone(this_process()), gone("another machine/0/1/2"), gone("")
    (False, False, False)
    """
    return all(_gone(one) for one in mark.split(_BETWEEN))


def joined(mark: str, *more: str) -> str:
    """Return the mark of several processes, without those that are gone.

    Parameters
    ----------
    mark : of one or several
    more : further ones
    """
    return _BETWEEN.join([*(one for one in mark.split(_BETWEEN) if not _gone(one)), *more])


def without(mark: str, one: str) -> str:
    """Return the mark of several processes but one, without those that are gone; "" for none.

    Parameters
    ----------
    mark : of one or several
    one : to be left out
    """
    left = [other for other in mark.split(_BETWEEN) if not _gone(other)]
    if one in left:
        left.remove(one)
    return _BETWEEN.join(left)


def _gone(mark: str) -> bool:
    host, _, rest = mark.rpartition("/")[0].partition("/")
    space, _, number = rest.partition("/")
    if [host, space] != _machine() or not number.isdigit():
        return False
    return _started(int(number)) != mark.rpartition("/")[2]


def close_killed(experiment: str, by: str | None = None, stage: str = "") -> list[str]:
    """End the runs of an experiment whose process is gone, as KILLED; return their ids.

    Parameters
    ----------
    experiment : its id
    by : id of the run that finds them, and is linked with them
    stage : only runs of this stage, "" for every one
    """
    query = "attributes.status = 'RUNNING'" + (f" and tags.stage = '{stage}'" if stage else "")
    found = [
        run.info.run_id
        for run in pages(lambda token: client().search_runs([experiment], query, page_token=token))
        if run.info.run_id != by and gone(run.data.tags.get(OWNER, ""))
    ]
    for run_id in found:
        client().set_terminated(run_id, "KILLED")
        if by is not None:
            client().set_tag(run_id, CLOSED_BY, by)
    if by is not None and found:
        client().set_tag(by, CLOSES, ", ".join(found))
    return found


def pages(page: Callable[[str | None], list[_Found]]) -> list[_Found]:
    """Return every result of a search that answers in pages.

    Parameters
    ----------
    page : gives the page of a token, the first one of None
    """
    found: list[_Found] = []
    token = None
    while True:
        part = page(token)
        found += part
        token = getattr(part, "token", None)
        if not token:
            return found


def _machine() -> list[str]:
    """Return the name of the machine and of its numbers: a container has its own."""
    try:
        numbers = Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:
        numbers = ""
    return [socket.gethostname(), numbers]


def _started(number: int) -> str:
    """Return when a process started; "" if there is none, or a zombie."""
    try:
        # after the name, which may hold blanks and brackets: state, then 18 more, then the start
        fields = (
            Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        )
    except FileNotFoundError:
        return "" if Path("/proc/self").exists() else _alive(number)
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def _alive(number: int) -> str:
    """Return whether a process is alive, where nothing tells when it started."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return ""
    except OSError:
        pass
    return "alive"
