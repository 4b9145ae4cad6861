"""A registered model of rock properties comes back whole; only a better one replaces it."""

import importlib.util
import json
import shutil

import numpy as np
import pytest
import tifffile
from mlflow.exceptions import MlflowException
from tiny import properties as tiny_rocks

import poreops
from poreops import cli
from poreops.base.files import read_json, sha256, write_json, write_table, write_yaml
from poreops.base.hdf5 import read_hdf5, write_hdf5
from poreops.errors import InputError
from poreops.mlops import tracking
from poreops.mlops.tracking import connection
from poreops.properties.judging.left_out_kinds import probe_scores
from poreops.properties.learning.base_learners import LEARNERS
from poreops.properties.learning.laws import LAW
from poreops.properties.model import ARRAYS

pytestmark = pytest.mark.slow  # makes an MLflow store

CHAMPION = "models:/rock-properties@champion"
GATE = {
    "margins": {"constant": 0.5, "porosity_alone": 0.8, "kozeny_carman": 0.95},
    "porosity_margin": 0.95, "porosity_mae_max": 0.02, "log_permeability_r2_min": 0.6,
    "coverage_min": 0.85,
}  # fmt: skip


@pytest.fixture(scope="module")
def fresh_store(tmp_path_factory):
    """A folder as the stages before properties_register leave it, with an empty store."""
    folder = tmp_path_factory.mktemp("fresh")
    tracking.embedded.open_store(folder / "mlflow/mlflow.db", connection._make_tables)
    (folder / ".dvc").mkdir()
    write_yaml(folder / "params.yaml", {"properties": {"gate": GATE}})
    write_table(folder / "artifacts/properties/parts/gate.parquet", tiny_rocks.table())
    write_json(folder / "reports/properties/validation.json", {"success": True})
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
def register(repository, project):
    """Run the stage properties_register on a model with some scores; what it wrote."""
    path = project / "pipelines/properties/register.py"
    spec = importlib.util.spec_from_file_location("properties_register", path)
    stage = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stage)

    def run(mae=0.2, names=LEARNERS, coverage=0.9, valid=True, change=None, law=None, factor=1):
        files = repository / "artifacts/properties/judged/model"
        shutil.rmtree(files, ignore_errors=True)
        model = tiny_rocks.model(names)
        if law is not None:
            model = model.correcting((False, False))
            model.law = np.array([0.0, law])
        table = tiny_rocks.table()
        table = table.assign(permeability=factor * table["permeability"])
        write_table(repository / "artifacts/properties/parts/gate.parquet", table)
        model.save(files)
        judged = {
            "served": model.served,
            "scores": {
                "porosity_mae": 0.01, "log_permeability_mae": mae, "log_permeability_r2": 0.9,
                "coverage": coverage,
            },
            "candidates": {
                name: {"log_permeability": {"mae": error}, "porosity": {"mae": 0.01}}
                for name, error in (("constant", 0.8), ("porosity_alone", 0.6), (LAW, 0.3))
            },
            "sha256": sha256(files),
            "probe": probe_scores(model, table),
        }  # fmt: skip
        write_json(repository / "artifacts/properties/judged/judged.json", judged)
        write_json(repository / "reports/properties/validation.json", {"success": valid})
        if change:
            change(files)
        stage.main()
        return read_json(repository / "mlflow/registered/properties.json")

    return run


def version():
    return tracking.champion_info("rock-properties").version


def test_the_champion_predicts_what_the_model_predicts(register):
    assert register()["gate"] == "passed"
    model = poreops.load_rock_model(CHAMPION)
    image = tiny_rocks.grey(seed=40)
    assert model.predict(image, 2e-6).plug == tiny_rocks.model().predict(image, 2e-6).plug


def test_the_registered_function_has_a_strict_signature(register):
    register()
    function = tracking.load_pyfunc(tracking.download(CHAMPION))
    image = tiny_rocks.grey(seed=41)
    found = function.predict(image)
    expected = tiny_rocks.model().predict(image, 1.0)
    np.testing.assert_array_equal(found[:, 0], expected.porosity)
    np.testing.assert_array_equal(found[:, 1], expected.permeability)
    for wrong in (image.astype(float), image.astype(np.uint16), image[0], image[..., None]):
        with pytest.raises(MlflowException, match="Failed to enforce schema"):
            function.predict(wrong)
    with pytest.raises(MlflowException, match="are blank"):
        function.predict(np.zeros((2, 64, 64), np.uint8))


