"""A server whose artifacts go through it: a second machine needs nothing but its address."""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import services

from poreops.errors import InputError
from poreops.mlops.tracking import team

REGISTER = """\
from poreops.mlops import tracking
with tracking.run("conductance_register", "a") as run:
    version = tracking.register(run, "../model", "conductance", sha256="1")
    tracking.promote(version)
assert tracking.find_version("conductance", "1").version == 1
"""
TRAIN = """\
from poreops.mlops import tracking
with tracking.run("conductance_train", "trained") as run:
    run.log_params({"epochs": 3})
    run.log_history({"loss": [4.0, 2.0, 1.0]})
    run.log_dataset("conduits", "0a1b", "training")
    run.log_text("best of three", "note.txt")
"""
LOOK = """\
from poreops.mlops.tracking.connection import client
from poreops.mlops.tracking.find import find_run
run = find_run("trained")
losses = [one.value for one in client().get_metric_history(run.id, "loss")]
print(run.params["epochs"], losses, [one.path for one in client().list_artifacts(run.id)])
"""
PASSWORD = "correct horse battery"
PREDICT = """\
import numpy as np
from poreops.mlops import tracking
folder = tracking.download("models:/conductance@champion")
print(tracking.load_pyfunc(folder).predict(np.ones((1, 4, 4, 4, 1), np.float32))[0])
"""


