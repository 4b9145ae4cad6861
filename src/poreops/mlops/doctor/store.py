"""The MLflow store and the studies: damaged, moved, forgotten, or held by dead processes."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from poreops.errors import InputError
from poreops.mlops.doctor.findings import Finding
from poreops.mlops.search.journal import broken_line
from poreops.mlops.tracking import forgotten, tracking_uri
from poreops.mlops.tracking.embedded import sqlite_path
from poreops.mlops.tracking.health import dead_runs, end_runs, versions_without_files

_NAMED = 3


def store(root: Path) -> Iterator[Finding]:
    """Look at the store that MLFLOW_TRACKING_URI names, or the embedded one.

    Parameters
    ----------
    root : of the repository
    """
    uri = tracking_uri()
    database = sqlite_path(uri)
    if database is not None and not database.exists():
        yield Finding("MLflow", "warn", f"no store at {database}", "make repro makes it")
    else:
        try:
            if database is not None:
                _intact(database)
            yield from _contents(uri)
        except InputError as error:
            yield Finding("MLflow", "bad", str(error), "restore the database from a copy")
            return
    notes = forgotten(root / "mlflow/registered")
    if notes:
        yield Finding(
            "registry", "bad", f"noted as registered, but not in {uri}: "
            f"{_listed([note.stem for note in notes])}",
            "make repro registers them again", partial(_forget, notes),
        )  # fmt: skip


def studies(root: Path) -> Iterator[Finding]:
    """Look at the journals of searches that are under way or were killed.

    Parameters
    ----------
    root : of the repository
    """
    journals = sorted((root / "artifacts/.partial").rglob("*.journal"))
    broken = [journal for journal in journals if broken_line(journal.read_bytes()) is not None]
    if broken:
        said = f"cannot be read: {_listed([journal.name for journal in broken])}"
        remedy = "delete them; the search begins anew"
        yield Finding("studies", "bad", said, remedy, partial(_forget, broken))
    left = [owner for owner in (root / "artifacts/.partial").rglob("*.owner") if _free(owner)]
    if left:
        said = f"{len(left)} workers were killed; their trials are drawn again"
        yield Finding("studies", "warn", said, "make repro goes on", partial(_forget, left))
    if not broken and not left:
        yield Finding("studies", "ok", f"{len(journals)} journals")


def _intact(database: Path) -> None:
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as found:
            (answer,) = found.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        answer = str(error)
    if answer != "ok":
        raise InputError(f"the MLflow store must be an intact database, got {database} ({answer})")


def _contents(uri: str) -> Iterator[Finding]:
    yield Finding("MLflow", "ok", uri)
    if dead := dead_runs():
        yield Finding(
            "runs", "warn", f"{len(dead)} run on for processes that were killed",
            "the next run of their stage ends them", partial(_end, dead),
        )  # fmt: skip
    if lost := versions_without_files():
        yield Finding(
            "models", "bad", f"versions without their files: {_listed(lost)}",
            "poreops store relocate, restore the folder of artifacts, or make repro",
        )  # fmt: skip


def _free(owner: Path) -> bool:
    try:
        with FileLock(owner, timeout=0):
            return True
    except Timeout:
        return False


def _end(dead: list[str]) -> str:
    end_runs(dead)
    return f"ended {len(dead)} runs as KILLED"


def _forget(paths: list[Path]) -> str:
    for path in paths:
        path.unlink(missing_ok=True)
    return f"removed {_listed([str(path) for path in paths])}"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + f" and {len(names) - _NAMED} more" * (len(names) > _NAMED)
