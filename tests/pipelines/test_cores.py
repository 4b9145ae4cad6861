"""The cores line on a tiny shale: parts that are not read, stated values, no champion."""

import importlib.util
import shutil
import subprocess

import grimp
import numpy as np
import pytest
import yaml
from dvc.utils.hydra import apply_overrides

from poreops.base.files import read_json, read_yaml, sha256, write_json, write_yaml
from poreops.base.settings import section
from poreops.cores.judging.nulls import NULLS
from poreops.cores.learning.training import TrainingConfig
from poreops.cores.model import DigitalCoreModel, load_generator
from poreops.cores.registry import load_core_model
from poreops.errors import InputError
from poreops.mlops.tracking import connection, download, load_pyfunc
from poreops.mlops.tracking.versions import resolve
from poreops.params import check, use

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SMALL = {
    "crops": {"size": 64, "train": 40, "search": 16, "gate": 16, "report": 16},
    "generator": {
        "patch": 32, "latent": 4, "generator_widths": [8, 8, 8, 8], "critic_widths": [8, 16]
    },
    "training": {"repeats": 2, "epochs": 1, "steps": 6, "batch_size": 4},
    "quilting": {
        "repeats": 2, "pieces": 300, "piece": 16, "overlap": 6, "choices": 4, "noise": "copied"
    },
    "search": {
        "trials": 2, "epochs": 1, "steps": 2, "cores": 8, "lost_max": 1,
        "confirm": {"candidates": 1, "seeds": 2},
        "space": {"training.critic_rate": {"low": 0.0001, "high": 0.001, "log": True}},
    },
    "judging": {"cores": 16, "r_max": 20, "subsets": 2, "subset_size": 8},
}  # fmt: skip
STAGES = ("crops", "validate", "search", "train", "quilt", "judge", "scores", "report")
PARTS = {f"artifacts/cores/crops/{part}.h5" for part in ("train", "search", "gate", "report")}


