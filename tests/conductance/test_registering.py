"""The chosen member is registered as it was judged; only a better one becomes champion."""

import shutil

import h5py
import numpy as np
import pytest
from tiny import conductance as tiny_model
from tiny.conductance import FILES, GOOD, PROBE

import poreops
from poreops.base.files import read_json, read_yaml, sha256, write_json, write_yaml
from poreops.conductance import registering
from poreops.conductance.model import DESCRIPTION, WEIGHTS
from poreops.errors import InputError
from poreops.mlops import tracking
from poreops.mlops.tracking import connection

pytestmark = pytest.mark.slow  # the model trains for some seconds, once

CHAMPION = "models:/conductance@champion"


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
    assert champion.tags["files.sha256"] == written["files"] == sha256(FILES)
    assert champion.tags["sha256"] == written["sha256"]
    assert written["sha256"] == tracking.package_digest(tracking.download(CHAMPION))
    assert float(champion.tags["mape"]) == GOOD["mape"]
    assert float(champion.tags["null.a constant.mape"]) == 0.8
    assert float(champion.tags["ablation.scalars.mape"]) == 0.5
    assert champion.tags["judged_on.sha256"] == sha256(PROBE)
    folder = poreops.load_model(str(FILES))
    np.testing.assert_array_equal(folder.predict(rois), model.predict(rois))


def test_registering_again_changes_nothing(register):
    written = register()
    assert register() == written
    assert champion_version() == 1


def test_changed_served_code_is_a_version_of_its_own(register, repository, monkeypatch):
    before = register()
    served = repository / "served.py"
    shutil.copy(registering.__file__.replace("registering", "served"), served)
    served.write_text(served.read_text() + "# changed\n")
    monkeypatch.setattr(registering, "__file__", str(repository / "registering.py"))
    after = register()
    assert after["gate"] == "passed"  # it is no rival of itself
    assert after["files"] == before["files"]
    assert after["sha256"] != before["sha256"]
    assert champion_version() == 2
    assert register() == after
    assert champion_version() == 2
    assert "# changed" in (tracking.download(CHAMPION) / "served.py").read_text()


def test_a_champion_of_0_1_0_is_no_rival_of_the_same_files(register):
    """It was known by the digest of its files, under the name of the package's."""
    register(mape=0.3)
    client = connection.client()
    client.delete_model_version_tag("conductance", "1", "files.sha256")
    client.set_model_version_tag("conductance", "1", "sha256", sha256(FILES))
    assert register(mape=0.3)["gate"] == "passed"
    assert champion_version() == 2


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


def test_a_model_that_fails_on_a_material_left_out_is_no_champion(register):
    foam = {
        "members": {"both": {"mape": 0.9}, "coarse": {"mape": 0.5}},
        "nulls": {"a constant": {"mape": 0.8}},
    }
    report = {"champion": "both", "materials": {"foams": foam}}
    write_json("reports/conductance/materials.json", report)
    constant, coarse = register(mape=0.2)["gate"]
    assert constant == "mape 0.9 is not below that of a constant on foams, 0.8"
    assert coarse == "mape 0.9 is not below that of the coarse solve on foams, 0.5"
    with pytest.raises(InputError):
        tracking.champion_info("conductance")


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
    info = tracking.versions.resolve(f"models:/conductance/{version}")
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
    params = read_yaml("params.yaml")
    params["conductance"]["gate"]["mape_max"] = 0.2
    write_yaml("params.yaml", params)
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
