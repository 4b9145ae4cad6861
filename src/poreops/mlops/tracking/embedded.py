"""The embedded MLflow store: an sqlite file and its artifacts, which move with the repository.

MLflow is not imported here: `poreops.mlops.tracking` opens the store before it uses it.
"""

import os
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

from filelock import FileLock, Timeout

from poreops.errors import InputError

LOCK_SECONDS = 60.0
"""How long to wait for another process that opens or writes the store."""

_ROOT_TAG = "poreops.base.files"
# where MLflow writes absolute paths (3.17)
PATH_COLUMNS = [
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
]


def tracking_uri() -> str:
    """Return MLFLOW_TRACKING_URI, or else the URI of the repository's embedded store."""
    if uri := os.environ.get("MLFLOW_TRACKING_URI"):
        return uri
    return sqlite_uri(repository() / "mlflow" / "mlflow.db")


def repository() -> Path:
    """Return the repository's folder: that of the running stage, of the folder, of the package.

    `dvc exp run --temp` runs a stage in a copy under .dvc/tmp; DVC_ROOT names the real one.
    """
    if root := os.environ.get("DVC_ROOT"):
        return Path(root)
    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).parents[4]):
        if (folder / ".dvc").is_dir() and (folder / "mlflow").is_dir():
            return folder
    raise InputError(
        f"the MLflow store must be known, got no PoreOps repository around {here}; run the "
        "command inside one, or set MLFLOW_TRACKING_URI"
    )


def sqlite_uri(path: Path) -> str:
    """Return the URI of an sqlite file.

    Parameters
    ----------
    path : of the file; a relative one is taken from the working folder

    Examples
    --------
    >>> sqlite_uri(Path("/rock/50%/mlflow.db"))
    'sqlite:////rock/50%25/mlflow.db'
    """
    return f"sqlite:///{path.absolute().as_posix().replace('%', '%25').replace('?', '%3F')}"


def sqlite_path(uri: str) -> Path | None:
    """Return the file of an sqlite URI, or None for a server.

    Parameters
    ----------
    uri : of a tracking store

    Examples
    --------
    >>> sqlite_path("sqlite:////rock/50%25/mlflow.db")
    PosixPath('/rock/50%/mlflow.db')
    >>> sqlite_path("http://localhost:5000")
    """
    prefix = "sqlite:///"
    return Path(unquote(uri.removeprefix(prefix))).absolute() if uri.startswith(prefix) else None


def artifact_location(database: Path, experiment: str) -> str:
    """Return the folder for an experiment's artifacts, beside its database.

    Parameters
    ----------
    database : sqlite file of the store
    experiment : its name
    """
    return (database.parent / "artifacts" / experiment.replace("/", "-")).as_posix()


def open_store(database: Path, make_tables: Callable[[Path], None]) -> None:
    """Make the store ready for use: tables made once, recorded paths those of its present place.

    MLflow lets several processes make the tables of a new sqlite file at the same time, and all
    but one crash; a store that was moved gives empty folders instead of models.

    Parameters
    ----------
    database : sqlite file; made if missing.
    make_tables : opens a database with MLflow, which makes its tables or brings them up to date.

    Raises
    ------
    InputError
        If the database is locked, unwritable or not sqlite.
    """
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{database}.lock", timeout=LOCK_SECONDS):
            if database.exists():
                relocate(database)
                make_tables(database)
                _record(database)
            else:
                # under another name, so that a killed process leaves no half-made tables
                temporary = database.with_name(f"{database.name}.part")
                temporary.unlink(missing_ok=True)
                make_tables(temporary)
                _record(temporary)
                temporary.replace(database)
    except Timeout:
        raise _in_use(database) from None
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise _in_use(database) from None
        raise InputError(
            f"the MLflow store must be writable, got {database} ({error}); change its "
            "permissions, or set MLFLOW_TRACKING_URI to another store"
        ) from None
    except (OSError, sqlite3.DatabaseError) as error:
        raise InputError(
            f"the MLflow store must be an sqlite file, got {database} ({error}); move it away "
            "and make a new one with: make repro"
        ) from None


def relocate(database: Path) -> int:
    """Rewrite the absolute paths in a store that was moved or copied; return the rows changed.

    Parameters
    ----------
    database : sqlite file; its folder is the store's present place.
    """
    with closing(
        sqlite3.connect(database, timeout=LOCK_SECONDS, isolation_level=None)
    ) as connection:
        # finds out that the file can be written, and keeps others from writing meanwhile
        connection.execute("BEGIN IMMEDIATE")
        old, new = _recorded(connection), database.parent.as_posix()
        changed = 0
        if old not in (None, new):
            for table, column in PATH_COLUMNS:
                changed += connection.execute(
                    f"UPDATE {table} SET {column} = ?1 || substr({column}, length(?2) + 1) "
                    f"WHERE substr({column} || '/', 1, length(?2) + 1) = ?2 || '/'",
                    (new, old),
                ).rowcount
            connection.execute(
                "UPDATE experiment_tags SET value = ? WHERE key = ?", (new, _ROOT_TAG)
            )
        connection.execute("COMMIT")
    return changed


def free_port(host: str, port: int, remedy: str = "MLFLOW_PORT={port} make ui") -> None:
    """Raise InputError if nothing can listen on `host`:`port`; `remedy` is told another port.

    Parameters
    ----------
    host : name or address to listen on
    port : number of it
    remedy : command that takes another one, with `{port}` in its place
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except (OSError, OverflowError) as error:
            raise InputError(
                f"the port must be free, got {host}:{port} ({error}); choose another one, "
                f"for example: {remedy.format(port=port % 65000 + 1)}"
            ) from None


def _recorded(connection: sqlite3.Connection) -> str | None:
    tables = "SELECT 1 FROM sqlite_master WHERE name = 'experiment_tags'"
    if not connection.execute(tables).fetchone():
        return None
    query = "SELECT value FROM experiment_tags WHERE key = ?"
    row = connection.execute(query, (_ROOT_TAG,)).fetchone()
    return str(row[0]) if row else None


def _record(database: Path) -> None:
    with closing(
        sqlite3.connect(database, timeout=LOCK_SECONDS, isolation_level=None)
    ) as connection:
        if _recorded(connection) is None:
            connection.execute(
                "INSERT INTO experiment_tags (key, value, experiment_id) VALUES (?, ?, 0)",
                (_ROOT_TAG, database.parent.as_posix()),
            )
            # MLflow puts the first experiment's artifacts into the folder it is started from
            connection.execute(
                "UPDATE experiments SET artifact_location = ? WHERE experiment_id = 0",
                (artifact_location(database, "Default"),),
            )


def _in_use(database: Path) -> InputError:
    return InputError(
        f"the MLflow store must be free within {LOCK_SECONDS:g} s, got {database} locked by "
        "another process; stop that process (fuser names it) and try again"
    )
