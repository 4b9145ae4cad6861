"""What a served model says of a request beside its answer, handed to the server that asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_notes: ContextVar[dict[str, str] | None] = ContextVar("notes", default=None)


@contextmanager
def noting(notes: dict[str, str]) -> Iterator[None]:
    """Collect what is noted of a request inside, also in a thread that it starts.

    Parameters
    ----------
    notes : filled, as {"inputs": "near"}
    """
    token = _notes.set(notes)
    try:
        yield
    finally:
        _notes.reset(token)


def note_inputs(state: str) -> bool:
    """Note where the inputs of the present request lie; False where nobody collects it.

    Parameters
    ----------
    state : "inside", "near", "outside", or "unknown" of too few
    """
    notes = _notes.get()
    if notes is None:
        return False
    notes["inputs"] = state
    return True
