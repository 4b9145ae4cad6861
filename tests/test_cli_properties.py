"""`poreops properties` as a user runs it: results, JSON, files, one line for each bad input."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import tifffile
import tiny_rocks

from poreops import cli
from poreops.slices.rock_table import MILLIDARCY


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    tiny_rocks.model().save(folder)
    return folder


@pytest.fixture
def stack(tmp_path):
    path = tmp_path / "rock.tif"
    tifffile.imwrite(path, tiny_rocks.grey(slices=5, seed=30), photometric="minisblack")
    return path


@pytest.fixture
def run(capsys, model):
    def call(*arguments, model=model):
        given = ["properties", *map(str, arguments), "--model", str(model)]
        code = cli.run(given)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_the_results_are_the_model_s(run, stack):
    code, out, err = run(stack, "--voxel-size", "2e-6", "--json")
    assert code == 0, err
    results = json.loads(out)
    expected = tiny_rocks.model().predict(tifffile.imread(stack), 2e-6)
    for key in ("porosity", "permeability_m2"):
        assert tuple(results[key].values()) == pytest.approx(expected.plug[key])
    k = results["permeability_m2"]["value"]
    assert results["permeability_md"]["value"] == pytest.approx(k / MILLIDARCY)
    assert results["shape"] == [5, 64, 64]
    assert results["coverage"] == 0.9
    assert len(results["slices"]["porosity"]) == 5


def test_the_text_names_value_and_interval(run, stack):
    code, out, _ = run(stack, "--voxel-size", "2e-6")
    assert code == 0
    assert "90 % interval" in out
    assert "permeability [mD]" in out
    assert "5 of 64 x 64 pixels of 2e-06 m" in out


def test_a_single_slice_is_enough(run, tmp_path):
    tifffile.imwrite(tmp_path / "slice.tif", tiny_rocks.grey(seed=31)[0])
    code, out, _ = run(tmp_path / "slice.tif", "--voxel-size", "2e-6", "--json")
    assert code == 0
    assert json.loads(out)["shape"] == [1, 64, 64]


def test_a_folder_holds_table_picture_and_results(run, stack, tmp_path):
    out = tmp_path / "out"
    code, _, err = run(stack, "--voxel-size", "2e-6", "-o", out)
    assert code == 0, err
    names = ["manifest.json", "results.json", "segmentation.png", "slices.csv"]
    assert sorted(path.name for path in out.iterdir()) == names
    table = pd.read_csv(out / "slices.csv")
    assert list(table.columns) == ["slice", "areal_porosity", "porosity", "permeability_m2"]
    assert len(table) == 5


def test_a_rock_unlike_all_others_is_warned_about(run, tmp_path):
    path = tmp_path / "open.tif"
    tifffile.imwrite(path, tiny_rocks.grey(0.65, seed=3), photometric="minisblack")
    code, out, _ = run(path, "--voxel-size", "2e-6")
    assert code == 0
    assert "warning: beyond the rocks that the model learned from: areal_porosity by" in out


@pytest.mark.parametrize(
    ("image", "options", "message"),
    [
        (np.full((2, 64, 64), 9, np.uint8), [], r"2 of 2 of .* are blank"),
        (np.zeros((64, 64, 3), np.uint8), [], r"has colour"),
        (tiny_rocks.grey()[:, :20], [], r"at least 32 x 32 pixels"),
        (tiny_rocks.grey(), ["--threshold", "0"], r"slice 0 of .* got solid only"),
        (tiny_rocks.grey(), ["--voxel-size", "-1"], r"voxel size must be"),
    ],
    ids=["blank", "colour", "small", "all solid", "voxel size"],
)
def test_bad_input_is_one_line_and_writes_nothing(run, tmp_path, image, options, message):
    photometric = "rgb" if image.shape[-1] == 3 else "minisblack"
    tifffile.imwrite(tmp_path / "bad.tif", image, photometric=photometric)
    given = options if "--voxel-size" in options else ["--voxel-size", "2e-6", *options]
    code, out, err = run(tmp_path / "bad.tif", *given, "-o", tmp_path / "out")
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    assert re.search(message, err)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.tif"]


def test_a_missing_model_is_one_line(run, stack, tmp_path):
    code, _, err = run(stack, "--voxel-size", "2e-6", model=tmp_path / "none")
    assert code == 2
    assert "error: the model " in err
    assert err.count("\n") == 1
