"""Answers of the server; an error is a code and one line, its trace stays in the log."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from poreops.mlops.tracking.asgi import Send
from poreops.mlops.tracking.server_log import log

_LONGEST = 500  # characters of a message
# what MLflow writes before the message of a model
_BEFORE = re.compile(r"^Failed to predict data '.*?'\. \nError: ", re.DOTALL)
_INPUT_ERROR = "poreops.errors.InputError: "


@dataclass(frozen=True)
class Reply:
    """Status, body and type of an answer; `message` is what is logged of an error."""

    status: int
    content: bytes
    media: str = "application/json"
    retry: int | None = None
    message: str = ""

    async def send(self, send: Send, request_id: str, notes: Mapping[str, str]) -> None:
        """Send it; each note of the model is a header, as ``X-PoreOps-Inputs: near``."""
        headers = {
            "content-type": self.media,
            "content-length": str(len(self.content)),
            "x-request-id": request_id,
        } | {f"x-poreops-{name}": value for name, value in notes.items()}
        if self.retry is not None:
            headers["retry-after"] = str(self.retry)
        if self.status in (408, 413):
            headers["connection"] = "close"
        pairs = [(key.encode(), value.encode()) for key, value in headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": pairs})
        await send({"type": "http.response.body", "body": self.content})


def problem(status: int, code: str, message: str, retry: int | None = None) -> Reply:
    """Return an error in MLflow's form.

    Parameters
    ----------
    status : of HTTP
    code : of MLflow, as INVALID_PARAMETER_VALUE
    message : one line; what is too long of it is cut
    retry : after how long the client may ask again [s]; None does not say
    """
    message = message[:_LONGEST]
    content = json.dumps({"error_code": code, "message": message}).encode()
    return Reply(status, content, retry=retry, message=message)


def from_mlflow(status: int, content: bytes) -> Reply:
    """Return an error of MLflow's application without its trace.

    A model that was registered before 0.3 raises its own input errors, which MLflow calls
    unexpected; the line is the last one of the trace.

    Parameters
    ----------
    status : of HTTP
    content : JSON of MLflow's answer
    """
    try:
        found = json.loads(content)
        code, message = str(found["error_code"]), str(found["message"])
    except (ValueError, KeyError, TypeError):
        code, message, found = "BAD_REQUEST", content.decode(errors="replace"), {}
    if trace := str(found.get("stack_trace") or ""):
        last = trace.strip().splitlines()[-1]
        if last.startswith(_INPUT_ERROR):
            code, message = "INVALID_PARAMETER_VALUE", last.removeprefix(_INPUT_ERROR)
        else:
            log("fault", trace=trace)
    return problem(status, code, " ".join(_BEFORE.sub("", message).split()))
