"""One run for all workers of a search: the first begins it, others join it, the last ends it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from poreops.mlops.tracking.connection import client, experiment_id, plain_errors
from poreops.mlops.tracking.owners import OWNER, gone, joined, this_process, without
from poreops.mlops.tracking.runs import Run, begin, end, ending

_STUDY = "study"
"""Tag of the run: what its workers share."""


@contextmanager
def joined_run(
    stage: str, name: str, study: str, turn: Callable[[], AbstractContextManager[object]]
) -> Iterator[Run]:
    """Yield the run of a study: the one that living workers have, or else a new one.

    It ends with the last of them, as that one ends. One that only killed workers have is ended as
    KILLED by the new one, as any run of the stage.

    Parameters
    ----------
    stage, name : as of `run`
    study : what the workers share, as of `poreops.mlops.search.workers`
    turn : lets one of them at a time begin, join or leave the run
    """

    def leave(handle: Run, status: str) -> None:
        with turn():
            if others := without(_owners(handle), this_process()):
                handle.set_tags({OWNER: others})
            else:
                end(handle, status)

    with plain_errors(), turn():
        handle = _under_way(stage, study)
        if handle is None:
            handle = begin(stage, name, tags={_STUDY: study})
        else:
            handle.set_tags({OWNER: joined(_owners(handle), this_process())})
    with ending(handle, leave):
        yield handle


def _under_way(stage: str, study: str) -> Run | None:
    experiment = stage.partition("_")[0]
    query = f"attributes.status = 'RUNNING' and tags.{_STUDY} = '{study}'"
    for found in client().search_runs([experiment_id(experiment)], query):
        if not gone(found.data.tags.get(OWNER, "")):
            return Run(found.info.run_id, experiment)
    return None


def _owners(handle: Run) -> str:
    return str(client().get_run(handle.id).data.tags.get(OWNER, ""))
