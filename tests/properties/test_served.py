"""A served answer says whether its slices are like those that the model learned from."""

import asyncio
import io
import json

import numpy as np
import pytest
from tiny import properties as tiny_rocks

from poreops.mlops import tracking
from poreops.mlops.tracking.server import Door, ServedModel, Serving

pytestmark = pytest.mark.slow

KNOWN = tiny_rocks.grey(0.25, seed=42)
# twice as fine: its pores have twice as many pixels across, and counts of pixels do not tell
FULLER = tiny_rocks.grey(0.75, 5.0, seed=43)


@pytest.fixture(scope="module")
def function(project, tmp_path_factory):
    """The served code on a tiny model."""
    folder = tmp_path_factory.mktemp("served")
    tiny_rocks.model().save(folder / "stack")
    package = tracking.save_pyfunc(
        folder / "package", project / "src/poreops/properties/served.py",
        {"stack": folder / "stack"}, requirements=["mlflow"],
        inputs=tracking.Tensor("uint8", (-1, -1, -1)), outputs=tracking.Tensor("float64", (-1, 2)),
    )  # fmt: skip
    return tracking.load_pyfunc(package)


def asked(function, body, kind):
    """Status, headers and predictions that come through the door."""
    sent = []

    async def ask():
        serving = Serving(Door())
        serving.served = ServedModel(function, {})
        left = [{"type": "http.request", "body": body}]

        async def receive():
            return left.pop() if left else await asyncio.Event().wait()

        async def send(message):
            sent.append(message)

        headers = [(b"content-type", kind.encode())]
        scope = {"type": "http", "method": "POST", "path": "/invocations", "headers": headers}
        await serving(scope, receive, send)

    asyncio.run(ask())
    start, content = sent
    named = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], named, json.loads(content["body"])


@pytest.mark.parametrize("packed", [False, True])
def test_the_flag_is_a_header_and_stands_in_the_log(function, capsys, packed):
    for image, states in ((KNOWN, {"inside"}), (FULLER, {"outside"})):
        body, kind = json.dumps({"inputs": image.tolist()}).encode(), "application/json"
        if packed:
            file = io.BytesIO()
            np.savez_compressed(file, image)
            body, kind = file.getvalue(), "application/x-npz"
        status, headers, content = asked(function, body, kind)
        assert status == 200
        assert headers["x-poreops-inputs"] in states
        assert headers["x-poreops-inputs"] == tiny_rocks.model().predict(image, 1.0).inputs
        assert len(content["predictions"]) == len(image)
        event = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert (event["event"], event["inputs"]) == ("request", headers["x-poreops-inputs"])


def test_a_refusal_carries_no_flag(function):
    body = json.dumps({"inputs": np.zeros((1, 64, 64), int).tolist()}).encode()
    status, headers, _ = asked(function, body, "application/json")
    assert status == 400
    assert "x-poreops-inputs" not in headers


def test_without_our_server_the_log_says_what_is_not_inside(function, caplog):
    function.predict(KNOWN)
    assert caplog.text == ""
    function.predict(FULLER)
    assert "the inputs of a request are outside of what the model learned from" in caplog.text
