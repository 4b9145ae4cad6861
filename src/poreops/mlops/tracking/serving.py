"""Serve a model of the registry: verified first, from a copy that nobody else writes to."""

import os
import tempfile
from pathlib import Path

from poreops.mlops.tracking.embedded import free_port
from poreops.mlops.tracking.package import copied
from poreops.mlops.tracking.pyfunc import load_pyfunc, signature
from poreops.mlops.tracking.server import Door, ServedModel, run
from poreops.mlops.tracking.server_log import log, log_as_json
from poreops.mlops.tracking.signing import check_signature, configured_key
from poreops.mlops.tracking.versions import download, resolve

_LONG = 3600  # what MLflow's own clock allows [s]: the limits of the model are the shorter ones

_EXAMPLE = "serving_input_example.json"


def serve_model(uri: str, door: Door, host: str, port: int, grace: float) -> None:
    """Serve a model until told to stop.

    Parameters
    ----------
    uri : of the registry, of a run, or the folder of a package
    door : Door
    host, port : to listen on
    grace : for requests under way when told to stop [s]

    Raises
    ------
    InputError
        If the port is taken, there is no such model, its files are not those that were
        registered, or the signature is missing or wrong while a key is configured.
    """
    free_port(host, port, "--port {port}")
    if uri.startswith("models:"):
        uri = resolve(uri).uri  # an alias may move while it is copied
    folder = download(uri)
    with tempfile.TemporaryDirectory(prefix="poreops-serve-") as temporary:
        copy = copied(folder, Path(temporary) / "model")
        if key := configured_key():
            check_signature(copy, uri, key)
        facts = _facts(uri, copy, signed=key is not None)
        log_as_json()
        log("loading", **facts)
        # MLflow reads it when its application is made
        os.environ["MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT"] = str(_LONG)
        example = copy / _EXAMPLE
        body = example.read_bytes() if example.is_file() else None
        error = run(lambda: ServedModel(load_pyfunc(copy), facts, body), door, host, port, grace)
        if error is not None:
            raise error


def _facts(uri: str, folder: Path, *, signed: bool) -> dict[str, object]:
    given, answer = signature(folder)
    return {
        "model": uri,
        "input": {"dtype": given.dtype, "shape": given.shape},
        "output": {"dtype": answer.dtype, "shape": answer.shape},
        "signature_checked": signed,
    }
