"""The digital core line on a tiny shale: parts that are not read, stated values, no champion."""

import importlib.util
import shutil

import numpy as np
import pytest
import yaml

from poreops.base.files import read_json, read_yaml, sha256, write_json, write_yaml
from poreops.cores.judging.nulls import NULLS
from poreops.cores.model import WEIGHTS, DigitalCoreModel
from poreops.cores.registry import load_core_model
from poreops.errors import InputError
from poreops.mlops import metrics
from poreops.mlops.tracking import connection
from poreops.mlops.tracking.versions import _resolve
from poreops.params import resolve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SMALL = {
    "shale": {"size": 64, "train": 40, "search": 16, "gate": 16, "report": 16},
    "wgan": {
        "patch": 32, "latent": 4, "generator_widths": [8, 8, 8, 8], "critic_widths": [8, 16]
    },
    "wgan_training": {"repeats": 2, "epochs": 1, "steps": 6, "batch_size": 4},
    "cores_search": {
        "trials": 2, "epochs": 1, "steps": 2, "cores": 8, "lost_max": 1,
        "confirm": {"candidates": 1, "seeds": 2},
        "space": {"cores.training.critic_rate": {"low": 0.0001, "high": 0.001, "log": True}},
    },
    "cores_scores": {"cores": 16, "r_max": 20, "subsets": 2, "subset_size": 8},
}  # fmt: skip


