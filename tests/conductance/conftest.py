"""A folder in which the stage conductance_register runs on a tiny model."""

import importlib.util
import shutil

import pytest
from tiny import conductance as tiny_model

from poreops.base.files import read_json, sha256, write_json, write_yaml
from poreops.base.hdf5 import write_hdf5
from poreops.conductance.judging.members import probe_scores
from poreops.conductance.learning.scaling import TargetScaling
from poreops.conductance.model import ConductanceModel
from poreops.mlops import tracking
from poreops.mlops.tracking import connection


@pytest.fixture(scope="session")
def model():
    return tiny_model.trained_model(3)


@pytest.fixture(scope="session")
def fresh_store(tmp_path_factory, project):
    """A folder as the stages before conductance_register leave it, with an empty store."""
    folder = tmp_path_factory.mktemp("fresh")
    tracking.embedded.open_store(folder / "mlflow/mlflow.db", connection._make_tables)
    (folder / ".dvc").mkdir()
    gate = {
        "r2_min": 0.5, "r2_log_min": 0.5, "mape_max": 0.4, "null_margin": 0.8, "member_gain": 0.9,
        "material_margin": 1, "probe": 16,
    }  # fmt: skip
    write_yaml(folder / "params.yaml", {"conductance": {"gate": gate}})
    write_json(folder / "reports/conductance/validation.json", {"success": True})
    write_json(
        folder / "reports/conductance/materials.json", {"champion": "both", "materials": {}}
    )
    return folder


@pytest.fixture
def repository(fresh_store, tmp_path, monkeypatch):
    folder = shutil.copytree(fresh_store, tmp_path / "repository")
    monkeypatch.setenv("DVC_ROOT", str(folder))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(folder)
    connection._opened.cache_clear()
    return folder


def write_judged(rows, **scores):
    """What the stage conductance_judge leaves of the member that it chose."""
    rois, ratios, size_factors = tiny_model.conduits(3)
    content = {"roi": rois[rows], "size_factor": (size_factors * ratios)[rows]}
    write_hdf5(
        tiny_model.PROBE,
        content,
        {"target": "diffusive", "convention": "centroid", "walls": "stepped", "ndim": 3},
    )
    members = {
        "both": tiny_model.GOOD | {"mape_permuted": 0.9} | scores,
        "coarse": tiny_model.GOOD | {"mape": 0.6},
        "scalars": tiny_model.GOOD | {"mape": 0.5, "mape_permuted": 0.9},
    }
    write_json(
        "artifacts/conductance/judged/gate.json",
        {
            "chosen": "both", "members": members, "constant": tiny_model.GOOD | {"mape": 0.8},
            "sha256": sha256(tiny_model.FILES),
            "probe": probe_scores(tiny_model.FILES, tiny_model.PROBE),
        },
    )  # fmt: skip


@pytest.fixture
def register(repository, project, model):
    """Run the stage conductance_register on a model with some scores; what it wrote."""
    path = project / "pipelines/conductance/register.py"
    spec = importlib.util.spec_from_file_location("conductance_register", path)
    stage = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stage)

    def run(shift=0.0, valid=True, rows=slice(0, 20), **scores):
        scaling = TargetScaling(
            model.scaling.kind, model.scaling.shift + shift, model.scaling.scale
        )
        trained = tiny_model.trained(3).model
        again = ConductanceModel(trained, model.network, scaling, 3, "diffusive", member="both")
        again.save(tiny_model.FILES)
        write_judged(rows, **scores)
        write_json("reports/conductance/validation.json", {"success": valid})
        stage.main()
        return read_json("mlflow/registered/conductance.json")

    run.stage = stage
    return run
