"""Several stages at once in the real DVC: the dvc.lock of one at a time, whatever goes wrong."""

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from dvc.lock import make_lock
from stubbed import scripts_on_path

pytestmark = pytest.mark.slow

CORES = "POREOPS_WORKERS"
END = 600  # seconds after which what is waited for does not come
DVC_YAML = """\
stages:
  last:
    cmd: python make.py last
    deps: [both, kept, make.py, old]
    outs: [last]
  left:
    cmd: python make.py left
    deps: [make.py]
    outs: [left]
  right:
    cmd: python make.py right && true
    deps: [make.py]
    outs: [right]
  both:
    cmd: python make.py both && cat left right >> both
    deps: [left, make.py, right]
    outs: [both]
  old:
    cmd: python make.py old
    frozen: true
    deps: [make.py]
    outs: [old]
  kept:
    cmd: python make.py kept
    always_changed: true
    outs: [kept: {cache: false, persist: true}]
"""
MAKE = """\
import os, sys, time
from pathlib import Path

name, end = sys.argv[1], time.monotonic() + 600
with Path("ran").open("a") as log:
    print(name, os.environ.get("POREOPS_WORKERS"), file=log)
if name in ("left", "right"):
    Path(f"{name}.part").write_text(str(os.getpid()))
    Path(f"{name}.part").rename(f"{name}.here")
    while not all(map(os.path.exists, os.environ.get("MEET", "").split())):
        time.sleep(0.02)
        assert time.monotonic() < end, name
assert not Path(f"{name}.fails").exists()
Path(name).write_text(name)
"""


class Repository:
    def __init__(self, folder, project):
        self.folder, self.script = folder, str(project / "pipelines/repro.py")
        (folder / ".dvc").mkdir(parents=True)
        (folder / ".dvc/config").write_text("[core]\n    analytics = false\n")
        (folder / "dvc.yaml").write_text(DVC_YAML)
        (folder / "make.py").write_text(MAKE)
        (folder / "old").write_text("from before")
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)

    def started(self, *command, **environment):
        kept = {name: value for name, value in scripts_on_path().items() if name != CORES}
        return subprocess.Popen(
            command or [sys.executable, self.script, "-j", "2"],
            cwd=self.folder, env=kept | environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def __call__(self, *command, status=0, **environment):
        """Run to the end; return what was said."""
        process = self.started(*command, **environment)
        said = process.communicate()[0]
        assert process.returncode == status, said
        return said

    def ran(self):
        """The stages that ran since the last look, and what each was told of the cores."""
        log = self.folder / "ran"
        lines = log.read_text().split("\n")[:-1] if log.exists() else []
        log.unlink(missing_ok=True)
        return [tuple(line.split()) for line in lines]

    def names(self):
        return sorted(name for name, _ in self.ran())

    def lock(self):
        return (self.folder / "dvc.lock").read_bytes()

    def wait_for(self, *names):
        end = time.monotonic() + END
        while not all((self.folder / name).exists() for name in names):
            assert time.monotonic() < end, names
            time.sleep(0.02)


EVERY = ["both", "kept", "last", "left", "right"]


@pytest.fixture(scope="module")
def one_by_one(project, tmp_path_factory):
    """The dvc.lock of `dvc repro`."""
    repository = Repository(tmp_path_factory.mktemp("one") / "repository", project)
    repository("dvc", "repro")
    assert repository.names() == EVERY
    return repository.lock()


def test_the_lock_file_is_that_of_one_stage_at_a_time(one_by_one, project, tmp_path):
    """Left and right wait for each other; what was made once comes from the run cache."""
    repository = Repository(tmp_path / "repository", project)
    environment = {"MEET": "left.here right.here"}
    said = repository(**environment)
    cores = dict(ran := repository.ran())
    assert sorted(name for name, _ in ran) == EVERY
    assert cores["left"] == cores["right"] == str(max(1, len(os.sched_getaffinity(0)) // 2))
    assert cores["last"] == str(len(os.sched_getaffinity(0)))
    assert "old' is frozen" in said
    assert (repository.folder / "both").read_text() == "bothleftright"
    assert (repository.folder / "old").read_text() == "from before"
    assert repository.lock() == one_by_one

    for name in ("dvc.lock", "left", "last"):
        (repository.folder / name).unlink()
    said = repository(POREOPS_WORKERS="7")
    assert repository.ran() == [("kept", "7")]
    assert "Stage 'left' is cached - skipping run" in said
    assert (repository.folder / "last").read_text() == "last"
    assert repository.lock() == one_by_one

    repository("dvc", "repro")
    assert repository.names() == ["kept"]


def test_a_failed_stage_is_named_and_what_ran_beside_it_is_kept(one_by_one, project, tmp_path):
    """Right goes on when left has failed; a plain `dvc repro` does the rest."""
    repository = Repository(tmp_path / "repository", project)
    (repository.folder / "left.fails").touch()
    said = repository(status=255, MEET="left.here right.here")
    ran = repository.names()
    assert {"left", "right"} <= set(ran) <= {"left", "right", "kept"}
    assert "left | AssertionError" in said
    assert "failed to reproduce 'left': failed to run: python make.py left, exited with 1" in said
    assert b"  right:" in repository.lock()
    (repository.folder / "left.fails").unlink()
    repository("dvc", "repro")
    assert repository.names() == ["both", "kept", "last", "left"]
    assert stages(repository.lock()) == stages(one_by_one)


def stages(lock):
    return sorted(lock.decode().split("\n"))


def test_interrupted_or_killed_it_leaves_nothing_in_the_way(one_by_one, project, tmp_path):
    """Of right a shell waits, which a signal would end alone."""
    repository = Repository(tmp_path / "repository", project)
    for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        process = repository.started(MEET="never")
        repository.wait_for("left.here", "right.here")
        if stop == signal.SIGINT:
            os.killpg(process.pid, stop)  # as a terminal does
        else:
            process.send_signal(stop)
        said = process.communicate()[0]
        assert process.returncode == (-stop if stop == signal.SIGKILL else 255), said
        assert repository.names() == ["left", "right"]
        if stop != signal.SIGKILL:
            left = json.loads((repository.folder / ".dvc/tmp/rwlock").read_text())
            assert not any(left.values())
        for path in repository.folder.glob("*.here"):
            if stop == signal.SIGKILL:  # what it left behind goes on waiting
                os.kill(int(path.read_text()), stop)
            path.unlink()
    repository("dvc", "repro")
    assert repository.names() == EVERY
    assert repository.lock() == one_by_one


def test_a_lock_that_cannot_be_taken_again_after_a_command_is_free(project, tmp_path, monkeypatch):
    """So it is on a full disk; DVC's own error is to be seen, not one of the lock."""
    monkeypatch.syspath_prepend(project / "pipelines")
    turns = importlib.import_module("turns")
    folder = tmp_path / "tmp"
    folder.mkdir()
    lock = turns.Turns(make_lock(str(folder / "lock")), lambda: None)
    with pytest.raises(FileNotFoundError), lock:
        lock.unlock()
        shutil.rmtree(folder)
        lock.lock()
    assert not lock.is_locked
    folder.mkdir()
    with lock:
        assert lock.is_locked
