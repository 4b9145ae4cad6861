"""What the pipeline relies on DVC for, with the real DVC in a folder of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

DVC_YAML = """\
stages:
  label:
    cmd: echo label >> ran && mkdir -p artifacts && cp params.yaml artifacts/label
    params: [line.label]
    outs: [artifacts/label]
  train:
    cmd: echo train >> ran && cp params.yaml artifacts/train
    deps: [artifacts/label]
    params: [line.train]
    outs: [artifacts/train]
  register:
    cmd: echo register >> ran && mkdir -p registered && echo sha > registered/model.json
    deps: [artifacts/train]
    outs: [{registered/model.json: {cache: false, persist: true}}]
"""
PARAMS = """\
line:
  label: {tolerance: 1.0e-6}
  train: {epochs: 20}
"""


def command(*arguments, cwd, ok=True):
    python = Path(sys.executable).parent
    environment = os.environ | {
        "PATH": f"{python}{os.pathsep}{os.environ['PATH']}", "DVC_NO_ANALYTICS": "1",
        "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.org",
        "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.org",
    }  # fmt: skip
    done = subprocess.run(
        arguments, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode == 0) is ok, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def repository(tmp_path, project):
    """A git repository with the project's DVC configuration."""
    folder = tmp_path / "repository"
    folder.mkdir()
    command("git", "init", "-q", cwd=folder)
    command("dvc", "init", "-q", cwd=folder)
    shutil.copy(project / ".dvc/config", folder / ".dvc/config")
    shutil.copy(project / ".dvcignore", folder)
    return folder


def write_line(folder):
    (folder / "dvc.yaml").write_text(DVC_YAML)
    (folder / "params.yaml").write_text(PARAMS)


def ran(folder):
    """The stages that ran since the last look."""
    log = folder / "ran"
    stages = log.read_text().split() if log.exists() else []
    log.unlink(missing_ok=True)
    return stages


def test_only_stages_whose_section_changed_run_again(repository):
    write_line(repository)

    def repro():
        command("dvc", "repro", "-q", cwd=repository)
        return ran(repository)

    assert repro() == ["label", "train", "register"]
    assert repro() == []

    params = repository / "params.yaml"
    params.write_text(params.read_text().replace("20", "1"))
    assert repro() == ["train", "register"]

    params.write_text(f"# a comment\n{params.read_text()}")
    assert repro() == []

    params.write_text(params.read_text().replace("1.0e-6", "1.0e-8"))
    assert repro() == ["label", "train", "register"]

    shutil.rmtree(repository / "registered")
    assert repro() == ["register"]


def add_inputs(folder, project):
    shutil.copytree(project / "inputs", folder / "inputs")
    shutil.copy(project / "data.dvc", folder)
    (folder / ".gitignore").write_text("/data\n")
    command("git", "add", "-A", cwd=folder)
    command("git", "commit", "-qm", "inputs", cwd=folder)


def test_a_clone_without_a_remote_makes_its_data_and_stays_clean(repository, project, tmp_path):
    add_inputs(repository, project)
    clone = tmp_path / "clone"
    command("git", "clone", "-q", repository, clone, cwd=tmp_path)
    assert not (clone / "data").exists()
    command("dvc", "repro", "-q", "data.dvc", cwd=clone)
    inputs, data = (sorted(p.name for p in (clone / f).iterdir()) for f in ("inputs", "data"))
    assert inputs == data
    assert command("git", "status", "--porcelain", cwd=clone) == ""


def test_a_file_that_a_user_put_into_data_is_not_lost(repository, project):
    add_inputs(repository, project)
    command("dvc", "repro", "-q", "data.dvc", cwd=repository)
    (repository / "data/rock.tif").write_text("mine")
    said = command("dvc", "repro", "data.dvc", cwd=repository, ok=False)
    assert "data/rock.tif' without a confirmation" in said
    assert (repository / "data/rock.tif").read_text() == "mine"
