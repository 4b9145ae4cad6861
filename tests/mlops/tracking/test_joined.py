"""The workers of a search share one run: begun once, and ended by the last of them."""

import multiprocessing

import pytest
from filelock import FileLock
from mlflow import MlflowClient

from poreops.mlops import tracking
from poreops.mlops.search import workers
from poreops.mlops.tracking import owners

SPAWN = multiprocessing.get_context("spawn")
STAGE, STUDY = "cores_search", "a/b/cores_search"


@pytest.fixture
def turn(repository):
    return lambda: FileLock(repository / "turn")


def join(turn):
    return tracking.joined_run(STAGE, "search of 3 trials", STUDY, turn)


def known(run_id):
    found = MlflowClient(tracking.tracking_uri()).get_run(run_id)
    return found.info.status, found.data.tags


def test_a_second_worker_joins_the_run_and_the_last_one_ends_it(turn):
    with join(turn) as first:
        with join(turn) as second:
            assert second == first
        assert known(first.id)[0] == "RUNNING"
    assert known(first.id)[0] == "FINISHED"
    with join(turn) as third:
        assert third != first


def test_the_run_ends_as_its_last_worker_ends(turn):
    with join(turn) as first, pytest.raises(KeyboardInterrupt), join(turn):
        raise KeyboardInterrupt  # one is stopped, the search goes on
    assert known(first.id)[0] == "FINISHED"
    with pytest.raises(ZeroDivisionError), join(turn) as alone:
        raise ZeroDivisionError
    assert known(alone.id)[0] == "FAILED"


def test_a_run_whose_worker_was_killed_is_ended_and_not_joined(turn):
    machine, started = owners.this_process().rsplit("/", 1)
    with join(turn) as killed:
        killed.set_tags({owners.OWNER: f"{machine}/{int(started) - 1}"})
        with join(turn) as again:
            status, tags = known(killed.id)
            assert (again != killed, status) == (True, "KILLED")
            assert tags[owners.CLOSED_BY] == again.id


def test_a_run_that_one_living_worker_has_is_joined_though_another_was_killed(turn):
    machine, started = owners.this_process().rsplit("/", 1)
    with join(turn) as first:
        dead = f"{machine}/{int(started) - 1}"
        first.set_tags({owners.OWNER: f"{dead}, {owners.this_process()}"})
        with join(turn) as second:
            assert second == first
            assert dead not in known(first.id)[1][owners.OWNER]
    assert known(first.id)[0] == "FINISHED"


def test_a_journal_names_the_study_and_gives_the_turns(repository):
    """As the search stages of the three lines call it; nothing of the journal is made."""
    journal = repository / "artifacts/.partial/cores-search/f00d.journal"
    shared = workers(STAGE, journal)
    assert shared.study == "cores-search/f00d/cores_search"
    with tracking.joined_run(STAGE, "a", *shared) as one:
        with tracking.joined_run(STAGE, "b", *workers(STAGE, journal)) as two:
            assert one == two
        with tracking.joined_run(STAGE, "c", *workers(STAGE, journal.with_name("1"))) as other:
            assert other != one
    assert not journal.exists()


def test_another_study_has_a_run_of_its_own(turn):
    with join(turn) as one, tracking.joined_run(STAGE, "other", "c/d/cores_search", turn) as two:
        assert one != two


def work(folder, both):
    with tracking.joined_run(STAGE, "a search", STUDY, lambda: FileLock(folder / "turn")):
        both.wait(120)


@pytest.mark.slow
def test_of_two_processes_that_start_at_once_one_begins_the_run(repository):
    both = SPAWN.Barrier(2)
    workers = [SPAWN.Process(target=work, args=(repository, both)) for _ in range(2)]
    for process in workers:
        process.start()
    for process in workers:
        process.join()
    assert [process.exitcode for process in workers] == [0, 0]
    client = MlflowClient(tracking.tracking_uri())
    experiment = client.get_experiment_by_name("cores").experiment_id
    assert [run.info.status for run in client.search_runs([experiment])] == ["FINISHED"]
