"""The pipeline as dvc.lock remembers it: what each stage read and made, by digest.

Nothing is asked of DVC: dvc.lock and data.dvc are YAML, and an old commit has them too.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from poreops.base.content import Json
from poreops.base.files import read_yaml
from poreops.errors import InputError

DATA = "data.dvc"
"""The stage that takes in the inputs."""

Digests = Mapping[str, str]
Content = Mapping[str, Json]


@dataclass(frozen=True)
class Stage:
    """One stage as it last ran.

    Attributes
    ----------
    name, command : of dvc.yaml
    deps, outs : path → md5; a folder's ends with ".dir"
    params : file → dotted name → value
    """

    name: str
    command: str
    deps: Digests
    outs: Digests
    params: Mapping[str, Json]

    @property
    def code(self) -> list[str]:
        """The dependencies that are code."""
        return [path for path in self.deps if path.startswith(("src/", "pipelines/"))]

    @property
    def data(self) -> list[str]:
        """The dependencies that are no code."""
        return [path for path in self.deps if path not in self.code]


@dataclass(frozen=True)
class Graph:
    """Every stage of a pipeline by its name."""

    stages: Mapping[str, Stage]

    def maker(self, path: str) -> Stage | None:
        """Return the stage that makes a file, or a folder it lies in; None for an input.

        Parameters
        ----------
        path : as dvc.lock names it
        """
        for stage in self.stages.values():
            if any(_inside(path, out) for out in stage.outs):
                return stage
        return None

    def needs(self, name: str) -> list[str]:
        """Return the stages whose outs a stage reads, in the order in which it names them.

        Parameters
        ----------
        name : of a stage
        """
        found: dict[str, None] = {}
        for path in self.stages[name].data:
            for other in self.stages.values():
                if other.name != name and any(_overlap(path, out) for out in other.outs):
                    found[other.name] = None
        return list(found)

    def upstream(self, names: Iterable[str]) -> list[str]:
        """Return stages and all that they need, each after what it needs.

        Parameters
        ----------
        names : of stages
        """
        order: dict[str, None] = {}

        def visit(name: str, below: tuple[str, ...]) -> None:
            if name in below:
                raise InputError(f"dvc.lock must have no circle, got {' → '.join(below)} → {name}")
            for need in self.needs(name):
                if need not in order:
                    visit(need, (*below, name))
            order[name] = None

        for name in names:
            if name not in order:
                visit(name, ())
        return list(order)

    def downstream(self, path: str) -> list[str]:
        """Return the stages that read a path, or what these make, however far.

        Parameters
        ----------
        path : as dvc.lock names it
        """
        found: list[str] = []
        reached = [path]
        for name in self.upstream(self.stages):
            stage = self.stages[name]
            if any(_overlap(dep, one) for dep in stage.deps for one in reached):
                found.append(name)
                reached += stage.outs
        return found

    def paths_of(self, md5: str) -> list[str]:
        """Return the paths with a digest, given whole or by its first characters.

        Parameters
        ----------
        md5 : hexadecimal, whole or its beginning
        """
        every = {
            path: digest
            for stage in self.stages.values()
            for path, digest in {**stage.deps, **stage.outs}.items()
        }
        return [path for path, digest in every.items() if digest.startswith(md5)]

    def digest(self, names: Iterable[str]) -> str:
        """Return the SHA-256 of what stages and all that they need read, ran and made.

        Parameters
        ----------
        names : of stages
        """
        chosen = [self.stages[name] for name in sorted(self.upstream(names))]
        content = [[s.name, s.command, dict(s.deps), dict(s.params), dict(s.outs)] for s in chosen]
        text = json.dumps(content, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


def read_graph(folder: str | Path = ".") -> Graph:
    """Return the graph of a repository's dvc.lock and data.dvc.

    Parameters
    ----------
    folder : of the repository

    Raises
    ------
    InputError
        If there is no dvc.lock, or it is no lock file.
    """
    lock, data = Path(folder) / "dvc.lock", Path(folder) / DATA
    if not lock.is_file():
        raise InputError(
            f"the pipeline must have run, got no {lock}; run it with: make repro, or go to the "
            "folder of a repository"
        )
    found = parse_graph(
        lock.read_text(encoding="utf-8"), data.read_text(encoding="utf-8") if data.exists() else ""
    )
    stated = Path(folder) / "dvc.yaml"
    if not stated.exists():
        return found
    # dvc.lock keeps what a stage made that has gone or has another name now
    names = {DATA, *read_yaml(stated)["stages"]}
    return Graph({name: stage for name, stage in found.stages.items() if name in names})


def parse_graph(lock: str, data: str = "") -> Graph:
    """Return the graph of the texts of dvc.lock and data.dvc.

    Parameters
    ----------
    lock : text of dvc.lock
    data : text of data.dvc; "" if there is none
    """
    try:
        stages = dict(_stages(yaml.safe_load(lock)["stages"]))
        if data:
            taken = yaml.safe_load(data)
            stages = {DATA: _stage(DATA, {"cmd": "dvc repro data.dvc"} | taken)} | stages
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"dvc.lock must be a lock file of DVC, got {error!r}; restore it with: git checkout "
            "dvc.lock, or make it again with: make repro"
        ) from None
    return Graph(stages)


def _stages(content: Content) -> Iterator[tuple[str, Stage]]:
    for name, stage in content.items():
        yield name, _stage(name, stage)


def _stage(name: str, content: Content) -> Stage:
    return Stage(
        name,
        str(content["cmd"]),
        _digests(content.get("deps", [])),
        _digests(content.get("outs", [])),
        content.get("params", {}),
    )


def _digests(entries: Iterable[Json]) -> dict[str, str]:
    return {str(entry["path"]): str(entry.get("md5", "")) for entry in entries}


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _overlap(one: str, other: str) -> bool:
    return _inside(one, other) or _inside(other, one)
