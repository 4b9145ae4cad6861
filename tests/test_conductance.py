"""A registered model comes back whole: to Python, to PoreSpy, over HTTP."""

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import porespy
import pytest
import scipy.ndimage as spim
import tiny_model
from mlflow.exceptions import MlflowException
from reference import sphere_regions

import poreops
from poreops import tracking
from poreops.errors import InputError
from poreops.learning.conductance_model import ConductanceModel
from poreops.learning.target import TargetScaling
from poreops.store import read_json, sha256, write_hdf5, write_json, write_yaml
from poreops.tracking import connection

pytestmark = pytest.mark.slow  # the model trains for some seconds, once

CHAMPION = "models:/conductance@champion"
GOOD = {"r2": 0.9, "r2_log": 0.9, "mape": 0.1, "off_by_10pct": 0.3, "ms_per_conduit": 2.0}


@pytest.fixture(scope="module")
def model():
    return tiny_model.trained_model(3)


@pytest.fixture(scope="module")
def fresh_store(tmp_path_factory, project):
    """A folder as the stages before register_conductance leave it, with an empty store."""
    folder = tmp_path_factory.mktemp("fresh")
    tracking.embedded.open_store(folder / "mlflow/mlflow.db", connection._make_tables)
    (folder / ".dvc").mkdir()
    gate = {"r2_min": 0.5, "r2_log_min": 0.5, "mape_max": 0.4}
    write_yaml(folder / "artifacts/params.yaml", {"conductance_gate": gate})
    write_hdf5(folder / "artifacts/labels/unseen.h5", {"size_factor": np.ones(3)})
    write_json(folder / "reports/validation.json", {"success": True})
    return folder


@pytest.fixture
def repository(fresh_store, tmp_path, monkeypatch):
    folder = shutil.copytree(fresh_store, tmp_path / "repository")
    monkeypatch.setenv("DVC_ROOT", str(folder))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(folder)
    connection._opened.cache_clear()
    return folder


@pytest.fixture
def register(repository, project, model):
    """Run the stage register_conductance on a model with some scores; what it wrote."""
    path = project / "pipelines/register_conductance.py"
    spec = importlib.util.spec_from_file_location("register_conductance", path)
    stage = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stage)

    def run(shift=0.0, valid=True, **scores):
        scaling = TargetScaling(
            model.scaling.kind, model.scaling.shift + shift, model.scaling.scale
        )
        trained = tiny_model.trained(3).model
        ConductanceModel(trained, model.network, scaling, 3, "diffusive").save(
            "artifacts/models/resnet"
        )
        write_json("reports/conductance.json", {"unseen": {"resnet": GOOD | scores}})
        write_json("reports/validation.json", {"success": valid})
        stage.main()
        return read_json("mlflow/registered/conductance.json")

    return run


def champion_version():
    return tracking.champion_info("conductance").version


def test_the_champion_comes_back_from_the_registry(register, model):
    written = register()
    assert written["gate"] == "passed"
    loaded = poreops.load_model(CHAMPION)
    rois = tiny_model.conduits(3)[0][:9]
    np.testing.assert_array_equal(loaded.predict(rois), model.predict(rois))
    champion = tracking.champion_info("conductance")
    assert champion.aliases == ("challenger", "champion")
    assert champion.tags["sha256"] == written["sha256"] == sha256("artifacts/models/resnet")
    assert float(champion.tags["mape"]) == GOOD["mape"]
    assert champion.tags["judged_on.sha256"] == sha256("artifacts/labels/unseen.h5")
    folder = poreops.load_model("artifacts/models/resnet")
    np.testing.assert_array_equal(folder.predict(rois), model.predict(rois))


def test_registering_again_changes_nothing(register):
    written = register()
    assert register() == written
    assert champion_version() == 1


def test_a_model_whose_files_are_gone_is_registered_again(register, repository):
    written = register()
    shutil.rmtree(repository / "mlflow/artifacts")
    with pytest.raises(InputError, match="must have its files"):
        poreops.load_model(CHAMPION)
    assert register() == written
    poreops.load_model(CHAMPION)


def test_a_champion_whose_files_are_gone_does_not_stand(register, repository):
    register(mape=0.05)
    shutil.rmtree(repository / "mlflow/artifacts")
    assert register(shift=0.1, mape=0.3)["gate"] == "passed"
    poreops.load_model(CHAMPION)


def test_only_a_better_model_becomes_champion(register):
    register(mape=0.2)
    written = register(shift=0.1, mape=0.3)
    assert written["gate"] == ["mape 0.3000 is not below the champion's 0.2000"]
    assert champion_version() == 1
    assert tracking.champion_info("conductance").aliases == ("champion",)
    assert register(shift=0.2, mape=0.1)["gate"] == "passed"
    assert champion_version() == 3
    # the first one again: no new version, and it is not the better one
    assert register(mape=0.2)["gate"] == ["mape 0.2000 is not below the champion's 0.1000"]
    assert champion_version() == 3


