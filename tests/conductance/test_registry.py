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

import h5py
import numpy as np
import porespy
import pytest
import scipy.ndimage as spim
from mlflow.exceptions import MlflowException
from reference import sphere_regions
from tiny import conductance as tiny_model

import poreops
from poreops.base.files import read_json, read_yaml, sha256, write_json, write_yaml
from poreops.base.hdf5 import write_hdf5
from poreops.conductance.judging.members import probe_scores
from poreops.conductance.learning.scaling import TargetScaling
from poreops.conductance.model import DESCRIPTION, WEIGHTS, ConductanceModel
from poreops.errors import InputError
from poreops.mlops import tracking
from poreops.mlops.tracking import connection

pytestmark = pytest.mark.slow  # the model trains for some seconds, once

CHAMPION = "models:/conductance@champion"
GOOD = {"r2": 0.9, "r2_log": 0.9, "mape": 0.1, "off_by_10pct": 0.3}
FILES, PROBE = (
    Path("artifacts/conductance/models/members/both"),
    Path("artifacts/conductance/judged/probe.h5"),
)


@pytest.fixture(scope="module")
def model():
    return tiny_model.trained_model(3)


@pytest.fixture(scope="module")
def fresh_store(tmp_path_factory, project):
    """A folder as the stages before conductance_register leave it, with an empty store."""
    folder = tmp_path_factory.mktemp("fresh")
    tracking.embedded.open_store(folder / "mlflow/mlflow.db", connection._make_tables)
    (folder / ".dvc").mkdir()
    gate = {
        "r2_min": 0.5, "r2_log_min": 0.5, "mape_max": 0.4, "null_margin": 0.8, "member_gain": 0.9,
        "probe": 16,
    }  # fmt: skip
    write_yaml(folder / "artifacts/params.yaml", {"conductance_gate": gate})
    write_json(folder / "reports/conductance/validation.json", {"success": True})
    return folder


@pytest.fixture
def repository(fresh_store, tmp_path, monkeypatch):
    folder = shutil.copytree(fresh_store, tmp_path / "repository")
    monkeypatch.setenv("DVC_ROOT", str(folder))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(folder)
    connection._opened.cache_clear()
    return folder


def write_judged(rows, **scores):
    """What the stage conductance_judge leaves of the member that it chose."""
    rois, ratios, size_factors = tiny_model.conduits(3)
    content = {"roi": rois[rows], "size_factor": (size_factors * ratios)[rows]}
    write_hdf5(
        PROBE,
        content,
        {"target": "diffusive", "convention": "centroid", "walls": "stepped", "ndim": 3},
    )
    members = {"both": GOOD | {"mape_permuted": 0.9} | scores, "coarse": GOOD | {"mape": 0.6}}
    write_json(
        "artifacts/conductance/judged/gate.json",
        {
            "chosen": "both", "members": members, "constant": GOOD | {"mape": 0.8},
            "sha256": sha256(FILES), "probe": probe_scores(FILES, PROBE),
        },
    )  # fmt: skip


@pytest.fixture
def register(repository, project, model):
    """Run the stage conductance_register on a model with some scores; what it wrote."""
    path = project / "pipelines/conductance/register.py"
    spec = importlib.util.spec_from_file_location("conductance_register", path)
    stage = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stage)

    def run(shift=0.0, valid=True, rows=slice(0, 20), **scores):
        scaling = TargetScaling(
            model.scaling.kind, model.scaling.shift + shift, model.scaling.scale
        )
        trained = tiny_model.trained(3).model
        ConductanceModel(trained, model.network, scaling, 3, "diffusive", member="both").save(
            FILES
        )
        write_judged(rows, **scores)
        write_json("reports/conductance/validation.json", {"success": valid})
        stage.main()
        return read_json("mlflow/registered/conductance.json")

    run.stage = stage
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
    assert champion.tags["sha256"] == written["sha256"] == sha256(FILES)
    assert float(champion.tags["mape"]) == GOOD["mape"]
    assert float(champion.tags["null.a constant.mape"]) == 0.8
    assert champion.tags["judged_on.sha256"] == sha256(PROBE)
    folder = poreops.load_model(str(FILES))
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
    assert written["gate"] == ["mape 0.3 is not below that of the champion, 0.2"]
    assert champion_version() == 1
    assert tracking.champion_info("conductance").aliases == ("champion",)
    assert register(shift=0.2, mape=0.1)["gate"] == "passed"
    assert champion_version() == 3
    # the first one again: no new version, and it is not the better one
    assert register(mape=0.2)["gate"] == ["mape 0.2 is not below that of the champion, 0.1"]
    assert champion_version() == 3


