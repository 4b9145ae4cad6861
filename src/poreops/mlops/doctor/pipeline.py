"""The pipeline: dvc.lock, the cache of DVC, and locks that dead processes left."""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from poreops.errors import InputError
from poreops.mlops.doctor.findings import Finding
from poreops.mlops.provenance.graph import Graph, read_graph

_NAMED = 3
_CACHE = ".dvc/cache/files/md5"


def pipeline(root: Path, *, deep: bool) -> Iterator[Finding]:
    """Look at what DVC relies on, without DVC.

    Parameters
    ----------
    root : of the repository
    deep : read every file of the cache and compare it with its digest
    """
    # stages and `make repro` find it beside their Python
    if shutil.which("dvc") is None and not Path(sys.executable).with_name("dvc").exists():
        yield Finding("dvc", "bad", "no such command", 'pip install "poreops[pipeline]"')
    yield _locks(root / ".dvc/tmp/rwlock")
    try:
        graph = read_graph(root)
    except InputError as error:
        yield Finding("dvc.lock", "bad", str(error), "git checkout dvc.lock, or make repro")
        return
    yield Finding("dvc.lock", "ok", f"{len(graph.stages)} stages")
    yield _outs(root, graph)
    if deep:
        yield _cache(root / _CACHE)


def rotten(root: Path) -> list[Path]:
    """Return the damaged files of DVC's cache that it would put where an output is missing.

    DVC compares none of them with its digest, and takes what it put there for what was made.

    Parameters
    ----------
    root : of the repository
    """
    try:
        stages = read_graph(root).stages.values()
    except InputError:
        return []  # nothing was made, or DVC says itself what is wrong
    wanted = {
        file
        for stage in stages
        for path, md5 in stage.outs.items()
        if md5
        for file in _taken(root / path, root / _CACHE, md5)
    }
    return [file for file in sorted(wanted) if _broken(file)]


def _taken(out: Path, cache: Path, md5: str) -> Iterator[Path]:
    """Yield the files of the cache that stand for an output, or the parts of it, that is gone."""
    kept = cache / md5[:2] / md5[2:]
    if not kept.is_file() or (not md5.endswith(".dir") and out.exists()):
        return
    if not md5.endswith(".dir"):
        yield kept
        return
    try:
        parts = [(part["md5"], part["relpath"]) for part in json.loads(kept.read_bytes())]
    except (ValueError, KeyError, TypeError):
        yield kept
        return
    lost = [part for part, name in parts if not (out / name).exists()]
    every = ([md5] if lost else []) + lost
    yield from (file for one in every if (file := cache / one[:2] / one[2:]).is_file())


def _locks(path: Path) -> Finding:
    """DVC waits for no dead process, but a broken file of locks stops it."""
    if not path.is_file():
        return Finding("dvc locks", "ok", "none")
    try:
        content = json.loads(path.read_text(encoding="utf-8") or "{}")
        held = [*content.get("write", {}).values()]
        held += [one for readers in content.get("read", {}).values() for one in readers]
        numbers = {int(one["pid"]) for one in held}
    except (ValueError, KeyError, TypeError, AttributeError):
        return Finding(
            "dvc locks", "bad", f"{path} is broken: a process was killed while it wrote",
            f"rm {path}", partial(_remove, path),
        )  # fmt: skip
    dead = [number for number in numbers if not _alive(number)]
    if dead:
        return Finding(
            "dvc locks", "warn", f"{len(dead)} of {len(numbers)} holders are dead",
            "nothing: DVC removes them itself",
        )  # fmt: skip
    return Finding("dvc locks", "ok", f"{len(numbers)} held by living processes")


def _outs(root: Path, graph: Graph) -> Finding:
    """Look for what dvc.lock says was made, here or in the cache."""
    lost: list[str] = []
    away: list[str] = []
    for stage in graph.stages.values():
        for path, md5 in stage.outs.items():
            if (root / path).exists():
                continue
            kept = (root / _CACHE / md5[:2] / md5[2:]).exists()
            (away if kept else lost).append(path)
    if lost:
        return Finding(
            "outputs", "warn", f"neither here nor in the cache: {_listed(lost)}",
            "dvc pull from a remote, or make them again with: make repro",
        )  # fmt: skip
    if away:
        return Finding("outputs", "warn", f"only in the cache: {_listed(away)}", "dvc checkout")
    return Finding("outputs", "ok", "all that dvc.lock names are here")


def _cache(folder: Path) -> Finding:
    broken = [
        file
        for file in sorted(folder.glob("??/*"))
        if file.suffix in ("", ".dir") and _broken(file)
    ]
    if not broken:
        return Finding("cache", "ok", "every file is what its name says")
    return Finding(
        "cache", "bad", f"{len(broken)} files are not what their names say: "
        f"{_listed([file.relative_to(folder).as_posix() for file in broken])}",
        "remove them, then dvc pull or make repro", partial(_remove, *broken),
    )  # fmt: skip


def _broken(path: Path) -> bool:
    """Tell whether a file of the cache is not what its name says."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest() != path.parent.name + path.stem


def _remove(*paths: Path) -> str:
    for path in paths:
        path.unlink(missing_ok=True)
    return f"removed {_listed([str(path) for path in paths])}"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + f" and {len(names) - _NAMED} more" * (len(names) > _NAMED)


def _alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
