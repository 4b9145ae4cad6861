"""Each thing that is broken is found, and what needs no decision is mended."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys

import pytest

from poreops import cli
from poreops.mlops import tracking
from poreops.mlops.doctor import environment
from poreops.mlops.doctor.pipeline import pipeline, rotten

LOCK = "schema: '2.0'\nstages:\n  a:\n    cmd: x\n    outs: [{path: artifacts/a, md5: %s}]\n"
KILLED = """\
import os, signal
from poreops.mlops import tracking
with tracking.run("cores_train", "killed") as run:
    print(run.id, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def healthy(repository):
    """A repository in which nothing is wrong."""
    (repository / "artifacts").mkdir()
    (repository / "artifacts/a").write_text("a")
    (repository / "dvc.lock").write_text(LOCK % "0cc175b9c0f1b6a831c399e269772661")
    cached = repository / ".dvc/cache/files/md5/0c/c175b9c0f1b6a831c399e269772661"
    cached.parent.mkdir(parents=True)
    cached.write_text("a")
    return repository


@pytest.fixture
def look(capsys):
    def look(*arguments):
        code = cli.run(["doctor", "--json", *arguments])
        results = json.loads(capsys.readouterr().out)
        assert code == (results["bad"] > 0)
        return {found["what"]: found for found in results["findings"] if found["state"] != "ok"}

    return look


def own(found):
    """Of the repository; the machine that tests has an environment and a disk of its own."""
    return set(found) - {"packages", "extras", "disk", "dvc"}


def test_nothing_is_wrong_with_what_is_well(healthy, look):
    assert own(look("--deep")) == set()


def test_a_flipped_byte_in_the_cache_is_found_and_dropped(healthy, look):
    cached = next((healthy / ".dvc/cache/files/md5/0c").iterdir())
    cached.write_text("b")
    assert own(look()) == set()  # takes reading it all
    assert own(look("--deep")) == {"cache"}
    assert "removed" in look("--deep", "--fix")["cache"]["fixed"]
    assert not cached.exists()


def test_what_dvc_would_restore_with_other_bytes_is_found(healthy):
    cached = next((healthy / ".dvc/cache/files/md5/0c").iterdir())
    cached.write_text("b")
    assert rotten(healthy) == []  # the output itself is here
    (healthy / "artifacts/a").unlink()
    assert rotten(healthy) == [cached]
    cached.write_text("a")
    assert rotten(healthy) == []
    (healthy / "dvc.lock").unlink()
    assert rotten(healthy) == []


def test_what_was_made_and_is_gone_is_found(healthy):
    (healthy / "artifacts/a").unlink()
    said = {found.what: found for found in pipeline(healthy, deep=False)}
    assert said["outputs"].remedy == "dvc checkout"
    shutil.rmtree(healthy / ".dvc/cache")
    said = {found.what: found for found in pipeline(healthy, deep=False)}
    assert "dvc pull" in said["outputs"].remedy
    (healthy / ".dvc/tmp").mkdir()
    (healthy / ".dvc/tmp/rwlock").write_text('{"write": {')
    (healthy / "dvc.lock").write_text("{{")
    said = {found.what: found.state for found in pipeline(healthy, deep=False)}
    assert said["dvc locks"] == said["dvc.lock"] == "bad"


@pytest.mark.slow
def test_the_run_of_a_killed_process_is_ended(healthy, look):
    done = subprocess.run(
        [sys.executable, "-c", KILLED], capture_output=True, text=True, check=False,
        env=os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"},
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert own(look()) == {"runs"}
    look("--fix")
    with sqlite3.connect(healthy / "mlflow/mlflow.db") as database:
        assert database.execute("SELECT status FROM runs").fetchall() == [("KILLED",)]
    assert own(look()) == set()


def test_a_note_of_a_registry_that_is_gone_is_found_and_dropped(healthy, look):
    note = healthy / "mlflow/registered/cores.json"
    note.parent.mkdir()
    note.write_text('{"model": "digital-core", "sha256": "1"}')
    assert "make repro" in look()["registry"]["remedy"]
    look("--fix")
    assert not note.exists()
    assert own(look()) == set()


def test_a_damaged_database_is_found_and_left_alone(healthy, look):
    database = healthy / "mlflow/mlflow.db"
    content = bytearray(database.read_bytes())
    content[8192:16384] = os.urandom(8192)
    database.write_bytes(content)
    assert "must be an intact database" in look("--fix")["MLflow"]["said"]
    assert database.read_bytes() == content


def test_a_killed_search_is_found(healthy, look):
    folder = healthy / "artifacts/.partial/search"
    folder.mkdir(parents=True)
    (folder / "s.journal").write_text('{"op_code": 0}\n{"op_co')  # the last line is half written
    (folder / "s.journal.f00d.owner").touch()
    assert look()["studies"]["state"] == "warn"
    (folder / "s.journal").write_text('{"op_\n{"op_code": 0}\n')
    assert look("--fix")["studies"]["state"] == "warn"
    assert own(look()) == set()


def test_a_full_disk_is_found(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(environment.shutil, "disk_usage", lambda _: usage._replace(free=1 << 20))
    assert environment._disk(tmp_path).state == "bad"


def test_other_packages_than_the_locked_are_named(tmp_path):
    from importlib.metadata import version

    text = f"numpy==0.0.1\nno-such-package==1 ; x\nh5py==0.1 ; x\nh5py=={version('h5py')} ; y\n"
    (tmp_path / "requirements.txt").write_text(text)
    (found,) = environment._locked(tmp_path / "requirements.txt")
    assert found.state == "warn"
    assert "numpy" in found.said
    assert "no-such" not in found.said
    assert "h5py" not in found.said  # one of those for several platforms


def test_a_moved_store_is_made_whole(healthy, save_model, tmp_path, use, capsys):
    with tracking.run("cores_register", "a") as run:
        package = save_model()
        from poreops.base.files import sha256

        digest = sha256(package)
        tracking.register(
            run, package, "digital-core", sha256=digest, tags={"files.sha256": "of its own"}
        )
    lost = tmp_path / "moved"
    healthy.rename(lost)
    with sqlite3.connect(lost / "mlflow/mlflow.db") as database:  # as of a copy of the file alone
        database.execute(
            "UPDATE experiment_tags SET value = ? WHERE key = 'poreops.base.files'",
            (f"{lost}/mlflow",),
        )
    use(lost)
    assert cli.run(["store", "relocate"]) == 1
    assert "BROKEN    models:/digital-core/1" in capsys.readouterr().out
    assert cli.run(["store", "relocate", "--from", f"{healthy}/mlflow"]) == 0
    assert "1 versions are whole" in capsys.readouterr().out
    (weight,) = (lost / "mlflow/artifacts").rglob("weight.txt")
    weight.write_text("2.5")
    assert cli.run(["store", "relocate"]) == 1
    assert "must have the files that were registered" in capsys.readouterr().out
