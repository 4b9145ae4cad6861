"""What a stage was made from: the outs of the stages before it, by dvc.yaml and dvc.lock."""

from pathlib import Path, PurePosixPath
from typing import TypedDict

from poreops.base.files import read_yaml


class _Path(TypedDict):
    path: str
    md5: str


class _Stage(TypedDict, total=False):
    deps: list[_Path]
    outs: list[_Path]


def upstream_digests(folder: Path, stage: str) -> dict[str, str]:
    """Return path → md5 of data/ and of the outs that a stage stands on, also through others.

    Parameters
    ----------
    folder : with dvc.yaml, dvc.lock and data.dvc, of which each may be missing
    stage : name of it; its own outs are those of an earlier run and left out
    """
    locked = _stages(folder / "dvc.lock")
    outs = {name: _outs(entry) for name, entry in locked.items() if name != stage}
    data = _data(folder)
    found: dict[str, str] = {}
    seen, waiting = {stage}, _deps(folder, stage, locked)
    while waiting:
        dep = waiting.pop()
        for name, made in outs.items():
            hit = {path: md5 for path, md5 in made.items() if _joined(path, dep)}
            found |= hit
            if hit and name not in seen:
                seen.add(name)
                waiting += [each["path"] for each in locked[name].get("deps", [])]
        found |= {path: md5 for path, md5 in data.items() if _joined(path, dep)}
    return dict(sorted(found.items()))


def _deps(folder: Path, stage: str, locked: dict[str, _Stage]) -> list[str]:
    # dvc.lock has the dependencies of its earlier run; dvc.yaml those of this one
    path = folder / "dvc.yaml"
    if path.exists() and (stated := read_yaml(path)["stages"].get(stage)):
        deps = stated.get("deps", [])
        return [each if isinstance(each, str) else next(iter(each)) for each in deps]
    return [each["path"] for each in locked.get(stage, _Stage()).get("deps", [])]


def _stages(path: Path) -> dict[str, _Stage]:
    return dict(read_yaml(path)["stages"]) if path.exists() else {}


def _outs(entry: _Stage) -> dict[str, str]:
    return {str(out["path"]): str(out["md5"]) for out in entry.get("outs", [])}


def _data(folder: Path) -> dict[str, str]:
    path = folder / "data.dvc"
    return _outs(read_yaml(path)) if path.exists() else {}


def _joined(out: str, dep: str) -> bool:
    """Whether a dependency is an out, lies in it or holds it."""
    a, b = PurePosixPath(out), PurePosixPath(dep)
    return a == b or a in b.parents or b in a.parents
