"""Write a folder of results whole or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from poreops.errors import InputError

# moved last: where it stands, the results are complete
LAST_FILE = "results.json"


@contextmanager
def output_folder(out: str | Path) -> Iterator[Path]:
    """Yield a temporary folder whose files appear in `out` only if the block succeeds.

    A new folder appears by one rename. In a folder that exists, files of the same names are
    replaced one by one, `results.json` last, and all others stay as they are.

    Raises
    ------
    InputError
        The folder cannot be written; found before the block runs.
    """
    out = Path(out)
    beside = out
    while not beside.exists() and beside != beside.parent:
        beside = beside.parent
    temporary = (out if out.is_dir() else beside) / f".{out.name}.{uuid4().hex[:8]}.part"
    try:
        if out.exists() and not out.is_dir():
            raise NotADirectoryError(20, "it is a file")
        temporary.mkdir()
    except OSError as error:
        raise InputError(
            f"the output folder must be writable, got {out} ({error.strerror}); choose another "
            "with -o or change its rights"
        ) from None
    try:
        yield temporary
        if out.is_dir():
            _replace_files(temporary, out)
        else:
            out.parent.mkdir(parents=True, exist_ok=True)
            temporary.rename(out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _replace_files(source: Path, target: Path) -> None:
    """Move files over those of the same names; without `results.json` they count as unfinished."""
    (target / LAST_FILE).unlink(missing_ok=True)
    for file in sorted(source.iterdir(), key=lambda path: path.name == LAST_FILE):
        file.replace(target / file.name)
