"""Learners that a killed stage had fitted are not fitted again; half a file is none."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest
from tiny import properties as tiny_rocks

from poreops.base.files import sha256
from poreops.properties import training
from poreops.properties.learning.laws import targets
from poreops.properties.learning.left_out import Learned, contexts
from poreops.properties.learning.plans import SliceSplitConfig
from poreops.properties.slices.features import INPUTS, design

pytestmark = pytest.mark.slow

SPAWN = multiprocessing.get_context("spawn")


def places():
    table = tiny_rocks.table()
    rocks, kinds = table["rock"].to_numpy(), table["kind"].to_numpy()
    learned = Learned(INPUTS, design(table, INPUTS), targets(table), rocks, kinds)
    names = dict.fromkeys(("none", *sorted(set(kinds))), tiny_rocks.FEATURES)
    split = SliceSplitConfig(seed=1, folds=3, test_share=0.2)
    return learned, contexts(learned, split, names, lambda _: tiny_rocks.ENSEMBLE)


def killed_while_it_writes(folder):
    Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    training._fitted(*places(), folder, "rg")


def test_half_a_learner_is_fitted_again_and_a_whole_one_is_not(tmp_path, monkeypatch):
    process = SPAWN.Process(target=killed_while_it_writes, args=(tmp_path,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    (half,) = tmp_path.iterdir()
    path = training._fitted(*places(), tmp_path, "rg")
    assert path != half
    whole = sha256(training._fitted(*places(), tmp_path / "undisturbed", "rg"))
    assert sha256(path) == whole

    def forbidden(*_):
        raise AssertionError

    monkeypatch.setattr(training, "fit_contexts", forbidden)
    assert sha256(training._fitted(*places(), tmp_path, "rg")) == whole
