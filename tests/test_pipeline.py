"""dvc.yaml, pipelines/, params.yaml and the library name each other correctly."""

import ast
from pathlib import Path

import grimp
import pytest
import yaml

from poreops.params import RESOLVED, Params

ROOT = Path(__file__).parents[1]
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]

# A change here cannot change what a stage makes, only how it is reported.
NO_DEPENDENCY = {"poreops.errors", "poreops.progress", "poreops.show", "poreops.tracking"}


def definition(stage):
    # `foreach` and `matrix` keep the definition under `do` or beside `matrix`
    return STAGES[stage].get("do", STAGES[stage])


def test_every_script_is_the_stage_of_its_name():
    scripts = {path.stem for path in (ROOT / "pipelines").glob("*.py")}
    assert scripts == set(STAGES)
    for stage in STAGES:
        assert definition(stage)["cmd"].split()[:2] == ["python", f"pipelines/{stage}.py"]
        assert f"pipelines/{stage}.py" in definition(stage)["deps"]


def test_every_section_of_params_yaml_is_read_by_a_stage():
    read = {
        key.split(".")[0]
        for stage in STAGES
        for entry in definition(stage).get("params", [])
        for key in entry[RESOLVED.as_posix()]
    }
    assert read == set(Params.model_fields) - {"profile"}


def imported(script):
    """The library's modules that a script imports, directly or through others."""
    graph = grimp.build_graph("poreops", exclude_type_checking_imports=True)
    tree = ast.parse(script.read_text())
    named = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            named |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
    found = named & graph.modules
    for name in named & graph.modules:
        found |= graph.find_upstream_modules(name)
    # importing a module runs the packages round it
    return found | {parent for name in found for parent in packages(name)}


def packages(name):
    parts = name.split(".")
    return {".".join(parts[:n]) for n in range(1, len(parts))}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_all_the_code_that_it_imports(stage):
    deps = [ROOT / dep for dep in definition(stage)["deps"]]
    missing = []
    for module in sorted(imported(ROOT / f"pipelines/{stage}.py")):
        if module == "poreops" or {module, *packages(module)} & NO_DEPENDENCY:
            continue
        path = ROOT / "src" / module.replace(".", "/")
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if not any(dep == file or dep in file.parents for dep in deps):
            missing.append(file.relative_to(ROOT).as_posix())
    assert missing == []


@pytest.mark.parametrize("stage", STAGES)
def test_every_dependency_exists_or_is_made_by_a_stage(stage):
    made = [
        out if isinstance(out, str) else next(iter(out))
        for other in STAGES
        for kind in ("outs", "metrics", "plots")
        for out in definition(other).get(kind, [])
    ]
    for dep in definition(stage)["deps"]:
        inside = any(dep == out or dep.startswith(f"{out}/") for out in [*made, "data"])
        assert inside or (ROOT / dep).exists(), dep
