"""The stages of the properties line: thin scripts, and pictures that concern one stage only."""

import ast
import sys

import grimp
import pytest
import yaml


@pytest.fixture(scope="module")
def stages(project):
    every = yaml.safe_load((project / "dvc.yaml").read_text())["stages"]
    return {name: of for name, of in every.items() if name.startswith("properties_")}


def test_scripts_are_thin_and_shadow_no_module_of_python(project, stages):
    scripts = sorted((project / "pipelines/properties").glob("*.py"))
    assert {f"properties_{path.stem}" for path in scripts} == set(stages)
    for path in scripts:
        assert len(path.read_text().splitlines()) <= 40, path.name
        # the folder of a script is the first in which Python looks for a module
        assert path.stem not in sys.stdlib_module_names


def test_only_the_report_depends_on_pictures(project, stages):
    graph = grimp.build_graph("poreops", exclude_type_checking_imports=True, cache_dir=None)
    for name, of in stages.items():
        script = project / of["cmd"].split()[1]
        named = set()
        for node in ast.walk(ast.parse(script.read_text())):
            if isinstance(node, ast.ImportFrom):
                named |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        named &= graph.modules
        closure = named.union(*(graph.find_upstream_modules(module) for module in named))
        drawing = {module for module in closure if "figures" in module}
        listed = [dep for dep in of["deps"] if "figures" in dep or "poreops/base/show" in dep]
        assert bool(drawing) == bool(listed) == (name == "properties_report"), name


def test_every_picture_and_nothing_else_is_of_the_report(stages):
    plots = {name: of["plots"] for name, of in stages.items() if "plots" in of}
    assert plots == {"properties_report": ["reports/properties/figures"]}


def test_the_line_has_one_file_of_metrics(stages):
    metrics = {name: of["metrics"] for name, of in stages.items() if "metrics" in of}
    assert list(metrics) == ["properties_scores"]
    assert [next(iter(out)) for out in metrics["properties_scores"]] == [
        "reports/properties/metrics.json"
    ]
