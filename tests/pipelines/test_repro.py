"""The whole line runs in a fresh copy of the repository, and again where something changed."""

import importlib.util
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState
from skimage.io import imread

import poreops
from poreops.base.files import read_json, read_yaml, sha256, write_yaml
from poreops.base.hdf5 import read_hdf5
from poreops.mlops.tracking import connection
from poreops.params import select_profile

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SCORES = {"r2", "r2_log", "mape", "off_by_10pct"}
CONDUCTANCE = [
    "resolve_params",
    "conductance_volumes",
    "conductance_conduits",
    "conductance_labels",
    "conductance_validate",
    "conductance_split",
    "conductance_search",
    "conductance_train",
    "conductance_judge",
    "conductance_register",
    "conductance_networks",
]


class Clone:
    """A copy of the repository as a user has it after cloning, and the commands in it."""

    def __init__(self, project, folder):
        self.folder = folder
        listed = subprocess.run(
            ["git", "-C", str(project), "ls-files", "-z"],
            capture_output=True,
            text=True,
            check=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (project / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(project / name, folder / name)
        # as after cloning: the tree may have another profile chosen
        select_profile("default", folder / "params.yaml", folder / "profiles")
        self("git", "init", "-q")
        self("git", "add", "-A")
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        self("git", *identity, "commit", "-qm", "everything")

    def environment(self):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("DVC_", "MLFLOW_"))}
        scripts = str(Path(sys.executable).parent)
        return kept | {
            # stages call `python`; the installed package is that of the working tree, whose
            # kernels are compiled
            "PATH": f"{scripts}{os.pathsep}{kept['PATH']}",
            "DVC_NO_ANALYTICS": "1",
            "DO_NOT_TRACK": "true",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "TF_CPP_MIN_LOG_LEVEL": "2",
        }

    def __call__(self, *command):
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment(), capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def repro(self, *arguments):
        """The stages that ran."""
        return re.findall(r"Running stage '(\w+)'", self("dvc", "repro", *arguments))

    def changed(self):
        """The stages that would run for a reason of their own → the sections that changed."""
        status = json.loads(self("dvc", "status", "--json"))
        return {
            stage: {
                name
                for reason in reasons
                for params in reason["changed deps"].values()
                for name in params
            }
            for stage, reasons in status.items()
        }

    def champion(self):
        with sqlite3.connect(self.folder / "mlflow/mlflow.db") as database:
            query = "SELECT version FROM registered_model_aliases WHERE name = ? AND alias = ?"
            return database.execute(query, ("conductance", "champion")).fetchone()


@pytest.fixture(scope="module")
def clone(project, tmp_path_factory):
    """A copy in which the smoke profile ran."""
    clone = Clone(project, tmp_path_factory.mktemp("repro") / "clone")
    clone("python", "pipelines/resolve_params.py", "--profile", "smoke")
    assert set(clone.repro()) == set(read_yaml(project / "dvc.yaml")["stages"])
    return clone


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
    for figure in ("conductance/parity", "conductance/worst_conduits", "network/run_time"):
        picture = imread(clone.folder / f"reports/{figure}.png")
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
    assert registered["sha256"] == gate["sha256"]


def require_finite(name, item):
    if isinstance(item, h5py.Dataset):
        assert np.isfinite(item[()]).all(), name


def test_no_stage_before_the_report_reads_the_reports_part(clone, tmp_path):
    """What is searched, trained, chosen and registered comes out the same without it."""
    report = ["conduits/unseen.h5", "labels/unseen.h5", "regions/unseen.h5", "volumes/network.h5"]
    before = sha256(clone.folder / "artifacts/conductance/judged")
    for name in report:
        path = clone.folder / "artifacts" / name
        path.rename(tmp_path / name.replace("/", "-"))
    try:
        for stage in ("conductance_search", "conductance_judge", "conductance_register"):
            clone("python", f"pipelines/{stage}.py")
        stages = read_yaml(clone.folder / "dvc.yaml")["stages"]
        for stage in (
            "conductance_search",
            "conductance_train",
            "conductance_judge",
            "conductance_register",
        ):
            for name in report:
                deps = stages[stage]["deps"]
                assert not any(f"artifacts/{name}/".startswith(f"{dep}/") for dep in deps)
    finally:
        for name in report:
            (tmp_path / name.replace("/", "-")).rename(clone.folder / "artifacts" / name)
    assert sha256(clone.folder / "artifacts/conductance/judged") == before


