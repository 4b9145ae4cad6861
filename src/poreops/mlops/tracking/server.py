"""MLflow's scoring server behind a door: limits, readiness, log lines, and an end when told.

The door is an ASGI application. It reads a request only up to a limit, lets a few through at a
time, calls work off whose client has gone, and hides traces; what is behind it is MLflow's own
application, so that every request that MLflow documents is served.
"""

import asyncio
import json
import os
import signal
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING

from poreops.errors import InputError
from poreops.mlops.tracking import payload
from poreops.mlops.tracking.asgi import App, Message, Receive, Send
from poreops.mlops.tracking.limits import callable_off
from poreops.mlops.tracking.noted import noting
from poreops.mlops.tracking.replies import Reply, from_mlflow, problem
from poreops.mlops.tracking.server_log import log

if TYPE_CHECKING:
    from mlflow.pyfunc import PyFuncModel

_PASSING = 2.0  # seconds for the rest of a body that is too long


@dataclass(frozen=True)
class Door:
    """What comes through the door.

    Attributes
    ----------
    body : of a request [byte]
    array : of a compact request, unpacked [byte]
    at_once : requests that are worked on
    waiting : further ones that wait
    seconds : to send a request
    """

    body: int = 64 * 2**20
    array: int = 256 * 2**20
    at_once: int = 1
    waiting: int = 64
    seconds: float = 60.0


@dataclass(eq=False)
class Request:
    """One request: what came in, what the model noted of it, whether its answer is wanted."""

    method: str
    path: str
    headers: dict[str, str]
    client: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    started: float = field(default_factory=time.monotonic)
    waited: float = 0.0
    size: int = 0
    notes: dict[str, str] = field(default_factory=dict)
    called_off: threading.Event = field(default_factory=threading.Event)


class ServedModel:
    """A loaded model: MLflow's application for it, what its signature wants, an example."""

    def __init__(
        self, model: "PyFuncModel", facts: Mapping[str, object], example: bytes | None = None
    ) -> None:
        from mlflow.pyfunc import scoring_server

        self.model, self.facts, self.example = model, facts, example
        self.app: App = scoring_server.init(model)
        (spec,) = model.metadata.get_input_schema().inputs
        self.dtype, self.ndim = spec.type, len(spec.shape)

    def predict(self, packed: bytes, kind: str, most: int, *, as_npz: bool) -> Reply:
        """Answer a compact request.

        Parameters
        ----------
        packed, kind, most : as of `payload.array`
        as_npz : answer with an npz file, else with MLflow's JSON
        """
        from io import StringIO

        from mlflow.exceptions import MlflowException
        from mlflow.pyfunc import scoring_server

        given = payload.fitted(payload.array(packed, kind, most), self.dtype, self.ndim)
        try:
            found = self.model.predict(given)
        except MlflowException as error:
            return from_mlflow(error.get_http_status_code(), error.serialize_as_json().encode())
        if as_npz:
            return Reply(200, payload.npz(found), payload.NPZ)
        text = StringIO()
        scoring_server.predictions_to_json(found, text)
        return Reply(200, text.getvalue().encode())


