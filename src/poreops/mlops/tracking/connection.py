"""The connection to MLflow: the embedded store or the server of MLFLOW_TRACKING_URI."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import urlopen

from poreops.base.extras import needs
from poreops.errors import InputError
from poreops.mlops.tracking import proxied
from poreops.mlops.tracking.embedded import (
    artifact_location,
    free_port,
    open_store,
    repository,
    sqlite_path,
    sqlite_uri,
    tracking_uri,
)
from poreops.mlops.tracking.proxied import ARTIFACTS, DATABASE

if TYPE_CHECKING:
    from mlflow import MlflowClient


def client() -> "MlflowClient":
    """Return the MLflow client of `tracking_uri`, its store opened once per process.

    Raises
    ------
    InputError
        If the store is locked, unwritable or no store, or the server does not answer.
    """
    database = _named_store()
    if database is not None and not database.parent.is_dir():
        raise InputError(
            f"the MLflow store must lie in a folder that exists, got {database}; correct "
            "MLFLOW_TRACKING_URI, or make the folder"
        )
    return _opened(tracking_uri())


def _named_store() -> Path | None:
    """Return the sqlite file that the user names, if any."""
    return sqlite_path(os.environ.get("MLFLOW_TRACKING_URI", ""))


def reader() -> "MlflowClient":
    """Return the client as `client` does, but make no store where the user names one."""
    database = _named_store()
    if database is not None and not database.exists():
        raise InputError(
            f"the MLflow store must exist, got no file {database}; correct MLFLOW_TRACKING_URI, "
            "or make models with: make repro"
        )
    return client()


_WAIT = "try again when no other process holds it"
_RESTORE = "restore the database from a copy, or move it away and make a new one with: make repro"
_REMEDIES = {
    "database is locked": _WAIT,
    "Connection": _WAIT,
    "disk is full": "make room and run the same again; poreops doctor says how much there is",
    "is malformed": _RESTORE,
    "file is not a database": _RESTORE,
    "You are not authenticated": "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
    "Permission denied": "ask whoever runs the server for the right to do it",
}


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn a store that is locked, damaged, full, away or not open into an InputError."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        text = str(error)
        remedy = next((do for said, do in _REMEDIES.items() if said in text), None)
        if remedy is None:
            raise
        raise InputError(
            f"the MLflow store must be free, whole and open to this user, got {tracking_uri()} "
            f"({text.splitlines()[0][:200]}); {remedy}"
        ) from None


def experiment_id(name: str) -> str:
    """Return the id of an experiment; made if missing, its artifacts beside an embedded store.

    Parameters
    ----------
    name : of the experiment
    """
    from mlflow.exceptions import MlflowException

    with plain_errors():
        if found := client().get_experiment_by_name(name):
            return str(found.experiment_id)
        database = sqlite_path(tracking_uri())
        location = artifact_location(database, name) if database else None
        try:
            return str(client().create_experiment(name, artifact_location=location))
        except MlflowException as error:
            # another process made it meanwhile
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            return str(client().get_experiment_by_name(name).experiment_id)


def quiet_mlflow() -> None:
    """Import MLflow without telemetry, progress bars and its chatter about tables."""
    needs("serving", "the registry of models")
    for name, value in {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    }.items():
        os.environ.setdefault(name, value)
    import mlflow

    logging.getLogger(mlflow.__name__).setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def serve() -> None:
    """Become the MLflow server on the embedded store; mlflow/server.env holds its settings."""
    host = os.environ.get("MLFLOW_HOST", "127.0.0.1")
    port = os.environ.get("MLFLOW_PORT", "5000")
    if not port.isdigit():
        raise InputError(f"the port must be a number, got MLFLOW_PORT={port}; 5000 is usual")
    free_port(host, int(port))
    database = repository() / "mlflow" / "mlflow.db"
    uri = sqlite_uri(database)
    _opened(uri)
    sys.stdout.write(f"MLflow UI: http://{host}:{port} (Ctrl-C stops it)\n")
    sys.stdout.flush()
    os.environ |= {DATABASE: uri, ARTIFACTS: str(database.parent / "artifacts")}
    command = [sys.executable, "-m", "uvicorn", "--host", host, "--port", port]
    command += ["--workers", os.environ.get("MLFLOW_WORKERS", "1"), "--log-level", "warning"]
    command += ["--factory", f"{proxied.__name__}:application"]
    os.execv(sys.executable, command)


def run_mlflow(arguments: Sequence[str]) -> None:
    """Become MLflow's own command on the store that this package uses.

    The store is opened first: in a clone that was copied or moved it holds the paths of the
    original until then, and plain `mlflow` would read, and delete, the original's artifacts.

    Parameters
    ----------
    arguments : of `mlflow`, without its name
    """
    client()
    os.environ["MLFLOW_TRACKING_URI"] = tracking_uri()
    os.execv(sys.executable, [sys.executable, "-m", "mlflow", *arguments])


_DATABASES = ("postgresql", "mysql", "mssql", "databricks")


@cache
def _opened(uri: str) -> "MlflowClient":
    quiet_mlflow()
    from mlflow import MlflowClient

    if database := sqlite_path(uri):
        open_store(database, _make_tables)
    elif uri.startswith(("http://", "https://")):
        _check_server(uri)
    elif not uri.startswith(_DATABASES):
        raise InputError(
            f"MLFLOW_TRACKING_URI must be a server or a database, got {uri!r}; e.g. "
            "http://127.0.0.1:5000 or sqlite:////folder/mlflow.db"
        )
    return MlflowClient(uri)


def open_tables(database: Path) -> None:
    """Make or open the store of an sqlite file: its tables once, its paths those of its place.

    Parameters
    ----------
    database : sqlite file
    """
    open_store(database, _make_tables)


def _make_tables(database: Path) -> None:
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    uri = sqlite_uri(database)
    try:
        MlflowClient(uri).get_experiment("0")
    except MlflowException as error:
        if "out-of-date" not in str(error):
            raise
        # made by an older MLflow
        upgrade = [sys.executable, "-m", "mlflow", "db", "upgrade", uri]
        subprocess.run(upgrade, check=True, capture_output=True)


def _check_server(uri: str) -> None:
    # MLflow itself tries for minutes
    try:
        urlopen(f"{uri.rstrip('/')}/health", timeout=10).close()
    except HTTPError:
        return
    except OSError as error:
        raise InputError(
            f"the MLflow server must answer, got {uri} ({error}); start it, or unset "
            "MLFLOW_TRACKING_URI to use the embedded store"
        ) from None
