"""`poreops properties` as a user runs it: results, JSON, files, one line for each bad input."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import tifffile
from tiny import properties as tiny_rocks

from poreops import cli
from poreops.base.units import MILLIDARCY


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


def answer(run, path, *options):
    code, out, err = run(path, "--voxel-size", "2e-6", "--json", *options)
    assert code == 0, err
    return json.loads(out)


@pytest.mark.parametrize("outside", [0, 255])
def test_a_round_field_of_view_is_left_out_and_said_so(run, tmp_path, outside):
    grey = tiny_rocks.grey(slices=5, seed=30, edge=96)
    path = tmp_path / "round.tif"
    tifffile.imwrite(path, grey, photometric="minisblack")
    whole = answer(run, path)
    y, x = np.mgrid[:96, :96] - 47.5
    true = (grey[:, np.hypot(y, x) <= 46] < 115).mean()
    grey[:, np.hypot(y, x) > 46] = outside
    tifffile.imwrite(path, grey, photometric="minisblack")
    found = answer(run, path)
    assert found["porosity"]["value"] == pytest.approx(whole["porosity"]["value"], abs=0.03)
    assert found["check"]["pore"]["share"] == pytest.approx(true, abs=0.01)
    assert found["check"]["field_of_view"]["share"] == pytest.approx(0.7, abs=0.05)
    _, out, _ = run(path, "--voxel-size", "2e-6")
    assert f"a border of constant grey {outside} is left out" in out
    mask = tmp_path / "mask.tif"
    tifffile.imwrite(mask, np.where(np.hypot(y, x) > 46, 0, 255).astype(np.uint8))
    masked = answer(run, path, "--mask", mask)
    assert masked["check"]["field_of_view"]["left_out"] == "the outside of the mask"
    assert masked["porosity"]["value"] == pytest.approx(found["porosity"]["value"], abs=0.01)


def test_a_segmented_stack_is_counted_in_every_form(run, tmp_path):
    pore = tiny_rocks.grey(0.25, slices=5, seed=33) < 115
    for name, stack in (
        ("bool.npy", pore), ("one.npy", pore.astype(np.uint8)),
        ("byte.npy", pore * np.uint8(255)), ("float.npy", pore.astype(np.float32)),
    ):  # fmt: skip
        np.save(tmp_path / name, stack)
        found = answer(run, tmp_path / name)
        assert found["porosity"]["value"] == pytest.approx(pore.mean()), name
        assert found["check"]["pore"]["kind"] == "segmented"
        assert found["check"]["pore"]["share"] == pytest.approx(pore.mean())
    turned = answer(run, tmp_path / "one.npy", "--pores", "dark")
    assert turned["porosity"]["value"] == pytest.approx(1 - pore.mean())
    labelled = answer(run, tmp_path / "byte.npy", "--pore-label", "255")
    assert labelled["porosity"]["value"] == pytest.approx(pore.mean())


def test_bright_pores_are_chosen(run, stack, tmp_path):
    dark = answer(run, stack)
    np.save(tmp_path / "negative.npy", 255 - tifffile.imread(stack))
    bright = answer(run, tmp_path / "negative.npy", "--pores", "bright")
    assert bright["porosity"]["value"] == pytest.approx(dark["porosity"]["value"], abs=0.005)
    assert "the bright phase" in bright["check"]["pore"]["rule"]
    _, out, _ = run(stack, "--voxel-size", "2e-6")
    assert "the dark phase (--pores bright counts the other)" in out


def test_beyond_the_rocks_the_interval_holds_the_counted_porosity_and_the_law(run, tmp_path):
    """An open foam, which no rock of the model is like."""
    path = tmp_path / "open.npy"
    np.save(path, tiny_rocks.grey(0.8, seed=3, edge=96))
    found = answer(run, path)
    assert "areal_porosity" in found["outside"]
    assert found["porosity"]["low"] < 0.8 < found["porosity"]["high"]
    assert found["porosity"]["value"] == pytest.approx(0.8, abs=0.03)
    k = found["permeability_m2"]
    assert k["high"] / k["low"] > np.exp(2 * 4 * 0.4)  # the plug's own width is 0.4


TEXTURE = np.random.default_rng(0).normal(150, 12, (3, 64, 64)).astype(np.uint8)
THREE = np.digitize(tiny_rocks.grey(0.3, seed=34), [115, 172]).astype(np.uint8)


@pytest.mark.parametrize(
    ("image", "options", "message"),
    [
        (np.full((2, 64, 64), 9, np.uint8), [], r"2 of 2 of .* are blank"),
        (np.zeros((64, 64, 3), np.uint8), [], r"has colour"),
        (tiny_rocks.grey()[:, :20], [], r"at least 32 x 32 pixels"),
        (tiny_rocks.grey(), ["--threshold", "0"], r"slice 0 of .* got solid only"),
        (TEXTURE, [], r"its histogram shows one phase"),
        (
            THREE,
            [],
            r"3 phases must come with the pore's, bad\.tif holds 0, 1, 2; .* --pore-label",
        ),
        (THREE, ["--pore-label", "7"], r"must occur in the image, got 7"),
        (tiny_rocks.grey(), ["--pore-label", "60"], r"a pore label belongs to a segmented image"),
        (tiny_rocks.grey(), ["--pores", "grey"], r"pores must be dark or bright, got 'grey'"),
        (tiny_rocks.grey(), ["--voxel-size", "-1"], r"voxel size must be"),
    ],
    ids=[
        "blank",
        "colour",
        "small",
        "all solid",
        "one phase",
        "three phases",
        "no such label",
        "label of greys",
        "no such phase",
        "voxel size",
    ],
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
