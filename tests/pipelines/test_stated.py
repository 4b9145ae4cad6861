"""A value that params.yaml states reaches the optimiser; no search takes its place unasked."""

import importlib.util
import shutil

import keras
import pytest
from tiny import conductance as tiny_model

from poreops.base.files import read_yaml
from poreops.base.settings import overridden
from poreops.conductance.learning import training
from poreops.params import check


@pytest.fixture
def stage(project):
    path = project / "pipelines/conductance/search.py"
    spec = importlib.util.spec_from_file_location("conductance_search", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_by_default_every_line_trains_what_is_stated(project):
    params = check(project / "params.yaml")
    for line in (params.conductance, params.properties, params.cores):
        assert line.search.use == "stated"


def test_a_search_that_was_not_asked_for_replaces_nothing(stage, project, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(project / "params.yaml", tmp_path)
    stage.main()  # neither conduits nor labels are there: nothing is trained
    assert read_yaml("artifacts/conductance/search/best.yaml") == {"chosen": {}}


@pytest.mark.slow
@pytest.mark.parametrize("rate", [1e-9, 3e-3])
def test_the_stated_learning_rate_reaches_the_optimiser(rate, monkeypatch):
    rates = []
    true = keras.optimizers.Adam

    def adam(learning_rate):
        rates.append(learning_rate)
        return true(learning_rate)

    monkeypatch.setattr(keras.optimizers, "Adam", adam)
    stated = training.Candidate(
        network=tiny_model.network(scalars="none"),
        training=tiny_model.training(epochs=1, learning_rate=rate, schedule="constant"),
    )
    params = overridden(stated, {})
    training.train(params.network, params.training, *tiny_model.examples(2))
    assert rates == [rate]
