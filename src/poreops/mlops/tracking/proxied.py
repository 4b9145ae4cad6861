"""MLflow's server on the embedded store, with artifacts that it hands out itself.

The store holds paths of this machine, so that it can be used without a server. A client elsewhere
does not see them: what leaves the server names them as ``mlflow-artifacts:/...``, which every
client of MLflow asks the server for, and what comes in is named by its path again.
"""

import json
import os
from pathlib import Path

from poreops.mlops.tracking.asgi import App, Headers, Message, Receive, Send

DATABASE, ARTIFACTS = "POREOPS_UI_DATABASE", "POREOPS_UI_ARTIFACTS"
"""Environment variables of `application`: URI of the database, folder of the artifacts."""

_PROXIED = "mlflow-artifacts:/"
# content of artifacts passes as it is
_CONTENT = ("/mlflow-artifacts/artifacts", "/get-artifact", "/upload-artifact")


def application() -> App:
    """Return MLflow's application on the store that the environment names."""
    from mlflow import server

    folder = os.environ[ARTIFACTS]
    os.environ |= {
        server.BACKEND_STORE_URI_ENV_VAR: os.environ[DATABASE],
        server.ARTIFACT_ROOT_ENV_VAR: folder,
        server.SERVE_ARTIFACTS_ENV_VAR: "true",
        server.ARTIFACTS_DESTINATION_ENV_VAR: folder,
    }
    from mlflow.server.fastapi_app import app

    return translated(app, Path(folder))


def translated(app: App, folder: Path) -> App:
    """Return an application whose JSON names artifacts by the server in place of a folder.

    Parameters
    ----------
    app : ASGI
    folder : of the artifacts
    """
    path = f"{folder.as_posix()}/"
    # MLflow writes some JSON with the letters of a path and some with their numbers
    inside = {f'"{path}'.encode(), json.dumps(path)[:-1].encode()}
    outside = f'"{_PROXIED}'.encode()

    async def serve(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or any(part in scope["path"] for part in _CONTENT):
            await app(scope, receive, send)
            return
        if scope["method"] in ("POST", "PUT", "PATCH"):
            scope, receive = await _incoming(scope, receive, outside, f'"{path}'.encode())
        start: Message | None = None
        parts: list[bytes] = []

        async def outgoing(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_json(message["headers"]):
                start = message
                return
            if start is None:
                await send(message)
                return
            parts.append(message.get("body", b""))
            if message.get("more_body", False):
                return
            body = b"".join(parts)
            for found in inside:
                body = body.replace(found, outside)
            await send({**start, "headers": _with_length(start["headers"], len(body))})
            await send({"type": "http.response.body", "body": body})

        await app(scope, receive, outgoing)

    return serve


async def _incoming(
    scope: Message, receive: Receive, outside: bytes, inside: bytes
) -> tuple[Message, Receive]:
    """Return scope and receive of a request whose body was translated, if it is JSON."""
    if not _is_json(scope["headers"]):
        return scope, receive
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    body = b"".join(parts).replace(outside, inside)
    whole = [{"type": "http.request", "body": body, "more_body": False}]

    async def given() -> Message:
        return whole.pop() if whole else await receive()

    return {**scope, "headers": _with_length(scope["headers"], len(body))}, given


def _is_json(headers: Headers) -> bool:
    return any(
        k.lower() == b"content-type" and v.startswith(b"application/json") for k, v in headers
    )


def _with_length(headers: Headers, length: int) -> list[tuple[bytes, bytes]]:
    kept = [(key, value) for key, value in headers if key.lower() != b"content-length"]
    return [*kept, (b"content-length", str(length).encode())]
