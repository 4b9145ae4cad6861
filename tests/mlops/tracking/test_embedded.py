"""The store as a file: made once by many, moved, locked, broken."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from poreops.errors import InputError
from poreops.mlops import tracking
from poreops.mlops.tracking import connection, embedded


def opening(database):
    code = "from poreops.mlops.tracking import connection; connection.client()"
    environment = os.environ | {"MLFLOW_TRACKING_URI": embedded.sqlite_uri(database)}
    return subprocess.Popen(
        [sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, env=environment
    )


def test_the_store_is_that_of_the_repository_around(repository, monkeypatch):
    monkeypatch.delenv("DVC_ROOT")
    (repository / "deep/folder").mkdir(parents=True)
    monkeypatch.chdir(repository / "deep/folder")
    assert tracking.tracking_uri() == f"sqlite:///{repository}/mlflow/mlflow.db"


def test_inside_a_stage_the_store_is_that_of_dvc_root(repository, tmp_path, monkeypatch):
    # `dvc exp run --temp` runs in a copy of the repository
    (tmp_path / "copy/.dvc").mkdir(parents=True)
    (tmp_path / "copy/mlflow").mkdir()
    monkeypatch.chdir(tmp_path / "copy")
    assert tracking.tracking_uri() == f"sqlite:///{repository}/mlflow/mlflow.db"


def test_the_environment_names_another_store(repository, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    assert tracking.tracking_uri() == "http://127.0.0.1:5000"


@pytest.mark.parametrize("name", ["mlflow.db", "50 % é#1?.db"])
def test_the_uri_of_a_file_names_that_file(tmp_path, name):
    assert embedded.sqlite_path(embedded.sqlite_uri(tmp_path / name)) == tmp_path / name


@pytest.mark.slow
def test_four_processes_open_a_new_store_at_once(tmp_path):
    database = tmp_path / "mlflow.db"
    processes = [opening(database) for _ in range(4)]
    assert [(process.communicate()[1], process.returncode) for process in processes] == [
        ("", 0)
    ] * 4
    assert sqlite3.connect(database).execute("SELECT name FROM experiments").fetchall() == [
        ("Default",)
    ]


@pytest.mark.slow
def test_a_store_whose_making_was_killed_is_made_again(tmp_path):
    database = tmp_path / "mlflow.db"
    process = opening(database)
    half_made = database.with_name("mlflow.db.part")
    while not (half_made.exists() and half_made.stat().st_size > 50_000):
        assert process.poll() is None
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not database.exists()
    embedded.open_store(database, connection._make_tables)
    assert database.exists()


def test_a_moved_repository_keeps_its_models(repository, save_model, tmp_path, use):
    with tracking.run("training", "a") as run:
        run.log_text("kept", "note.txt")
        tracking.promote(tracking.register(run, save_model(), "conductance", sha256="1"))
    moved = tmp_path / "a place" / "with 50 % é#1"
    moved.parent.mkdir()
    repository.rename(moved)
    use(moved)
    folder = tracking.download("models:/conductance@champion")
    assert moved in folder.parents
    assert tracking.load_pyfunc(folder).predict(np.ones((1, 4, 4, 4, 1), np.float32)) == [128]
    assert (moved / f"mlflow/artifacts/training/{run.id}/artifacts/note.txt").read_text() == "kept"
    with tracking.run("training", "b") as run:
        run.log_text("new", "note.txt")
    assert (moved / f"mlflow/artifacts/training/{run.id}/artifacts/note.txt").exists()


def test_a_copied_repository_has_its_own_store(repository, save_model, tmp_path, use):
    with tracking.run("training", "a") as run:
        tracking.promote(tracking.register(run, save_model(), "conductance", sha256="1"))
    # the name of the copy begins with that of the original
    copy = tmp_path / "repository2"
    shutil.copytree(repository, copy)
    use(copy)
    assert copy in tracking.download("models:/conductance@champion").parents
    use(repository)
    assert repository in tracking.download("models:/conductance@champion").parents


def test_relocating_touches_only_the_paths_of_the_store(repository):
    database = repository / "mlflow/mlflow.db"
    with tracking.run("training", "a"):
        pass
    connection = sqlite3.connect(database)
    other = f"{repository}-other/mlflow/artifacts"
    connection.execute(
        "INSERT INTO experiments (experiment_id, name, artifact_location) VALUES (9, 'o', ?)",
        (other,),
    )
    connection.execute("UPDATE experiment_tags SET value = '/elsewhere/mlflow'")
    connection.execute(
        "UPDATE runs SET artifact_uri = replace(artifact_uri, ?, '/elsewhere')", (str(repository),)
    )
    connection.commit()
    assert embedded.relocate(database) == 1
    (uri,) = connection.execute("SELECT artifact_uri FROM runs").fetchone()
    assert uri.startswith(f"{repository}/mlflow/artifacts/training/")
    kept = "SELECT artifact_location FROM experiments WHERE experiment_id = 9"
    assert connection.execute(kept).fetchone() == (other,)
    assert embedded.relocate(database) == 0
    connection.close()


def test_nothing_is_written_outside_the_store(repository):
    with tracking.run("training", "a") as run:
        run.log_text("text", "note.txt")
    names = {path.name for path in repository.iterdir()}
    assert names == {".dvc", "mlflow"}


def test_a_locked_store_is_an_input_error(repository, monkeypatch):
    monkeypatch.setattr(embedded, "LOCK_SECONDS", 0.2)
    holder = sqlite3.connect(repository / "mlflow/mlflow.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with (
        pytest.raises(InputError, match=r"must be free within 0\.2 s, got .*mlflow\.db locked"),
        tracking.run("training", "a"),
    ):
        pass
    holder.execute("ROLLBACK")
    holder.close()


def test_a_store_that_another_process_opens_too_long_is_an_input_error(repository, monkeypatch):
    monkeypatch.setattr(embedded, "LOCK_SECONDS", 0.2)
    database = repository / "mlflow/mlflow.db"
    with (
        embedded.FileLock(f"{database}.lock"),
        pytest.raises(InputError, match=r"locked by another process"),
    ):
        embedded.open_store(database, connection._make_tables)


def test_a_file_that_is_no_database_is_an_input_error(repository):
    (repository / "mlflow/mlflow.db").write_text("not a database, but long enough " * 9)
    with pytest.raises(InputError, match=r"must be an sqlite file, got .*make repro"):
        tracking.champion_info("conductance")


def test_a_folder_in_the_place_of_the_store_is_an_input_error(tmp_path, use):
    (tmp_path / "mlflow/mlflow.db").mkdir(parents=True)
    use(tmp_path)
    with pytest.raises(InputError, match=r"must be writable, got .*mlflow\.db"):
        tracking.champion_info("conductance")


def test_a_server_that_does_not_answer_is_an_input_error_at_once(monkeypatch):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    with pytest.raises(InputError, match=rf"server must answer, got http://127\.0\.0\.1:{port}"):
        tracking.champion_info("conductance")


def test_a_port_in_use_is_an_input_error():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(InputError, match=rf"port must be free, got 127\.0\.0\.1:{port}"):
            embedded.free_port("127.0.0.1", port)
    embedded.free_port("127.0.0.1", port)


def test_a_command_outside_any_repository_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(embedded, "__file__", str(tmp_path / "a/b/c/d/embedded.py"))
    with pytest.raises(InputError, match="run the command inside one, or set MLFLOW_TRACKING_URI"):
        tracking.tracking_uri()


PACKAGE = Path(embedded.__file__).parents[4]


def run_elsewhere(code, folder, **environment):
    """Run Python in a folder outside any repository, as a user of the library does."""
    kept = {k: v for k, v in os.environ.items() if k not in ("DVC_ROOT", "MLFLOW_TRACKING_URI")}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=kept | environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.skipif(not (PACKAGE / ".dvc").is_dir(), reason="the package lies in no clone")
def test_the_store_of_the_clone_is_found_from_any_folder(tmp_path):
    code = "from poreops.mlops.tracking import tracking_uri; print(tracking_uri())"
    done = run_elsewhere(code, tmp_path)
    assert done.stdout.strip() == embedded.sqlite_uri(PACKAGE / "mlflow/mlflow.db"), done.stderr


LOADING = """
import poreops
try:
    poreops.load_model({uri!r})
