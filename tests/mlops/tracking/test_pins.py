"""What people chose stays: a pin and a move by hand hold, a refused model needs force."""

import pytest

from poreops.base.files import sha256
from poreops.errors import InputError
from poreops.mlops import tracking
from poreops.mlops.registry import Candidate, enter
from poreops.mlops.tracking import connection, pins, versions

NAME = "conductance"


@pytest.fixture
def enter_model(repository, save_model, tmp_path):
    """Enter a model whose weight is its error."""

    def enter_model(weight, reasons=()):
        files = tmp_path / f"files-{weight}"
        files.mkdir(exist_ok=True)
        (files / "weight.txt").write_text(str(weight))
        candidate = Candidate(
            name=NAME, files=files, probe=files, judged=sha256(files), judged_on="the same",
            scores={"mape": weight}, main="mape", probed={"mape": weight}, valid=True,
            nulls={"a constant": {"mape": 9.0}}, params={"weight": weight}, does="It sums.",
            ablation={"scalars": {"mape": 7.0}},
        )  # fmt: skip

        def score(folder, probe):
            return {"mape": float((folder / "weight.txt").read_text())}

        def verdict(standing):
            worse = standing is not None and weight >= standing["mape"]
            return [*reasons, *(["mape is not below the champion's"] if worse else [])]

        return enter(candidate, save_model(weight), "conductance_register", "gate", score, verdict)

    return enter_model


def champion():
    return tracking.champion_info(NAME).version


def test_a_rollback_is_not_undone_by_the_register_stage(enter_model):
    enter_model(2.0)
    enter_model(1.0)
    before, now = pins.roll_back(NAME, None, "wrong on sandstone")
    assert (before.version, now.version, champion()) == (2, 1, 1)
    again = enter_model(1.0)
    assert champion() == 1
    assert "is pinned (wrong on sandstone)" in again.reasons[-1]
    assert enter_model(0.5).champion
    assert champion() == 1
    newest = versions.resolve("models:/conductance/latest")
    assert newest.tags["gate"] == "passed"  # the gate has nothing against it
    pins.promote_by_hand(newest, None)
    assert champion() == 3
    assert enter_model(0.25).reasons == []  # the pin is gone
    assert champion() == 4
    assert pins.champions(NAME) == [1, 2, 1, 3, 4]


def test_an_alias_that_was_moved_by_hand_stays(enter_model):
    enter_model(2.0)
    enter_model(1.0)
    connection.client().set_registered_model_alias(NAME, "champion", "1")
    assert "was chosen by hand" in enter_model(0.5).reasons[-1]
    assert champion() == 1
    pins.promote_by_hand(versions.version_of(NAME, 3), None)
    assert enter_model(0.25).reasons == []


def test_a_pinned_champion_does_not_step_down(enter_model):
    enter_model(2.0)
    pins.promote_by_hand(versions.version_of(NAME, 1), "released", pin=True)
    assert enter_model(2.0, reasons=["mape 2 is above 1"]).reasons == ["mape 2 is above 1"]
    assert champion() == 1


def test_what_the_gate_refused_needs_force_and_a_reason_that_is_kept(enter_model):
    enter_model(1.0)
    enter_model(2.0)
    refused = versions.version_of(NAME, 2)
    with pytest.raises(
        InputError, match=r"must have passed the gate, it said .* not below .*--for"
    ):
        pins.promote_by_hand(refused, "I like it")
    with pytest.raises(InputError, match="needs a reason, got none"):
        pins.promote_by_hand(refused, " ", force=True)
    assert champion() == 1
    pins.promote_by_hand(refused, "for the workshop", force=True)
    tags = tracking.champion_info(NAME).tags
    assert (champion(), tags["promoted"]) == (2, "for the workshop")
    assert "not below" in tags["promoted.over"]
    assert {"promoted.by", "promoted.at"} <= set(tags)


def test_there_is_nothing_to_roll_back_to(enter_model):
    enter_model(1.0)
    with pytest.raises(InputError, match="must have had a champion before version 1"):
        pins.roll_back(NAME, None, "why not")
    with pytest.raises(InputError, match="is the champion already"):
        pins.roll_back(NAME, 1, "why not")
    with pytest.raises(InputError, match="registry must hold models:/conductance/7"):
        pins.roll_back(NAME, 7, "why not")


def test_a_version_says_what_it_is_and_where_it_comes_from(enter_model, tmp_path, monkeypatch):
    """Its description, its card, the run that trained it, the data it stands on."""
    with tracking.run("conductance_train", "both by_volume") as training:
        files = tmp_path / "files-1.0"
        files.mkdir()
        (files / "weight.txt").write_text("1.0")
        training.made(files)
    (tmp_path / "repository/dvc.lock").write_text(
        "stages:\n"
        "  conductance_register: {deps: [{path: artifacts/labels}]}\n"
        "  conductance_labels: {outs: [{path: artifacts/labels, md5: 11.dir}]}\n"
        "  cores_crops: {outs: [{path: artifacts/crops, md5: 22.dir}]}\n"
    )
    monkeypatch.setenv("DVC_STAGE", "conductance_register")
    enter_model(1.0)
    version = versions.version_of(NAME, 1)
    assert version.tags["training.run_id"] == training.id
    assert version.tags["probe.mape"] == "1.0"
    assert {k for k in version.tags if k.startswith("dvc.md5.")} == {"dvc.md5.artifacts/labels"}
    for text in ("It sums.", "| mape | 1 | 9 | 7 |", training.id, "artifacts/labels: md5 11.dir"):
        assert text in version.description
    client = connection.client()
    (logged,) = client.get_run(version.run_id).inputs.dataset_inputs
    assert (logged.dataset.name, logged.dataset.digest) == ("artifacts/labels", "11.dir")
