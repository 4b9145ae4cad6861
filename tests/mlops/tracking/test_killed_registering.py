"""A register stage that is killed at any of its writes is healed by its next run."""

import multiprocessing
import os
import shutil
import signal

import pytest

from poreops.base.files import sha256
from poreops.mlops import tracking
from poreops.mlops.registry import Candidate, enter
from poreops.mlops.tracking import pins, versions

pytestmark = pytest.mark.slow

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["mlflow", "mlflow.store.tracking.sqlalchemy_store"])
NAME = "conductance"
WEIGHTS = (2.0, 1.0, 0.5)  # the weight of a model is its error
# the client's call after which the process dies, and the how many-th of them
KILLS = [
    ("log_artifacts", 1),  # files that no version points to
    ("create_model_version", 1),
    ("set_registered_model_alias", 1),  # the challenger
    ("set_registered_model_tag", 1),  # before the alias of the champion moves
    ("set_registered_model_alias", 2),  # after that
    ("update_model_version", 1),
]


def entered(folder, weight):
    files = folder / f"files-{weight}"
    candidate = Candidate(
        name=NAME, files=files, probe=files, judged=sha256(files), judged_on="the same",
        scores={"mape": weight}, main="mape", probed={"mape": weight}, valid=True,
        nulls={"a constant": {"mape": 9.0}}, params={"weight": weight}, does="It sums.",
    )  # fmt: skip

    def score(folder, probe):
        return {"mape": float((folder / "weight.txt").read_text())}

    def verdict(standing):
        worse = standing is not None and weight > standing["mape"]
        return ["mape is not below the champion's"] * worse

    package = folder / f"package-{weight}"
    return enter(candidate, package, "conductance_register", "gate", score, verdict)


def enter_in_a_process(folder, weights, kill=None):
    """Enter models one after the other; die after a call of MLflow's client."""
    os.environ["DVC_ROOT"] = str(folder)
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    os.chdir(folder)
    if kill is not None:
        from mlflow import MlflowClient

        name, left = kill
        called = getattr(MlflowClient, name)

        def dying(*arguments, **options):
            nonlocal left
            found = called(*arguments, **options)
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return found

        setattr(MlflowClient, name, dying)
    for weight in weights:
        entered(folder, weight)


def process(*arguments):
    started = FORKS.Process(target=enter_in_a_process, args=arguments)
    started.start()
    started.join()
    return started.exitcode


@pytest.fixture
def standing(repository, save_model):
    """A store with a champion, and packages of better models."""
    for weight in WEIGHTS:
        files = repository / f"files-{weight}"
        files.mkdir()
        (files / "weight.txt").write_text(str(weight))
        shutil.move(save_model(weight), repository / f"package-{weight}")
    assert process(repository, WEIGHTS[:1]) == 0
    return repository


def test_the_next_run_makes_one_whole_champion_that_the_gate_may_replace(standing, tmp_path, use):
    for number, kill in enumerate(KILLS):
        folder = shutil.copytree(standing, tmp_path / f"killed-{number}")
        assert process(folder, WEIGHTS[1:2], kill) == -signal.SIGKILL
        use(folder)
        # whatever was done: a champion that loads
        assert tracking.download(f"models:/{NAME}@champion").is_dir()
        assert process(folder, WEIGHTS[1:]) == 0
        use(folder)
        found = versions.versions_of(NAME)
        assert [version.version for version in found] == [3, 2, 1], kill
        assert "champion" in found[0].aliases, (kill, found[0].tags)
        assert found[1].tags["gate"] == "passed"
        assert found[1].description
        assert pins.champions(NAME) == [1, 2, 3], kill
        for version in found:
            weight = tracking.download(version.uri) / "artifacts/weight.txt"
            assert weight.read_text() == str(WEIGHTS[version.version - 1])
