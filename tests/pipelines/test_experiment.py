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
    cmd: cp params.yaml trained.yaml && echo $DVC_EXP_NAME > name
    params: [conductance.training]
    outs: [trained.yaml, name]
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


@pytest.mark.slow
def test_the_example_of_the_readme_acts_under_a_profile(project, tmp_path, monkeypatch):
    (example,) = re.findall(
        r"`dvc exp run -S ([\w.]+)=([\w.]+)`", (project / "README.md").read_text()
    )
    for name in ("params.yaml", ".dvcignore"):
        shutil.copy(project / name, tmp_path)
    shutil.copytree(project / "profiles", tmp_path / "profiles")
    (tmp_path / "dvc.yaml").write_text(DVC_YAML)
    (tmp_path / ".gitignore").write_text("trained.yaml\nname\n")
    command(tmp_path, "git", "init", "-q")
    command(tmp_path, "dvc", "init", "-q")
    command(tmp_path, "git", "add", "-A")
    command(tmp_path, "git", "commit", "-qm", "first")
    command(tmp_path, sys.executable, "-m", "poreops.params", "use", "smoke")
    key, value = example
    command(tmp_path, "dvc", "exp", "run", "-q", "-n", "longer", "-S", f"{key}={value}")
    trained = read_yaml(tmp_path / "trained.yaml")
    smoke = read_yaml(tmp_path / "profiles/smoke.yaml")
    for part in key.split("."):
        trained, smoke = trained[part], smoke[part]
    assert trained == int(value) != smoke
    # and the run of MLflow is found by the experiment's name
    assert (tmp_path / "name").read_text() == "longer\n"
    monkeypatch.setenv("DVC_EXP_NAME", "longer")
    assert lineage(tmp_path)["dvc.experiment"] == "longer"
