"""The way to a model and the way from a file, with a real store and a lock file of DVC."""

import json
import subprocess

import pytest

from poreops import cli
from poreops.errors import InputError
from poreops.mlops import tracking
from poreops.mlops.provenance import crate
from poreops.mlops.provenance.graph import parse_graph, read_graph

LOCK = """\
schema: '2.0'
stages:
  cores_register:
    cmd: python pipelines/cores/register.py
    deps:
    - {path: artifacts/cores/models, md5: c0ffee02.dir}
    - {path: pipelines/cores/register.py, md5: 5c01}
    outs: [{path: mlflow/registered/cores.json, md5: '7711'}]
  cores_crops:
    cmd: python pipelines/cores/crops.py
    deps: [{path: data/cores, md5: d00d.dir}]
    params:
      params.yaml:
        cores.crops: {seed: 7}
    outs: [{path: artifacts/cores/crops, md5: c0ffee01.dir}]
  cores_train:
    cmd: python pipelines/cores/train.py
    deps:
    - {path: artifacts/cores/crops/train.h5, md5: '1234'}
    outs: [{path: artifacts/cores/models, md5: c0ffee02.dir}]
  conductance_train:
    cmd: python pipelines/conductance/train.py
    outs: [{path: artifacts/conductance/models, md5: abcd.dir}]
"""
DATA = "md5: x\ndeps: [{path: inputs, md5: e0.dir}]\nouts: [{path: data, md5: e0.dir}]\n"
NEEDED = ["data.dvc", "cores_crops", "cores_train", "cores_register"]


@pytest.fixture(scope="module")
def graph():
    return parse_graph(LOCK, DATA)


def test_a_stage_comes_after_all_that_it_needs(graph):
    assert graph.upstream(["cores_register"]) == NEEDED
    assert graph.needs("cores_train") == ["cores_crops"]  # a file inside an out
    assert graph.downstream("artifacts/cores/crops") == ["cores_train", "cores_register"]
    assert graph.downstream("inputs/cores/rock.tif") == NEEDED
    assert graph.downstream("artifacts/conductance/models") == []


def test_the_digest_is_that_of_the_stages_and_of_no_other(graph):
    digest = graph.digest(["cores_register"])
    assert parse_graph(LOCK.replace("abcd", "abce"), DATA).digest(["cores_register"]) == digest
    for old, new in (("seed: 7", "seed: 8"), ("d00d", "d00e"), ("crops.py", "crop.py")):
        assert parse_graph(LOCK.replace(old, new), DATA).digest(["cores_register"]) != digest


def test_what_is_no_lock_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="the pipeline must have run, got no .*dvc.lock"):
        read_graph(tmp_path)
    for text in ("stages: [1]", "a: {b", "1"):
        with pytest.raises(InputError, match="dvc.lock must be a lock file"):
            parse_graph(text)


def git(folder, *arguments):
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)


@pytest.fixture
def registered(repository, save_model, monkeypatch):
    """A repository whose stage cores_register made a champion."""
    (repository / "dvc.lock").write_text(LOCK)
    (repository / "data.dvc").write_text(DATA)
    (repository / ".gitignore").write_text("mlflow\n")
    git(repository, "init", "-q")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "ran")
    monkeypatch.setenv("DVC_STAGE", "cores_register")
    with tracking.run("cores_register", "digital-core") as run:
        version = tracking.register(
            run, save_model(), "digital-core", sha256="1", tags=tracking.lineage()
        )
        tracking.promote(version)
    monkeypatch.delenv("DVC_STAGE")
    return repository


def answer(capsys, *arguments, code=0):
    assert cli.run([*arguments]) == code
    return capsys.readouterr().out


def test_the_way_to_a_model(registered, capsys):
    said = answer(capsys, "lineage", "models:/digital-core@champion")
    tree = said[said.index("cores_register  →") : said.index("make it again")].split("\n")
    assert [line.split("→")[0].strip(" └─") for line in tree if "→" in line] == NEEDED[::-1]
    assert "conductance_train" not in said
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=registered, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert said.endswith(f"  git checkout {head}\n  make env\n  dvc repro cores_register\n")
    # since then the crops were drawn again
    lock = registered / "dvc.lock"
    lock.write_text(LOCK.replace("c0ffee01", "c0ffee09"))
    assert "changed since: artifacts/cores/crops" in answer(
        capsys, "lineage", "models:/digital-core/1"
    )


def test_a_model_of_another_state_is_traced_in_its_commit(registered, capsys):
    (registered / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    found = json.loads(answer(capsys, "lineage", "models:/digital-core@champion", "--json"))["to"]
    assert list(found["stages"]) == NEEDED
    assert found["lock"].startswith("dvc.lock of ")


@pytest.mark.parametrize("what", ["artifacts/cores/crops", "c0ffee01"])
def test_the_way_from_a_file_or_its_digest(registered, capsys, what):
    found = json.loads(answer(capsys, "lineage", what, "--json"))["from"]
    assert found["paths"] == ["artifacts/cores/crops"]
    assert found["made_by"] == ["cores_crops"]
    assert found["stages"] == ["cores_train", "cores_register"]
    (model,) = found["models"]
    assert model["model"] == "models:/digital-core/1"
    assert model["aliases"] == ["champion"]
    assert model["same"] is True


def test_no_model_comes_from_another_line(registered, capsys):
    found = json.loads(answer(capsys, "lineage", "artifacts/conductance/models", "--json"))
    assert found["from"]["models"] == found["from"]["stages"] == []


def test_a_file_that_the_pipeline_does_not_know(registered, capsys):
    assert cli.run(["lineage", "README.md"]) == 2
    assert "must be one that the pipeline reads or makes" in capsys.readouterr().err


def test_a_crate_describes_every_step_and_refers_to_nothing_that_is_not_there(registered, capsys):
    stated = ("cores_crops", "cores_train", "cores_register")
    (registered / "dvc.yaml").write_text(
        "".join(["stages:\n", *(f"  {n}: {{}}\n" for n in stated)])
    )
    said = answer(
        capsys, "lineage", "models:/digital-core@champion", "--crate", str(registered / "crate")
    )
    assert said.rstrip().endswith("crate")
    content = json.loads((registered / "crate" / crate.METADATA).read_text())
    entities = {entity["@id"]: entity for entity in content["@graph"]}
    assert len(entities) == len(content["@graph"])
    assert set(crate.references(content["@graph"])) <= set(entities)
    kinds = [entity["@type"] for entity in content["@graph"]]
    for kind in ("HowToStep", "ControlAction"):
        assert kinds.count(kind) == len(NEEDED)
    assert kinds.count("CreateAction") == len(NEEDED) + 1
    assert kinds.count("OrganizeAction") == 1
    root = entities["./"]
    assert {"@id": "https://w3id.org/ro/wfrun/provenance/0.5"} in root["conformsTo"]
    train = entities["#action-cores_train"]
    assert [one["@id"] for one in train["object"]] == [
        "urn:md5:1234?path=artifacts/cores/crops/train.h5"
    ]
    assert entities["#cores_crops/cores.crops"]["value"] == '{"seed": 7}'
    assert cli.run(["lineage", "--crate", str(registered / "crate")]) == 2
    assert "must be new or empty" in capsys.readouterr().err
    held = {path.name for path in (registered / "crate").iterdir()}
    assert {"dvc.yaml", "dvc.lock", "data.dvc", crate.METADATA} == held
