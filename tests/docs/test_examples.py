"""The examples of docs/examples run on small input, and say what they should."""

import runpy
import sys

import pytest
from docs_pages import ROOT

EXAMPLES = ROOT / "docs/examples"
ROCK = ["rock.tif", "--voxel-size", "5.3e-6"]
SLICE = ["slice.tif", "--voxel-size", "4e-6", "--model", "models:/rock-properties@champion"]
CALLS = {
    "own_tomogram": (ROCK, "z: F "),
    "network_openpnm": (ROCK, "as poreops has it"),
    "permeability": (["small.tif", *ROCK[1:], "--tolerance", "0.05"], "Darcy velocity"),
    "slices": (SLICE, "permeability_m2: "),
    "cores": (["real", "--model", "models:/digital-core@challenger"], "real, the other half"),
}
NOT_RUN = {"slurm_cluster"}  # needs a cluster


@pytest.mark.slow
@pytest.mark.parametrize("name", CALLS)
def test_an_example_runs(name, work, stand_in, monkeypatch, capsys):
    arguments, expected = CALLS[name]
    stated = [stand_in(argument) for argument in arguments]
    monkeypatch.setattr(sys, "argv", [name, *stated])
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    assert expected in capsys.readouterr().out


def test_every_example_is_run_short_and_listed():
    scripts = {path.stem: path.read_text() for path in EXAMPLES.glob("*.py")}
    assert set(scripts) == set(CALLS) | NOT_RUN
    page = (EXAMPLES / "index.md").read_text()
    assert not [name for name in scripts if f"({name}.py)" not in page]
    assert not [name for name, text in scripts.items() if len(text.splitlines()) > 60]
