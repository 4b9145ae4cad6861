"""The conductance line on a few flat volumes: what stages hand on, and what they do not read."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from poreops.base.files import read_json, read_yaml, sha256, write_yaml
from poreops.base.hdf5 import read_hdf5
from poreops.base.settings import section
from poreops.conductance.learning.resnet import ResnetConfig
from poreops.conductance.learning.training import TrainingConfig
from poreops.conductance.model import ConductanceModel
from poreops.conductance.registry import load_model
from poreops.conduits.estimates import HYDRAULIC_TRAITS
from poreops.mlops import tracking
from poreops.mlops.report.conductance import conductances
from poreops.mlops.tracking import connection
from poreops.params import use

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SMALL = {
    "volumes": {
        "ndim": 2, "train": 2, "gate": 1, "unseen": 1, "network": 1,
        "spheres": {
            "shape": 48, "shape_2d": 160, "porosity": [0.7, 0.8], "radius": [5, 7],
            "radius_spread": 0.3, "radius_min": 3, "radius_bins": 5,
        },
    },
    "validation": {"drift_max": 1},  # the reference distribution is of 3D conduits
    "network": {"stem_width": 4, "widths": [4, 8], "depths": [1, 1], "dense": 8, "dropout": 0},
    "training": {
        "epochs": 2, "split_epochs": 1, "scalar_epochs": 40, "augment": False,
        "schedule": "constant", "members": ["physics", "scalars", "image"],
    },
    "search": {
        "trials": 2, "epochs": 1, "conduits": 64, "lost_max": 1,
        "confirm": {"candidates": 1, "seeds": 1},
        "space": {"training.learning_rate": [0.001], "network.widths": [[4, 8]]},
    },
    "gate": {"r2_min": -10, "r2_log_min": -10, "mape_max": 10, "null_margin": 1, "probe": 16},
    "judging": {"runtime_sizes": [48], "runtime_repeats": 1},
}  # fmt: skip
VERBS = (
    "volumes", "conduits", "labels", "validate", "split", "search", "train", "judge", "materials",
    "register", "scores", "networks", "report",
)  # fmt: skip


def run_stage(project, verb):
    """Run a stage's script in the current folder."""
    path = project / f"pipelines/conductance/{verb}.py"
    spec = importlib.util.spec_from_file_location(f"conductance_{verb}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main()


def work_in(monkeypatch, folder):
    """Let stages and tracking work in a folder, as in a new process."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DVC_ROOT", str(folder))
    monkeypatch.setenv("POREOPS_WORKERS", "1")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    connection._opened.cache_clear()


def change(part, **values):
    content = read_yaml("params.yaml")
    content["conductance"][part] |= values
    write_yaml("params.yaml", content)


@pytest.fixture(scope="module")
def made(project, tmp_path_factory):
    """A folder in which the whole line ran."""
    folder = tmp_path_factory.mktemp("line")
    (folder / ".dvc").mkdir()
    shutil.copytree(project / "inputs", folder / "data")
    shutil.copy(project / "params.yaml", folder)
    with pytest.MonkeyPatch.context() as patch:
        work_in(patch, folder)
        for part, values in SMALL.items():
            change(part, **values)
        for verb in VERBS:
            run_stage(project, verb)
    connection._opened.cache_clear()
    return folder


@pytest.fixture
def line(made, tmp_path, monkeypatch):
    """A copy of that folder to go on in."""
    folder = tmp_path / "line"
    shutil.copytree(made, folder)
    work_in(monkeypatch, folder)
    yield folder
    connection._opened.cache_clear()


def test_few_figures_stand_for_the_report(line):
    report, few = (read_json(f"reports/conductance/{name}.json") for name in ("scores", "metrics"))
    assert few["off"] == pytest.approx(report["unseen"][report["champion"]]["mape"], abs=1e-3)
    assert len(few) <= 10
    assert all(isinstance(value, float | int) for value in few.values())


def test_what_is_registered_is_what_the_gate_judged(line):
    gate = read_json("artifacts/conductance/judged/gate.json")
    registered = read_json("mlflow/registered/conductance.json")
    files = f"artifacts/conductance/models/members/{gate['chosen']}"
    assert registered["files"] == gate["sha256"] == sha256(files)
    networks = read_json("reports/conductance/networks.json")
    assert networks["champion"] == {"sha256": registered["sha256"]}
    assert set(networks["formation_factor"]) == {"dns", "model", "resnet"}


def test_pictures_are_drawn_from_tables_and_arrays_alone(line, project):
    before = sha256("reports/conductance/figures")
    drawn = {path.name for path in (line / "reports/conductance/figures").iterdir()}
    assert drawn == {
        "error_by_size.png", "formation_factor.png", "losses.png", "parity.png", "run_time.png",
        "worst_conduits.png",
    }  # fmt: skip
    shutil.rmtree("reports/conductance/figures")
    for name in ("conduits", "labels", "models", "regions", "volumes"):
        shutil.rmtree(f"artifacts/conductance/{name}")
    run_stage(project, "report")
    assert sha256("reports/conductance/figures") == before
    (run,) = connection.client().search_runs(
        [connection.experiment_id("conductance")], "tags.stage = 'report'", max_results=1
    )
    path = "reports/conductance/networks.json"
    assert run.data.tags[f"sha256.{path}"] == sha256(path)
    assert len(connection.client().list_artifacts(run.info.run_id)) >= len(drawn)


def test_nothing_before_the_report_reads_the_unseen_volumes(line, project):
    before = sha256("artifacts/conductance/judged"), sha256("artifacts/conductance/models")
    for name in ("conduits", "labels", "regions", "volumes"):
        (line / f"artifacts/conductance/{name}/unseen.h5").unlink()
    (line / "artifacts/conductance/volumes/network.h5").unlink()
    for verb in ("split", "search", "train", "judge", "register"):
        run_stage(project, verb)
    assert (
        sha256("artifacts/conductance/judged"),
        sha256("artifacts/conductance/models"),
    ) == before


def moved_in_an_epoch():
    """How far the second epoch moved a weight of the image network: one model has one epoch."""
    two, one = (
        ConductanceModel.load(f"artifacts/conductance/models/{name}").keras_model.trainable_weights
        for name in ("members/image", "splits/by_volume")
    )
    pairs = zip(two, one, strict=True)
    return max(float(np.abs(np.asarray(a) - np.asarray(b)).max()) for a, b in pairs)


def test_a_stated_rate_reaches_the_optimiser_through_dvc(line, project, monkeypatch):
    """With a rate that is as good as zero no weight moves."""
    # `dvc` and its `python` are those of this environment, also where it is not activated
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    assert moved_in_an_epoch() > 1e-4
    stage = {
        "cmd": f"python {project}/pipelines/conductance/train.py",
        "params": ["conductance.training"],
        "outs": ["artifacts/conductance/models", "artifacts/conductance/training"],
        "plots": ["reports/conductance/losses"],
    }
    write_yaml("dvc.yaml", {"stages": {"conductance_train": stage}})
    shutil.rmtree(".dvc")
    for command in (
        ["git", "init", "-q"],
        ["dvc", "init", "-q"],
        ["git", "add", "dvc.yaml", "params.yaml"],
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "line"],
        ["dvc", "exp", "run", "-q", "-S", "conductance.training.learning_rate=1e-12"],
    ):
        subprocess.run(command, check=True, capture_output=True)
    assert section("conductance.training", TrainingConfig).learning_rate == 1e-12
    assert moved_in_an_epoch() < 1e-9


def test_what_a_search_found_is_adopted_as_a_profile(line, project):
    profile = "artifacts/conductance/search/profile.yaml"
    assert read_yaml(profile) == {}
    # what is stated, the first trial, is too large to be chosen
    change("search", use="best", limits={"parameters": 20_000, "seconds": 1e6})
    change("network", widths=[32, 64])
    run_stage(project, "search")
    chosen = read_yaml("artifacts/conductance/search/best.yaml")["chosen"]
    assert chosen == {"training.learning_rate": 0.001, "network.widths": [4, 8]}
    for command in (
        ["git", "init", "-q"],
        ["git", "add", "params.yaml"],
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "stated"],
    ):
        subprocess.run(command, check=True, capture_output=True)
    use(profile)
    assert section("conductance.training", TrainingConfig).learning_rate == 0.001
    assert section("conductance.network", ResnetConfig).widths == (4, 8)


def test_both_targets_in_one_run_and_the_first_as_alone(line, project):
    """Flow joins on the same conduits; nothing that is made of diffusion changes."""
    folders = [f"artifacts/conductance/{name}" for name in ("models", "judged")]
    alone = {path: sha256(path) for folder in folders for path in Path(folder).rglob("*.*")}
    change("training", members=["physics"])
    change("label", target="both")
    change("validation", size_factor_max=100_000)
    for verb in VERBS[2:]:
        if verb not in ("split", "search"):
            run_stage(project, verb)
    for path, digest in alone.items():
        assert sha256(path) == digest, path
    labels = "artifacts/conductance/labels"
    (first, stated), (flow, of_flow) = (
        read_hdf5(f"{labels}/{name}") for name in ("train.h5", "hydraulic/train.h5")
    )
    assert (stated["target"], of_flow["target"]) == ("diffusive", "hydraulic")
    assert stated["further.hydraulic"] == sha256(f"{labels}/hydraulic/train.h5")
    assert len(first["size_factor"]) == len(flow["size_factor"])
    noted = read_json("mlflow/registered/conductance.json")
    for name, entry in (("conductance", noted), ("hydraulic-conductance", noted["hydraulic"])):
        assert (entry["model"], entry["gate"]) == (name, "passed")
        assert tracking.champion_info(name).tags["sha256"] == entry["sha256"]
    networks = read_json("reports/conductance/networks.json")
    assert (networks["quantity"], networks["hydraulic"]["quantity"]) == (
        "formation_factor", "permeability",
    )  # fmt: skip
    scores = read_json("reports/conductance/scores.json")
    for report in (scores, scores["hydraulic"]):
        assert report["unseen"]["physics"]["mape"] < 0.2
    assert Path("reports/conductance/figures/hydraulic/permeability.png").is_file()
    # the page has a line for each; each model knows the volume that it learned from itself
    pages = conductances(Path())
    assert [page.model for page in pages] == ["conductance", "hydraulic-conductance"]
    labels, conns = (read_hdf5("artifacts/conductance/regions/train.h5")[0][f"001/{name}"]
                     for name in ("labels", "conns"))  # fmt: skip
    models = [load_model(f"models:/{page.model}@champion") for page in pages]
    assert all(model.drift(labels, conns).state in ("inside", "near") for model in models)
    assert tuple(models[1].seen.quantiles) == HYDRAULIC_TRAITS
    assert tracking.forgotten() == []
    connection.client().delete_registered_model("hydraulic-conductance")
    assert tracking.forgotten() == [Path("mlflow/registered/conductance.json")]


def test_flow_alone_is_not_compared_with_the_distribution_of_diffusion(line, project):
    change("label", target="hydraulic")
    change("validation", size_factor_max=100_000, drift_max=1e-6)
    for verb in ("labels", "validate"):
        run_stage(project, verb)
    checks = read_json("reports/conductance/validation.json")["checks"]
    assert {check["suite"] for check in checks} == {"volumes", "conduits", "labels"}
