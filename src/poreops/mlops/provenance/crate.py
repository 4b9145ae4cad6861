"""A run of the pipeline as a Provenance Run RO-Crate, from dvc.yaml, dvc.lock and params.yaml.

Profile: https://w3id.org/ro/wfrun/provenance/0.5. Every stage is a step of the workflow with the
action that ran it, what it read and what it made. Small files are copied into the crate; data are
named by their MD5, by which DVC finds them.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from poreops.base.files import write_json
from poreops.errors import InputError
from poreops.mlops.provenance.graph import DATA, Graph, Stage, read_graph
from poreops.mlops.provenance.trace import register_stage
from poreops.mlops.tracking import lineage
from poreops.mlops.tracking.versions import resolve

METADATA = "ro-crate-metadata.json"
_CONTEXT = [
    "https://w3id.org/ro/crate/1.1/context",
    "https://w3id.org/ro/terms/workflow-run/context",
]
_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
}
_WORKFLOW_PROFILE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
_LICENSE = "https://spdx.org/licenses/MIT"
_COPIED = ("dvc.yaml", "dvc.lock", "params.yaml", "data.dvc")
_WORKFLOW, _RUN, _ENGINE, _LANGUAGE = "dvc.yaml", "#run", "#dvc", "#dvc-yaml"

Entity = dict[str, object]


def write_crate(folder: str | Path, root: Path, model: str | None = None) -> Path:
    """Write a crate of what dvc.lock says ran.

    Parameters
    ----------
    folder : new or empty
    root : of the repository
    model : URI of a registered model, for the stages that led to it; the whole run by default

    Raises
    ------
    InputError
        If the folder is not empty, the pipeline has not run, or there is no such model.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"the folder of a crate must be new or empty, got {folder}; name another")
    graph = read_graph(root)
    stages = graph.upstream(graph.stages)
    if model is not None:
        stages = graph.upstream([register_stage(resolve(model), graph)])
    copied = [name for name in _COPIED if (root / name).is_file()]
    scripts = [path for name in stages for path in [_script(graph.stages[name])] if path]
    for name in [*copied, *scripts]:
        if (root / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, folder / name)
    present = {name for name in [*copied, *scripts] if (folder / name).is_file()}
    write_json(folder / METADATA, described(graph, stages, present, lineage(root)))
    return folder


def described(
    graph: Graph, stages: list[str], present: set[str], origin: Mapping[str, str]
) -> Entity:
    """Return the metadata of a crate as JSON-LD.

    Parameters
    ----------
    graph : of dvc.lock
    stages : those that the crate is of, each after what it needs
    present : files that are copied into the crate
    origin : tags of `lineage`, for the commit
    """
    chosen = [graph.stages[name] for name in stages]
    entities = [*_frame(graph, chosen, present, origin), *_steps(chosen, present)]
    data: dict[str, Entity] = {}
    for stage in chosen:
        for path, md5 in {**_read(stage), **stage.outs}.items():
            entity = _data(path, md5)
            data[str(entity["@id"])] = entity
    entities += data.values()
    named = {str(entity["@id"]) for entity in entities}
    root = next(entity for entity in entities if entity["@id"] == "./")
    root["hasPart"] = _ids([*sorted(present), *sorted(data)])
    assert all(reference in named for reference in references(entities)), "a reference to nothing"
    return {"@context": _CONTEXT, "@graph": entities}


def references(entities: list[Entity]) -> Iterator[str]:
    """Yield every id that an entity refers to and that the crate has to describe itself.

    Parameters
    ----------
    entities : of a crate, each as its JSON-LD object
    """
    for entity in entities:
        for value in entity.values():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict) and not str(one["@id"]).startswith("https://"):
                    yield str(one["@id"])