def test_only_a_better_model_takes_the_champion_s_place(register):
    register(mae=0.2)
    assert version() == 1
    worse = register(mae=0.25, names=LEARNERS[:3])
    assert "is not below that of the champion, 0.2" in worse["gate"][0]
    assert version() == 1
    register(mae=0.15, names=LEARNERS[:4])
    assert version() == 3


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"mae": 0.31}, "is not below 0.95 times that of kozeny_carman, 0.3"),
        ({"mae": 0.8}, "is not below 0.5 times that of constant, 0.8"),
        ({"mae": 0.6}, "is not below 0.8 times that of porosity_alone, 0.6"),
        ({"coverage": 0.7}, "coverage 0.7 is below 0.85"),
        ({"valid": False}, "the data did not pass its validation"),
    ],
)
def test_a_bad_model_is_registered_but_no_champion(register, change, reason):
    assert any(reason in said for said in register(**change)["gate"])
    with pytest.raises(
        InputError, match="must have a champion, its version 1 was refused by the gate"
    ):
        poreops.load_rock_model(CHAMPION)


def test_a_model_of_other_data_replaces_no_champion_unless_it_wins_on_both(register):
    """As a smoke run: judged on rocks of its own, where it is good, beside a good champion."""
    register(mae=0.2)
    law = tiny_rocks.model().law[1]
    stays = register(mae=0.01, law=law + np.log(30), factor=30)
    assert any("on the champion's probe is not below" in reason for reason in stays["gate"])
    assert version() == 1


def test_a_model_that_wins_on_the_probes_of_both_replaces_the_champion(register):
    register(mae=0.2, law=5.0)  # off by orders of magnitude, whatever its report says
    assert register(mae=0.25, factor=1.1)["gate"] == "passed"
    assert version() == 2


def cut(folder):
    path = folder / ARRAYS
    path.write_bytes(path.read_bytes()[:1000])


def dead(folder):
    arrays, attributes = read_hdf5(folder / ARRAYS)
    arrays["meta/plugs/offset"][1] = np.nan
    write_hdf5(folder / ARRAYS, arrays, attributes)


@pytest.mark.parametrize("change", [cut, dead])
def test_files_that_are_not_those_that_were_judged_are_refused(register, change, repository):
    with pytest.raises(InputError):
        register(change=change)
    assert not (repository / "mlflow/registered").exists()


@pytest.mark.parametrize("change", [cut, dead])
def test_a_broken_champion_does_not_block(register, change, monkeypatch):
    register(mae=0.1)
    change(next(tracking.download(CHAMPION).rglob(ARRAYS)).parent)
    assert register(mae=0.2, names=LEARNERS[:3])["gate"] == "passed"
    assert version() == 2


def test_the_same_model_is_registered_once(register):
    first, again = register(), register()
    assert first == again
    assert version() == 1


def test_nothing_in_the_model_is_a_pickle_or_a_path_of_this_machine(register, repository):
    register()
    folder = tracking.download(CHAMPION)
    for path in folder.rglob("*"):
        assert path.suffix not in {".pkl", ".pickle", ".joblib"}
        if path.is_file():
            assert str(repository).encode() not in path.read_bytes()


def test_the_command_takes_the_champion_by_default(register, tmp_path, capsys):
    register()
    capsys.readouterr()  # what the stage said
    tifffile.imwrite(tmp_path / "slice.tif", tiny_rocks.grey(seed=42)[0])
    code = cli.run(["properties", str(tmp_path / "slice.tif"), "--voxel-size", "3e-6", "--json"])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    results = json.loads(captured.out)
    assert results["model"] == CHAMPION
    low, value, high = (results["permeability_md"][key] for key in ("low", "value", "high"))
    assert low < value < high


def test_another_registered_model_is_no_model_of_rock_properties(tmp_path):
    with pytest.raises(InputError, match=r"must be one that exists|must have its files"):
        poreops.load_rock_model(str(tmp_path))