def run_stage(project, name):
    """Run a stage's script in the current folder."""
    spec = importlib.util.spec_from_file_location(name, project / f"pipelines/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main()


def use(monkeypatch, folder):
    """Let stages and tracking work in a folder, as in a new process."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DVC_ROOT", str(folder))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    connection._opened.cache_clear()


@pytest.fixture(scope="module")
def made(project, tmp_path_factory):
    """A folder in which the line ran up to the report."""
    folder = tmp_path_factory.mktemp("line")
    for name in (".dvc", "mlflow", "data"):
        (folder / name).mkdir()
    params = resolve(project / "params.yaml", project / "profiles").model_dump(mode="json")
    for section, changes in SMALL.items():
        params[section] |= changes
    params["shale"]["synthetic"] |= {"images": 8, "shape": 128}
    with pytest.MonkeyPatch.context() as patch:
        use(patch, folder)
        write_yaml("artifacts/params.yaml", params)
        for stage in (
            "cores_crops",
            "cores_validate",
            "cores_search",
            "cores_train",
            "cores_scores",
        ):
            run_stage(project, stage)
    connection._opened.cache_clear()
    return folder


@pytest.fixture
def line(made, tmp_path, monkeypatch):
    """A copy of that folder to go on in."""
    folder = tmp_path / "line"
    shutil.copytree(made, folder)
    use(monkeypatch, folder)
    yield folder
    connection._opened.cache_clear()


def change(section, **changes):
    params = read_yaml("artifacts/params.yaml")
    params[section] |= changes
    write_yaml("artifacts/params.yaml", params)


def test_one_table_holds_the_rock_the_methods_and_the_nulls(line):
    report = read_json("reports/cores/scores.json")
    table = report["table"]
    assert set(table) == {"real", "wgan_gp", "dcgan", *NULLS}
    assert {name: row["sets"] for name, row in table.items()} == {"real": 3} | {
        name: 2 for name in table if name != "real"
    }
    for null in NULLS:
        assert table["real"]["kid"]["mean"] < table[null]["kid"]["mean"]
        assert table["real"]["s2"]["mean"] < table[null]["s2"]["mean"]
    for null in ("constant", "noise"):
        assert table[null]["pore_share"]["mean"] == pytest.approx(1, abs=0.02)
    assert table["constant"]["kid"]["sd"] == 0 < table["wgan_gp"]["kid"]["sd"]
    assert set(report["models"]) == {"wgan_gp/1", "wgan_gp/2", "dcgan/1", "dcgan/2"}
    assert report["models"]["dcgan/2"]["sha256"] == sha256("artifacts/cores/models/dcgan/2")
    few = metrics.cores(report)
    offered = min(table[method]["kid"]["mean"] for method in ("wgan_gp", "dcgan"))
    assert few["error"] == pytest.approx(1000 * offered, rel=1e-3)
    assert few["real"] < few["null"]
    for name in ("cores", "s2"):
        assert picture(f"reports/cores/figures/{name}.png")


def picture(path):
    """Tell whether a picture shows something: many colours, and not on one line."""
    from skimage.io import imread

    image = imread(path)[..., :3]
    marked = (image != image[0, 0]).any(axis=2)
    return len(np.unique(image.reshape(-1, 3), axis=0)) > 20 and marked.any(axis=1).mean() > 0.5


def test_stated_values_act_and_are_noted(line, project):
    """A rate that is as good as zero leaves the generator where it starts."""
    assert read_yaml("artifacts/cores/search/best.yaml") == {"chosen": {}}
    before = DigitalCoreModel.load("artifacts/cores/models/wgan_gp/1").keras_model.get_weights()
    change("wgan_training", generator_rate=1e-12, critic_rate=1e-12, dcgan_rate=1e-12)
    shutil.rmtree("artifacts/cores/models")
    run_stage(project, "cores_search")
    run_stage(project, "cores_train")
    noted = read_yaml("artifacts/cores/models/params.yaml")["wgan_training"]
    assert (noted["generator_rate"], noted["critic_rate"]) == (1e-12, 1e-12)
    still = [
        DigitalCoreModel.load(f"artifacts/cores/models/{name}/1").keras_model.get_weights()
        for name in ("wgan_gp", "dcgan")
    ]
    for one, two in zip(*still, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-9)
    assert max(np.abs(a - b).max() for a, b in zip(before, still[0], strict=True)) > 1e-4


def test_the_search_reads_no_crop_of_the_gate_or_the_report(line, project):
    for part in ("gate", "report"):
        (line / f"artifacts/cores/crops/{part}.h5").unlink()
    change("cores_search", use="best")
    run_stage(project, "cores_search")
    found = read_yaml("artifacts/cores/search/best.yaml")
    assert found["finished"] == 3  # two trials, and the better one on another seed
    assert found["spread"] > 0


def test_the_gate_reads_no_crop_of_the_report_and_refuses_a_toy(line, project, capsys):
    (line / "artifacts/cores/crops/report.h5").unlink()
    run_stage(project, "cores_register")
    gate = read_json("reports/cores/gate.json")
    method = gate["offered"].split("/")[0]
    assert set(gate["nulls"]) == set(NULLS.values())
    assert gate["offered"] == min(gate["candidates"], key=lambda k: gate["candidates"][k]["kid"])
    said = capsys.readouterr().out
    assert "digital-core version 1: no champion; " in said
    assert "kid " in said
    registered = read_json("mlflow/registered/cores.json")
    assert registered["method"] == method
    assert registered["gate"] == gate["reasons"][gate["offered"]]

    # without a champion: why, and what to use
    with pytest.raises(InputError) as raised:
        load_core_model("models:/digital-core@champion")
    assert "version 1 was refused by the gate (kid" in str(raised.value)
    assert str(raised.value).endswith("use models:/digital-core@challenger")
    assert "\n" not in str(raised.value)
    offered = load_core_model("models:/digital-core@challenger")
    own = DigitalCoreModel.load(line / "artifacts/cores/models" / gate["offered"])
    np.testing.assert_array_equal(offered.generate(2, 32), own.generate(2, 32))
    tags = _resolve("models:/digital-core@challenger").tags
    assert tags["method"] == method
    assert float(tags["null.round blobs on a texture.kid"]) == pytest.approx(
        gate["nulls"]["round blobs on a texture"]["kid"]
    )

    # the same again
    digest = sha256("reports/cores/gate.json")
    run_stage(project, "cores_register")
    assert sha256("reports/cores/gate.json") == digest
    assert "version 1: no champion" in capsys.readouterr().out


def test_files_that_the_report_did_not_judge_are_not_registered(line, project):
    report = read_json("reports/cores/scores.json")
    for name in report["models"]:
        report["models"][name]["sha256"] = "0" * 64
    write_json("reports/cores/scores.json", report)
    with pytest.raises(InputError, match="must be those that its report judged"):
        run_stage(project, "cores_register")
    assert not (line / "mlflow/registered/cores.json").exists()


def test_a_file_that_was_cut_is_not_registered(line, project):
    path = line / "artifacts/cores/models/dcgan/1" / WEIGHTS
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InputError, match="must hold a digital core model"):
        run_stage(project, "cores_register")
    assert not (line / "mlflow/registered/cores.json").exists()


def test_only_the_report_depends_on_the_crops_of_the_report(project):
    """DVC lists what a stage reads: the whole folder, or that file."""
    stages = yaml.safe_load((project / "dvc.yaml").read_text())["stages"]
    parts = {f"artifacts/cores/crops/{part}.h5" for part in ("train", "search", "gate", "report")}
    read = {
        name: {dep for dep in stages[name]["deps"] if dep.startswith("artifacts/cores/crops")}
        for name in ("cores_search", "cores_train", "cores_register", "cores_scores")
    }
    assert read["cores_train"] == {"artifacts/cores/crops/train.h5"}
    assert read["cores_search"] == parts - {
        "artifacts/cores/crops/gate.h5",
        "artifacts/cores/crops/report.h5",
    }
    assert read["cores_register"] == parts - {"artifacts/cores/crops/report.h5"}
    assert read["cores_scores"] == {"artifacts/cores/crops"}