except poreops.InputError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("store", "message"),
    [
        ("sqlite:///{}/tpyo/mlflow.db", "the MLflow store must exist, got no file {}/tpyo/mlflow"),
        ("sqlite:///{}/mlfow.db", "the MLflow store must exist, got no file {}/mlfow.db"),
        ("sqlite:/{}/mlflow.db", "MLFLOW_TRACKING_URI must be a server or a database, got"),
        ("sqllite:///{}/mlflow.db", "MLFLOW_TRACKING_URI must be a server or a database, got"),
        ("mlruns", "MLFLOW_TRACKING_URI must be a server or a database, got 'mlruns'"),
    ],
)
def test_a_mistyped_store_is_refused_and_leaves_nothing(tmp_path, store, message):
    code = LOADING.format(uri="models:/conductance@champion")
    done = run_elsewhere(code, tmp_path, MLFLOW_TRACKING_URI=store.format(tmp_path))
    assert done.stdout.startswith(message.format(tmp_path)), done.stdout + done.stderr
    assert done.stdout.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_store_in_a_folder_that_does_not_exist_is_not_made(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", embedded.sqlite_uri(tmp_path / "no/mlflow.db"))
    with pytest.raises(InputError, match="must lie in a folder that exists"):
        connection.client()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("uri", ["http://x/y", "https://x/y", "s3://bucket/model"])
def test_a_model_from_elsewhere_is_refused_in_one_line(tmp_path, uri):
    done = run_elsewhere(LOADING.format(uri=uri), tmp_path)
    assert done.stdout.startswith("a model must be a URI of the registry or a folder, got " + uri)
    assert done.stdout.count("\n") == 1


def test_a_model_without_tensorflow_says_what_to_install(tmp_path):
    code = "import sys; sys.modules['tensorflow'] = None" + LOADING.format(uri="models:/a@b")
    done = run_elsewhere(code, tmp_path)
    assert done.stdout.startswith(
        "a conductance model needs packages that are not installed (tensorflow); pip"
    )
    assert done.stdout.count("\n") == 1
