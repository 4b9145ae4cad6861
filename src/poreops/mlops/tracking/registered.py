"""What the pipeline noted as registered, and whether the registry still knows it."""

from pathlib import Path

from poreops.base.files import read_json
from poreops.errors import InputError
from poreops.mlops.tracking.connection import reader
from poreops.mlops.tracking.embedded import sqlite_path, tracking_uri
from poreops.mlops.tracking.versions import find_version

REGISTERED = Path("mlflow/registered")
"""Folder of what the register stages wrote, from the root of the repository."""


def forgotten(folder: Path = REGISTERED) -> list[Path]:
    """Return the notes of versions that the registry does not hold, or whose files are gone.

    A registry that was deleted, or is another than that of the notes, leaves them behind: DVC sees
    them and registers nothing.

    Parameters
    ----------
    folder : of the notes, <line>.json with "model" and "sha256"

    Raises
    ------
    InputError
        If a note is broken, or the registry cannot be read.
    """
    notes = sorted(folder.glob("*.json"))
    if not notes:
        return []
    database = sqlite_path(tracking_uri())
    if database is not None and not database.exists():
        return notes
    reader()  # a store that cannot be read is no empty one
    return [note for note in notes if not _known(note)]


def _known(note: Path) -> bool:
    content = read_json(note)
    try:
        # a run of several targets notes the further ones under their names
        noted = [content, *(of for of in content.values() if isinstance(of, dict))]
        versions = [(of["model"], of["sha256"]) for of in noted]
    except (KeyError, TypeError, AttributeError):
        raise InputError(
            f"{note} must hold model and sha256, got {str(content)[:80]}; delete it, and register "
            "again with: make repro"
        ) from None
    return all(find_version(*version) is not None for version in versions)
