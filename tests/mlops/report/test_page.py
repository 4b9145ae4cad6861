"""The page of a run holds all it needs, says the verdict first, and fits a phone."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from poreops.base.files import read_json, write_json
from poreops.base.hdf5 import write_hdf5
from poreops.mlops.provenance.graph import parse_graph
from poreops.mlops.report.conductance import conductance
from poreops.mlops.report.cores import cores
from poreops.mlops.report.network import network_data
from poreops.mlops.report.page import write_page
from poreops.mlops.report.properties import properties

LOCK = """\
schema: '2.0'
stages:
  conductance_volumes:
    cmd: python pipelines/conductance/volumes.py
    outs: [{path: artifacts/conductance/volumes, md5: 0a1b.dir}]
"""
REFUSED = ["kid 0.06306 is above 0.02", "<b>no markup</b> of a reason"]
PICTURES = {
    "conductance": ("parity", "formation_factor", "run_time"),
    "properties": ("overlays", "parity_left_out", "models"),
    "cores": ("cores", "s2", "losses"),
}


@pytest.fixture(scope="module")
def run(project, tmp_path_factory):
    """The reports that are recorded for the documents, as a run leaves them."""
    root = tmp_path_factory.mktemp("run")
    for line, names in PICTURES.items():
        shutil.copytree(project / "docs/reports" / line, root / "reports" / line)
        (root / "reports" / line / "figures").mkdir()
        for name in names:
            Image.new("RGB", (1500, 400)).save(root / f"reports/{line}/figures/{name}.png")
        check = {
            "suite": "rocks", "expectation": "expect_column_values_to_be_between",
            "column": "porosity",
        }  # fmt: skip
        checks = [check | {"success": True}, check | {"success": line != "cores"}]
        write_json(root / f"reports/{line}/validation.json", {"checks": checks})
    members = read_json(root / "reports/conductance/scores.json")["unseen"]
    nulls = {"members": members, "constant": members["geometry"]}
    write_json(
        root / "artifacts/conductance/judged/gate.json",
        {"chosen": "scalars", "conduits": 2718} | nulls,
    )
    for line, gate in (("conductance", "passed"), ("properties", "passed"), ("cores", REFUSED)):
        content = {"model": f"model-of-{line}", "gate": gate, "method": "dcgan"}
        write_json(root / f"mlflow/registered/{line}.json", content)
    edges = np.array([[0, 1], [1, 2], [2, 3], [3, 0]])
    factors = np.array([1.0, 2.0, 4.0, 8.0])
    arrays = {
        "coords": np.array([[0, 0, 0], [0, 8, 0], [8, 8, 4], [8, 0, 4.0]]), "conns": edges,
        "size_factors/dns": factors, "size_factors/model": factors * [1.0, 1.1, 1.0, 0.9],
        "half_widths": np.array([0.01, 0.02, np.inf, 0.04]),
    }  # fmt: skip
    write_hdf5(root / "artifacts/conductance/networks/first.h5", arrays)
    lines = [conductance(root), properties(root), cores(root)]
    network = root / "artifacts/conductance/networks/first.h5"
    write_page(root / "reports/index.html", lines, parse_graph(LOCK), network, commit="f00d" * 10)
    return root


@pytest.fixture(scope="module")
def page(run):
    return (run / "reports/index.html").read_text()


class Loads(HTMLParser):
    """What a browser would load, and the text that a person reads."""

    def __init__(self, page):
        super().__init__()
        self.loaded, self.links, self.text = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        assert tag not in ("link", "iframe", "object", "base"), tag
        self.loaded += [given[name] for name in ("src", "srcset", "data") if name in given]
        self.links += [given["href"]] if "href" in given else []

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_needs_nothing_from_elsewhere(page):
    found = Loads(page)
    assert len(found.loaded) == 9
    assert all(source.startswith("data:image/png;base64,") for source in found.loaded)
    # links are followed by a person alone: parts of the page, and the server of this machine
    assert all(link.startswith(("#", "http://127.0.0.1:5000/#/models/")) for link in found.links)
    assert not re.search(r"url\(|@import|\bfetch\(|XMLHttpRequest|import\(", page)


def test_the_verdict_comes_first_with_every_reason(page):
    text = " ".join(Loads(page).text)
    assert text.index("2 of 3 models passed their gates; not: digital cores") < text.index("Data")
    for reason in REFUSED:
        assert text.index(reason) < text.index("Ablation and nulls")
    assert "<b>no markup</b>" not in page  # it is text


def test_nulls_and_simulation_stand_beside_what_is_served(page, project):
    for title in ("Conduits of unseen volumes", "Kinds of rock left out", "Cores and nulls"):
        table = page[page.index(f"<h3>{title}") :]
        table = table[: table.index("</table>")]
        assert 'class="null"' in table, title
        assert 'class="served"' in table, title
    assert "DNS of conduits" in page
    assert "DNS of the whole volume" in page
    recorded = read_json(project / "docs/reports/conductance/scores.json")
    times = {way: each["ms_per_conduit"] for way, each in recorded["unseen"].items()}
    faster = times[recorded["champion"]] < times["dns"]
    assert f"it is {'faster' if faster else 'no faster than simulation'}" in page
    assert "a picture that learned nothing is closer to the rock" in page


def test_what_was_refused_is_not_called_served(page):
    table = page[page.index("<h3>Cores and nulls") :]
    assert "offered</span>" in table[: table.index("</table>")]


def test_a_broken_expectation_is_named(page):
    assert "1 of 2 expectations on the data hold." in page
    assert "rocks: expect_column_values_to_be_between of porosity" in page


def test_the_page_says_how_it_is_made_again(page):
    digest = parse_graph(LOCK).digest(["conductance_volumes"])
    assert digest in page
    assert f"git checkout {'f00d' * 3}" in page
    changed = parse_graph(LOCK.replace("0a1b", "0a1c"))
    assert changed.digest(changed.stages) != digest


def test_the_network_is_coloured_by_size_and_by_what_the_champion_is_off_and_unsure_of(run, page):
    data = network_data(run / "artifacts/conductance/networks/first.h5")
    assert data["pores"] == [[0, 0, 0], [0, 1000, 0], [1000, 1000, 500], [1000, 0, 500]]
    size, off, unsure = data["colours"]
    assert (unsure["unit"], unsure["low"]) == ("± %", pytest.approx(1.0, abs=0.1))
    assert unsure["values"][0] == 0.0
    assert unsure["values"][1] < unsure["values"][2] == unsure["values"][3] == 1.0
    assert np.all(np.diff(size["values"]) > 0)
    assert np.argsort(off["values"]).tolist() in (
        [0, 2, 1, 3],
        [0, 2, 3, 1],
        [2, 0, 1, 3],
        [2, 0, 3, 1],
    )
    embedded = re.search(r'id="network-data">(.*?)</script>', page)[1]
    assert json.loads(embedded) == data


def test_no_network_in_two_dimensions_is_no_failure(tmp_path):
    assert network_data(tmp_path / "none.h5") is None
    arrays = {
        "coords": np.zeros((2, 2)),
        "conns": np.array([[0, 1]]),
        "size_factors/dns": np.ones(1),
    }
    write_hdf5(tmp_path / "flat.h5", arrays)
    assert network_data(tmp_path / "flat.h5") is None


FRAME = """\
<iframe src="index.html" style="width: 390px; height: 844px; border: 0" onload="
  const page = this.contentDocument;
  document.title = [page.documentElement.scrollWidth,
    page.getElementById('network-high').textContent,
    page.getElementById('network').width].join('|')"></iframe>
"""


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")
def test_a_phone_shows_it_without_scrolling_aside(run):
    """In a real browser, offline: nothing is wider than 390 pixels, and the network is drawn."""
    (run / "reports/phone.html").write_text(FRAME)
    command = [
        "chromium", "--headless", "--no-sandbox", "--disable-gpu",
        "--disable-background-networking", "--allow-file-access-from-files",
        "--virtual-time-budget=4000", "--dump-dom",
        f"--user-data-dir={run / 'profile'}", (run / "reports/phone.html").as_uri(),
    ]  # fmt: skip
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout
    width, high, drawn = re.search("<title>(.*?)</title>", shown)[1].split("|")
    assert int(width) <= 390
    assert high == "7.76 voxel (logarithmic)"
    assert 300 < int(drawn) <= 390


def test_a_rival_that_is_not_offered_is_no_null(run):
    """The quilting learned from the rock as the networks did: the null is a drawn one."""
    line = cores(run)
    (methods,) = line.methods
    kinds = {row.cells[0]: row.kind for row in methods.rows}
    assert kinds["image quilting"] == "plain"
    assert kinds["round blobs on a texture"] == "null"
    assert kinds["parts of the rock against each other"] == "truth"
    assert "round blobs on a texture reach" in line.headline
