"""A killed process leaves its run running; the next run of the stage ends it and says so."""

import os
import signal
import subprocess
import sys

import pytest
from mlflow import MlflowClient

from poreops.errors import InputError
from poreops.mlops import tracking
from poreops.mlops.tracking import embedded, owners

CHILD = """\
import os, signal, sys
from poreops.mlops import tracking
with tracking.run("cores_search", "parent") as parent:
    with tracking.run("cores_search", "trial", parent=parent) as trial:
        with tracking.run("cores_train", "other stage") as other:
            print(parent.id, trial.id, other.id, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def killed(repository):
    """Ids of the runs that a killed process leaves: a search, its trial, another stage."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD], capture_output=True, text=True, check=False,
        env=os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"},
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    return done.stdout.split()


def status(run_id):
    return MlflowClient(tracking.tracking_uri()).get_run(run_id).info.status


def tags(run_id):
    return MlflowClient(tracking.tracking_uri()).get_run(run_id).data.tags


@pytest.mark.slow
def test_the_next_run_of_the_stage_ends_what_was_killed(killed):
    assert [status(run_id) for run_id in killed] == ["RUNNING"] * 3
    search, trial, other = killed
    with tracking.run("cores_search", "again") as again:
        assert [status(run_id) for run_id in killed] == ["KILLED", "KILLED", "RUNNING"]
    assert status(again.id) == "FINISHED"
    assert {tags(run_id)[owners.CLOSED_BY] for run_id in (search, trial)} == {again.id}
    assert set(tags(again.id)[owners.CLOSES].split(", ")) == {search, trial}
    assert owners.CLOSED_BY not in tags(other)


def test_a_run_that_runs_beside_is_left_alone(repository):
    with tracking.run("cores_train", "one") as one, tracking.run("cores_train", "two") as two:
        assert status(one.id) == status(two.id) == "RUNNING"
        assert owners.CLOSES not in tags(two.id)


def test_a_number_that_another_process_has_now_is_no_owner():
    machine, started = owners.this_process().rsplit("/", 1)
    assert not owners.gone(f"{machine}/{started}")
    assert owners.gone(f"{machine}/{int(started) - 1}")


def test_what_the_registry_has_forgotten_is_named(repository, save_model):
    (repository / "mlflow/registered").mkdir()
    note = repository / "mlflow/registered/conductance.json"
    assert tracking.forgotten() == []
    note.write_text('{"model": "conductance", "sha256": "1"}')
    assert tracking.forgotten() == [note.relative_to(repository)]
    with tracking.run("conductance_register", "a") as run:
        tracking.register(run, save_model(), "conductance", sha256="1")
    assert tracking.forgotten() == []
    note.write_text('{"model": "conductance", "sha256": "2"}')
    assert tracking.forgotten() == [note.relative_to(repository)]
    note.write_text("{}")
    with pytest.raises(InputError, match="must hold model and sha256, got {}"):
        tracking.forgotten()


def test_a_store_that_is_gone_has_forgotten_everything_and_is_not_made(repository):
    (repository / "mlflow/registered").mkdir()
    (repository / "mlflow/registered/cores.json").write_text('{"model": "m", "sha256": "1"}')
    (repository / "mlflow/mlflow.db").unlink()
    assert [note.name for note in tracking.forgotten()] == ["cores.json"]
    assert not (repository / "mlflow/mlflow.db").exists()
    assert embedded.sqlite_path(tracking.tracking_uri()) == repository / "mlflow/mlflow.db"
