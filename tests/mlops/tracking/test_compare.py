"""What differs between two runs, and nothing else."""

import json
import math

import pytest

from poreops import cli
from poreops.errors import InputError
from poreops.mlops import tracking
from poreops.mlops.provenance.compare import compared
from poreops.mlops.tracking.find import find_run


@pytest.fixture
def runs(repository, monkeypatch):
    """Two runs that differ in one of each kind."""
    ids = []
    (repository / "dvc.lock").write_text("stages: {a: {outs: [{path: artifacts/a, md5: '11'}]}}")
    for rate, name in ((0.1, "slow"), (0.2, "fast")):
        monkeypatch.setenv("DVC_EXP_NAME", f"exp-{name}")
        with tracking.run("cores_train", name) as run:
            run.log_params({"training": {"rate": rate, "epochs": 7}})
            run.log_metrics(
                {"kid": rate / 2, "nan": math.nan} | ({"only": 1.0} if rate == 0.2 else {})
            )
            run.log_dataset("crops", f"digest-{name}", "training")
        ids.append(run.id)
        (repository / "dvc.lock").write_text(
            "stages: {a: {outs: [{path: artifacts/a, md5: '22'}]}}"
        )
    return ids


def test_what_differs_is_named_and_what_is_the_same_counted(runs):
    found = compared(*runs)
    assert found["params"] == {"training.rate": ["0.1", "0.2"]}
    assert found["metrics"] == {"kid": [0.05, 0.1], "only": [None, 1.0]}
    assert found["data"] == {"artifacts/a": ["11", "22"], "crops": ["digest-slow", "digest-fast"]}
    assert found["tags"] == {"dvc.experiment": ["exp-slow", "exp-fast"]}
    assert found["code"] == {}
    assert found["same"]["params"] == 1
    assert found["same"]["metrics"] == 1  # NaN is NaN
    assert compared(runs[0], runs[0])["params"] == {}


def test_a_run_has_several_names(runs, save_model):
    for name in (runs[1], runs[1][:8], "fast", "exp-fast"):
        assert find_run(name).id == runs[1]
    with tracking.run("cores_train", "fast") as newer:
        tracking.register(newer, save_model(), "digital-core", sha256="1")
    assert find_run("fast").id == newer.id
    assert find_run("models:/digital-core/1").id == newer.id
    with pytest.raises(
        InputError, match=r"a run must be in .*, got nobody; the newest are: .*fast"
    ):
        find_run("nobody")


def test_the_command_prints_both(runs, capsys):
    assert cli.run(["compare", "slow", "fast"]) == 0
    said = capsys.readouterr().out
    assert "training.rate   0.1 → 0.2" in said
    assert "kid   0.05 → 0.1   (+0.05)" in said
    assert "only   – → 1" in said
    assert cli.run(["compare", "slow", "fast", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["params"] == {"training.rate": ["0.1", "0.2"]}
