"""What one request to a served model may take: rows, pixels, memory and time.

A request that would take more is refused before it starts. One that is under way looks at the
clock between its parts, and at whether somebody still waits for the answer.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields, replace
from typing import Self

from poreops.errors import InputError


@dataclass(frozen=True)
class ServingLimits:
    """What one request to a served model may take.

    Parameters
    ----------
    rows : of its input
    pixels : of its input or of its answer, whichever is the larger [pixel or voxel]
    memory : that its work takes, roughly [byte]
    seconds : that its work may last; looked at between parts of `at_once` rows
    at_once : rows in one part; None where all rows are one question
    """

    rows: int
    pixels: int
    memory: int
    seconds: float
    at_once: int | None = None

    def of_environment(self) -> Self:
        """Return these limits with what POREOPS_SERVE_ROWS, _PIXELS, _MEMORY, _SECONDS say."""
        stated = {}
        for name in ("rows", "pixels", "memory", "seconds"):
            if text := os.environ.get(variable(name)):
                stated[name] = parsed(name, text)
        return replace(self, **stated)  # type: ignore[arg-type]

    def check(self, *, rows: int, pixels: int, memory: int) -> None:
        """Raise InputError if a request would take more.

        Parameters
        ----------
        rows, pixels : number of them
        memory : [byte]
        """
        asked = {"rows": rows, "pixels": pixels, "memory": memory}
        for name, value in asked.items():
            limit = getattr(self, name)
            if value > limit:
                unit = " bytes" if name == "memory" else ""
                raise InputError(
                    f"a request may take {name} up to {limit}{unit}, got {value}{unit}; ask for "
                    f"less at a time (whoever runs the server may raise {variable(name)})"
                )


def variable(limit: str) -> str:
    """Return the name of the environment variable of a limit.

    Parameters
    ----------
    limit : rows, pixels, memory or seconds

    Examples
    --------
    >>> variable("rows")
    'POREOPS_SERVE_ROWS'
    """
    return f"POREOPS_SERVE_{limit.upper()}"


def parsed(name: str, text: str) -> int | float:
    """Return the number of a limit's environment variable, or raise InputError.

    Parameters
    ----------
    name : of the limit, as of `variable`
    text : that the variable holds
    """
    kind = {field.name: field.type for field in fields(ServingLimits)}[name]
    try:
        value = float(text) if kind is float else int(text)
    except ValueError:
        value = 0
    if not 0 < value < float("inf"):
        raise InputError(
            f"{variable(name)} must be a number > 0, got {text!r}; correct or unset it"
        )
    return value


class Budget:
    """Whether work may go on: neither its time is over nor has it been called off.

    Parameters
    ----------
    seconds : from now
    called_off : set by who waits for the answer when that is not wanted any more
    """

    def __init__(self, seconds: float, called_off: threading.Event | None = None) -> None:
        self.seconds, self.end = seconds, time.monotonic() + seconds
        self.called_off = called_off or threading.Event()

    def check(self) -> None:
        """Raise `CalledOffError` or InputError if the work may not go on."""
        if self.called_off.is_set():
            raise CalledOffError("nobody waits for this answer any more")
        if time.monotonic() > self.end:
            raise InputError(
                f"a request may take {self.seconds:g} s, got one that is not done; ask for less "
                f"at a time (whoever runs the server may raise {variable('seconds')})"
            )


class CalledOffError(Exception):
    """The client has gone or the server was told to stop; there is no answer."""


_called_off: ContextVar[threading.Event | None] = ContextVar("called_off", default=None)


@contextmanager
def callable_off(event: threading.Event) -> Iterator[None]:
    """Let the event call off the work that is done inside, also in a thread that it starts.

    Parameters
    ----------
    event : set by who waits for the answer when that is not wanted any more
    """
    token = _called_off.set(event)
    try:
        yield
    finally:
        _called_off.reset(token)


def budget(limits: ServingLimits) -> Budget:
    """Return the budget of the request that is being answered.

    Parameters
    ----------
    limits : of the model that answers
    """
    return Budget(limits.seconds, _called_off.get())
