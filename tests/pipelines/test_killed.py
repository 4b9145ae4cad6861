"""A killed stage goes on where it stopped, with the same bytes."""

import importlib.util
import shutil
import signal
import subprocess
import time

import numpy as np
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from poreops.base.files import sha256
from poreops.base.hdf5 import read_hdf5
from poreops.conductance import labels as labelling

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


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
    solve = labelling.simulated_size_factors

    def counted(labels, conns, config, **options):
        solved.append(len(conns))
        return solve(labels, conns, config, **options)

    monkeypatch.setattr(labelling, "simulated_size_factors", counted)
    monkeypatch.setenv("POREOPS_WORKERS", "1")
    monkeypatch.chdir(clone.folder)
    module.main()
    others = sum(
        len(read_hdf5(f"artifacts/conductance/regions/{role}.h5")[0]) // 2
        for role in ("gate", "unseen")
    )
    assert len(solved) == volumes + others - len(done)
    assert sha256(labels) == before
    assert clone.repro() == []


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
