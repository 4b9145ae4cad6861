"""The registry and its model artifacts."""

import shutil

import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from poreops.base.files import sha256
from poreops.errors import InputError
from poreops.mlops import tracking


@pytest.fixture
def register(repository, save_model):
    def register(weight, name="conductance"):
        with tracking.run("registration", "a") as run:
            return tracking.register(
                run, save_model(weight), name, sha256=f"{weight}", tags={"r2": 0.9}
            )

    return register


CUBES = np.ones((2, 4, 4, 4, 1), np.float32)


def test_the_champion_comes_back_from_the_registry_and_predicts_the_same(register, tmp_path):
    version = register(2.0)
    tracking.promote(version, {"gate": "passed"})
    folder = tracking.download("models:/conductance@champion", tmp_path / "downloaded")
    assert folder == tmp_path / "downloaded"
    np.testing.assert_array_equal(tracking.load_pyfunc(folder).predict(CUBES), [128, 128])
    champion = tracking.champion_info("conductance")
    assert champion.version == 1
    assert champion.tags == {
        "r2": "0.9", "sha256": "2.0", "gate": "passed",
        "manifest.sha256": sha256(folder / "manifest.json"),
    }  # fmt: skip
    assert champion.aliases == ("champion",)
    assert tracking.download(champion.uri) == tracking.download(f"runs:/{champion.run_id}/model")


def test_the_same_model_is_registered_once(register):
    assert [register(weight).version for weight in (2.0, 2.0, 3.0, 2.0)] == [1, 1, 2, 1]


def test_a_version_whose_files_are_gone_is_registered_again(register, repository):
    tracking.promote(register(2.0))
    shutil.rmtree(repository / "mlflow/artifacts")
    with pytest.raises(InputError, match=r"must have its files, got no MLmodel .*make repro"):
        tracking.download("models:/conductance@champion")
    assert register(2.0).version == 2


def test_a_model_with_a_missing_weight_file_is_not_whole(register, repository):
    tracking.promote(register(2.0))
    (weight,) = (repository / "mlflow/artifacts").rglob("weight.txt")
    weight.unlink()
    with pytest.raises(InputError, match=r"got no artifacts/weight\.txt in"):
        tracking.download("models:/conductance@champion")


def test_promoting_moves_the_champion(register):
    first, second = register(2.0), register(3.0)
    for version in (first, second):
        tracking.set_alias(version, tracking.CHALLENGER)
        tracking.promote(version)
    assert tracking.champion_info("conductance").version == 2
    assert set(tracking.champion_info("conductance").aliases) == {"champion", "challenger"}
    assert tracking.download(first.uri) != tracking.download(second.uri)


@pytest.mark.parametrize(
    "uri", ["models:/conductance@champion", "models:/conductance/7", "models:/other@champion"]
)
def test_a_model_that_is_not_registered_says_what_makes_one(register, uri):
    register(2.0)
    with pytest.raises(InputError, match=rf"registry must hold {uri}, got none.*: make repro"):
        tracking.download(uri)


def test_an_empty_registry_has_no_champion(repository):
    with pytest.raises(InputError, match="make a champion with: make repro"):
        tracking.champion_info("conductance")


@pytest.mark.parametrize("uri", ["runs:/0123/model", "nowhere", "models:/", "mailto:/x"])
def test_a_wrong_uri_is_an_input_error(repository, uri):
    with pytest.raises(InputError, match=uri) as raised:
        tracking.download(uri)
    assert "\n" not in str(raised.value)


def test_a_folder_is_a_model_too(save_model):
    folder = save_model()
    assert tracking.download(str(folder)) == folder


def test_a_version_that_mlflow_registered_is_found(repository, save_model):
    client = MlflowClient(tracking.tracking_uri())
    with tracking.run("by hand", "a") as run:
        run.log_file(save_model(), "elsewhere")
    client.create_registered_model("other")
    source = client.get_run(run.id).info.artifact_uri + "/elsewhere"
    client.create_model_version("other", source, run.id)
    assert (tracking.download("models:/other/1") / "MLmodel").exists()


def test_the_model_is_code_and_files_without_pickle_or_paths(save_model, tmp_path):
    folder = save_model()
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))
    assert files == [
        "artifacts/weight.txt",
        "code.py",
        "conda.yaml",
        "manifest.json",
        "python_env.yaml",
        "requirements.txt",
    ]
    for path in folder.rglob("*"):
        assert path.is_dir() or str(tmp_path) not in path.read_text()


def test_the_same_model_has_the_same_bytes(save_model):
    assert sha256(save_model(2.0, "a")) == sha256(save_model(2.0, "b"))
    assert sha256(save_model(2.0, "a")) != sha256(save_model(3.0, "b"))


def test_the_signature_is_stated_and_strict(save_model):
    folder = save_model()
    assert tracking.signature(folder) == (
        tracking.Tensor("float32", (-1, 4, 4, 4, 1)),
        tracking.Tensor("float32", (-1,)),
    )
    model = tracking.load_pyfunc(folder)
    for wrong in (CUBES.astype(float), CUBES.astype(np.uint8), CUBES[:, :3]):
        with pytest.raises(MlflowException, match="Failed to enforce schema"):
            model.predict(wrong)


def test_a_model_of_other_inputs_is_an_input_error(tmp_path):
    (tmp_path / "MLmodel").write_text('signature:\n  inputs: \'[{"type": "double"}]\'\n')
    with pytest.raises(InputError, match="inputs must be one tensor"):
        tracking.signature(tmp_path)
    (tmp_path / "MLmodel").write_text("flavors: {}\n")
    with pytest.raises(InputError, match="inputs must be one tensor, got None"):
        tracking.signature(tmp_path)


def test_the_latest_version_has_a_name(register):
    register(2.0)
    newest = register(3.0)
    assert tracking.download("models:/conductance/latest") == tracking.download(newest.uri)
    with pytest.raises(InputError, match=r"must hold models:/other/latest, got none"):
        tracking.download("models:/other/latest")
