"""The page of a run of diffusion and flow says of each what it reached."""

import shutil

import pytest
from PIL import Image

from poreops.base.files import read_json, write_json
from poreops.base.targets import joined
from poreops.mlops.provenance.graph import parse_graph
from poreops.mlops.report.conductance import conductances
from poreops.mlops.report.page import write_page
from poreops.mlops.report.parts import percent

REFUSED = ["r2 0.7 is below 0.9"]
LOCK = "schema: '2.0'\nstages: {}\n"


@pytest.fixture
def run(project, tmp_path):
    """The recorded reports, and others beside them for flow: every error three times as large."""
    reports, judged = tmp_path / "reports/conductance", tmp_path / "artifacts/conductance/judged"
    shutil.copytree(project / "docs/reports/conductance", reports)
    scores = read_json(reports / "scores.json")
    worse = {
        name: of | {"mape": 3 * of["mape"]}
        for name, of in scores["unseen"].items()
    }  # fmt: skip
    networks = read_json(reports / "networks.json")
    flow = {
        "scores": scores | {"unseen": worse},
        "networks": networks
        | {"quantity": "permeability", "permeability": networks["formation_factor"]},
        "materials": read_json(reports / "materials.json"),
    }
    for name, report in flow.items():
        alone = read_json(reports / f"{name}.json")
        write_json(reports / f"{name}.json", joined({"": alone, "hydraulic": report}))
    write_json(reports / "validation.json", {"checks": []})
    for of, picture in (("", "formation_factor"), ("hydraulic", "permeability")):
        gate = {"chosen": "physics", "conduits": 9, "members": scores["unseen"]}
        write_json(judged / of / "gate.json", gate | {"constant": scores["unseen"]["geometry"]})
        (reports / "figures" / of).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (9, 9)).save(reports / "figures" / of / f"{picture}.png")
    entered = {
        "": {"model": "conductance", "gate": "passed"},
        "hydraulic": {"model": "hydraulic-conductance", "gate": REFUSED},
    }
    write_json(tmp_path / "mlflow/registered/conductance.json", joined(entered))
    return tmp_path


def test_each_target_has_its_verdict_its_figures_and_its_pictures(run):
    diffusion, flow = conductances(run)
    assert (diffusion.model, diffusion.reasons) == ("conductance", [])
    assert (flow.model, flow.reasons) == ("hydraulic-conductance", REFUSED)
    scores = read_json(run / "reports/conductance/scores.json")
    for line, report in ((diffusion, scores), (flow, scores["hydraulic"])):
        assert percent(report["unseen"]["physics"]["mape"]) in line.headline
    assert [table.title for table in flow.methods] == [
        "Flow: conduits of unseen volumes", "Flow: materials left out",
        "Flow: permeability of whole networks, against DNS of the volume",
    ]  # fmt: skip
    assert [picture.file.name for picture in flow.pictures] == ["permeability.png"]
    write_page(run / "index.html", [diffusion, flow], parse_graph(LOCK), run / "none.h5")
    page = (run / "index.html").read_text()
    said = "1 of 2 models passed their gates; not: hydraulic conductance of conduits"
    assert page.index(said) < page.index(REFUSED[0]) < page.index("Flow: ")


def test_a_run_of_one_target_has_one_line(run):
    shutil.rmtree(run / "artifacts/conductance/judged/hydraulic")
    (line,) = conductances(run)
    assert line.title == "Conductance of conduits"
    assert not any(table.title.startswith("Flow") for table in line.methods)
