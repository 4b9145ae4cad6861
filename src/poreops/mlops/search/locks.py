"""Who works on a study, and whose turn it is: locks that a dying process loses.

Beside a journal they are files, which the system unlocks; in PostgreSQL advisory locks, which end
with the connection. Neither outlives a killed worker, so nothing waits for a heartbeat.
"""

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from poreops.base.content import Json


class Locks(Protocol):
    """Locks of one study."""

    def turn(self) -> AbstractContextManager[object]:
        """Let one worker at a time look at the trials and take the next place."""

    def held(self) -> AbstractContextManager[str]:
        """Hold the lock of this worker, and give its name for its trials."""

    def alive(self, owner: str) -> bool:
        """Tell whether the worker of that name still holds its lock."""


class FileLocks:
    """Locks beside a journal, for workers that share its folder.

    Parameters
    ----------
    journal : file of the study
    """

    def __init__(self, journal: Path) -> None:
        self.journal = journal

    def turn(self) -> AbstractContextManager[object]:
        """See `Locks`."""
        return FileLock(f"{self.journal}.turn")

    @contextmanager
    def held(self) -> Iterator[str]:
        """See `Locks`."""
        owner = self.journal.with_name(f"{self.journal.name}.{uuid.uuid4().hex}.owner")
        with FileLock(owner):
            yield str(owner)
        owner.unlink(missing_ok=True)

    def alive(self, owner: str) -> bool:
        """See `Locks`."""
        if not Path(owner).is_file():
            return False
        try:
            with FileLock(owner, timeout=0):
                return False
        except Timeout:
            return True


class PostgresLocks:
    """Advisory locks of a PostgreSQL database, for workers on any machine.

    Parameters
    ----------
    engine : sqlalchemy.Engine
    study : its name in the database
    """

    def __init__(self, engine: Json, study: str) -> None:
        self.engine, self.study = engine, study

    @contextmanager
    def turn(self) -> Iterator[None]:
        """See `Locks`."""
        with self._locked(f"turn of {self.study}"):
            yield

    @contextmanager
    def held(self) -> Iterator[str]:
        """See `Locks`."""
        owner = f"{self.study}/{uuid.uuid4().hex}"
        with self._locked(owner):
            yield owner

    def alive(self, owner: str) -> bool:
        """See `Locks`."""
        with self.engine.connect() as connection:
            key = _key(owner)
            free = connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({key})").scalar()
            if free:
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({key})")
            connection.commit()
        return not free

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        # a connection that went back to the pool would keep the lock
        with self.engine.connect() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({_key(name)})")
            connection.commit()
            try:
                yield
            finally:
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_key(name)})")
                connection.commit()


def _key(name: str) -> int:
    """Return a number for a name, in the range of PostgreSQL's locks."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