def _frame(
    graph: Graph, chosen: list[Stage], present: set[str], origin: Mapping[str, str]
) -> Iterator[Entity]:
    """Yield the crate, its workflow, the engine, the run and the files."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    yield {
        "@id": METADATA,
        "@type": "CreativeWork",
        "about": _id("./"),
        "conformsTo": _ids(["https://w3id.org/ro/crate/1.1", _WORKFLOW_PROFILE]),
    }
    commit = origin.get("git.commit", "")
    changes = ", with uncommitted changes" * (origin.get("git.dirty") == "true")
    yield {
        "@id": "./",
        "@type": "Dataset",
        "name": "A run of the PoreOps pipeline",
        "description": f"{len(chosen)} stages as dvc.lock states them"
        + (f", at commit {commit}{changes}" if commit else ""),
        "datePublished": now,
        "license": _id(_LICENSE),
        "conformsTo": _ids([*_PROFILES, _WORKFLOW_PROFILE]),
        "mainEntity": _id(_WORKFLOW),
        "mentions": _ids([_RUN, *(f"#action-{stage.name}" for stage in chosen)]),
        "identifier": graph.digest([stage.name for stage in chosen]),
    }
    yield {"@id": _LICENSE, "@type": "CreativeWork", "name": "MIT License", "identifier": "MIT"}
    for profile, name in {**_PROFILES, _WORKFLOW_PROFILE: "Workflow RO-Crate"}.items():
        version = profile.rpartition("/")[2]
        yield {"@id": profile, "@type": "CreativeWork", "name": name, "version": version}
    yield {
        "@id": _WORKFLOW,
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
        "name": "PoreOps pipeline",
        "programmingLanguage": _id(_LANGUAGE),
        "license": _id(_LICENSE),
        "step": _ids([f"{_WORKFLOW}#{stage.name}" for stage in chosen]),
        "hasPart": _ids(sorted({_tool(stage) for stage in chosen})),
    }
    yield {
        "@id": _LANGUAGE, "@type": "ComputerLanguage", "name": "DVC pipeline",
        "url": _id("https://dvc.org/doc/user-guide/project-structure/dvcyaml-files"),
    }  # fmt: skip
    yield {
        "@id": _ENGINE,
        "@type": "SoftwareApplication",
        "name": "DVC",
        "url": _id("https://dvc.org"),
    }
    yield {"@id": "#agent", "@type": "Person", "name": origin.get("user", "whoever ran it")}
    inputs, outputs = _ends(graph, chosen)
    yield {
        "@id": _RUN,
        "@type": "CreateAction",
        "name": "run of the pipeline",
        "instrument": _id(_WORKFLOW),
        "agent": _id("#agent"),
        "endTime": now,
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "object": _ids(sorted(inputs)),
        "result": _ids(sorted(outputs)),
    }
    yield {
        "@id": "#organised",
        "@type": "OrganizeAction",
        "name": "dvc repro",
        "agent": _id("#agent"),
        "instrument": _id(_ENGINE),
        "object": _ids([f"#control-{stage.name}" for stage in chosen]),
        "result": _id(_RUN),
    }
    for name in sorted(present - {_WORKFLOW} - {_tool(stage) for stage in chosen}):
        yield {"@id": name, "@type": "File", "name": name, "encodingFormat": "application/yaml"}


def _steps(chosen: list[Stage], present: set[str]) -> Iterator[Entity]:
    """Yield of each stage the step, the tool, its run and what started it."""
    tools = set()
    for position, stage in enumerate(chosen):
        step, tool = f"{_WORKFLOW}#{stage.name}", _tool(stage)
        yield {
            "@id": step, "@type": "HowToStep", "name": stage.name, "position": str(position),
            "workExample": _id(tool),
        }  # fmt: skip
        if tool not in tools:
            tools.add(tool)
            kind = ["File", "SoftwareSourceCode"] if tool in present else "SoftwareApplication"
            yield {"@id": tool, "@type": kind, "name": stage.name, "description": stage.command}
        yield {
            "@id": f"#control-{stage.name}", "@type": "ControlAction",
            "name": f"start of {stage.name}", "instrument": _id(step),
            "object": _id(f"#action-{stage.name}"),
        }  # fmt: skip
        values: list[Entity] = [
            {
                "@id": f"#{stage.name}/{name}", "@type": "PropertyValue", "name": name,
                "value": json.dumps(value),
            }
            for given in stage.params.values()
            for name, value in given.items()
        ]  # fmt: skip
        yield {
            "@id": f"#action-{stage.name}",
            "@type": "CreateAction",
            "name": f"run of {stage.name}",
            "instrument": _id(tool),
            "agent": _id("#agent"),
            "actionStatus": "http://schema.org/CompletedActionStatus",
            "object": _ids([*map(_name, _read(stage).items()), *(str(v["@id"]) for v in values)]),
            "result": _ids(list(map(_name, stage.outs.items()))),
        }
        yield from values


def _ends(graph: Graph, chosen: list[Stage]) -> tuple[set[str], set[str]]:
    """Return what comes in from outside the stages, and what no other of them reads."""
    made = {path: md5 for stage in chosen for path, md5 in stage.outs.items()}
    names = {stage.name for stage in chosen}
    inputs = set()
    for stage in chosen:
        for item in _read(stage).items():
            maker = graph.maker(item[0])
            if maker is None or maker.name not in names:
                inputs.add(_name(item))
    read = [path for stage in chosen for path in stage.data]
    outputs = {
        _name((path, md5)) for path, md5 in made.items()
        if not any(one == path or one.startswith(f"{path}/") for one in read)
    }  # fmt: skip
    return inputs, outputs


def _read(stage: Stage) -> dict[str, str]:
    """Return the data that a stage read; of the code its script is the instrument."""
    return {path: stage.deps[path] for path in stage.data}


def _data(path: str, md5: str) -> Entity:
    folder = md5.endswith(".dir")
    return {
        "@id": _name((path, md5)), "@type": "Dataset" if folder else "File", "name": path,
        "identifier": f"md5:{md5}",
    }  # fmt: skip


def _name(item: tuple[str, str]) -> str:
    """Return the id of a file or folder: its digest, since the crate does not hold it."""
    path, md5 = item
    return f"urn:md5:{md5}?path={path}"


def _script(stage: Stage) -> str:
    """Return the script that a stage runs, "" for none."""
    return "" if stage.name == DATA else next((p for p in stage.code if p in stage.command), "")


def _tool(stage: Stage) -> str:
    return _script(stage) or f"#tool-{stage.name}"


def _id(name: str) -> Entity:
    return {"@id": name}


def _ids(names: list[str]) -> list[Entity]:
    return [_id(name) for name in dict.fromkeys(names)]
