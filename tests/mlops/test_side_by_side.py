"""Trainings beside each other end with the bits of trainings one after the other."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from poreops.mlops.weights import side_by_side as module

TRAININGS = """
import hashlib, json, os, random, sys, time
from functools import partial
from pathlib import Path

def train(seed):
    import keras
    import numpy as np
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    model = keras.Sequential([
        layers.Input((16, 16, 16, 2)), layers.Conv3D(8, 3, strides=2, activation="relu"),
        layers.Flatten(), layers.Dense(1),
    ])
    model.compile("adam", "mse")
    rng = np.random.default_rng(seed)
    images = rng.normal(size=(64, 16, 16, 16, 2)).astype("float32")
    model.fit(images, images.mean((1, 2, 3, 4)), 16, epochs=2, verbose=0)
    digest = hashlib.sha256(b"".join(w.tobytes() for w in model.get_weights())).hexdigest()
    Path(f"made-{seed}").write_text(digest)
    return digest, os.getpid()

def held(seed):
    random.seed(seed)
    state = random.getstate()
    time.sleep(2)
    return random.getstate() == state

def wait(seed):
    Path(f"begun-{seed}").write_text(str(os.getpid()))
    time.sleep(600)

if __name__ == "__main__":
    from poreops.mlops.weights.side_by_side import side_by_side
    task = {"train": train, "held": held, "wait": wait}[sys.argv[1]]
    print(json.dumps([side_by_side([partial(task, seed) for seed in (1, 2)]), os.getpid()]))
"""


def started(folder, task, workers):
    folder.mkdir()
    (folder / "trainings.py").write_text(TRAININGS)
    environment = os.environ | {"POREOPS_WORKERS": str(workers), "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.Popen(
        [sys.executable, "trainings.py", task], cwd=folder, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip


@pytest.mark.slow
def test_the_weights_do_not_depend_on_what_trains_beside(tmp_path):
    made = {}
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        answers, parent = json.loads(started(folder, "train", workers).communicate()[0])
        made[workers] = [digest for digest, _ in answers]
        # paths are those of this process's folder, wherever a worker begins
        assert [(folder / f"made-{seed}").read_text() for seed in (1, 2)] == made[workers]
        processes = {process for _, process in answers}
        assert processes == {parent} if workers == 1 else len(processes - {parent}) == 2
    assert made[1] == made[2]
    assert made[1][0] != made[1][1]


def test_nothing_else_draws_from_the_generator_that_keras_seeds(tmp_path):
    answers, _ = json.loads(started(tmp_path / "held", "held", 2).communicate()[0])
    assert answers == [True, True]


@pytest.mark.slow
def test_a_killed_stage_leaves_no_training_behind(tmp_path):
    folder = tmp_path / "killed"
    stage = started(folder, "wait", 2)
    begun = [folder / f"begun-{seed}" for seed in (1, 2)]
    while not all(path.exists() and path.read_text() for path in begun):
        assert stage.poll() is None
        time.sleep(0.05)
    stage.kill()
    stage.communicate()
    assert stage.returncode == -signal.SIGKILL
    until = time.monotonic() + 120
    for path in begun:
        while running(int(path.read_text())):
            assert time.monotonic() < until
            time.sleep(0.05)


def running(process):
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def test_a_gpu_is_one_process(monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind])
    assert module.side_by_side([os.getpid, os.getpid]) == [os.getpid()] * 2
