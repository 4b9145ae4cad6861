"""The stages of the models: what is stated acts, searches are nested, what is judged is kept."""

import importlib.util

import numpy as np
import pytest
from tiny import properties as tiny_rocks

from poreops.base.files import read_json, read_yaml, sha256, write_json, write_table, write_yaml
from poreops.base.hdf5 import write_hdf5
from poreops.mlops import tracking
from poreops.mlops.tracking import connection
from poreops.properties.judging.left_out_kinds import probe_scores
from poreops.properties.learning.base_learners import PenaltyConfig
from poreops.properties.model import RockModel

pytestmark = pytest.mark.slow  # makes an MLflow store


@pytest.fixture
def stages(project, tmp_path, monkeypatch):
    """Run the stages of the line on tiny rocks, with some parameters; the folder they write to."""
    tracking.embedded.open_store(tmp_path / "mlflow/mlflow.db", connection._make_tables)
    (tmp_path / ".dvc").mkdir()
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setenv("POREOPS_WORKERS", "1")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    connection._opened.cache_clear()
    params = read_yaml(project / "params.yaml")
    folder = tmp_path / "artifacts/properties"
    contexts = dict.fromkeys(("none", "blobs", "vuggy", "cemented"), tiny_rocks.FEATURES)
    selected = {"contexts": contexts, "features": tiny_rocks.FEATURES}
    write_json(folder / "selection/features.json", selected)
    write_table(folder / "parts/learn.parquet", learned())
    write_table(folder / "parts/gate.parquet", learned())

    def run(*names, learners=tiny_rocks.ENSEMBLE, **search):
        own = params["properties"]
        own["search"] |= {"against_grid": ["lr"], "spaces": SPACES} | search
        own["learners"] = learners.model_dump(mode="json")
        write_yaml("params.yaml", params)
        for name in names:
            path = project / f"pipelines/properties/{name}.py"
            spec = importlib.util.spec_from_file_location(f"properties_{name}", path)
            stage = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(stage)
            stage.main()
        return folder

    return run


SPACES = {"rg": {"alpha": [0.1, 30]}, "lr": {"alpha": [0.001, 0.01, 0.1]}}


def learned():
    return tiny_rocks.table().assign(walls="stepped")


def ridge(folder):
    """Coefficients of the ridge regression that the stage properties_train fitted on all rows."""
    model = RockModel.load(folder / "models/smr_ml")
    return model.stack.base["rg"].members[-1].inner.coef


def test_a_stated_value_acts(stages):
    folder = stages("search", "train")
    assert read_yaml(folder / "search/best.yaml") == {"chosen": {}}
    before = ridge(folder)
    strong = tiny_rocks.ENSEMBLE.model_copy(update={"rg": PenaltyConfig(alpha=1e9)})
    folder = stages("search", "train", learners=strong)
    np.testing.assert_allclose(ridge(folder), 0, atol=1e-6)
    assert np.abs(before).max() > 0.01


def test_what_a_search_found_acts_and_each_kind_left_out_has_a_search_of_its_own(stages):
    folder = stages("search", use="best")
    chosen = read_yaml(folder / "search/best.yaml")["chosen"]
    assert set(chosen) == {"none", "blobs", "vuggy", "cemented"}
    assert set(read_yaml(folder / "search/profile.yaml")) <= {"properties"}
    for of in chosen.values():
        assert of.get("rg.alpha", 0.1) in SPACES["rg"]["alpha"]
        assert of.get("lr.alpha", 0.01) in SPACES["lr"]["alpha"]


def test_the_report_is_scored_by_the_files_that_were_judged(stages):
    folder = stages("search", "train", "judge")
    table = learned().assign(sibling=learned()["slice"] == 0)
    write_table(folder / "parts/report.parquet", table)
    labels = np.random.default_rng(0).integers(0, 3, (4, 16, 16))
    write_hdf5(folder / "segmented/slices.h5", dict.fromkeys(table["rock"], labels))
    stages("scores")
    scores = read_json("reports/properties/scores.json")
    judged = read_json(folder / "judged/judged.json")
    assert read_json("reports/properties/models.json")["served"] == judged["served"]
    served = scores["kind_left_out"]["served"]
    for target, name in judged["served"].items():
        assert served[target] == scores["kind_left_out"][name][target]
    metrics = read_json("reports/properties/metrics.json")
    assert metrics["r2"] == pytest.approx(served["log_permeability"]["r2"], abs=1e-3)
    assert (folder / "scores/pore_diameters.h5").is_file()


def test_the_decision_is_made_on_the_gate_part_and_kept_with_the_model(stages):
    folder = stages("search", "train", "judge")
    judged = read_json(folder / "judged/judged.json")
    model = RockModel.load(folder / "judged/model")
    assert model.served == judged["served"]
    assert model.walls == "stepped"
    assert judged["sha256"] == sha256(folder / "judged/model")
    assert judged["probe"] == pytest.approx(probe_scores(model, learned()))
    assert set(judged["candidates"]) == {
        "constant", "porosity_alone", "kozeny_carman", "smr_ml", "smr_nn",
    }  # fmt: skip
    shares = [share for of in judged["coverage"].values() for share in of.values()]
    assert judged["scores"]["coverage"] == min(shares)
