"""The whole line runs in a fresh copy of the repository, and again where something changed."""

import json
import shutil

import h5py
import numpy as np
import pytest
from cloned import Clone
from skimage.io import imread

import poreops
from poreops.base.files import read_json, read_yaml, sha256, write_yaml
from poreops.base.hdf5 import read_hdf5
from poreops.mlops.tracking import connection

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SCORES = {"r2", "r2_log", "mape", "off_by_10pct"}
CONDUCTANCE = [
    "conductance_volumes",
    "conductance_conduits",
    "conductance_labels",
    "conductance_validate",
    "conductance_split",
    "conductance_search",
    "conductance_train",
    "conductance_judge",
    "conductance_materials",
    "conductance_register",
    "conductance_networks",
]


def test_the_reports_say_what_was_measured(clone):
    conductance = read_json(clone.folder / "reports/conductance/scores.json")
    costs = {"ms_per_conduit", "training_seconds", "parameters"}
    for method in ("coarse", "scalars", "image", "both"):
        assert costs | SCORES <= set(conductance["unseen"][method])
    for method in ("dns", "geometry", "shape_factor"):
        assert set(conductance["unseen"][method]) == SCORES | {"ms_per_conduit"}
    # the report's own simulation is that of the labels, and nothing else is
    assert conductance["unseen"]["dns"]["mape"] < 1e-6 < conductance["unseen"]["coarse"]["mape"]
    assert set(conductance["split"]) == {"by_volume", "random", "random_own_test"}
    assert {"label_swap", "rotation"} <= set(conductance["invariance"])
    network = read_json(clone.folder / "reports/conductance/networks.json")
    ways = {"dns", "model", "resnet", "shape_factor", "geometry"}
    assert set(network["formation_factor"]) == ways
    for found in network["formation_factor"].values():
        assert {"r2", "mape"} <= set(found)
    assert read_json(clone.folder / "reports/conductance/validation.json")["success"] is True
    for figure in ("parity", "worst_conduits", "run_time"):
        picture = imread(clone.folder / f"reports/conductance/figures/{figure}.png")
        assert min(picture.shape[:2]) > 300
        assert picture[..., :3].std() > 5  # something is drawn on it


def test_the_champion_is_finite_and_was_chosen_by_the_gate(clone):
    gate = read_json(clone.folder / "artifacts/conductance/judged/gate.json")
    files = clone.folder / f"artifacts/conductance/models/members/{gate['chosen']}"
    assert gate["sha256"] == sha256(files)
    for weights in (clone.folder / "artifacts/conductance/models").rglob("*.weights.h5"):
        with h5py.File(weights) as file:
            file.visititems(require_finite)
    own = gate["members"][gate["chosen"]]
    assert own["mape"] < gate["members"]["coarse"]["mape"]
    assert own["mape"] < own["mape_permuted"]
    assert own["mape"] < gate["constant"]["mape"]
    registered = read_json(clone.folder / "mlflow/registered/conductance.json")
    assert registered["gate"] == "passed"
    assert registered["files"] == gate["sha256"]


def require_finite(name, item):
    if isinstance(item, h5py.Dataset):
        assert np.isfinite(item[()]).all(), name


def test_no_stage_before_the_report_reads_the_reports_part(clone, tmp_path):
    """What is searched, trained, chosen and registered comes out the same without it."""
    report = ["conduits/unseen.h5", "labels/unseen.h5", "regions/unseen.h5", "volumes/network.h5"]
    before = sha256(clone.folder / "artifacts/conductance/judged")
    for name in report:
        path = clone.folder / "artifacts/conductance" / name
        path.rename(tmp_path / name.replace("/", "-"))
    try:
        for verb in ("search", "judge", "register"):
            clone("python", f"pipelines/conductance/{verb}.py")
        stages = read_yaml(clone.folder / "dvc.yaml")["stages"]
        for stage in (
            "conductance_search",
            "conductance_train",
            "conductance_judge",
            "conductance_register",
        ):
            for name in report:
                deps = stages[stage]["deps"]
                assert not any(
                    f"artifacts/conductance/{name}/".startswith(f"{dep}/") for dep in deps
                )
    finally:
        for name in report:
            (tmp_path / name.replace("/", "-")).rename(
                clone.folder / "artifacts/conductance" / name
            )
    assert sha256(clone.folder / "artifacts/conductance/judged") == before


def test_dvc_shows_metrics_and_plots(clone):
    metrics = json.loads(clone("dvc", "metrics", "show", "--json"))
    shown = metrics[""]["data"]
    assert set(shown) == {
        f"reports/{line}/metrics.json" for line in ("conductance", "properties", "cores")
    }
    table = clone("dvc", "metrics", "show").splitlines()
    assert len(table) <= 40
    assert max(map(len, table)) <= 120
    clone("dvc", "plots", "show", "-o", "plots")
    page = (clone.folder / "plots/index.html").read_text()
    assert "losses" in page
    shutil.rmtree(clone.folder / "plots")


