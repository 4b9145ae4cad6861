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
from pydantic import ValidationError

from poreops.errors import InputError
from poreops.machine.tasks import ComputeConfig, parallel_map

ALONE = ComputeConfig(workers=1, scheduler=None)
TWO = ComputeConfig(workers=2, scheduler=None)


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


def test_one_worker_is_this_process():
    assert set(parallel_map(process_of, range(3), ALONE)) == {os.getpid()}
    assert list(parallel_map(process_of, [1], TWO)) == [os.getpid()]
    assert list(parallel_map(process_of, [], TWO)) == []


def test_results_are_lazy_in_this_process():
    seen = []
    results = parallel_map(seen.append, range(3), ALONE)
    assert seen == []
    next(results)
    assert seen == [0]


@pytest.mark.slow
def test_two_workers_give_the_same_results_in_the_same_order():
    assert list(parallel_map(mean, range(8), TWO)) == list(parallel_map(mean, range(8), ALONE))
    assert list(parallel_map(slower_first, range(4), TWO)) == [0, 1, 2, 3]
    said = []
    processes = set(parallel_map(process_of, range(6), TWO, announce=said.append))
    assert len(processes) == 2
    assert os.getpid() not in processes
    assert said[0].startswith("6 tasks, dashboard at http://127.0.0.1:")


@pytest.mark.slow
def test_a_worker_that_dies_costs_no_task(tmp_path):
    found = parallel_map(partial(square_but_die_once, tmp_path), range(6), TWO)
    assert list(found) == [n**2 for n in range(6)]
    assert (tmp_path / "died3").exists()


@pytest.mark.slow
def test_an_error_of_a_task_arrives_as_it_was():
    for config in (ALONE, TWO):
        with pytest.raises(InputError, match="task 1 must be even"):
            list(parallel_map(refuse, [1, 3], config))


def test_a_scheduler_that_does_not_answer():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = ComputeConfig(workers=0, scheduler=f"tcp://127.0.0.1:{port}")
    with pytest.raises(InputError, match="must answer at tcp://127.*start it or set") as raised:
        list(parallel_map(mean, range(2), config))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "change", [{"workers": -1}, {"scheduler": "here"}, {"scheduler": "tcp://nowhere"}]
)
def test_a_place_that_is_none(change):
    with pytest.raises(ValidationError):
        ComputeConfig(**({"workers": 0, "scheduler": None} | change))


KILLED = """
import os, sys
sys.path.insert(0, sys.argv[1])
from test_tasks import TWO, parallel_map, process_of
print(*parallel_map(process_of, range(40), TWO), sep="\\n", flush=True)
"""


@pytest.mark.slow
def test_a_killed_stage_leaves_no_worker_behind():
    script = "if __name__ == '__main__':\n    " + KILLED.strip().replace("\n", "\n    ")
    tests = Path(__file__).parent
    process = subprocess.Popen([sys.executable, "-c", script, tests], start_new_session=True)

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
