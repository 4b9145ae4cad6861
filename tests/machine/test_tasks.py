"""Tasks give the same results here, on processes and on a cluster; a dead worker costs no task."""

import os
import signal
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from poreops.errors import InputError
from poreops.machine.tasks import parallel_map, scheduler, workers


@pytest.fixture
def on(monkeypatch):
    """Say where the tasks of a test run, as a person does: by the environment."""

    def on(count, where=None):
        monkeypatch.setenv("POREOPS_WORKERS", str(count))
        if where is None:
            monkeypatch.delenv("POREOPS_SCHEDULER", raising=False)
        else:
            monkeypatch.setenv("POREOPS_SCHEDULER", where)

    return on


def process_of(task):
    time.sleep(0.2)
    return os.getpid()


def mean(seed):
    return np.random.default_rng(seed).normal(size=(50, 50)).mean()


def slower_first(task):
    time.sleep(0.3 if task == 0 else 0)
    return task


def square_but_die_once(folder, task):
    flag = folder / f"died{task}"
    if task == 3 and not flag.exists():
        flag.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return task**2


def refuse(task):
    raise InputError(f"task {task} must be even")


def test_one_worker_is_this_process(on):
    on(1)
    assert set(parallel_map(process_of, range(3))) == {os.getpid()}
    on(2)
    assert list(parallel_map(process_of, [1])) == [os.getpid()]
    assert list(parallel_map(process_of, [])) == []


def test_results_are_lazy_in_this_process(on):
    on(1)
    seen = []
    results = parallel_map(seen.append, range(3))
    assert seen == []
    next(results)
    assert seen == [0]


@pytest.mark.slow
def test_two_workers_give_the_same_results_in_the_same_order(on):
    on(1)
    alone = list(parallel_map(mean, range(8)))
    on(2)
    assert list(parallel_map(mean, range(8))) == alone
    assert list(parallel_map(slower_first, range(4))) == [0, 1, 2, 3]
    said = []
    processes = set(parallel_map(process_of, range(6), announce=said.append))
    assert len(processes) == 2
    assert os.getpid() not in processes
    assert said[0].startswith("6 tasks, dashboard at http://127.0.0.1:")


@pytest.mark.slow
def test_a_worker_that_dies_costs_no_task(on, tmp_path):
    on(2)
    found = parallel_map(partial(square_but_die_once, tmp_path), range(6))
    assert list(found) == [n**2 for n in range(6)]
    assert (tmp_path / "died3").exists()


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2])
def test_an_error_of_a_task_arrives_as_it_was(on, count):
    on(count)
    with pytest.raises(InputError, match="task 1 must be even"):
        list(parallel_map(refuse, [1, 3]))


def test_a_scheduler_that_does_not_answer(on):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    on(0, f"tcp://127.0.0.1:{port}")
    with pytest.raises(InputError, match="must answer at tcp://127.*start it or unset") as raised:
        list(parallel_map(mean, range(2)))
    assert "\n" not in str(raised.value)


def test_without_a_word_every_core_of_this_machine_works(on):
    on(0)
    assert (workers(), scheduler()) == (len(os.sched_getaffinity(0)), None)


@pytest.mark.parametrize("stated", ["-1", "two", "1.5"])
def test_a_count_that_is_none(on, stated):
    on(stated)
    with pytest.raises(InputError, match="POREOPS_WORKERS must be a count of processes, got"):
        list(parallel_map(mean, range(2)))


@pytest.mark.parametrize("stated", ["here", "tcp://nowhere"])
def test_a_place_that_is_none(on, stated):
    on(0, stated)
    with pytest.raises(InputError, match="POREOPS_SCHEDULER must be tcp://host:port or processes"):
        list(parallel_map(mean, range(2)))


KILLED = """
import os, sys
sys.path.insert(0, sys.argv[1])
from test_tasks import parallel_map, process_of
print(*parallel_map(process_of, range(40)), sep="\\n", flush=True)
"""


@pytest.mark.slow
def test_a_killed_stage_leaves_no_worker_behind():
    script = "if __name__ == '__main__':\n    " + KILLED.strip().replace("\n", "\n    ")
    tests = Path(__file__).parent
    process = subprocess.Popen(
        [sys.executable, "-c", script, tests], start_new_session=True,
        env=os.environ | {"POREOPS_WORKERS": "2"},
    )  # fmt: skip

    def children():
        found = subprocess.run(
            ["ps", "-o", "pid=,stat=", "-s", str(process.pid)], capture_output=True, text=True,
            check=False,
        ).stdout.split("\n")  # fmt: skip
        return [line for line in found if line.strip() and "Z" not in line.split()[1]]

    try:
        deadline = time.monotonic() + 60
        while len(children()) < 4 and time.monotonic() < deadline:
            time.sleep(0.2)
        assert len(children()) >= 4  # itself, a tracker and two workers
        process.kill()
        process.wait()
        deadline = time.monotonic() + 60
        while children() and time.monotonic() < deadline:
            time.sleep(0.5)
        assert children() == []
    finally:
        for line in children():
            os.kill(int(line.split()[0]), signal.SIGKILL)
