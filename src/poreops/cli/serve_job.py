"""What `poreops serve` does: limits into the environment, then the server."""

import os
from collections.abc import Mapping
from pathlib import Path

from poreops.cli.models import load
from poreops.mlops.tracking.limits import ServingLimits, variable
from poreops.mlops.tracking.server import Door
from poreops.mlops.tracking.serving import serve_model
from poreops.mlops.tracking.signing import PUBLIC_KEY


def serve(
    uri: str,
    host: str,
    port: int,
    key: Path | None,
    *,
    limits: Mapping[str, float | None],
    body: int,
    at_once: int,
    waiting: int,
    grace: float,
) -> None:
    """Serve a model until told to stop; what is stated takes the place of the model's limits."""
    for name, value in limits.items():
        if value is not None:
            os.environ[variable(name)] = str(value)
    # a mistyped variable is told now, not to a client
    ServingLimits(1, 1, 1, 1.0).of_environment()
    if key is not None:
        os.environ[PUBLIC_KEY] = str(key)
    door = Door(body=body, at_once=at_once, waiting=waiting)
    load(lambda uri: serve_model(uri, door, host, port, grace), uri)
