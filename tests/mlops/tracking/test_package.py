"""A package brings its code and its lock; a byte that is not the registered one is refused."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from poreops.base.files import sha256
from poreops.errors import InputError
from poreops.mlops import tracking
from poreops.mlops.tracking import package


@pytest.fixture
def whole(save_model, tmp_path):
    """A package with code and lock."""
    save_model()
    return tracking.save_pyfunc(
        tmp_path / "whole", tmp_path / "code.py", {"weight": tmp_path / "weight.txt"},
        inputs=tracking.Tensor("float32", (-1, 2)), outputs=tracking.Tensor("float32", (-1,)),
    )  # fmt: skip


def test_no_requirement_is_the_name_of_this_package(whole):
    """No index has it, and whoever claims it there would run code in a served model."""
    for name in ("requirements.txt", "conda.yaml", "python_env.yaml"):
        assert "poreops" not in (whole / name).read_text()


def test_every_requirement_is_pinned_and_has_hashes(whole):
    text = (whole / "requirements.txt").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip()]
    assert {"mlflow", "numpy", "h5py", "scikit-learn"} <= {line.split("==")[0] for line in lines}
    for line in lines:
        assert re.match(r"[\w.-]+==[\w.]+( ;.*?)? +--hash=sha256:[0-9a-f]{64}", line), line


def test_the_lock_states_the_versions_of_the_environment(whole, project):
    """`make lock` compiles both."""
    stated = dict(re.findall(r"^([\w.-]+)==([\w.]+)", (project / "requirements.txt").read_text(),
                             re.MULTILINE))  # fmt: skip
    ours = dict(re.findall(r"^([\w.-]+)==([\w.]+)", package.locked_requirements(), re.MULTILINE))
    assert {n: v for n, v in ours.items() if stated.get(n, v) != v and n != "xgboost"} == {}


def test_the_shipped_code_is_this_package_and_runs_alone(whole, tmp_path):
    code = "import poreops; print(poreops.__file__); poreops.load_model; poreops.answered"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-B", "-c", code], env=environment | {"PYTHONPATH": str(whole / "code")},
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout.strip() == str(whole / "code/poreops/__init__.py")
    assert (whole / "MLmodel").read_text().count("code: code") == 1


def test_a_version_is_known_by_its_model_and_not_by_the_library(whole):
    before = tracking.package_digest(whole)
    (whole / "code/poreops/errors.py").write_text("# another release\n")
    (whole / "requirements.txt").write_text("numpy==9\n")
    assert tracking.package_digest(whole) == before
    (whole / "artifacts/weight.txt").write_text("3.0")
    assert tracking.package_digest(whole) != before


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


@pytest.fixture
def registered(repository, save_model):
    with tracking.run("registration", "a") as run:
        version = tracking.register(run, save_model(), "conductance", sha256="1")
    return tracking.download(version.uri)


@pytest.mark.parametrize("name", ["artifacts/weight.txt", "code.py", "MLmodel", "manifest.json"])
def test_a_flipped_bit_is_refused(registered, name):
    flip(registered / name)
    with pytest.raises(
        InputError, match=r"models:/conductance/1 must have the files that were reg"
    ):
        tracking.download("models:/conductance/1")


def test_other_weights_with_a_manifest_made_for_them_are_refused(registered):
    (registered / "artifacts/weight.txt").write_text("9.0")
    package.write_manifest(registered)
    with pytest.raises(InputError, match=r"got another manifest\.json"):
        tracking.download("models:/conductance/1")


def test_a_file_more_or_no_manifest_is_refused(registered):
    (registered / "artifacts/more.py").write_text("")
    with pytest.raises(InputError, match=r"got more: artifacts/more\.py"):
        tracking.download("models:/conductance/1")
    (registered / "artifacts/more.py").unlink()
    (registered / "registered_model_meta").write_text("MLflow writes this when it serves")
    tracking.download("models:/conductance/1")
    (registered / "manifest.json").unlink()
    with pytest.raises(InputError, match=r"must have its manifest\.json"):
        tracking.download("models:/conductance/1")


def test_a_damaged_version_is_registered_again(registered, save_model):
    flip(registered / "artifacts/weight.txt")
    with tracking.run("registration", "b") as run:
        again = tracking.register(run, save_model(), "conductance", sha256="1")
    assert again.version == 2
    tracking.download("models:/conductance/2")


def test_a_version_of_0_2_is_compared_with_the_digest_of_its_package(repository, save_model):
    folder = save_model()
    (folder / "manifest.json").unlink()
    with tracking.run("registration", "a") as run:
        tags = {"files.sha256": "f"}
        tracking.register(run, folder, "old", sha256=sha256(folder), tags=tags)
    stored = tracking.download("models:/old/1")
    flip(stored / "artifacts/weight.txt")
    with pytest.raises(InputError, match="must have the files that were registered, got others"):
        tracking.download("models:/old/1")


def test_a_folder_inside_a_damaged_package_is_no_model(whole):
    assert tracking.checked_folder(whole / "artifacts") == whole / "artifacts"
    flip(whole / "artifacts/weight.txt")
    with pytest.raises(InputError, match="other bytes in artifacts/weight"):
        tracking.checked_folder(whole / "artifacts")


@pytest.mark.parametrize("name", ["../outside.txt", "/etc/passwd"])
def test_a_manifest_does_not_lead_out_of_its_folder(whole, name):
    content = json.loads((whole / "manifest.json").read_text())
    content["files"][name] = "0" * 64
    (whole / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match="must list files of its folder"):
        package.copied(whole, whole.parent / "copy")


def test_the_copy_that_is_served_leaves_planted_bytecode_behind(whole, tmp_path):
    planted = whole / "code/poreops/__pycache__/errors.cpython-311.pyc"
    planted.parent.mkdir()
    planted.write_bytes(b"planted")
    package.check_package(whole, "m")  # Python writes such files itself
    copy = package.copied(whole, tmp_path / "copy")
    assert not list(copy.rglob("*.pyc"))
    shutil.rmtree(planted.parent)
    assert {p.relative_to(copy) for p in copy.rglob("*")} == {
        p.relative_to(whole) for p in whole.rglob("*")
    }
