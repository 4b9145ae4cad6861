"""`poreops serve` on a real server: limits, plain errors, clients that go, an end when told."""

import base64
import http.client
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tifffile
from tiny.cores import crops, model

from poreops.base.hdf5 import write_hdf5
from poreops.cores.registry import candidate, package

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

# minutes of work in a body of some kilobytes
ENDLESS = json.dumps({"inputs": [[seed, 256] for seed in range(20_000)]}).encode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The package of a tiny generator."""
    store = tmp_path_factory.mktemp("store")
    model().save(store / "models/dcgan/1")
    write_hdf5(store / "probe.h5", {"images": crops()[1]})
    offer = {
        "name": "dcgan/1", "method": "dcgan", "sha256": "", "judged_on": "", "main": "kid",
        "scores": {"kid": 1.0}, "probe": {}, "real": {}, "nulls": {},
    }  # fmt: skip
    offered = candidate(offer, store / "models", store / "probe.h5", valid=True)
    return package(store / "package", offered)


class Server:
    """A process of `poreops serve`, its address and its log."""

    def __init__(self, folder, log, *options):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log, self.address = log, f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "poreops", "serve", str(folder), "-p", str(self.port)]
        with log.open("w") as out:
            self.process = subprocess.Popen(
                [*command, *options], stdout=out, stderr=subprocess.STDOUT,
                env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"},
            )  # fmt: skip

    def events(self, name):
        """Those of the log, but for a line that is still being written."""
        lines = self.log.read_text().split("\n")[:-1]
        found = [json.loads(line) for line in lines if line.startswith("{")]
        return [event for event in found if event["event"] == name]

    def logged(self, ask, *statuses):
        """What the log says of the requests that `ask` makes: lines come after the answers."""
        before = len(self.events("request"))
        ask()
        for _ in range(600):
            after = [e for e in self.events("request")[before:] if e["path"] == "/invocations"]
            if set(statuses) <= {event["status"] for event in after}:
                return after
            time.sleep(0.1)
        raise AssertionError(self.log.read_text()[-2000:])

    def wait_for(self, path):
        for _ in range(400):
            try:
                return self.get(path)
            except (urllib.error.URLError, OSError):
                assert self.process.poll() is None, self.log.read_text()
                time.sleep(0.3)
        raise AssertionError(self.log.read_text())

    def memory(self):
        """Resident [MiB]."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024

    def get(self, path):
        with urllib.request.urlopen(self.address + path, timeout=30) as answer:
            return json.loads(answer.read())

    def post(self, body, kind="application/json", **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": kind} | headers
        request = urllib.request.Request(self.address + "/invocations", data, headers)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.read()

    def refusal(self, body, kind="application/json"):
        with pytest.raises(urllib.error.HTTPError) as raised:
            self.post(body, kind)
        with raised.value as error:
            return error.code, json.loads(error.read())

    def leave_while_it_works(self, body):
        """Send a request and go away before its answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("POST", "/invocations", body, {"Content-Type": "application/json"})
        time.sleep(1)
        connection.close()


@pytest.fixture(scope="module")
def server(folder, tmp_path_factory):
    log = tmp_path_factory.mktemp("log") / "server.log"
    # limits wide enough for work that lasts minutes, if nothing ends it
    wide = ["--rows", "100000", "--pixels", "10000000000", "--seconds", "600", "--body", "2"]
    running = Server(folder, log, *wide, "--grace", "1")
    try:
        running.wait_for("/ready")
        yield running
    finally:
        running.process.kill()
        running.process.wait(30)


def drawn(seed, size):
    return model().generate(1, size, seed=seed)[0]


def test_it_is_alive_before_it_is_ready_and_says_what_it_serves(server):
    assert server.get("/health") == {"status": "alive"}
    assert server.get("/ready") == {"status": "ready"}
    facts = server.get("/model")
    assert facts["input"] == {"dtype": "float64", "shape": [-1, 2]}
    names = [json.loads(line)["event"] for line in server.log.read_text().splitlines()]
    assert names.index("loading") < names.index("ready")


def test_mlflows_form_and_the_compact_ones_give_the_same_answer(server):
    plain = np.array(json.loads(server.post({"inputs": [[3, 24], [4, 24]]}))["predictions"])
    np.testing.assert_array_equal(plain, [drawn(3, 24), drawn(4, 24)])
    file = io.BytesIO()
    np.savez_compressed(file, rows=np.array([[3, 24], [4, 24]]))
    packed = {"npz": base64.b64encode(file.getvalue()).decode()}
    np.testing.assert_array_equal(json.loads(server.post(packed))["predictions"], plain)
    answer = server.post(file.getvalue(), "application/x-npz", Accept="application/x-npz")
    np.testing.assert_array_equal(np.load(io.BytesIO(answer))["predictions"], plain)
    image = io.BytesIO()
    tifffile.imwrite(image, np.array([[3, 24], [4, 24]], np.uint8))
    answer = json.loads(server.post(image.getvalue(), "image/tiff"))
    np.testing.assert_array_equal(answer["predictions"], plain)


def test_a_request_may_state_the_shares_of_its_cores(server):
    shares = {"porosity": 0.0, "ore_share": None}
    expected = model().generate(1, 24, seed=3, porosity=0.0)
    asked = {"inputs": [[3, 24]], "params": shares}
    np.testing.assert_array_equal(json.loads(server.post(asked))["predictions"], expected)
    assert (expected[0] != drawn(3, 24)).any()
    code, content = server.refusal(asked | {"params": {"ore_share": 0.99}})
    assert (code, content["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "an ore share must be one that this network draws" in content["message"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[1, 200_000]], "pixels up to 10000000000, got 40000000000"),
        ([[1, 24.5]], "must be whole numbers"),
        ([[-1, 24]], "a seed must lie between 0 and 2**53, got -1"),
        ([[1, 24], [1, 25]], "must have one size, got [24, 25]"),
        ([[1, 0]], "must have a positive size"),
        ([[1, 2, 3]], "does not match expected shape"),
    ],
)
def test_a_wrong_request_is_one_line_without_a_trace(server, rows, message):
    code, content = server.refusal({"inputs": rows})
    assert (code, content["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert message in content["message"]
    assert set(content) == {"error_code", "message"}


@pytest.mark.parametrize("body", [b"nonsense", b"[1]", b'{"rows": 1}', b'{"npz": "AAAA"}'])
def test_what_is_no_request_is_a_400_without_a_trace(server, body):
    code, content = server.refusal(body)
    assert code == 400
    assert "Traceback" not in json.dumps(content)


def test_a_body_beyond_the_limit_is_a_413(server):
    code, content = server.refusal(b" " * (2 * 2**20 + 1))
    assert (code, content["message"]) == (413, "a request may have 2097152 bytes")


def test_a_path_that_is_none_is_a_404(server):
    with pytest.raises(urllib.error.HTTPError) as raised:
        server.get("/secrets")
    with raised.value as error:
        assert error.code == 404


def test_work_ends_when_its_client_has_gone(server):
    """Else the only place would be taken for minutes, and the next client would wait."""

    def ask():
        server.leave_while_it_works(ENDLESS)
        assert json.loads(server.post({"inputs": [[3, 24]]}))

    server.logged(ask, 499, 200)


def test_many_clients_are_served_one_after_the_other(server):
    def ask(seed):
        body = json.dumps({"inputs": [[seed, 24]]}).ljust(2**20).encode()
        return np.array(json.loads(server.post(body))["predictions"])[0]

    ask(0)  # the first one traces the network
    before = server.memory()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, range(200)))
    for seed in (0, 17, 199):
        np.testing.assert_array_equal(answers[seed], drawn(seed, 24))
    # bodies that were kept would be 200 MiB
    assert server.memory() - before < 120


def test_a_log_line_says_what_was_asked_and_how_long_it_took(server):
    event = server.logged(lambda: server.refusal({"inputs": [[1, 0]]}), 400)[-1]
    assert (event["method"], event["path"], event["status"]) == ("POST", "/invocations", 400)
    assert {"time", "id", "client", "seconds", "waited", "bytes_in", "bytes_out"} <= set(event)
    assert "positive size" in event["message"]


def test_it_stops_when_told_though_it_works(server):
    """The last test of this server."""
    asking = threading.Thread(target=server.leave_while_it_works, args=(ENDLESS,))
    asking.start()
    time.sleep(0.5)
    server.process.send_signal(signal.SIGTERM)
    asking.join()
    assert server.process.wait(60) == 0, server.log.read_text()[-2000:]
    assert server.events("stopped")


def test_other_bytes_are_not_served(folder, tmp_path):
    damaged = shutil.copytree(folder, tmp_path / "package")
    weights = next(damaged.rglob("*.weights.h5"))
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(bytes(content))
    refused = Server(damaged, tmp_path / "log")
    assert refused.process.wait(120) == 2
    assert "got other bytes in artifacts" in refused.log.read_text()
    assert refused.log.read_text().count("\n") == 1
