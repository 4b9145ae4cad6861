"""Labels on a cluster: a worker that is killed costs its task and no label."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack

import numpy as np
import pytest
from reference import sphere_regions

from poreops.base.files import sha256, write_yaml
from poreops.base.hdf5 import read_hdf5, write_hdf5

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

VOLUMES = 6


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def started(*command, **options):
    # a group of its own: what it starts ends with it
    return subprocess.Popen(
        [sys.executable, *command], start_new_session=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, **options,
    )  # fmt: skip


def ended(process):
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def cluster():
    """A scheduler and two workers, each a process of its own."""
    port, page = free_port(), free_port()
    address = f"tcp://127.0.0.1:{port}"
    with ExitStack() as stack:
        scheduler = started(
            "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port),
            "--dashboard-address", f"127.0.0.1:{page}",
        )  # fmt: skip
        stack.callback(ended, scheduler)
        workers = []
        for _ in range(2):
            worker = started(
                "-m", "distributed.cli.dask_worker", address, "--no-nanny", "--nthreads", "1",
                "--no-dashboard",
            )  # fmt: skip
            stack.callback(ended, worker)
            workers.append(worker)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and len(known_workers(page)) < 2:
            time.sleep(0.5)
        assert len(known_workers(page)) == 2
        yield address, workers


def known_workers(page):
    """Ask the scheduler over HTTP."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{page}/json/identity.json", timeout=5) as r:
            return json.load(r)["workers"]
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return {}


def folder_to_label(folder):
    """A folder as the stage conductance_conduits leaves it."""
    regions = sphere_regions(30)
    arrays = {}
    for n in range(VOLUMES):
        # not two alike, so that a label in the wrong place shows
        labels = np.ascontiguousarray(np.rot90(regions.labels, n % 4, axes=(n // 4, 2)))
        arrays[f"{n:03d}/labels"], arrays[f"{n:03d}/conns"] = labels, regions.conns
    for role in ("train", "gate", "unseen"):
        write_hdf5(folder / f"artifacts/conductance/regions/{role}.h5", arrays)
    # takes seconds a volume
    label = {"target": "hydraulic", "convention": "centroid", "walls": "stepped"}
    write_yaml(folder / "params.yaml", {"conductance": {"label": label}})
    return folder


def test_a_worker_killed_while_it_labels_costs_no_label(project, tmp_path, cluster):
    address, workers = cluster
    script = str(project / "pipelines/conductance/labels.py")
    alone, shared = (folder_to_label(tmp_path / name) for name in ("alone", "shared"))
    stage = started(script, cwd=shared, env=os.environ | {"POREOPS_SCHEDULER": address})
    deadline = time.monotonic() + 120
    partial = shared / "artifacts/.partial/conductance-labels"
    while time.monotonic() < deadline and stage.poll() is None:
        if len(list(partial.rglob("[0-9]*.h5"))) >= 2:
            break
        time.sleep(0.01)
    assert stage.poll() is None, "the stage was done before a worker could be killed"
    os.killpg(workers[0].pid, signal.SIGKILL)
    assert stage.wait(timeout=200) == 0
    assert workers[1].poll() is None
    environment = os.environ | {"POREOPS_WORKERS": "1"}
    subprocess.run([sys.executable, script], cwd=alone, env=environment, check=True)
    assert sha256(shared / "artifacts/conductance/labels") == sha256(
        alone / "artifacts/conductance/labels"
    )
    arrays, attributes = read_hdf5(shared / "artifacts/conductance/labels/train.h5")
    stated = {"target": "hydraulic", "convention": "centroid", "walls": "stepped"}
    assert attributes == stated | {"unsettled": 0}
    found = arrays["size_factor"]
    assert (found > 0).all()