class Serving:
    """The ASGI application.

    Parameters
    ----------
    door : Door
    """

    def __init__(self, door: Door) -> None:
        self.door, self.stopping = door, False
        self.served: ServedModel | None = None
        self.places = asyncio.Semaphore(door.at_once)
        self.inside: set[Request] = set()

    def call_off(self) -> None:
        """Let no work go on."""
        for request in list(self.inside):
            request.called_off.set()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        if scope["type"] != "http":
            return
        headers = {key.decode().lower(): value.decode() for key, value in scope["headers"]}
        client = (scope.get("client") or ("",))[0]
        request = Request(scope["method"], scope["path"], headers, client)
        try:
            reply = await self._reply(request, receive)
        except InputError as error:
            reply = problem(400, "INVALID_PARAMETER_VALUE", str(error))
        except asyncio.CancelledError:
            request.called_off.set()
            raise
        except Exception as error:  # noqa: BLE001 - the server goes on
            log("fault", error, id=request.id)
            reply = problem(500, "INTERNAL_ERROR", "this is a fault of the server, see its log")
        if not request.called_off.is_set():
            await reply.send(send, request.id, request.notes if reply.status == 200 else {})
        _log_request(request, reply)

    async def _reply(self, request: Request, receive: Receive) -> Reply:
        match (request.method, request.path):
            case ("GET", "/health"):
                return Reply(200, b'{"status": "alive"}')
            case ("GET", "/ready" | "/ping"):
                return self._ready()
            case ("GET", "/model") if self.served is not None:
                return Reply(200, json.dumps(self.served.facts).encode())
            case ("GET", "/example") if self.served is not None and self.served.example:
                return Reply(200, self.served.example)
            case ("GET", "/version") if self.served is not None:
                return await self._through(self.served.app, request, b"")
            case ("POST", "/invocations"):
                return await self._invocations(request, receive)
        return problem(404, "ENDPOINT_NOT_FOUND", f"there is no {request.method} {request.path}")

    def _ready(self) -> Reply:
        if self.served is None or self.stopping:
            what = "stopping" if self.stopping else "loading"
            return problem(503, "TEMPORARILY_UNAVAILABLE", f"the model is {what}", retry=5)
        return Reply(200, b'{"status": "ready"}')

    async def _invocations(self, request: Request, receive: Receive) -> Reply:
        served = self.served
        if served is None or self.stopping:
            return self._ready()
        if len(self.inside) >= self.door.at_once + self.door.waiting:
            return problem(503, "TEMPORARILY_UNAVAILABLE", "too many requests wait", retry=1)
        self.inside.add(request)
        try:
            body = await asyncio.wait_for(self._body(request, receive), self.door.seconds)
            if body is None:
                most = self.door.body
                return problem(413, "INVALID_PARAMETER_VALUE", f"a request may have {most} bytes")
            gone = asyncio.create_task(_disconnected(receive))
            with callable_off(request.called_off), noting(request.notes):
                work = asyncio.create_task(self._work(served, request, body))
            try:
                await asyncio.wait({gone, work}, return_when=asyncio.FIRST_COMPLETED)
                if not work.done():
                    # its thread keeps the place until it notices
                    request.called_off.set()
                return await work
            finally:
                gone.cancel()
        except TimeoutError:
            return problem(408, "INVALID_PARAMETER_VALUE", "the request took too long to arrive")
        finally:
            self.inside.discard(request)

    async def _body(self, request: Request, receive: Receive) -> bytes | None:
        """Return the body, None if it is too long; what is too long is not kept."""
        stated = request.headers.get("content-length", "0")
        if stated.isdigit() and int(stated) > self.door.body:
            request.size = int(stated)
            await _passed_over(receive)
            return None
        parts: list[bytes] = []
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                request.called_off.set()
                return b""
            part = message.get("body", b"")
            request.size += len(part)
            if request.size > self.door.body:
                await _passed_over(receive)
                return None
            parts.append(part)
            more = message.get("more_body", False)
        return b"".join(parts)

    async def _work(self, served: ServedModel, request: Request, body: bytes) -> Reply:
        arrived = time.monotonic()
        async with self.places:
            request.waited = time.monotonic() - arrived
            if request.called_off.is_set():
                return problem(499, "CANCELLED", "the client has gone")
            kind = request.headers.get("content-type", "")
            # base64, unpacking and the model's work would keep the loop from its other clients
            packed = await asyncio.to_thread(payload.compact, body, kind)
            if packed is None:
                if served.dtype.kind in "ui":
                    await asyncio.to_thread(payload.check_whole_numbers, body)
                return await self._through(served.app, request, body)
            as_npz = payload.NPZ in request.headers.get("accept", "")
            return await asyncio.to_thread(served.predict, *packed, self.door.array, as_npz=as_npz)

    async def _through(self, app: App, request: Request, body: bytes) -> Reply:
        """Return the answer of MLflow's application, its errors without traces."""
        found: list[bytes] = []
        status, media = 500, payload.JSON

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status, media
            if message["type"] == "http.response.start":
                status = message["status"]
                named = {key.lower(): value.decode() for key, value in message["headers"]}
                media = named.get(b"content-type", media)
            else:
                found.append(message.get("body", b""))

        await app(_inner_scope(request), receive, send)
        content = b"".join(found)
        return from_mlflow(status, content) if status >= 400 else Reply(status, content, media)


def _inner_scope(request: Request) -> Message:
    kept = ("content-type", "accept")
    headers = [(k.encode(), v.encode()) for k, v in request.headers.items() if k in kept]
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1",
        "method": request.method, "scheme": "http", "path": request.path,
        "raw_path": request.path.encode(), "query_string": b"", "root_path": "",
        "headers": headers, "client": None, "server": None,
    }  # fmt: skip


async def _passed_over(receive: Receive) -> None:
    """Take the rest of a body unkept: many clients read no answer before they sent all."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_PASSING):
            while (await receive()).get("more_body", False):
                pass


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _log_request(request: Request, reply: Reply) -> None:
    facts = {"message": reply.message} if reply.message else {}
    log(
        "request", id=request.id, client=request.client, method=request.method,
        path=request.path, status=499 if request.called_off.is_set() else reply.status,
        seconds=round(time.monotonic() - request.started, 4), waited=round(request.waited, 4),
        bytes_in=request.size, bytes_out=len(reply.content), **facts, **request.notes,
    )  # fmt: skip


def run(
    load: Callable[[], ServedModel], door: Door, host: str, port: int, grace: float
) -> Exception | None:
    """Serve until told to stop; return why the model did not load, if it did not.

    Parameters
    ----------
    load : loads the model, while /health answers already
    door : Door
    host, port : to listen on
    grace : after SIGTERM or SIGINT requests that are under way have so long [s]
    """
    import uvicorn

    app = Serving(door)
    failed: list[Exception] = []

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if not app.stopping:
                app.stopping = True
                log("stopping", grace=grace)
                _later(grace, app.call_off)
                # a thread in C notices nothing
                _later(grace + 5, lambda: os._exit(1))
            super().handle_exit(sig, frame)

    # keep-alive connections are closed at once, what works has its grace and the time to notice
    config = uvicorn.Config(
        app, host, port, log_config=None, access_log=False, lifespan="off", server_header=False,
        timeout_graceful_shutdown=int(grace + 3),
    )  # fmt: skip
    server = Server(config)
    # uvicorn raises a signal once more when it has ended: that is no error
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)

    def loading() -> None:
        started = time.monotonic()
        try:
            app.served = load()
        except Exception as error:  # noqa: BLE001 - told by the caller
            failed.append(error)
            server.should_exit = True
            return
        log("ready", url=f"http://{host}:{port}", seconds=round(time.monotonic() - started, 2))

    threading.Thread(target=loading, daemon=True).start()
    server.run()
    log("stopped")
    return failed[0] if failed else None


def _later(seconds: float, action: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()
