"""The registered package holds no pickle and serves the champion, also over HTTP."""

import ast
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from mlflow.exceptions import MlflowException
from tiny import conductance as tiny_model

import poreops
from poreops.mlops import tracking

pytestmark = pytest.mark.slow  # the model trains for some seconds, once

CHAMPION = "models:/conductance@champion"


def test_served_code_stands_on_the_public_face(project):
    tree = ast.parse((project / "src/poreops/conductance/served.py").read_text())
    ours = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module != "typing"]
    assert {node.module for node in ours} == {"poreops"}
    assert {alias.name for node in ours for alias in node.names} <= set(poreops.__all__)


def test_the_package_asks_no_index_for_this_package(register):
    register()
    folder = tracking.download(CHAMPION)
    assert "poreops" not in (folder / "requirements.txt").read_text()
    assert (folder / "code/poreops/__init__.py").is_file()


def test_the_registered_files_hold_no_pickle(register):
    register()
    folder = tracking.download(CHAMPION)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= {
        ".csv",
        ".py",
        ".yaml",
        ".txt",
        ".json",
        ".h5",
        ".typed",
        "",
    }
    for path in files:
        content = path.read_bytes()
        assert not (content[:1] == b"\x80" and content[1:2] in b"\x02\x03\x04\x05"), path
    assert str(Path.cwd()) not in "".join(
        path.read_text() for path in files if path.suffix in (".yaml", ".txt", ".json", "")
    )


def test_the_registered_function_has_a_strict_signature(register, model):
    register()
    function = tracking.load_pyfunc(tracking.download(CHAMPION))
    rois = tiny_model.conduits(3)[0][:3]
    np.testing.assert_array_equal(function.predict(rois), model.predict(rois))
    for wrong in (
        rois.astype(float),
        rois.astype(np.int32),
        rois[:, :32],
        rois[0],
        rois[..., None],
    ):
        with pytest.raises(MlflowException, match="Failed to enforce schema"):
            function.predict(wrong)
    with pytest.raises(MlflowException, match="0, 1 and 2 only") as raised:
        function.predict(rois + 1)
    assert raised.value.error_code == "INVALID_PARAMETER_VALUE"


def post(address, content):
    request = urllib.request.Request(
        f"{address}/invocations",
        json.dumps(content).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


@pytest.fixture
def server(register, repository):
    register()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("mlflow")), "models", "serve", "-m", CHAMPION]
    command += ["--env-manager", "local", "-h", "127.0.0.1", "-p", str(port)]
    scripts = str(Path(sys.executable).parent)
    environment = os.environ | {
        "MLFLOW_TRACKING_URI": tracking.tracking_uri(),
        "POREOPS_SERVE_ROWS": "3",
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
    }
    log = (repository / "server.log").open("w")
    process = subprocess.Popen(
        command, env=environment, stdout=log, stderr=log, start_new_session=True
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/ping", timeout=5).close()
                break
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                assert process.poll() is None, (repository / "server.log").read_text()
                time.sleep(0.5)
        yield address
    finally:
        os.killpg(process.pid, 15)
        process.wait(30)
        log.close()


def test_the_champion_is_served_over_http(server, model):
    rois = tiny_model.conduits(3)[0][:2]
    answer = post(server, {"inputs": rois.tolist()})
    np.testing.assert_allclose(answer["predictions"], model.predict(rois), rtol=1e-6)
    four = tiny_model.conduits(3)[0][:4]
    for wrong, message in (
        (rois[:, :32], "does not match expected shape"),
        (rois + 1, "0, 1 and 2 only"),
        (four, "rows up to 3, got 4"),
    ):
        with pytest.raises(urllib.error.HTTPError) as raised:
            post(server, {"inputs": wrong.tolist()})
        with raised.value as error:
            content = json.loads(error.read())
        assert (error.code, content["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
        assert message in content["message"]
        # MLflow's own server, which may classify its own complaints, and no trace
        assert set(content) <= {"error_code", "message", "sqlstate", "error_class"}
