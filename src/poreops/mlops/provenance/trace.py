"""The way to a model, and the way from a file: stages, digests, versions and commands."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from poreops.errors import InputError
from poreops.mlops.provenance.graph import DATA, Content, Graph, parse_graph, read_graph
from poreops.mlops.tracking import ModelVersion
from poreops.mlops.tracking.health import every_version
from poreops.mlops.tracking.versions import resolve

_MADE = "dvc.md5."  # tags of a version: path → md5 of what the stages before it had made


def way_to(uri: str, root: Path) -> Content:
    """Return where a registered model comes from.

    Parameters
    ----------
    uri : as "models:/conductance@champion"
    root : of the repository

    Returns
    -------
    dict
        "model", "version", "aliases", "sha256", "run", "commit", "dirty"; "stages", each with its
        command, what it read and made, and the stages that it needs; "differs", paths whose digest
        in dvc.lock is not that of the version; "commands" that make it again
    """
    version = resolve(uri)
    graph, source = _graph_of(version, root)
    stage = register_stage(version, graph)
    order = graph.upstream([stage])
    made = {
        path.removeprefix(_MADE): md5
        for path, md5 in version.tags.items()
        if path.startswith(_MADE)
    }
    now = {path: md5 for name in order for path, md5 in graph.stages[name].outs.items()}
    differs = sorted(path for path, md5 in now.items() if made.get(path, md5) != md5)
    commit = version.tags.get("git.commit")
    dirty = version.tags.get("git.dirty") == "true"
    return {
        "model": version.name,
        "version": version.version,
        "aliases": list(version.aliases),
        "sha256": version.tags.get("sha256"),
        "run": version.run_id,
        "commit": commit,
        "dirty": dirty,
        "lock": source,
        "stages": {name: _described(graph, name) for name in order},
        "differs": differs,
        "digest": graph.digest([stage]),
        "commands": commands(version, stage, commit, dirty=dirty),
    }


def way_from(what: str, root: Path) -> Content:
    """Return what becomes of a file of the pipeline.

    Parameters
    ----------
    what : its path, or the first characters of its md5
    root : of the repository

    Returns
    -------
    dict
        "paths", of the digest; "made_by"; "stages" that read it, or what these make; "results",
        what they make; "models", versions that were made from it, each with "same": whether from
        this state of it, None where that was not noted
    """
    graph = read_graph(root)
    path = Path(what)
    relative = path.resolve().relative_to(root.resolve()) if _below(path, root) else path
    paths = [relative.as_posix()] if _known(graph, relative.as_posix()) else graph.paths_of(what)
    if not paths or len(what) < 4:
        raise InputError(
            f"a file must be one that the pipeline reads or makes, or its md5, got {what}; "
            "dvc.lock names them"
        )
    makers = {maker.name for one in paths if (maker := graph.maker(one))}
    stages = list(dict.fromkeys(name for one in paths for name in graph.downstream(one)))
    results = [out for name in stages for out in graph.stages[name].outs]
    registers = {*stages, *makers}
    now = {path: md5 for stage in graph.stages.values() for path, md5 in stage.outs.items()}
    models = [
        {
            "model": f"models:/{version.name}/{version.version}", "aliases": list(version.aliases),
            "run": version.run_id, "same": _same(version, paths[0], now),
        }
        for version in every_version()
        if register_stage(version, graph, strict=False) in registers
    ]  # fmt: skip
    return {
        "paths": paths,
        "made_by": sorted(makers),
        "stages": stages,
        "results": results,
        "models": models,
    }


def register_stage(version: ModelVersion, graph: Graph, *, strict: bool = True) -> str:
    """Return the stage that registered a version, "" if it is not known and need not be.

    Parameters
    ----------
    version : of a registered model
    graph : of the pipeline of this repository
    strict : raise InputError where the stage is not of this pipeline
    """
    stage = str(version.tags.get("dvc.stage", ""))
    if stage in graph.stages:
        return stage
    if not strict:
        return ""
    raise InputError(
        f"{version.uri} must have been registered by a stage of this pipeline, got "
        f"{stage or 'none noted'}; go to the repository that made it"
    )


def commands(version: ModelVersion, stage: str, commit: str | None, *, dirty: bool) -> list[str]:
    """Return the lines that make a version again.

    Parameters
    ----------
    version : of a registered model
    stage : that registered it
    commit : of git, that it was made from; None if not known
    dirty : whether the working tree had changes that were not committed
    """
    lines = [f"git checkout {commit}"] if commit else []
    if dirty:
        lines.append(f"mlflow artifacts download -r {version.run_id} -a git.diff -d .")
        lines.append("git apply git.diff")
    return [*lines, "make env", f"dvc repro {stage}"]


def _same(version: ModelVersion, path: str, now: Mapping[str, str]) -> bool | None:
    """Tell whether a version was made from what stands at a path now."""
    seen = version.tags.get(f"{_MADE}{path}")
    return None if seen is None or path not in now else seen == now[path]


def _graph_of(version: ModelVersion, root: Path) -> tuple[Graph, str]:
    """Return dvc.lock of the working tree, or of the commit where the tree has no such stage."""
    try:
        graph = read_graph(root)
        if version.tags.get("dvc.stage", "") in graph.stages:
            return graph, "dvc.lock"
    except InputError:
        graph = Graph({})
    commit = version.tags.get("git.commit", "")
    texts = [_at(root, commit, name) for name in ("dvc.lock", DATA)] if commit else []
    if texts and texts[0]:
        return parse_graph(texts[0], texts[1]), f"dvc.lock of {commit[:12]}"
    return graph, "dvc.lock"


def _at(root: Path, commit: str, name: str) -> str:
    command = ["git", "-C", str(root), "show", f"{commit}:./{name}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""


def _described(graph: Graph, name: str) -> Content:
    stage = graph.stages[name]
    params: Content = {
        key: value for values in stage.params.values() for key, value in values.items()
    }
    return {
        "command": stage.command,
        "needs": graph.needs(name),
        "code": len(stage.code),
        "data": {path: stage.deps[path] for path in stage.data},
        "params": sorted(params),
        "made": dict(stage.outs),
    }


def _below(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root.resolve())


def _known(graph: Graph, path: str) -> bool:
    read = any(path == dep for stage in graph.stages.values() for dep in stage.deps)
    return read or graph.maker(path) is not None
