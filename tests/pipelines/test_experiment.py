"""README's example of an experiment changes what is trained, under every profile."""

import re
import shutil
import subprocess
import sys

import pytest
from stubbed import scripts_on_path

from poreops.base.files import read_yaml
from poreops.mlops.tracking.lineage import lineage

DVC_YAML = """\
stages:
  train:
    cmd: cp params.yaml trained.yaml && echo $DVC_EXP_NAME > name && echo $DVC_ROOT > root
    params: [conductance.training]
    outs: [trained.yaml, name, root]
"""


def command(folder, *arguments):
    identity = {f"GIT_{who}_{what}": "t@example.org" for who in ("AUTHOR", "COMMITTER")
                for what in ("NAME", "EMAIL")}  # fmt: skip
    done = subprocess.run(
        arguments, cwd=folder, env=scripts_on_path() | identity, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def repository(project, tmp_path):
    """A repository with one stage, under the profile for tests."""
    for name in ("params.yaml", ".dvcignore"):
        shutil.copy(project / name, tmp_path)
    shutil.copytree(project / "profiles", tmp_path / "profiles")
    (tmp_path / "dvc.yaml").write_text(DVC_YAML)
    (tmp_path / ".gitignore").write_text("trained.yaml\nname\nroot\n")
    command(tmp_path, "git", "init", "-q")
    command(tmp_path, "dvc", "init", "-q")
    command(tmp_path, "git", "add", "-A")
    command(tmp_path, "git", "commit", "-qm", "first")
    command(tmp_path, sys.executable, "-m", "poreops.params", "use", "smoke")
    return tmp_path


def trained(folder, key, file="trained.yaml"):
    """Return the value with which the stage ran."""
    value = read_yaml(folder / file)
    for part in key.split("."):
        value = value[part]
    return value


@pytest.mark.slow
def test_the_example_of_the_readme_acts_under_a_profile(project, repository, monkeypatch):
    ((key, value),) = re.findall(
        r"`dvc exp run -S ([\w.]+)=([\w.]+)`", (project / "README.md").read_text()
    )
    command(repository, "dvc", "exp", "run", "-q", "-n", "longer", "-S", f"{key}={value}")
    stated = trained(repository, key, "profiles/smoke.yaml")
    assert trained(repository, key) == int(value) != stated
    # and the run of MLflow is found by the experiment's name
    assert (repository / "name").read_text() == "longer\n"
    monkeypatch.setenv("DVC_EXP_NAME", "longer")
    assert lineage(repository)["dvc.experiment"] == "longer"


@pytest.mark.slow
def test_queued_experiments_run_under_their_names_on_the_store_of_the_clone(project, repository):
    page = (project / "docs/platform.md").read_text()
    queued = re.findall(r"^dvc exp run --queue -n (\w+) -S ([\w.]+)=([\w.]+)$", page, re.MULTILINE)
    assert len(queued) == 2
    for line in re.findall(r"^dvc exp run --(?:queue|run-all).*$", page, re.MULTILINE):
        command(repository, *line.split(), "-q")
    for name, key, value in queued:
        command(repository, "dvc", "exp", "apply", "-q", name)
        assert trained(repository, key) == int(value)
        assert (repository / "name").read_text() == f"{name}\n"
        # it ran in a copy below .dvc/tmp, from where MLflow's store is found by this variable
        assert (repository / "root").read_text() == f"{repository}\n"