OTHER = slice(20, 44)


def test_a_worse_model_does_not_replace_a_champion_that_was_judged_on_other_data(register):
    """A toy of two epochs has the better figures on its own easy conduits."""
    register(mape=0.2)
    reasons = register(shift=0.5, mape=0.05, rows=OTHER)["gate"]
    assert len(reasons) == 2
    for reason, place in zip(reasons, ("its own probe", "the champion's probe"), strict=True):
        assert f"on {place} is not below that of the champion" in reason
    assert champion_version() == 1


def test_a_better_model_replaces_a_champion_that_was_judged_on_other_data(register):
    register(shift=0.5, mape=0.05)
    assert register(mape=0.3, rows=OTHER)["gate"] == "passed"
    assert champion_version() == 2


def kill(variable_file, name):
    """Put NaN into one array of a weights file."""
    with h5py.File(variable_file, "r+") as file:
        found = []
        file.visit(lambda path: found.append(path) if path.endswith(name) else None)
        file[found[0]][...] = np.nan


def registered_weights(repository, version):
    info = tracking.registry._resolve(f"models:/conductance/{version}")
    return next((repository / "mlflow/artifacts").rglob(f"{info.run_id}/**/{WEIGHTS}"))


@pytest.mark.parametrize("damage", ["dead", "cut"])
def test_a_champion_that_does_not_load_or_is_dead_does_not_block(register, repository, damage):
    register(mape=0.05)
    weights = registered_weights(repository, 1)
    if damage == "dead":
        kill(weights, "vars/0")
    else:
        weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(InputError):
        poreops.load_model(CHAMPION)
    assert register(shift=0.1, mape=0.3)["gate"] == "passed"
    poreops.load_model(CHAMPION)


@pytest.mark.parametrize("damage", ["dead", "cut", "other"])
def test_what_was_not_judged_or_is_dead_is_not_registered(register, damage):
    register(mape=0.3)
    weights = FILES / WEIGHTS
    if damage == "dead":
        kill(weights, "vars/0")
    elif damage == "cut":
        weights.write_bytes(weights.read_bytes()[:1000])
    else:
        description = read_json(FILES / DESCRIPTION)
        description["scaling"]["shift"] += 0.2
        write_json(FILES / DESCRIPTION, description)
    with pytest.raises(InputError):
        register.stage.main()
    if damage == "dead":  # and a report that was made of the dead files does not help
        judged = read_json("artifacts/conductance/judged/gate.json")
        write_json("artifacts/conductance/judged/gate.json", judged | {"sha256": sha256(FILES)})
        with pytest.raises(InputError, match="must be finite"):
            register.stage.main()
    assert len(connection.client().search_model_versions("name='conductance'")) == 1


def test_a_report_that_does_not_fit_the_files_registers_nothing(register):
    register(mape=0.3)
    judged = read_json("artifacts/conductance/judged/gate.json")
    wrong = judged | {"probe": judged["probe"] | {"mape": 0.001}}
    write_json("artifacts/conductance/judged/gate.json", wrong)
    with pytest.raises(InputError, match="must score on its probe what its report says, got mape"):
        register.stage.main()


def test_a_champion_that_no_longer_passes_is_one_no_more(register):
    register(mape=0.3)
    params = read_yaml("artifacts/params.yaml")
    params["conductance_gate"]["mape_max"] = 0.2
    write_yaml("artifacts/params.yaml", params)
    assert register(mape=0.3)["gate"] == ["mape 0.3 is above 0.2"]
    with pytest.raises(InputError, match=r"was refused by the gate \(mape 0.3 is above 0.2\)"):
        poreops.load_model(CHAMPION)


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ({"r2": 0.4}, "r2 0.4 is below 0.5"),
        ({"mape": 0.41}, "mape 0.41 is above 0.4"),
        ({"mape_permuted": 0.11}, "mape 0.1 is not below 0.8 times that of its own with the"),
        ({"valid": False}, "the data did not pass its validation"),
    ],
)
def test_the_gate_keeps_a_bad_model_out(register, result, reason):
    reasons = register(**result)["gate"]
    assert len(reasons) == 1
    assert reasons[0].startswith(reason)
    with pytest.raises(InputError, match="must have a champion, its version 1 was refused by the"):
        poreops.load_model(CHAMPION)
    poreops.load_model("models:/conductance@challenger")


@pytest.mark.parametrize(
    "uri", ["artifacts/conductance/models/none", "models:/conductance@champion", "."]
)
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
