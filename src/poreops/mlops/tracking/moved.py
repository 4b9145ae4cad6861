"""A store that was moved: paths rewritten, then every model read and compared with its digest."""

import sqlite3
from contextlib import closing
from pathlib import Path

from poreops.base.files import sha256
from poreops.errors import InputError
from poreops.mlops.tracking.embedded import (
    LOCK_SECONDS,
    PATH_COLUMNS,
    relocate,
    sqlite_path,
    tracking_uri,
)
from poreops.mlops.tracking.health import every_version
from poreops.mlops.tracking.versions import download


def moved(old: str | None = None) -> dict[str, object]:
    """Make the paths of the embedded store those of its place.

    Parameters
    ----------
    old : folder that held the store, where it is not noted; as of a database that was copied alone

    Returns
    -------
    dict
        "database"; "changed", number of paths; "whole", number of versions whose files are what
        was registered; "broken", what is wrong with the others

    Raises
    ------
    InputError
        If the store is a server's, or is missing.
    """
    database = sqlite_path(tracking_uri())
    if database is None:
        raise InputError(
            f"only a store on this machine is relocated, got {tracking_uri()}; the paths of a "
            "server are the server's"
        )
    if not database.is_file():
        raise InputError(f"the store must exist, got no {database}; go to the moved repository")
    changed = relocate(database)
    if old is not None:
        changed += _rewrite(database, Path(old).as_posix().rstrip("/"))
    whole, broken = 0, []
    for version in every_version():
        wanted = version.tags.get("sha256")
        try:
            found = sha256(download(version.uri))
        except (InputError, OSError) as error:
            broken.append(f"{version.uri}: {error}")
            continue
        if wanted in (found, None) or version.tags.get("files.sha256") is None:
            whole += 1  # 0.1.0 noted the digest of the model's own files
        else:
            broken.append(f"{version.uri}: its files are not those that were registered")
    return {"database": str(database), "changed": changed, "whole": whole, "broken": broken}


def _rewrite(database: Path, old: str) -> int:
    """Rewrite paths below a folder, whatever the store notes of its place."""
    new, changed = database.parent.as_posix(), 0
    with closing(sqlite3.connect(database, timeout=LOCK_SECONDS, isolation_level=None)) as found:
        found.execute("BEGIN IMMEDIATE")
        for table, column in PATH_COLUMNS:
            changed += found.execute(
                f"UPDATE {table} SET {column} = ?1 || substr({column}, length(?2) + 1) "
                f"WHERE substr({column} || '/', 1, length(?2) + 1) = ?2 || '/'",
                (new, old),
            ).rowcount
        found.execute("COMMIT")
    return changed