def run_stage(project, verb):
    """Run a stage's script in the current folder."""
    path = project / f"pipelines/cores/{verb}.py"
    spec = importlib.util.spec_from_file_location(f"cores_{verb}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main()


def work_in(monkeypatch, folder):
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
    params = check(project / "params.yaml").model_dump(mode="json")
    for name, changes in SMALL.items():
        params["cores"][name] |= changes
    params["cores"]["crops"]["synthetic"] |= {"images": 8, "shape": 128}
    with pytest.MonkeyPatch.context() as patch:
        work_in(patch, folder)
        write_yaml("params.yaml", params)
        for verb in STAGES:
            run_stage(project, verb)
    connection._opened.cache_clear()
    return folder


@pytest.fixture
def line(made, tmp_path, monkeypatch):
    """A copy of that folder to go on in."""
    folder = tmp_path / "line"
    shutil.copytree(made, folder)
    work_in(monkeypatch, folder)
    yield folder
    connection._opened.cache_clear()


def test_one_table_holds_the_rock_the_methods_and_the_nulls(line):
    table = read_json("reports/cores/scores.json")["table"]
    assert set(table) == {"real", "wgan_gp", "dcgan", "quilting", *NULLS}
    assert {name: row["sets"] for name, row in table.items()} == {"real": 3} | {
        name: 2 for name in table if name != "real"
    }
    for null in NULLS:
        assert table["real"]["kid"]["mean"] < table[null]["kid"]["mean"]
        assert table["real"]["s2"]["mean"] < table[null]["s2"]["mean"]
    for null in ("constant", "noise"):
        assert table[null]["pore_share"]["mean"] == pytest.approx(1, abs=0.02)
    assert table["constant"]["kid"]["sd"] == 0 < table["wgan_gp"]["kid"]["sd"]


def picture(path):
    """Tell whether a picture shows something: many colours, and not on one line."""
    from skimage.io import imread

    image = imread(path)[..., :3]
    marked = (image != image[0, 0]).any(axis=2)
    return len(np.unique(image.reshape(-1, 3), axis=0)) > 20 and marked.any(axis=1).mean() > 0.5


def logged(stage):
    """The runs of a stage, from the store of the current folder."""
    client = connection.client()
    experiment = client.get_experiment_by_name("cores")
    return client.search_runs([experiment.experiment_id], f"tags.stage = '{stage}'")


def test_the_pictures_are_one_run_that_names_what_it_drew(line):
    for name in ("cores", "quiz", "s2", "losses"):
        assert picture(f"reports/cores/figures/{name}.png")
    (drawn,) = logged("report")
    files = {file.path for file in connection.client().list_artifacts(drawn.info.run_id)}
    assert {"cores.png", "quiz.png", "s2.png", "losses.png"} <= files
    for path in ("reports/cores/scores.json", "artifacts/cores/scores/images.h5"):
        assert drawn.data.tags[f"drawn.{path}"] == sha256(path)


def test_a_training_shows_its_cores_after_every_epoch(line):
    runs = logged("train")
    assert {found.info.run_name for found in runs} == {
        "wgan_gp/1", "wgan_gp/2", "dcgan/1", "dcgan/2"
    }  # fmt: skip
    for found in runs:
        files = connection.client().list_artifacts(found.info.run_id, "samples")
        assert [file.path for file in files] == ["samples/0001.png"]


def test_a_rate_that_is_set_for_a_run_reaches_the_optimiser(line, project):
    """One that is as good as zero leaves the generator where it starts."""
    assert read_yaml("artifacts/cores/search/best.yaml") == {"chosen": {}}
    before = DigitalCoreModel.load("artifacts/cores/models/wgan_gp/1").keras_model.get_weights()
    rates = ("generator_rate", "critic_rate", "dcgan_rate")
    # what `dvc exp run -S` does before it runs the stages
    apply_overrides("params.yaml", [f"cores.training.{rate}=1e-12" for rate in rates])
    for method in ("wgan_gp", "dcgan"):
        shutil.rmtree(f"artifacts/cores/models/{method}")
    run_stage(project, "search")
    run_stage(project, "train")
    noted = read_yaml("artifacts/cores/models/params.yaml")["training"]
    assert [noted[rate] for rate in rates] == [1e-12] * 3
    still = [
        DigitalCoreModel.load(f"artifacts/cores/models/{name}/1").keras_model.get_weights()
        for name in ("wgan_gp", "dcgan")
    ]
    for one, two in zip(*still, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-9)
    assert max(np.abs(a - b).max() for a, b in zip(before, still[0], strict=True)) > 1e-4


def test_the_search_reads_no_crop_of_gate_or_report_and_its_result_is_adopted(line, project):
    for part in ("gate", "report"):
        (line / f"artifacts/cores/crops/{part}.h5").unlink()
    # the stated rate diverges, so that another one is chosen
    overrides = ["cores.search.use=best", "cores.training.critic_rate=1e9"]
    apply_overrides("params.yaml", overrides)
    run_stage(project, "search")
    found = read_yaml("artifacts/cores/search/best.yaml")
    assert (found["finished"], found["lost"]) == (2, 1)  # one trial, and it again on another seed
    assert found["spread"] > 0
    assert 0.0001 <= found["chosen"]["training.critic_rate"] <= 0.001

    for command in ("init -q", "add params.yaml", "-c user.name=t -c user.email=t@t commit -qm t"):
        subprocess.run(["git", *command.split()], check=True)
    use("artifacts/cores/search/profile.yaml", folder=line / "profiles")
    adopted = section("cores.training", TrainingConfig)
    assert adopted.critic_rate == found["chosen"]["training.critic_rate"]
    assert adopted.generator_rate == 0.0002  # as stated


def test_the_gate_reads_no_crop_of_the_report_and_refuses_a_toy(line, project, capsys):
    (line / "artifacts/cores/crops/report.h5").unlink()
    # what needs no training may pass
    shutil.rmtree("artifacts/cores/models/quilting")
    run_stage(project, "judge")
    run_stage(project, "register")
    gate = read_json("reports/cores/gate.json")
    method = gate["offered"].split("/")[0]
    assert set(gate["candidates"]) == {
        f"{method}/{seed}" for method in ("wgan_gp", "dcgan") for seed in (1, 2)
    }
    assert set(gate["nulls"]) == set(NULLS.values())
    # what passes comes before what does not, then the lower KID
    found, why = gate["candidates"], gate["reasons"]
    assert gate["offered"] == min(found, key=lambda name: (bool(why[name]), found[name]["kid"]))
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
    own = load_generator(line / "artifacts/cores/models" / gate["offered"])
    np.testing.assert_array_equal(offered.generate(2, 32), own.generate(2, 32))
    tags = resolve("models:/digital-core@challenger").tags
    assert tags["method"] == method
    assert float(tags["null.round blobs on a texture.kid"]) == pytest.approx(
        gate["nulls"]["round blobs on a texture"]["kid"]
    )

    # the same again
    digests = sha256("reports/cores/gate.json"), sha256("artifacts/cores/judged")
    run_stage(project, "judge")
    run_stage(project, "register")
    assert (sha256("reports/cores/gate.json"), sha256("artifacts/cores/judged")) == digests
    assert "version 1: no champion" in capsys.readouterr().out


def test_files_that_were_not_judged_are_not_registered(line, project):
    offer = read_json("artifacts/cores/judged/offer.json")
    write_json("artifacts/cores/judged/offer.json", offer | {"sha256": "0" * 64})
    with pytest.raises(InputError, match="must be those that its report judged"):
        run_stage(project, "register")
    assert not (line / "mlflow/registered/cores.json").exists()


def test_a_file_that_was_cut_is_neither_judged_nor_registered(line, project):
    name = read_json("artifacts/cores/judged/offer.json")["name"]
    (path,) = (line / "artifacts/cores/models" / name).glob("*.h5")
    path.write_bytes(path.read_bytes()[:1000])
    for verb in ("judge", "register"):
        with pytest.raises(
            InputError, match="must hold a digital core model|must be a complete HDF5"
        ):
            run_stage(project, verb)
    assert not (line / "mlflow/registered/cores.json").exists()


@pytest.fixture(scope="module")
def deps(project):
    """Stage of the line → what it depends on."""
    stages = yaml.safe_load((project / "dvc.yaml").read_text())["stages"]
    return {name: stage["deps"] for name, stage in stages.items() if name.startswith("cores_")}


def test_only_the_scores_depend_on_the_crops_of_the_report(deps):
    """DVC lists what a stage reads: the whole folder, or that file."""
    read = {
        name: {dep for dep in found if dep.startswith("artifacts/cores/crops")}
        for name, found in deps.items()
    }
    assert read["cores_train"] == {"artifacts/cores/crops/train.h5"}
    assert read["cores_search"] == {
        "artifacts/cores/crops/train.h5", "artifacts/cores/crops/search.h5"
    }  # fmt: skip
    assert read["cores_judge"] == PARTS - {"artifacts/cores/crops/report.h5"}
    assert read["cores_register"] == set()
    assert read["cores_scores"] == {"artifacts/cores/crops"}
    assert not {"reports/cores/scores.json", "artifacts/cores/scores"} & {*deps["cores_register"]}


def test_a_change_of_a_picture_reruns_the_report_alone(deps):
    for path in ("src/poreops/cores/figures.py", "src/poreops/base/show/pictures.py"):
        folders = {path, path.rpartition("/")[0]}
        assert {name for name, found in deps.items() if folders & {*found}} == {"cores_report"}


def test_pictures_are_drawn_from_tables():
    graph = grimp.build_graph("poreops", exclude_type_checking_imports=True)
    ground = graph.find_upstream_modules("poreops.cores.figures")
    makers = ("poreops.cores.learning", "poreops.cores.model")
    assert not {name for name in ground if name.startswith(makers)}


def test_a_quilting_is_registered_and_served_like_a_network(line, project, capsys):
    for method in ("wgan_gp", "dcgan"):
        shutil.rmtree(f"artifacts/cores/models/{method}")
    run_stage(project, "judge")
    run_stage(project, "register")
    assert "digital-core version 1: " in capsys.readouterr().out
    offered = read_json("artifacts/cores/judged/offer.json")
    assert offered["method"] == read_json("mlflow/registered/cores.json")["method"] == "quilting"
    found = load_core_model("models:/digital-core@challenger")
    own = load_generator(line / "artifacts/cores/models" / offered["name"])
    np.testing.assert_array_equal(found.generate(2, 50), own.generate(2, 50))
    tags = resolve("models:/digital-core@challenger").tags
    assert tags["holds"] == own.made_of == "300 pieces of 40 training images"
    package = next(download("models:/digital-core@challenger").rglob("MLmodel")).parent
    served = load_pyfunc(package).predict(np.array([[3.0, 50.0]]))
    np.testing.assert_array_equal(served[0], own.generate(1, 50, seed=3)[0])
