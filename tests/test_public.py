"""The package as a whole: its public names, its weight."""

import subprocess
import sys
from pathlib import Path

import pytest

import poreops

ROOT = Path(__file__).parents[1]
HEAVY = [
    "h5py",
    "keras",
    "matplotlib",
    "mlflow",
    "numba",
    "numpy",
    "openpnm",
    "porespy",
    "tensorflow",
]


def test_import_loads_no_heavy_package():
    code = f"import poreops, sys; print([name for name in {HEAVY} if name in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


@pytest.mark.parametrize("name", poreops.__all__)
def test_every_public_name_resolves_and_is_listed(name):
    assert getattr(poreops, name) is not None
    assert name in dir(poreops)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'formation_facto'"):
        _ = poreops.formation_facto


def test_the_folder_mlflow_holds_no_python():
    # what runs leave there is ignored, and registered models bring the code that serves them
    ours = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "mlflow"]
    listed = subprocess.run(ours, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "mlflow/server.env" in listed.splitlines()
    assert not [name for name in listed.splitlines() if name.endswith(".py")]
