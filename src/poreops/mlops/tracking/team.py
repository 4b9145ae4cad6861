"""The MLflow server of a team: artifacts go through it, so that clients see no disk of its.

mlflow/team.env holds its settings, under MLflow's own names.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from poreops.errors import InputError
from poreops.mlops.tracking.connection import open_tables, quiet_mlflow
from poreops.mlops.tracking.embedded import free_port, repository, sqlite_path, sqlite_uri

_DRIVERS = {
    "postgresql": ("psycopg2", "psycopg2-binary"),
    "s3": ("boto3", "boto3"),
    "basic-auth": ("flask_wtf", "mlflow[auth]"),
}
_NOWHERE = "0.0.0.0"


def serve_team() -> None:
    """Become the server that the environment describes.

    Raises
    ------
    InputError
        If a setting is missing or makes no sense, a driver is not installed, or the port is taken.
    """
    command = team_command()
    sys.stdout.write(
        f"MLflow server: http://{os.environ['MLFLOW_HOST']}:{os.environ['MLFLOW_PORT']}\n"
    )
    sys.stdout.flush()
    os.execv(sys.executable, command)


def team_command() -> list[str]:
    """Return the command of the server, its settings checked and its tables made."""
    host = os.environ.setdefault("MLFLOW_HOST", "127.0.0.1")
    port = os.environ.setdefault("MLFLOW_PORT", "5000")
    if not port.isdigit():
        raise InputError(f"the port must be a number, got MLFLOW_PORT={port}; 5000 is usual")
    team = repository() / "mlflow/team"
    store = os.environ.setdefault("MLFLOW_BACKEND_STORE_URI", sqlite_uri(team / "mlflow.db"))
    shelf = os.environ.setdefault("MLFLOW_ARTIFACTS_DESTINATION", str(team / "artifacts"))
    command = [sys.executable, "-m", "mlflow", "server", "--serve-artifacts"]
    auth = os.environ.get("MLFLOW_AUTH_CONFIG_PATH", "")
    if auth:
        if not Path(auth).is_file():
            raise InputError(
                f"the settings of users must exist, got no MLFLOW_AUTH_CONFIG_PATH={auth}; copy "
                "mlflow/auth.ini"
            )
        command += ["--app-name", "basic-auth"]
        team.mkdir(parents=True, exist_ok=True)  # of the users' database
    for kind in (store.partition(":")[0].partition("+")[0], shelf.partition(":")[0],
                 "basic-auth" * bool(auth)):  # fmt: skip
        _require(kind)
    if host == _NOWHERE and not os.environ.get("MLFLOW_SERVER_ALLOWED_HOSTS"):
        raise InputError(
            "a server that others reach must know its own names, got none; set "
            "MLFLOW_SERVER_ALLOWED_HOSTS=name-of-this-machine:5000"
        )
    free_port(host, int(port))
    quiet_mlflow()
    if database := sqlite_path(store):
        database.parent.mkdir(parents=True, exist_ok=True)
        open_tables(database)
    return command


def _require(kind: str) -> None:
    module, package = _DRIVERS.get(kind, ("", ""))
    if module and find_spec(module) is None:
        raise InputError(
            f"the server needs a package for {kind}, which is not installed ({module}); "
            f'pip install "{package}", or the extra: pip install "poreops[server]"'
        )