@pytest.fixture
def settings(repository, monkeypatch):
    """The environment of a server with a free port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    for name in list(os.environ):
        if name.startswith("MLFLOW_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MLFLOW_PORT", str(port))
    monkeypatch.setenv("MLFLOW_WORKERS", "1")
    monkeypatch.setenv("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
    return repository


@contextmanager
def running():
    """The address of a server that runs."""
    address = f"http://127.0.0.1:{os.environ['MLFLOW_PORT']}"
    command = [sys.executable, "-m", "poreops.mlops.tracking", "team"]
    process = subprocess.Popen(command, start_new_session=True)
    try:
        end = time.monotonic() + 240
        while True:
            try:
                urlopen(f"{address}/health", timeout=5).close()
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.2)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


@pytest.fixture
def server(settings):
    with running() as address:
        yield address


def client(folder, code, address, user=None, *, ok=True):
    """Run code as on another machine: an empty folder, the address, a user; what it says."""
    folder.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "DVC_"))}
    kept |= {"MLFLOW_TRACKING_URI": address, "MLFLOW_DISABLE_TELEMETRY": "true"}
    if user:
        kept |= {"MLFLOW_TRACKING_USERNAME": user, "MLFLOW_TRACKING_PASSWORD": PASSWORD}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False,
        env=kept,
    )  # fmt: skip
    assert (done.returncode == 0) is ok, done.stderr
    assert [path.name for path in folder.iterdir()] == []
    return done.stdout if ok else done.stderr


def ask(address, path, user=None, *, host=None, content=None):
    """Send a request of a user under a name of the server; the status of the answer."""
    headers = {"Content-Type": "application/json"} | ({"Host": host} if host else {})
    if user:
        token = base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()
        headers["Authorization"] = f"Basic {token}"
    body = json.dumps(content).encode()
    try:
        with urlopen(Request(f"{address}/api/2.0/mlflow/{path}", body, headers)) as answer:
            return answer.status
    except HTTPError as error:
        with error:
            return error.code


@pytest.mark.slow
def test_one_registers_and_another_predicts_without_seeing_a_disk(server, save_model, tmp_path):
    save_model()
    client(tmp_path / "first", REGISTER, server)
    # away from where the server keeps them, nothing may be read
    assert client(tmp_path / "second", PREDICT, server).strip() == "128.0"
    with pytest.raises(HTTPError, match="403"):
        urlopen(
            Request(f"{server}/api/2.0/mlflow/experiments/search", headers={"Host": "evil.org"})
        )


@pytest.mark.slow
def test_users_have_passwords_and_rights_and_the_server_knows_its_names(
    settings, project, save_model, tmp_path, monkeypatch
):
    """As mlflow/team.env says it, its lines on users and hosts uncommented."""
    pytest.importorskip("flask_wtf")
    shutil.copy(project / "mlflow/auth.ini", settings / "mlflow")
    save_model()
    for name, value in {
        "AUTH_CONFIG_PATH": "mlflow/auth.ini",
        "AUTH_ADMIN_PASSWORD": PASSWORD,
        "FLASK_SERVER_SECRET_KEY": "k",
        # elsewhere, and the users have their database all the same
        "BACKEND_STORE_URI": f"sqlite:///{settings}/runs.db",
        "SERVER_ALLOWED_HOSTS": f"rocks.example.org:5000,127.0.0.1:{os.environ['MLFLOW_PORT']}",
    }.items():
        monkeypatch.setenv(f"MLFLOW_{name}", value)
    with running() as address:
        every = {"path": "experiments/search", "content": {"max_results": 1}}
        assert ask(address, **every) == 401
        assert ask(address, user="admin", **every) == 200
        assert ask(address, user="admin", host="rocks.example.org:5000", **every) == 200
        assert ask(address, user="admin", host="evil.org", **every) == 403
        guest = {"username": "guest", "password": PASSWORD}
        assert ask(address, "users/create", "guest", content=guest) == 401
        assert ask(address, "users/create", "admin", content=guest) == 200

        said = client(tmp_path / "nobody", PREDICT, address, ok=False)
        assert "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD" in said
        client(tmp_path / "admin", REGISTER, address, "admin")
        assert client(tmp_path / "reads", PREDICT, address, "guest").strip() == "128.0"
        said = client(tmp_path / "writes", REGISTER, address, "guest", ok=False)
        assert "ask whoever runs the server for the right to do it" in said
    assert (settings / "mlflow/team/users.db").is_file()


@pytest.mark.slow
def test_runs_in_postgresql_and_artifacts_in_s3(settings, save_model, tmp_path, monkeypatch):
    save_model()
    with (
        services.postgres() as database,
        services.s3("poreops") as (keys, bucket),
    ):
        for name, value in keys.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("MLFLOW_BACKEND_STORE_URI", database)
        monkeypatch.setenv("MLFLOW_ARTIFACTS_DESTINATION", "s3://poreops/mlflow")
        with running() as address:
            for name in keys:  # the clients have none
                monkeypatch.delenv(name)
            client(tmp_path / "first", TRAIN + REGISTER, address)
            seen = client(tmp_path / "second", LOOK + PREDICT, address).splitlines()
            assert seen == ["3 [4.0, 2.0, 1.0] ['note.txt']", "128.0"]
        held = [entry["Key"] for entry in bucket.list_objects_v2(Bucket="poreops")["Contents"]]
        assert any(key.endswith("model/MLmodel") for key in held)
    assert not (settings / "mlflow/team").exists()


def test_a_server_for_others_must_know_its_names(settings, monkeypatch):
    monkeypatch.setenv("MLFLOW_HOST", "0.0.0.0")
    with pytest.raises(
        InputError, match="must know its own names, .*MLFLOW_SERVER_ALLOWED_HOSTS="
    ):
        team.team_command()


@pytest.mark.parametrize(
    ("name", "value", "package"),
    [
        ("MLFLOW_BACKEND_STORE_URI", "postgresql://u@h/d", "psycopg2-binary"),
        ("MLFLOW_ARTIFACTS_DESTINATION", "s3://bucket/path", "boto3"),
    ],
)
def test_a_missing_driver_is_named(settings, monkeypatch, name, value, package):
    monkeypatch.setattr(team, "find_spec", lambda _: None)
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=rf'pip install "{package}"'):
        team.team_command()


def test_users_need_their_settings(settings, monkeypatch):
    monkeypatch.setenv("MLFLOW_AUTH_CONFIG_PATH", "nowhere.ini")
    with pytest.raises(InputError, match=r"copy mlflow/auth\.ini"):
        team.team_command()


def test_the_settings_are_read_by_a_shell(project):
    """Every line that is commented out is one, too, when a person takes the comment away."""
    text = (project / "mlflow/team.env").read_text()
    opened = text.replace('# : "', ': "')
    assert opened.count("MLFLOW_") > text.count("\n: ")
    given = {
        "PGPASSWORD": "p",
        "MLFLOW_AUTH_ADMIN_PASSWORD": "p",
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "k",
    }
    said = "echo $MLFLOW_BACKEND_STORE_URI $MLFLOW_AUTH_CONFIG_PATH"
    done = subprocess.run(
        ["bash", "-c", f"set -aeu; {opened}\n{said}"],
        env=given, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "postgresql://mlflow:p@127.0.0.1:5432/mlflow mlflow/auth.ini\n", (
        done.stderr
    )
