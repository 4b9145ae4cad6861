"""`poreops network --method interface`: a bracket in numbers, tables and pictures."""

import json

import numpy as np
import pandas as pd
import pytest

from poreops import cli
from poreops.solvers.diffusion.bulk import formation_factor
from poreops.solvers.stokes.permeability import permeability
from poreops.synthetic.sample import sample_rock

FILES = {"gap.png", "gap.vtp", "regions.png", "regions.vti", "throats.csv"}


@pytest.fixture
def image(tmp_path):
    np.save(tmp_path / "rock.npy", sample_rock(32, 0.3, seed=2))
    return str(tmp_path / "rock.npy")


def test_the_command_prints_and_writes_a_bracket(image, tmp_path, capsys):
    out = tmp_path / "out"
    arguments = ["network", image, "-o", str(out), "--voxel-size", "5e-6", "--no-octants"]
    code = cli.run([*arguments, "--method", "interface", "--rtol", "0.01", "--json"])
    results = json.loads(capsys.readouterr().out)
    assert code == 0
    assert {path.name for path in out.iterdir()} >= FILES
    exact = formation_factor(np.load(image), 0, tolerance=1e-9).formation_factor
    found = results["axes"]["x"]
    assert found["lower"] <= exact <= found["upper"]
    assert found["upper"] - found["lower"] <= 0.01 * found["formation_factor"]
    table = pd.read_csv(out / "throats.csv")
    assert len(table) == results["throats"]
    assert table["gap_x"].sum() == pytest.approx(found["width"], rel=1e-6)
    assert table["modes"].sum() == results["network"]["modes"]
    code = cli.run([*arguments, "--method", "interface", "--overwrite"])
    assert code == 0
    assert "at least" in capsys.readouterr().out


def test_flow_has_a_bracket_too(image, tmp_path, capsys):
    out = tmp_path / "out"
    arguments = ["network", image, "-o", str(out), "--voxel-size", "5e-6", "--no-octants"]
    code = cli.run([*arguments, "--method", "interface", "--transport", "flow", "--json"])
    results = json.loads(capsys.readouterr().out)
    assert code == 0
    assert results["rtol"] == 0.1
    assert {path.name for path in out.iterdir()} >= FILES
    exact = permeability(np.load(image), 0, voxel_size=5e-6, tolerance=1e-7).permeability
    found = results["axes"]["x"]
    assert found["lower_m2"] <= exact <= found["upper_m2"]
    assert found["width"] <= 0.1
    table = pd.read_csv(out / "throats.csv")
    assert table["gap_x"].sum() <= found["width"] * (1 + 1e-6)
    assert table["modes"].sum() <= results["network"]["modes"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--rtol", "0.01"], "--method interface"),
        (["--method", "interface", "--rtol", "2"], "between 0 and 1"),
        (["--method", "interface", "--transport", "both"], "diffusion or flow"),
        (["--method", "interface", "--walls", "smooth"], "drop it"),
    ],
)
def test_what_an_interface_network_cannot_do_is_one_line(image, tmp_path, capsys, more, words):
    out = tmp_path / "out"
    code = cli.run(["network", image, "-o", str(out), "--voxel-size", "5e-6", *more])
    text = capsys.readouterr().err
    assert code == 2
    assert words in text
    assert len(text.strip().splitlines()) == 1
    assert not out.exists()
