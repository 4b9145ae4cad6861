"""Artifact formats: whole files or none, the same bytes for the same content."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import yaml

from poreops.base.content import Json
from poreops.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that becomes `path` only if the block succeeds.

    A reader sees the old file or the new one, never a part; a killed writer leaves `path` alone.

    Parameters
    ----------
    path : path of the file to write; its folder is made.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch()
    except OSError as error:
        raise unwritable(path.parent, error) from error
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def unwritable(folder: Path, error: OSError) -> InputError:
    """Return the line about a folder that nothing can be written to.

    Parameters
    ----------
    folder : that was asked for
    error : of the attempt
    """
    return InputError(
        f"the output folder must be writable, got {folder} ({error.strerror}); "
        "choose another one or change its permissions"
    )


def write_text(path: str | Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all.

    Parameters
    ----------
    path : file to write; its folder is made
    text : its content
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_losses(path: str | Path, history: Mapping[str, Sequence[float]]) -> None:
    """Write the losses of a training as CSV, one row an epoch, for `dvc plots` and the report.

    Parameters
    ----------
    path : file to write
    history : name → value of each epoch
    """
    rows = zip(*history.values(), strict=True)
    lines = [",".join(map(str, (epoch, *row))) for epoch, row in enumerate(rows, start=1)]
    write_text(path, "\n".join([",".join(["epoch", *history]), *lines]) + "\n")


def write_json(path: str | Path, content: object) -> None:
    """Write JSON, sorted and indented; numpy scalars and arrays become numbers and lists.

    Parameters
    ----------
    path : file to write; its folder is made
    content : of mappings, sequences, numbers, strings, None, numpy arrays and scalars

    Raises
    ------
    ValueError
        If a number is not finite: JSON has no NaN, and a metric that is NaN is a failure.
    """
    text = json.dumps(content, indent=2, sort_keys=True, allow_nan=False, default=_plain)
    write_text(path, text + "\n")


def read_json(path: str | Path) -> Json:
    """Return the content of a JSON file; raises InputError if it is missing or broken.

    Parameters
    ----------
    path : file to read
    """
    try:
        return json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path} must be JSON, got {error}; delete it and make it again"
        ) from None


def write_yaml(path: str | Path, content: object) -> None:
    """Write YAML in block style, keys in the given order.

    Parameters
    ----------
    path : file to write; its folder is made
    content : of mappings, sequences, numbers, strings and None
    """
    write_text(path, yaml.safe_dump(content, sort_keys=False, allow_unicode=True))


def read_yaml(path: str | Path) -> Json:
    """Return the content of a YAML file; raises InputError if it is missing or broken.

    Parameters
    ----------
    path : file to read
    """
    try:
        return yaml.safe_load(_text(path))
    except yaml.YAMLError as error:
        line = " ".join(str(error).split())
        raise InputError(f"{path} must be YAML, got {line}; correct that line") from None


def write_table(path: str | Path, frame: "pd.DataFrame") -> None:
    """Write a table as Parquet, whole or not at all; its index is left out.

    Parameters
    ----------
    path : file to write; its folder is made
    frame : of columns that Parquet knows
    """
    with replacing(path) as temporary:
        frame.to_parquet(temporary, index=False)


def read_table(path: str | Path) -> "pd.DataFrame":
    """Return a Parquet table; raises InputError if it is missing or broken.

    Parameters
    ----------
    path : file to read
    """
    import pandas as pd

    if not Path(path).is_file():
        raise missing(Path(path))
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        line = " ".join(str(error).split())[:200]
        raise InputError(f"{path} must be Parquet, got {line}; make it again") from None


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files with their relative names, as hex.

    Parameters
    ----------
    path : file or folder
    """
    path = Path(path)
    if not path.exists():
        raise missing(path)
    digest = hashlib.sha256()
    if path.is_file():
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        return digest.hexdigest()
    for file_path in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(f"{file_path.relative_to(path).as_posix()}\0{sha256(file_path)}\n".encode())
    return digest.hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Path):
        return value.as_posix()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _text(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise missing(Path(path)) from None


def missing(path: Path) -> InputError:
    """Return the error of a file that is not there.

    Parameters
    ----------
    path : where a file should be
    """
    return InputError(
        f"{path} must exist, got no such file; check the path, or make an artifact with: dvc repro"
    )
