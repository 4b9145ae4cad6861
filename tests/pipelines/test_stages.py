"""dvc.yaml, pipelines/, params.yaml and the library name each other correctly."""

import ast
from functools import cache
from pathlib import Path

import grimp
import pytest
import yaml

from poreops.params import Params

ROOT = Path(__file__).parents[2]
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
LINES = ("conductance", "properties", "cores")

# A change here cannot change what a stage makes, only how it is run or shown.
NO_DEPENDENCY = {
    "poreops.errors",
    "poreops.machine",
    "poreops.base.show",
    "poreops.mlops.tracking",
    "poreops.params",
}

# DVC leaves these out of a folder that is a dependency; named themselves they are one.
LEFT_OUT = [
    ROOT / line.strip("/")
    for line in (ROOT / ".dvcignore").read_text().splitlines()
    if line.startswith("/")
]


def script(stage):
    line, verb = stage.split("_", 1)
    return f"pipelines/{line}/{verb}.py"


def test_every_script_is_the_stage_of_its_name():
    scripts = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("pipelines/*/*.py")}
    assert scripts == {script(stage) for stage in STAGES}
    for stage, definition in STAGES.items():
        assert definition["cmd"].split() == ["python", script(stage)]
        assert script(stage) in definition["deps"]


def test_every_section_of_params_yaml_is_read_by_a_stage():
    read = {key for definition in STAGES.values() for key in definition.get("params", [])}
    sections = {
        f"{line}.{name}"
        for line, field in Params.model_fields.items()
        for name in field.annotation.model_fields
    }
    assert read == sections


def test_lines_do_not_read_each_other():
    for stage, definition in STAGES.items():
        if stage == "report_index":  # the page of them all
            continue
        others = [line for line in LINES if not stage.startswith(f"{line}_")]
        named = [*definition["deps"], *definition.get("params", []), *outs(definition)]
        parts = {part for name in named for part in name.replace(".", "/").split("/")}
        assert not parts & set(others), stage


@cache
def graph():
    return grimp.build_graph("poreops", exclude_type_checking_imports=True)


def imported(path):
    """The library's modules that a script imports, directly or through others."""
    named = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            named |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
    found = named & graph().modules
    for name in named & graph().modules:
        found |= graph().find_upstream_modules(name)
    # importing a module runs the packages round it
    return found | {parent for name in found for parent in packages(name)}


def packages(name):
    parts = name.split(".")
    return {".".join(parts[:n]) for n in range(1, len(parts))}


def source(module):
    path = ROOT / "src" / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def says_nothing(path):
    """A package that is a sentence and no code."""
    return all(isinstance(node, ast.Expr) for node in ast.parse(path.read_text()).body)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_all_the_code_that_it_imports(stage):
    deps = [ROOT / dep for dep in STAGES[stage]["deps"]]
    free = NO_DEPENDENCY - ({"poreops.base.show"} if stage.endswith("_report") else set())
    missing = []
    for module in sorted(imported(ROOT / script(stage))):
        if module == "poreops" or {module, *packages(module)} & free:
            continue
        file = source(module)
        if file not in deps and not inside_one_of(deps, file) and not says_nothing(file):
            missing.append(file.relative_to(ROOT).as_posix())
    assert missing == []


def inside_one_of(folders, file):
    left_out = any(folder in file.parents for folder in LEFT_OUT)
    return not left_out and any(folder in file.parents for folder in folders)


def test_dvc_leaves_out_only_what_changes_no_result():
    left_out = {folder.relative_to(ROOT / "src").as_posix() for folder in LEFT_OUT}
    assert {folder.replace("/", ".") for folder in left_out} <= NO_DEPENDENCY


@pytest.mark.parametrize("stage", STAGES)
def test_only_reports_depend_on_what_draws(stage):
    drawing = [dep for dep in STAGES[stage]["deps"] if "/figures" in dep or "/base/show" in dep]
    assert bool(drawing) == stage.endswith("_report")


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage.endswith("_register")])
def test_changed_served_code_is_registered(stage):
    line = stage.removesuffix("_register")
    assert f"src/poreops/{line}/served.py" in STAGES[stage]["deps"]


def outs(definition):
    return [
        out if isinstance(out, str) else next(iter(out))
        for kind in ("outs", "metrics", "plots")
        for out in definition.get(kind, [])
    ]


@pytest.mark.parametrize("stage", STAGES)
def test_every_dependency_exists_or_is_made_by_a_stage(stage):
    made = [out for definition in STAGES.values() for out in outs(definition)]
    for dep in STAGES[stage]["deps"]:
        # a file in what a stage makes, or the folder that several stages write into
        inside = any(dep == out or dep.startswith(f"{out}/") for out in [*made, "data"])
        inside |= any(out.startswith(f"{dep}/") for out in made)
        assert inside or (ROOT / dep).exists(), dep
