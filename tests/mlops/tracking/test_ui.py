"""The server of `make ui` hands out artifacts; plain mlflow in a copied clone reads the copy."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from mlflow import MlflowClient

from poreops.errors import InputError
from poreops.mlops import tracking
from poreops.mlops.tracking import connection

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def registered(repository, save_model):
    with tracking.run("registration", "a") as run:
        tracking.promote(tracking.register(run, save_model(), "conductance", sha256="1"))
    return run


@pytest.fixture
def address(registered, repository):
    """A running server on the store."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"MLFLOW_PORT": str(port), "DVC_ROOT": str(repository)}
    log = (repository / "ui.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "poreops.mlops.tracking"], env=environment, stdout=log, stderr=log
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(400):
            try:
                urllib.request.urlopen(f"{address}/health", timeout=5).close()
                break
            except (urllib.error.URLError, OSError):
                assert process.poll() is None, (repository / "ui.log").read_text()
                time.sleep(0.3)
        yield address
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def test_a_client_elsewhere_gets_the_files_and_what_it_logs_is_found_without_the_server(
    registered, address, repository, tmp_path, monkeypatch
):
    """No answer names a folder of the server's machine, which such a client does not see."""
    client = MlflowClient(address)
    assert client.get_run(registered.id).info.artifact_uri.startswith("mlflow-artifacts:/")
    uri = client.get_model_version_download_uri("conductance", "1")
    assert str(repository) not in uri
    for version in client.search_model_versions("name = 'conductance'"):
        assert str(repository) not in str(version)
    listed = client.list_artifacts(registered.id, "model")
    assert "model/MLmodel" in [file.path for file in listed]

    # as another machine: only the URI of the server is known
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    connection._opened.cache_clear()
    folder = tracking.download("models:/conductance@champion", tmp_path / "fetched")
    assert (folder / "artifacts/weight.txt").read_text() == "2.0"
    with tracking.run("registration", "from elsewhere") as run:
        run.log_text("kept", "note.txt")
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    connection._opened.cache_clear()
    location = connection.client().get_run(run.id).info.artifact_uri
    assert (Path(location) / "note.txt").read_text() == "kept"


def test_a_server_that_names_folders_of_its_own_says_so(registered, monkeypatch, repository):
    """As a plain `mlflow server` on this store, seen from a machine without its disk."""
    shutil.rmtree(repository / "mlflow/artifacts")
    monkeypatch.setattr(tracking.versions, "tracking_uri", lambda: "http://127.0.0.1:5000")
    with pytest.raises(InputError, match="names a folder of its own machine, which this one does"):
        tracking.download("models:/conductance@champion")


def test_mlflow_in_a_copied_clone_reads_the_copy(registered, repository, tmp_path):
    copy = shutil.copytree(repository, tmp_path / "copy")
    (weight,) = (copy / "mlflow/artifacts").rglob("weight.txt")
    weight.write_text("of the copy")
    environment = {k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"}
    command = ["mlflow", "artifacts", "download", "-u", "models:/conductance@champion"]
    subprocess.run(
        [sys.executable, "-m", "poreops", *command, "-d", str(tmp_path / "got")],
        cwd=copy, env=environment | {"DVC_ROOT": str(copy)}, check=True, capture_output=True,
    )  # fmt: skip
    assert (tmp_path / "got/artifacts/weight.txt").read_text() == "of the copy"
