"""What DVC leaves out of a folder: a colour reruns the report and nothing else."""

import shutil
import subprocess
import sys

import pytest

DVC = [sys.executable, "-m", "dvc"]
SHOW = "src/poreops/base/show"
DVC_YAML = f"""\
stages:
  train:
    cmd: echo train >> ran; echo 1 > trained
    deps: [src/poreops/base]
    outs: [trained: {{cache: false}}]
  report:
    cmd: echo report >> ran; echo 1 > drawn
    deps: [src/poreops/base, {SHOW}/pictures.py]
    outs: [drawn: {{cache: false}}]
"""


@pytest.fixture
def repository(tmp_path, project):
    (tmp_path / SHOW).mkdir(parents=True)
    for name in ("base/files.py", "base/show/pictures.py", "base/show/plot.py"):
        (tmp_path / "src/poreops" / name).write_text("1\n")
    (tmp_path / "dvc.yaml").write_text(DVC_YAML)
    shutil.copy(project / ".dvcignore", tmp_path)
    for arguments in (["git", "init", "-q"], [*DVC, "init", "-q"]):
        subprocess.run(arguments, cwd=tmp_path, check=True)
    return tmp_path


def stages_run_again(folder):
    subprocess.run([*DVC, "repro", "-q"], cwd=folder, check=True)
    log = folder / "ran"
    stages = log.read_text().split() if log.exists() else []
    log.unlink(missing_ok=True)
    return stages


def test_a_folder_is_a_dependency_without_what_shows(repository):
    assert stages_run_again(repository) == ["train", "report"]
    (repository / SHOW / "pictures.py").write_text("2\n")
    assert stages_run_again(repository) == ["report"]
    (repository / SHOW / "plot.py").write_text("2\n")
    assert stages_run_again(repository) == []
    (repository / "src/poreops/base/files.py").write_text("2\n")
    assert stages_run_again(repository) == ["train", "report"]
