"""The environment and the disk."""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from poreops.base.extras import EXTRAS, needs
from poreops.errors import InputError
from poreops.mlops.doctor.findings import Finding

_DISK_BAD, _DISK_WARN = 1 << 30, 5 << 30  # bytes; a default run makes 0.2 GB, its environment 4.6
_NAMED = 5


def environment(root: Path) -> Iterator[Finding]:
    """Look at Python, the packages and the free disk space.

    Parameters
    ----------
    root : of the repository
    """
    found = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", "ok", found)
    yield _extras()
    yield from _locked(root / "requirements.txt")
    yield _disk(root)


def _extras() -> Finding:
    missing = []
    for extra in EXTRAS:
        try:
            needs(extra, extra)
        except InputError:
            missing.append(extra)
    if not missing:
        return Finding("extras", "ok", "all are installed")
    return Finding(
        "extras", "warn", f"not installed: {', '.join(missing)}",
        f'pip install "poreops[{",".join(missing)}]", if their commands are wanted',
    )  # fmt: skip


def _locked(lock: Path) -> Iterator[Finding]:
    """Compare installed packages with the lock file, which may state one for each platform."""
    if not lock.is_file():
        return
    stated: dict[str, list[str]] = {}
    for name, wanted in re.findall(
        r"(?m)^([A-Za-z0-9._-]+)==([^\s;+]+)", lock.read_text(encoding="utf-8")
    ):
        stated.setdefault(name, []).append(wanted)
    differ = []
    for name, versions in stated.items():
        try:
            installed = version(name)
        except PackageNotFoundError:
            continue
        if installed.partition("+")[0] not in versions:
            differ.append(f"{name} {installed} for {' or '.join(versions)}")
    if not differ:
        yield Finding("packages", "ok", f"as in {lock.name}")
        return
    rest = f" and {len(differ) - _NAMED} more" * (len(differ) > _NAMED)
    yield Finding(
        "packages", "warn", f"not as in {lock.name}: {', '.join(differ[:_NAMED])}{rest}",
        "make env; results may differ in their last digits",
    )  # fmt: skip


def _disk(root: Path) -> Finding:
    free = shutil.disk_usage(root).free
    said = f"{free / (1 << 30):.1f} GB free at {root}"
    if not os.access(root, os.W_OK):
        return Finding("disk", "bad", f"{root} is not writable", "change its permissions")
    if free < _DISK_WARN:
        state = "bad" if free < _DISK_BAD else "warn"
        remedy = "make room; dvc gc --workspace drops what no longer belongs to this state"
        return Finding("disk", state, said, remedy)  # type: ignore[arg-type]
    return Finding("disk", "ok", said)
