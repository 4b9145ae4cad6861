"""The audit of the locked packages: what is known is said, and without a network nothing fails."""

import json
import runpy
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

LOCK = "numpy==2.0\nold-one==1.0 ; python_version < '3.12'\nold-one==2.0 ; python_version > '3'\n"


@pytest.fixture
def database():
    """The address of a server that knows one vulnerability, of old-one 1.0."""
    asked = []

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.extend(body["queries"])
            bad = {"package": {"name": "old-one", "ecosystem": "PyPI"}, "version": "1.0"}
            results = [{"vulns": [{"id": "X-1"}]} if q == bad else {} for q in body["queries"]]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"results": results}).encode())

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    assert len(asked) % 3 == 0


def audit(project, folder, *arguments):
    (folder / "lock.txt").write_text(LOCK)
    command = [sys.executable, project / ".ci/audit.py", folder / "lock.txt", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_is_known_is_a_warning_and_strictly_an_error(project, tmp_path, database):
    done = audit(project, tmp_path, "--url", database)
    assert (done.returncode, done.stderr) == (0, "")
    assert "old-one 1.0 has known vulnerabilities: X-1\n" in done.stdout
    assert "1 of 3 packages have known vulnerabilities" in done.stdout
    assert audit(project, tmp_path, "--strict", "--url", database).returncode == 1


def test_without_a_network_nothing_fails(project, tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        done = audit(project, tmp_path, "--strict", "--url", url)
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing was audited" in done.stdout


def test_every_package_of_the_lock_is_asked_for(project):
    locked = runpy.run_path(str(project / ".ci/audit.py"))["locked"]
    text = (project / "requirements.txt").read_text()
    found = locked(text)
    assert len(found) == len({line for line in text.splitlines() if "==" in line.split(";")[0]})
    assert {"numpy", "mlflow", "dvc"} <= {name for name, _ in found}
    assert "audit.py" in (project / ".ci/run").read_text()