def test_the_cores_are_judged_and_a_toy_is_no_champion(clone):
    report = read_json(clone.folder / "reports/cores/scores.json")
    assert report["extractor"] == "efficientnet-lite0-1280"
    assert report["cores"] == 16
    table = report["table"]
    nulls = {"constant", "noise", "shuffled", "blobs"}
    assert set(table) == {"real", "wgan_gp", "dcgan"} | nulls
    for null in nulls:
        assert table["real"]["kid"]["mean"] < table[null]["kid"]["mean"]
    assert len(report["structure"]["report"]["s2"]["radial"]["mean"]) == 21
    assert read_json(clone.folder / "reports/cores/validation.json")["success"] is True
    gate = read_json(clone.folder / "reports/cores/gate.json")
    registered = read_json(clone.folder / "mlflow/registered/cores.json")
    # twenty steps learn no rock: the line ends without a champion, and says why
    assert registered["gate"] == gate["reasons"][gate["offered"]] != []
    assert registered["method"] in ("wgan_gp", "dcgan")
    shown = clone(
        "poreops", "generate", "--model", "models:/digital-core@challenger", "--size", "32",
        "-o", "cores",
    )  # fmt: skip
    assert "1 cores of 32 x 32 pixels" in shown
    shutil.rmtree(clone.folder / "cores")


def test_dvc_shows_metrics_and_plots(clone):
    metrics = json.loads(clone("dvc", "metrics", "show", "--json"))
    shown = metrics[""]["data"]
    assert "reports/conductance/scores.json" in shown
    assert "reports/conductance/networks.json" in shown
    clone("dvc", "plots", "show", "-o", "plots")
    page = (clone.folder / "plots/index.html").read_text()
    assert "losses" in page
    shutil.rmtree(clone.folder / "plots")


def test_nothing_runs_again_when_nothing_changed(clone):
    start = time.perf_counter()
    assert clone.repro() == []
    assert time.perf_counter() - start < 10  # 1 s on a quiet machine


def test_a_parameter_concerns_its_own_stages(clone):
    profile = clone.folder / "profiles/smoke.yaml"
    text = profile.read_text()
    for old, new in [
        ("\ntraining:\n  epochs: 2\n", "\ntraining:\n  epochs: 3\n"),
        ("runtime_sizes: [48]", "runtime_sizes: [48, 50]"),
        ("mape_max: 0.6", "mape_max: 0.7"),
    ]:
        assert text.count(old) == 1
        profile.write_text(profile.read_text().replace(old, new))
    try:
        assert clone.repro("resolve_params") == ["resolve_params"]
        assert clone.changed() == {
            "conductance_search": {"training"},
            "conductance_train": {"training"},
            "conductance_judge": {"conductance_gate"},
            "conductance_register": {"conductance_gate"},
            "conductance_networks": {"conductance_networks"},
        }
    finally:
        profile.write_text(text)
        clone.repro("resolve_params")
    assert clone.changed() == {}


def test_a_killed_labelling_goes_on_and_leaves_no_half_file(clone, monkeypatch):
    labels, partial = (
        clone.folder / "artifacts/conductance/labels",
        clone.folder / "artifacts/.partial/conductance-labels",
    )
    before = sha256(labels)
    volumes = len(read_hdf5(clone.folder / "artifacts/conductance/regions/train.h5")[0]) // 2
    shutil.rmtree(labels)
    stage = subprocess.Popen(
        ["python", "pipelines/conductance/labels.py"], cwd=clone.folder, env=clone.environment()
    )
    while not list(partial.rglob("[0-9]*.h5")) and stage.poll() is None:
        time.sleep(0.005)
    stage.kill()
    assert stage.wait() == -signal.SIGKILL
    done = list(partial.rglob("[0-9]*.h5"))
    assert 0 < len(done) < volumes
    for path in [*done, *labels.glob("*.h5")]:
        assert np.isfinite(read_hdf5(path)[0]["size_factor"]).all()
    assert not (labels / "unseen.h5").exists()

    script = importlib.util.spec_from_file_location(
        "conductance_labels", clone.folder / "pipelines/conductance/labels.py"
    )
    module = importlib.util.module_from_spec(script)
    script.loader.exec_module(module)
    solved = []
    solve = module.simulated_size_factors

    def counted(labels, conns, config, **options):
        solved.append(len(conns))
        return solve(labels, conns, config, **options)

    monkeypatch.setattr(module, "simulated_size_factors", counted)
    monkeypatch.chdir(clone.folder)
    module.main()
    others = sum(
        len(read_hdf5(f"artifacts/conductance/regions/{role}.h5")[0]) // 2
        for role in ("gate", "unseen")
    )
    assert len(solved) == volumes + others - len(done)
    assert sha256(labels) == before
    assert clone.repro() == []


def test_the_property_line_reports_every_model_on_every_split(clone):
    report = read_json(clone.folder / "reports/properties/scores.json")
    models = {"mr", "rg", "lr", "rf", "gb", "xgb", "m1", "m2", "m3", "m4", "m5"}
    models |= {"smr_ml", "smr_nn", "kozeny_carman"}
    nulls = {"constant", "porosity_alone"}
    assert set(report) == {"kind_left_out", "siblings", "random"}
    assert set(report["kind_left_out"]) == models | nulls | {"served"}
    assert set(report["random"]) == models
    for split in report.values():
        for targets in split.values():
            assert set(targets) == {"porosity", "log_permeability"}
            assert all(set(scores) == {"r2", "mse", "mae"} for scores in targets.values())
    details = read_json(clone.folder / "reports/properties/models.json")
    assert set(details["seconds"]) == models - {"kozeny_carman"}
    page = (clone.folder / "reports/properties/figures/index.html").read_text()
    assert page.count("data:image/png;base64") == 9
    gate = read_json(clone.folder / "reports/properties/gate.json")
    assert set(gate["candidates"]) == nulls | {"smr_ml", "smr_nn", "kozeny_carman"}
    registered = read_json(clone.folder / "mlflow/registered/properties.json")
    assert registered["model"] == "rock-properties"  # champion or not, the line ends well
    assert "http" not in page