def test_a_champion_judged_on_other_volumes_does_not_stand(register):
    register(mape=0.05)
    write_hdf5("artifacts/labels/unseen.h5", {"size_factor": np.full(3, 2.0)})
    assert register(shift=0.1, mape=0.3)["gate"] == "passed"
    assert champion_version() == 2


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ({"r2": 0.4}, "r2 0.4000 is below 0.5"),
        ({"mape": 0.5}, "mape 0.5000 is above 0.4"),
        ({"valid": False}, "the data did not pass its validation"),
    ],
)
def test_the_gate_keeps_a_bad_model_out(register, result, reason):
    assert register(**result)["gate"] == [reason]
    with pytest.raises(InputError, match="make a champion with: make repro"):
        poreops.load_model(CHAMPION)
    poreops.load_model("models:/conductance@challenger")


@pytest.mark.parametrize("uri", ["artifacts/models/none", "models:/conductance@champion", "."])
def test_no_model_says_what_makes_one(repository, uri):
    with pytest.raises(InputError, match="make repro|models:/conductance@champion") as raised:
        poreops.load_model(uri)
    assert "\n" not in str(raised.value)


def test_the_registered_files_hold_no_pickle(register):
    register()
    folder = tracking.download(CHAMPION)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= {".py", ".yaml", ".txt", ".json", ".h5", ""}
    for path in files:
        content = path.read_bytes()
        assert not (content[:1] == b"\x80" and content[1:2] in b"\x02\x03\x04\x05"), path
    assert str(Path.cwd()) not in "".join(
        path.read_text() for path in files if path.suffix in (".yaml", ".txt", ".json", "")
    )


def test_the_registered_function_has_a_strict_signature(register, model):
    register()
    function = tracking.load_pyfunc(tracking.download(CHAMPION))
    rois = tiny_model.conduits(3)[0][:3]
    np.testing.assert_array_equal(function.predict(rois), model.predict(rois))
    for wrong in (
        rois.astype(float),
        rois.astype(np.int32),
        rois[:, :32],
        rois[0],
        rois[..., None],
    ):
        with pytest.raises(MlflowException, match="Failed to enforce schema"):
            function.predict(wrong)
    with pytest.raises(InputError, match="0, 1 and 2 only"):
        function.predict(rois + 1)


@pytest.mark.parametrize("count", [1, 5, 20])
@pytest.mark.filterwarnings("ignore")
def test_porespy_predicts_with_our_weights(register, model, count):
    register()
    keras_model, g_train = poreops.export_for_porespy(CHAMPION)
    regions = sphere_regions(tiny_model.EDGES[3])
    conns = regions.conns[:count]
    theirs = porespy.networks.diffusive_size_factor_AI(
        regions.labels, conns, keras_model, g_train, voxel_size=3e-6
    )
    ours = poreops.load_model(CHAMPION).size_factors(regions.labels, conns, voxel_size=3e-6)
    np.testing.assert_allclose(np.atleast_1d(theirs), ours, rtol=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_what_porespys_zoom_cut_in_two_gets_no_number(register):
    register()
    keras_model, _ = poreops.export_for_porespy(CHAMPION)
    rois = np.repeat(tiny_model.conduits(3)[0][:1], 2, axis=0)
    rois[1][spim.binary_dilation(rois[1] == 1)] = 0
    rois[1][:2, :2, :2] = 1
    found = keras_model.predict_on_batch(rois[..., None].astype(np.float32))[:, 0]
    assert np.isfinite(found[0])
    assert np.isnan(found[1])


def test_a_model_of_2d_conduits_is_none_of_porespys(tmp_path):
    tiny_model.trained_model(2).save(tmp_path)
    with pytest.raises(InputError, match="PoreSpy's function takes 3D images"):
        poreops.export_for_porespy(str(tmp_path))


def post(address, content):
    request = urllib.request.Request(
        f"{address}/invocations",
        json.dumps(content).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


@pytest.fixture
def server(register, repository):
    register()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("mlflow")), "models", "serve", "-m", CHAMPION]
    command += ["--env-manager", "local", "-h", "127.0.0.1", "-p", str(port)]
    scripts = str(Path(sys.executable).parent)
    environment = os.environ | {
        "MLFLOW_TRACKING_URI": tracking.tracking_uri(),
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
    }
    log = (repository / "server.log").open("w")
    process = subprocess.Popen(
        command, env=environment, stdout=log, stderr=log, start_new_session=True
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/ping", timeout=5).close()
                break
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                assert process.poll() is None, (repository / "server.log").read_text()
                time.sleep(0.5)
        yield address
    finally:
        os.killpg(process.pid, 15)
        process.wait(30)
        log.close()


def test_the_champion_is_served_over_http(server, model):
    rois = tiny_model.conduits(3)[0][:2]
    answer = post(server, {"inputs": rois.tolist()})
    np.testing.assert_allclose(answer["predictions"], model.predict(rois), rtol=1e-6)
    for wrong in (rois[:, :32], rois - 0.5, rois + 1):
        with pytest.raises(urllib.error.HTTPError) as raised:
            post(server, {"inputs": wrong.tolist()})
        assert raised.value.code == 400
        raised.value.close()
