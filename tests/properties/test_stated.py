"""What `dvc exp run -S` states reaches the optimiser, and what a search found can be adopted."""

import subprocess

import numpy as np
import pytest
from dvc.utils.hydra import apply_overrides

from poreops import params
from poreops.base.files import write_yaml
from poreops.base.settings import section
from poreops.properties.learning.stacks import EnsembleConfig, fit
from poreops.properties.search import adopted


@pytest.fixture
def folder(project, tmp_path, monkeypatch):
    """A clone with params.yaml as it is committed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_bytes((project / "params.yaml").read_bytes())
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    for command in (("init", "-q"), ("add", "."), (*identity, "commit", "-qm", "params")):
        subprocess.run(["git", *command], check=True)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.037, 0.0021])
def test_the_stated_learning_rate_reaches_the_optimiser(folder, rate):
    """Adam's first step moves every weight by the learning rate, whatever the gradient."""
    m2 = {"learning_rate": rate, "epochs": 1, "batch_size": 40, "optimiser": "adam"}
    overrides = [f"properties.learners.m2.{name}={value}" for name, value in m2.items()]
    apply_overrides("params.yaml", overrides)
    learners = section("properties.learners", EnsembleConfig)
    x, y = np.random.default_rng(0).standard_normal((2, 40, 2))
    (fitted,) = fit("m2", learners, x, y, [np.ones(40, bool)])
    # biases start at zero
    np.testing.assert_allclose(np.abs(fitted.inner.biases[-1]), rate, rtol=1e-3)


def test_what_a_search_found_is_a_profile(folder, project):
    before = section("properties.learners", EnsembleConfig)
    assert before.rg.alpha != 7
    write_yaml("found.yaml", adopted({"none": {"rg.alpha": 7.0, "m2.learning_rate": 0.02}}))
    params.use("found.yaml", folder=project / "profiles")
    after = section("properties.learners", EnsembleConfig)
    assert (after.rg.alpha, after.m2.learning_rate) == (7.0, 0.02)
    assert after.m2.epochs == before.m2.epochs


def test_a_search_that_chose_nothing_changes_nothing(folder, project):
    text = (folder / "params.yaml").read_text()
    write_yaml("found.yaml", adopted({}))
    params.use("found.yaml", folder=project / "profiles")
    assert (folder / "params.yaml").read_text() == text