@pytest.fixture
def same_reports(clone, tmp_path):
    """Put the reports back: those of a search hold its seconds, and DVC would see a change."""
    shutil.copytree(clone.folder / "reports", tmp_path / "reports")
    yield
    shutil.rmtree(clone.folder / "reports")
    shutil.copytree(tmp_path / "reports", clone.folder / "reports")


def trials(clone):
    """What the finished trials of each search tried, and when they ended."""
    found = []
    for journal in clone.folder.glob("artifacts/.partial/properties-search/*/*.journal"):
        storage = JournalStorage(JournalFileBackend(str(journal)))
        for study in storage.get_all_studies():
            complete = storage.get_all_trials(study._study_id, states=[TrialState.COMPLETE])
            found += [(study.study_name, str(t.params), t.datetime_complete) for t in complete]
    return sorted(found)


def test_a_killed_search_of_the_ensemble_goes_on_and_repeats_nothing(clone, same_reports):
    best = clone.folder / "artifacts/properties/search/best.yaml"
    before, every = best.read_bytes(), trials(clone)
    shutil.rmtree(clone.folder / "artifacts/.partial/properties-search")
    command = ["python", "pipelines/properties/search.py"]
    stage = subprocess.Popen(command, cwd=clone.folder, env=clone.environment())
    while len(trials(clone)) < 5 and stage.poll() is None:
        time.sleep(0.01)
    stage.kill()
    assert stage.wait() == -signal.SIGKILL
    done = trials(clone)
    assert 5 <= len(done) < len(every)
    clone(*command)
    # the interrupted trial has a new number, and the parameters that it had
    assert [trial[:2] for trial in trials(clone)] == [trial[:2] for trial in every]
    assert set(done) < set(trials(clone))
    assert best.read_bytes() == before


def test_two_processes_share_the_search_of_the_ensemble(clone, same_reports):
    best = clone.folder / "artifacts/properties/search/best.yaml"
    before, count = best.read_bytes(), len(trials(clone))
    shutil.rmtree(clone.folder / "artifacts/.partial/properties-search")
    command = ["python", "pipelines/properties/search.py"]
    both = [subprocess.Popen(command, cwd=clone.folder, env=clone.environment()) for _ in range(2)]
    assert [stage.wait() for stage in both] == [0, 0]
    assert len(trials(clone)) == count
    assert best.read_bytes() == before


def test_a_killed_preparation_of_rocks_goes_on_with_the_same_bytes(clone):
    rocks, partial = (
        clone.folder / "artifacts/properties/rocks",
        clone.folder / "artifacts/.partial/properties-rocks",
    )
    before = sha256(rocks)
    shutil.rmtree(rocks)
    command = ["python", "pipelines/properties/rocks.py"]
    stage = subprocess.Popen(command, cwd=clone.folder, env=clone.environment())
    while not list(partial.rglob("*_0*.h5")) and stage.poll() is None:
        time.sleep(0.005)
    stage.kill()
    assert stage.wait() == -signal.SIGKILL
    assert list(partial.rglob("*_0*.h5"))
    assert not (rocks / "rocks.parquet").exists()
    clone(*command)
    assert sha256(rocks) == before
    assert clone.repro() == []


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
    params = read_yaml(clone.folder / "params.yaml")
    params["volumes"] |= {"ndim": 2, "train": 2, "gate": 1, "unseen": 1, "network": 1}
    spheres = {"shape_2d": 160, "radius": [5, 7], "porosity": [0.7, 0.8]}  # so that it percolates
    params["volumes"]["spheres"] |= spheres
    params["compute"]["workers"] = 1
    params["validation"]["drift_max"] = 1  # the reference distribution is of 3D conduits
    params["training"] |= {"epochs": 1, "split_epochs": 1, "scalar_epochs": 40}
    params["training"]["members"] = ["scalars", "image", "both"]  # no solve that is hard to beat
    gate = {"r2_min": -10, "r2_log_min": -10, "mape_max": 10, "null_margin": 1}
    params["conductance_gate"] |= gate
    params["conductance_networks"]["runtime_sizes"] = [48]
    write_yaml(clone.folder / "params.yaml", params)
    ran = clone.repro("conductance_networks", "conductance_scores")
    assert set(ran) == {*CONDUCTANCE, "conductance_scores"}
    assert clone.champion() == (1,)
    network = read_json(clone.folder / "reports/conductance/networks.json")
    assert set(network["formation_factor"]) == {"dns", "model", "resnet"}
    assert network["formation_factor"]["dns"]["mape"] < 0.3
    conductance = read_json(clone.folder / "reports/conductance/scores.json")
    assert conductance["unseen"]["scalars"]["mape"] < 1
