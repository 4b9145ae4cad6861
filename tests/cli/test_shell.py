"""What a shell asks of the command: completion."""

import os
import subprocess
import sys

import pytest

MODULE = [sys.executable, "-m", "poreops"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("poreops form", ["formation-factor"]),
        ("poreops permeability --voxel", ["--voxel-size"]),
    ],
)
def test_it_completes_commands_and_options(line, expected):
    asked = {"_POREOPS_COMPLETE": "complete_bash", "COMP_WORDS": line}
    asked["COMP_CWORD"] = str(len(line.split()) - 1)
    done = subprocess.run(
        MODULE, env=os.environ | asked, capture_output=True, text=True, check=True
    )
    assert (done.stdout.split(), done.stderr) == (expected, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_it_shows_the_script_of_a_shell(shell):
    done = subprocess.run(
        [*MODULE, "--show-completion", shell], capture_output=True, text=True, check=True
    )
    assert f"_POREOPS_COMPLETE=complete_{shell}" in done.stdout


def test_it_installs_the_script(tmp_path):
    home = {"HOME": str(tmp_path), "BASH_VERSION": "5"}
    subprocess.run(
        [*MODULE, "--install-completion", "bash"],
        env=os.environ | home, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "poreops" in (tmp_path / ".bashrc").read_text()
