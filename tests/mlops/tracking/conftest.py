"""A real MLflow store, made once and copied for each test: making the tables takes seconds."""

import shutil

import pytest

from poreops.mlops import tracking
from poreops.mlops.tracking import connection, embedded

MODEL_CODE = """\
import mlflow
import numpy as np


class Sum(mlflow.pyfunc.PythonModel):
    _skip_type_hint_validation = True  # the signature is stated

    def load_context(self, context):
        self.weight = np.loadtxt(context.artifacts["weight"])

    def predict(self, context, model_input, params=None):
        return (self.weight * model_input.reshape(len(model_input), -1).sum(1)).astype("float32")


mlflow.models.set_model(Sum())
"""


@pytest.fixture(scope="session")
def fresh_store(tmp_path_factory):
    """A repository's folder whose store was opened once."""
    repository = tmp_path_factory.mktemp("fresh")
    (repository / "mlflow").mkdir()
    embedded.open_store(repository / "mlflow/mlflow.db", connection._make_tables)
    return repository


@pytest.fixture
def repository(fresh_store, tmp_path, use):
    """A folder with its own store, to which tracking writes."""
    folder = tmp_path / "repository"
    shutil.copytree(fresh_store, folder)
    (folder / ".dvc").mkdir()
    use(folder)
    return folder


@pytest.fixture
def use(monkeypatch):
    """Let tracking write to the store of a folder, as in a new process."""

    def use(folder):
        monkeypatch.setenv("DVC_ROOT", str(folder))
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        monkeypatch.chdir(folder)
        connection._opened.cache_clear()

    return use


@pytest.fixture
def save_model(tmp_path):
    """Save a model that sums its input and multiplies by a weight."""

    def save(weight=2.0, name="model"):
        (tmp_path / "code.py").write_text(MODEL_CODE)
        (tmp_path / "weight.txt").write_text(str(weight))
        return tracking.save_pyfunc(
            tmp_path / name,
            tmp_path / "code.py",
            {"weight": tmp_path / "weight.txt"},
            inputs=tracking.Tensor("float32", (-1, 4, 4, 4, 1)),
            outputs=tracking.Tensor("float32", (-1,)),
            requirements=["mlflow", "numpy"],
        )

    return save
