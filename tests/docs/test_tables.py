"""Tables of figures in README and docs are those of the recorded reports."""

import importlib.util
import shutil

import pytest

from poreops.base.files import read_json, sha256, write_json
from poreops.base.targets import joined
from poreops.mlops.report.parts import percent


@pytest.fixture(scope="module")
def tables(request):
    path = request.config.rootpath / "docs/tables.py"
    spec = importlib.util.spec_from_file_location("tables", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_table_differs_from_its_report(tables):
    for page in tables.PAGES:
        text = page.read_text(encoding="utf-8")
        assert tables.filled(text) == text, f"{page.name}: say `make figures`"


def test_every_table_stands_somewhere(tables):
    text = "".join(page.read_text(encoding="utf-8") for page in tables.PAGES)
    for name in tables.TABLES:
        recorded = (tables.REPORTS / name.split(".")[0]).is_dir()
        assert (f"<!-- table: {name} -->" in text) == recorded, name


def test_a_changed_figure_is_seen(tables):
    page = "<!-- table: conductance.networks -->\n| by hand |\n<!-- end -->\n"
    drawn = tables.filled(page)
    assert "by hand" not in drawn
    assert tables.filled(drawn) == drawn
    assert drawn.startswith("<!-- table: conductance.networks -->\n| conductances from | R² |")


@pytest.fixture
def ran(tables, request, tmp_path, monkeypatch):
    """A run of both targets: flow errs ten times as much as diffusion, and has no champion."""
    others = shutil.ignore_patterns("hydraulic", "shale")
    shutil.copytree(tables.REPORTS, tmp_path / "docs", ignore=others)
    shutil.copy(request.config.rootpath / "params.yaml", tmp_path)
    shutil.copytree(tmp_path / "docs", tmp_path / "reports")
    monkeypatch.setattr(tables, "REPORTS", tmp_path / "docs")
    monkeypatch.chdir(tmp_path)
    alone = {name: read_json(f"docs/conductance/{name}.json") for name in ("scores", "networks")}
    unseen = {
        name: of | {"mape": 10 * of["mape"]} for name, of in alone["scores"]["unseen"].items()
    }
    flow = {
        "scores": alone["scores"] | {"unseen": unseen, "champion": "scalars"},
        "networks": {
            "quantity": "permeability", "permeability": {"dns": {"r2": 0.9, "mape": 0.1}},
            "run_time": {},
        },
        "materials": read_json("docs/conductance/materials.json"),
    }  # fmt: skip
    for name, report in flow.items():
        own = read_json(f"docs/conductance/{name}.json")
        write_json(f"reports/conductance/{name}.json", joined({"": own, "hydraulic": report}))
    return flow


def test_a_run_of_flow_is_recorded_beside_the_default_one(tables, ran, tmp_path):
    before = {line: sha256(tmp_path / "docs" / line) for line in tables.RECORDED}
    tables.record()
    assert {line: sha256(tmp_path / "docs" / line) for line in tables.RECORDED} == before
    recorded = {path.stem for path in (tmp_path / "docs/hydraulic").iterdir()}
    assert recorded == set(tables.RECORDED["conductance"])
    write_json("reports/conductance/scores.json", {"champion": "coarse"})  # of one target
    tables.record()
    assert tables.report("conductance", "scores") == {"champion": "coarse"}
    assert tables.report("hydraulic", "scores")["champion"] == "physics"


def test_a_run_on_images_of_ones_own_is_recorded_beside_the_default_one(tables, ran, tmp_path):
    params = tmp_path / "params.yaml"
    before = {line: sha256(tmp_path / "docs" / line) for line in tables.RECORDED}
    text = params.read_text(encoding="utf-8")
    params.write_text(text.replace("images: []", "images: [shale.tif]"), encoding="utf-8")
    shutil.rmtree("reports/conductance")  # a run of the cores' line alone
    own = read_json("reports/cores/scores.json")
    own["table"]["real"]["kid"]["mean"] = 0.123
    write_json("reports/cores/scores.json", own)
    tables.record()
    assert {line: sha256(tmp_path / "docs" / line) for line in tables.RECORDED} == before
    assert "| real | 0.123 ± " in tables.TABLES["shale.scores"]()
    assert "| real | 0.123 ± " not in tables.TABLES["cores.scores"]()


def test_tables_of_flow_hold_both_targets_each_with_its_own_figures(tables, ran):
    tables.record()
    members = tables.TABLES["hydraulic.members"]()
    for target, report in (
        ("flow", ran["scores"]),
        ("diffusion", read_json("docs/conductance/scores.json")),
    ):
        for name, of in report["unseen"].items():
            served = " (champion)" * (name == report["champion"])
            (row,) = (
                row
                for row in members.splitlines()
                if row.startswith(f"| {target}: {tables.MEMBERS[name]}{served} |")
            )
            assert f" {percent(of['mape'])} |" in row
    assert "| flow: DNS of conduits | 0.900 | 10 % |" in tables.TABLES["hydraulic.networks"]()
    materials = tables.TABLES["hydraulic.materials"]()
    assert materials.count("| flow: ") == materials.count("| diffusion: ") > 0
    assert "champion" not in materials
    times = tables.TABLES["hydraulic.run_times"]()
    assert "diffusion: " in times
    assert "flow: " not in times  # without a champion nothing is timed
