"""Give an answer: the numbers on standard output first, then the folder of results."""

import ctypes
import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import (
    AbstractContextManager,
    contextmanager,
    nullcontext,
    redirect_stdout,
    suppress,
)
from dataclasses import dataclass
from pathlib import Path

from poreops.base.content import Json

Results = dict[str, Json]


@dataclass(frozen=True)
class Answer:
    """What a command found.

    Attributes
    ----------
    results : the numbers; NaN stands for what could not be had
    files : names that `write` gives its files
    write : writes them into a folder
    details : more numbers for the document, not for the file beside the tables that hold them
    """

    results: Results
    files: Sequence[str] = ()
    write: Callable[[Path], None] = lambda _: None
    details: Results | None = None


class UnwrittenError(Exception):
    """The numbers were given, the folder could not be written."""


def deliver(
    compute: Callable[[Path | None], Answer],
    text: Callable[[Results], str],
    *,
    as_json: bool,
    out: Path | None = None,
    overwrite: bool = False,
) -> None:
    """Compute, print the numbers and then write the folder, so that a full disk loses none.

    Parameters
    ----------
    compute : gets the folder that the results are written into, None for none
    text : makes the results readable in a terminal
    as_json : print JSON, not text
    out : folder for the results
    overwrite : replace the files that an earlier run wrote into it
    """
    whole: AbstractContextManager[Path | None] = nullcontext()
    if out is not None:
        from poreops.cli import result_files

        whole = result_files.output_folder(out, overwrite=overwrite)
    printed = False
    try:
        with whole as folder:
            with stdout_for_answers_only():
                answer = compute(folder)
            results = plain(answer.results)
            if folder is not None:
                results["files"] = result_files.files_with(answer.files)
            document = results | plain(answer.details or {})
            _print(json.dumps(document, indent=2, allow_nan=False) if as_json else text(document))
            printed = True
            if folder is not None:
                with stdout_for_answers_only():
                    answer.write(folder)
                    result_files.write_results(folder, results)
    except OSError as error:
        if not printed:
            raise
        raise UnwrittenError(
            f"{error.strerror or error}: {out} was not written, the numbers above are complete"
        ) from error
    if out is not None and not as_json:
        _print(f"written to {out}")


def plain(value: Json) -> Json:
    """Return what JSON can hold: it has neither NaN nor infinity.

    Parameters
    ----------
    value : with mappings, sequences and numbers inside

    Examples
    --------
    >>> plain({"F": float("inf"), "k": (1.5, float("nan"))})
    {'F': 'Infinity', 'k': [1.5, None]}
    """
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        # float("Infinity") reads ours
        return None if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


@contextmanager
def stdout_for_answers_only() -> Iterator[None]:
    """Send to standard error what libraries print, in Python, in C or in a child process."""
    sys.stdout.flush()
    saved = None
    with suppress(OSError):  # one of the two is closed
        saved = os.dup(1)
        os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        if saved is not None:
            ctypes.CDLL(None).fflush(None)  # what C still holds belongs there too
            os.dup2(saved, 1)
            os.close(saved)


def _print(text: str) -> None:
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader had enough; the folder is written all the same
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
