"""Several stages at once: which starts when; DVC beneath them is in test_turns.py."""

import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from poreops import cli
from poreops.base.files import read_yaml

END = 600  # seconds after which what is waited for does not come


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


def followed(waves, graph, jobs, due=lambda _: True, during=lambda _: None, **options):
    """Run stages of no work; return what failed, what started and what ran with all cores."""
    lock, now, ended, started, alone = threading.Lock(), set(), set(), [], set()

    def run(name, for_itself):
        with lock:
            assert not graph.needs[name] - ended
            assert len(now) < jobs
            assert not (for_itself and now)
            started.append(name)
            now.add(name)
            if for_itself:
                alone.add(name)
        try:
            during(name)
        finally:
            with lock:
                assert not (for_itself and now - {name})
                now.discard(name)

    def asked(name):
        if found := due(name):
            return found
        ended.add(name)
        return found

    failed = waves.side_by_side(
        graph, jobs, asked, run, lambda name, _: ended.add(name), **options
    )
    return failed, started, alone


def graph(waves, seconds=None, **needs):
    return waves.Graph({name: set(of) for name, of in needs.items()}, seconds or {})


def test_stages_run_side_by_side_and_never_before_what_they_need(waves):
    meet = threading.Barrier(2)
    dag = graph(waves, a="", b="a", c="", d="c", e="bd", f="e")
    failed, started, alone = followed(
        waves, dag, 2, during=lambda name: name in "ac" and meet.wait(END)
    )
    assert failed == {}
    assert sorted(started) == list("abcdef")
    # nothing else could begin before these end: they have all cores
    assert {"e", "f"} <= alone <= {"b", "d", "e", "f"}


def test_what_is_not_due_does_not_run_and_lets_others_begin(waves):
    dag = graph(waves, a="", b="a", c="b", d="c")
    assert followed(waves, dag, 2, due=lambda name: name in "cd")[1] == ["c", "d"]
    assert followed(waves, dag, 2, due=lambda _: False)[1] == []


def test_the_longest_way_to_the_end_begins_first(waves):
    dag = graph(waves, {"a": 9, "b": 1, "c": 10, "d": 2}, a="", b="", c="b", d="")
    assert dag.ahead() == {"a": 9, "b": 11, "c": 10, "d": 2}
    assert followed(waves, dag, 1)[1] == ["b", "c", "a", "d"]


def test_after_a_failure_nothing_more_starts_and_what_runs_comes_to_its_end(waves):
    failing, ended = threading.Event(), []

    def during(name):
        if name == "a":
            failing.set()
            raise ValueError(name)
        assert failing.wait(END)
        ended.append(name)

    dag = graph(waves, a="", b="", c="a", d="c", e="")
    failed, started, _ = followed(waves, dag, 2, during=during)
    assert list(map(str, failed.values())) == ["a"]
    assert set(started) == {"a", "b"}
    assert ended == ["b"]


def test_what_cannot_be_asked_has_failed(waves):
    def due(name):
        raise OSError(f"no {name}")

    failed, started, _ = followed(waves, graph(waves, a="", b=""), 2, due=due)
    assert list(map(str, failed.values())) == ["no a"]
    assert started == []


def test_what_measures_time_runs_alone_and_lets_others_go_first(waves, monkeypatch):
    monkeypatch.setattr(waves, "ALONE", {"c"})
    dag = graph(waves, {"c": 1000}, c="", a="", b="", d="b", e="c")
    failed, started, alone = followed(waves, dag, 2)
    assert failed == {}
    assert started.index("c") >= 2
    assert "c" in alone
    # one that could only run by itself waits for what may run beside it
    assert waves.following(["c", "d"], [], 2) == "c"
    assert waves.following(["c", "d"], ["a"], 2) == "d"
    assert waves.following(["c"], ["a"], 2) is None
    assert waves.following(["d"], ["c"], 2) is None


def test_nothing_starts_once_it_was_stopped(waves):
    stopped = threading.Event()
    failed, started, _ = followed(
        waves, graph(waves, a="", b="a"), 2, during=lambda _: stopped.set(), stopped=stopped.is_set
    )
    assert (failed, started) == ({}, ["a"])


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


def test_an_interrupted_command_lets_the_pipeline_end_in_order(project, repository):
    (repository / "pipelines/repro.py").write_text(
        "import time\n"
        "from pathlib import Path\n"
        "try:\n"
        "    Path('here').touch()\n"
        "    time.sleep(600)\n"
        "except KeyboardInterrupt:\n"
        "    time.sleep(1)  # longer than a parent waits that kills\n"
        "    Path('ended').touch()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "poreops", "repro"], cwd=repository, start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(project / "src")},
    )  # fmt: skip
    end = time.monotonic() + END
    while not (repository / "here").exists():
        assert time.monotonic() < end
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(END) == 0
    assert (repository / "ended").exists()
