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
def test_it_has_a_script_for_a_shell(shell):
    asked = os.environ | {"_POREOPS_COMPLETE": f"source_{shell}"}
    done = subprocess.run(MODULE, env=asked, capture_output=True, text=True, check=True)
    assert f"_POREOPS_COMPLETE=complete_{shell}" in done.stdout


def test_the_help_says_how_to_install_it():
    done = subprocess.run([*MODULE, "-h"], capture_output=True, text=True, check=True)
    assert "--install-completion" in done.stdout
