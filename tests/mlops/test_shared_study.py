"""Workers on one study in PostgreSQL: the trials of a file, none lost or repeated by a kill."""

import multiprocessing
import os
import signal
import socket
import time

import optuna
import pytest
import services

from poreops.errors import InputError
from poreops.mlops.search import Outcome, SearchConfig, search

SPAWN = multiprocessing.get_context("spawn")
CONFIG = SearchConfig(
    use="best", confirm={"candidates": 2, "seeds": 2}, lost_max=0.5, seed=3, trials=6,
    sampler="random", prune_after=0, limits={"seconds": 1e9},
    space={"rate": {"low": 1e-4, "high": 1e-2, "log": True}, "batch": [16, 32, 64]},
)  # fmt: skip


def evaluate(trial):
    time.sleep(0.05)
    value = trial.chosen["rate"] + trial.repeat / 1e5 + trial.chosen["batch"] / 1e6
    return Outcome(value, {"seconds": 1.0})


def work(url, journal):
    os.environ["POREOPS_STUDIES"] = url
    search("s", journal, CONFIG, evaluate)


def killed(url, journal):
    """Die in the third trial."""
    os.environ["POREOPS_STUDIES"] = url
    done = []

    def objective(trial):
        done.append(trial)
        if len(done) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return evaluate(trial)

    search("s", journal, CONFIG, objective)


@pytest.fixture(scope="module")
def database():
    with services.postgres() as url:
        yield url


def tried(url, study):
    trials = optuna.load_study(study_name=study, storage=url).trials
    return sorted(str((t.params, t.value)) for t in trials if t.state.name == "COMPLETE")


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """What one worker finds in a file."""
    return search("s", tmp_path_factory.mktemp("alone") / "j", CONFIG, evaluate)


@pytest.mark.slow
def test_workers_of_a_database_try_what_one_with_a_file_tries(
    database, alone, tmp_path, monkeypatch
):
    folder = tmp_path / "study"
    first = SPAWN.Process(target=killed, args=(database, folder / "j.journal"))
    others = [SPAWN.Process(target=work, args=(database, folder / "j.journal")) for _ in range(2)]
    first.start()
    first.join()
    assert first.exitcode == -signal.SIGKILL
    for process in others:
        process.start()
    for process in others:
        process.join()
    assert [process.exitcode for process in others] == [0, 0]
    monkeypatch.setenv("POREOPS_STUDIES", database)
    found = search("s", folder / "j.journal", CONFIG, evaluate)
    # the numbers of the trials count the killed one, what was tried and found does not
    assert (found.value, found.spread, found.chosen) == (alone.value, alone.spread, alone.chosen)
    assert found.finished == alone.finished == 8
    assert len(set(tried(database, "study/j/s"))) == 8


def test_what_is_no_database_is_an_input_error(tmp_path, monkeypatch):
    monkeypatch.setenv("POREOPS_STUDIES", "sqlite:///studies.db")
    with pytest.raises(InputError, match="must name a PostgreSQL database, got sqlite"):
        search("s", tmp_path / "j", CONFIG, evaluate)


def test_a_database_that_does_not_answer_is_an_input_error(tmp_path, monkeypatch):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        monkeypatch.setenv(
            "POREOPS_STUDIES", f"postgresql://u@127.0.0.1:{listener.getsockname()[1]}/d"
        )
        with pytest.raises(InputError, match="the database of POREOPS_STUDIES must answer"):
            search("s", tmp_path / "j", CONFIG, evaluate)
