"""Several stages at once: in the order of the graph, with the dvc.lock of one at a time."""

import importlib.util
import subprocess
import sys
import threading
import time

import pytest
from stubbed import scripts_on_path

from poreops import cli
from poreops.base.files import read_yaml

DVC_YAML = """\
stages:
  left:
    cmd: python meet.py left right
    deps: [meet.py]
    outs: [left]
  right:
    cmd: python meet.py right left
    deps: [meet.py]
    outs: [right]
  both:
    cmd: cat left right > both
    deps: [left, right]
    outs: [both]
  apart:
    cmd: echo apart > apart
    outs: [apart]
"""
MEET = """\
import os, sys, time
from pathlib import Path

me, other = sys.argv[1:]
Path(me).write_text(me)
end = time.monotonic() + 120
while os.environ.get("MEET") and not Path(other).exists():
    time.sleep(0.02)
    assert time.monotonic() < end, f"{other} does not run beside {me}"
"""


def script(project, name):
    spec = importlib.util.spec_from_file_location(name, project / f"pipelines/{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def waves(project):
    return script(project, "waves")


@pytest.fixture
def repository(tmp_path, monkeypatch):
    for name in (".dvc", "mlflow/registered", "pipelines"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


def followed(waves, plan, jobs, seconds=0.01, fails=()):
    """Run stages of no work; return the status, what started, and the sets that ran at once."""
    lock, now, started, together = threading.Lock(), set(), [], []

    def run(name):
        with lock:
            assert not plan.needs[name] & (now | set(plan.due()) - set(started))
            started.append(name)
            now.add(name)
            together.append(frozenset(now))
        time.sleep(seconds)
        with lock:
            now.discard(name)
        return int(name in fails)

    return waves.side_by_side(plan, jobs, run), started, together


def plan(waves, changed, **needs):
    return waves.Plan(list(needs), {name: set(of) for name, of in needs.items()}, set(changed))


def test_what_changed_and_what_reads_it_is_due(waves):
    graph = {"a": "", "b": "a", "c": "", "d": "cb"}
    assert plan(waves, "c", **graph).due() == ["c", "d"]
    assert plan(waves, "a", **graph).due() == ["a", "b", "d"]
    assert plan(waves, "", **graph).due() == []


def test_stages_run_side_by_side_and_never_before_what_they_need(waves):
    graph = plan(waves, "abcdef", a="", b="a", c="", d="c", e="bd", f="")
    status, started, together = followed(waves, graph, 2)
    assert status == 0
    assert sorted(started) == list("abcdef")
    assert max(map(len, together)) == 2


def test_after_a_failure_nothing_more_starts(waves):
    graph = plan(waves, "abcd", a="", b="", c="a", d="c")
    status, started, _ = followed(waves, graph, 2, fails="a")
    assert status == 1
    assert set(started) == {"a", "b"}


def test_what_measures_time_runs_alone(waves, monkeypatch):
    monkeypatch.setattr(waves, "ALONE", {"c"})
    graph = plan(waves, "abcde", a="", b="", c="", d="", e="c")
    _, started, together = followed(waves, graph, 3)
    assert len(started) == 5
    assert [at_once for at_once in together if "c" in at_once] == [{"c"}]


def test_stages_that_run_alone_exist(waves, project):
    assert set(read_yaml(project / "dvc.yaml")["stages"]) >= waves.ALONE


def test_what_the_registry_has_lost_is_registered_again(project, repository, capfdbinary):
    """DVC sees the note of the register stage, and would not run it."""
    note = repository / "mlflow/registered/cores.json"
    note.write_text('{"model": "digital-core", "sha256": "1"}')
    script(project, "repro").forget()
    assert not note.exists()
    assert b"cores is not in sqlite:" in capfdbinary.readouterr().out


def test_the_command_runs_the_pipeline_of_the_repository_around(repository, monkeypatch, capfd):
    (repository / "pipelines/repro.py").write_text(
        "import os, shutil, sys\n"
        "print(sys.argv[1:], os.getcwd(), shutil.which('python') is not None)\n"
        "sys.exit(3)\n"
    )
    (repository / "deep").mkdir()
    monkeypatch.chdir(repository / "deep")
    assert cli.run(["repro", "-j", "2", "cores_train"]) == 3
    assert capfd.readouterr().out == f"['-j', '2', 'cores_train'] {repository} True\n"
    (repository / "pipelines/repro.py").unlink()
    assert cli.run(["repro"]) == 2
    assert "a pipeline must be there, got no" in capfd.readouterr().err


@pytest.mark.slow
def test_the_lock_file_is_that_of_one_stage_at_a_time(project, tmp_path):
    """Left and right meet, so that they run at once; what is there already does not run again."""
    locks = {}
    for jobs in (1, 2):
        folder = tmp_path / f"{jobs}"
        folder.mkdir()
        (folder / "dvc.yaml").write_text(DVC_YAML)
        (folder / "meet.py").write_text(MEET)
        for command in (["git", "init", "-q"], ["dvc", "init", "-q"]):
            subprocess.run(command, cwd=folder, env=scripts_on_path(), check=True)
        command = [sys.executable, str(project / "pipelines/repro.py"), "-j", str(jobs)]
        environment = scripts_on_path() | ({"MEET": "1"} if jobs == 2 else {})
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert (folder / "both").read_text() == "leftright"
        locks[jobs] = (folder / "dvc.lock").read_bytes()
    assert locks[1] == locks[2]
    again = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert again.returncode == 0
    assert "Running stage" not in again.stdout
