"""What a shell asks of the command: completion, help, the version."""

import os
import subprocess
import sys

import pytest
from installed import command, is_one_line

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


def test_help_is_light():
    code = (
        "import sys, poreops.cli\n"
        "try:\n    poreops.cli.run(['network', '--help'])\n"
        "finally:\n"
        "    heavy = {'numpy', 'scipy', 'h5py', 'openpnm', 'porespy', 'tensorflow', 'mlflow'}\n"
        "    assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "--voxel-size" in done.stdout


def test_version_help_and_module(tmp_path):
    version = command("--version")
    assert version.stdout.startswith("poreops ")
    again = subprocess.run([*MODULE, "--version"], capture_output=True, text=True, check=True)
    assert again.stdout == version.stdout
    for name in ([], ["network"]):
        short, long = command(*name, "-h"), command(*name, "--help")
        assert short.returncode == long.returncode == 0
        assert short.stdout == long.stdout
        assert "--help" in short.stdout
    failed = subprocess.run(
        [*MODULE, "check", "none.tif"], capture_output=True, text=True, check=False
    )
    assert failed.returncode == 2
    assert is_one_line(failed.stderr)