def test_nothing_runs_again_when_nothing_changed(clone):
    assert clone.repro() == []


def test_a_parameter_concerns_its_own_stages(clone):
    params = clone.folder / "params.yaml"
    text = params.read_text()
    content = read_yaml(params)
    line = content["conductance"]
    line["training"]["epochs"], line["gate"]["mape_max"] = 3, 0.7
    line["judging"]["runtime_sizes"] = [48, 50]
    write_yaml(params, content)
    try:
        assert clone.changed() == {
            "conductance_search": {"conductance.training"},
            "conductance_train": {"conductance.training"},
            "conductance_judge": {"conductance.gate"},
            "conductance_register": {"conductance.gate"},
            "conductance_networks": {"conductance.judging"},
        }
    finally:
        params.write_text(text)
    assert clone.changed() == {}


@pytest.mark.parametrize("line", ["conductance", "properties", "cores"])
def test_a_colour_redraws_one_report_and_served_code_registers(clone, line):
    """What an edit of a file would run."""
    folder = clone.folder / f"src/poreops/{line}"
    figures = folder / "figures.py"
    if not figures.exists():
        figures = min((folder / "figures").glob("[a-z]*.py"))
    for path, stage in ((figures, f"{line}_report"), (folder / "served.py", f"{line}_register")):
        text = path.read_text()
        path.write_text(f"{text}# changed\n")
        try:
            assert set(clone.changed()) == {stage}
        finally:
            path.write_text(text)
    assert clone.changed() == {}


def test_the_tree_is_clean_but_for_the_profile(clone):
    # as `make repro` does
    kept = clone("git", "ls-files", "--", "dvc.lock", "reports").split()
    clone("git", "update-index", "--skip-worktree", *kept)
    assert clone("git", "status", "--porcelain") == " M params.yaml\n"


def test_a_deleted_registry_is_made_again(clone, monkeypatch):
    assert clone.champion() == (1,)
    for name in ("mlflow.db", "artifacts", "registered"):
        path = clone.folder / "mlflow" / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    # what follows reads a description of the model, and that is the same again
    registering = {"conductance_register", "properties_register", "cores_register"}
    assert set(clone.repro()) == registering
    assert clone.champion() == (1,)
    assert clone.repro() == []

    monkeypatch.setenv("DVC_ROOT", str(clone.folder))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    connection._opened.cache_clear()
    model = poreops.load_model("models:/conductance@champion")
    volumes = read_hdf5(clone.folder / "artifacts/conductance/regions/unseen.h5")[0]
    labels = read_hdf5(clone.folder / "artifacts/conductance/labels/unseen.h5")[0]["size_factor"]
    found = model.size_factors(volumes["000/labels"], volumes["000/conns"])
    assert np.median(np.abs(found / labels[: len(found)] - 1)) < 0.5
    connection._opened.cache_clear()


def test_the_line_runs_in_2d(project, tmp_path):
    clone = Clone(project, tmp_path / "flat")
    content = read_yaml(clone.folder / "params.yaml")
    params = content["conductance"]
    params["volumes"] |= {"ndim": 2, "train": 2, "gate": 1, "unseen": 1, "network": 1}
    spheres = {"shape_2d": 160, "radius": [5, 7], "porosity": [0.7, 0.8]}  # so that it percolates
    params["volumes"]["spheres"] |= spheres
    params["validation"]["drift_max"] = 1  # the reference distribution is of 3D conduits
    params["training"] |= {"epochs": 1, "split_epochs": 1, "scalar_epochs": 40}
    params["training"]["members"] = ["scalars", "image", "both"]  # no solve that is hard to beat
    gate = {"r2_min": -10, "r2_log_min": -10, "mape_max": 10, "null_margin": 1}
    params["gate"] |= gate
    params["judging"]["runtime_sizes"] = [48]
    write_yaml(clone.folder / "params.yaml", content)
    ran = clone.repro("conductance_report")
    assert set(ran) == {*CONDUCTANCE, "conductance_scores", "conductance_report"}
    assert clone.champion() == (1,)
    network = read_json(clone.folder / "reports/conductance/networks.json")
    assert set(network["formation_factor"]) == {"dns", "model", "resnet"}
    assert network["formation_factor"]["dns"]["mape"] < 0.3
    conductance = read_json(clone.folder / "reports/conductance/scores.json")
    assert conductance["unseen"]["scalars"]["mape"] < 1
