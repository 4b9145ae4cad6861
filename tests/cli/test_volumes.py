"""`poreops properties --volume` and `poreops plugs` as a user runs them."""

import json

import numpy as np
import pandas as pd
import pytest
import tifffile
from scipy.ndimage import gaussian_filter

import poreops
from poreops import cli


def field(seed=5):
    return gaussian_filter(np.random.default_rng(seed).standard_normal((24, 20, 36)), 2)


@pytest.fixture
def volume(tmp_path):
    path = tmp_path / "rock.tif"
    tifffile.imwrite(path, (field() > 0).astype(np.uint8))
    return path


@pytest.fixture
def run(capsys):
    def call(*arguments):
        code = cli.run([*map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_the_results_are_those_of_the_library(run, volume):
    code, out, err = run("properties", volume, "--volume", "--voxel-size", "2e-6", "--json")
    assert code == 0, err
    results = json.loads(out)
    expected = poreops.volume_properties(field() > 0, "y", voxel_size=2e-6)
    assert set(results["axes"]) == {"x", "y", "z"}
    found = results["axes"]["y"]
    assert tuple(found["permeability_m2"].values()) == pytest.approx(expected.permeability)
    assert tuple(results["porosity"].values()) == pytest.approx(expected.porosity)
    assert found["johnson_length_m"] == pytest.approx(expected.johnson_length)
    assert found["percolates"] is True
    assert results["walls"] == "stepped"


def test_the_text_names_value_and_interval(run, volume):
    code, out, _ = run("properties", volume, "--volume", "--voxel-size", "2e-6", "--axis", "z")
    assert code == 0
    assert "24 x 20 x 36 voxels of 2e-06 m" in out
    assert "90 % interval" in out
    assert "by the segmentation" in out
    assert out.count("\nz ") == 1
    assert "\nx " not in out


def test_a_grey_volume_takes_a_threshold(run, tmp_path):
    grey = (120 - 40 * field() / field().std()).clip(0, 255).astype(np.uint8)
    tifffile.imwrite(tmp_path / "grey.tif", grey, photometric="minisblack")
    given = ("properties", tmp_path / "grey.tif", "--volume", "--voxel-size", "2e-6")
    code, out, err = run(*given, "--threshold", "120", "--json")
    assert code == 0, err
    porosity = json.loads(out)["porosity"]
    assert porosity["value"] == pytest.approx((grey < 120).mean())
    assert porosity["low"] < porosity["value"] < porosity["high"]
    code, _, err = run(*given, "--threshold", "0")
    assert code == 2
    assert "the threshold must part pore from solid" in err


def test_what_nothing_passes_is_said(run, tmp_path):
    im = field() > 0
    im[12] = False
    tifffile.imwrite(tmp_path / "shut.tif", im.astype(np.uint8))
    given = ("properties", tmp_path / "shut.tif", "--volume", "--voxel-size", "2e-6")
    code, out, _ = run(*given, "--axis", "x")
    assert code == 0
    assert "does not percolate" in out
    code, out, _ = run(*given, "--axis", "x", "--json")
    assert json.loads(out)["axes"]["x"]["permeability_m2"]["value"] == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--voxel-size", "2e-6", "--pores", "dark"), "--pores is for slices, got it with"),
        ((), "the voxel size must be known"),
        (("--voxel-size", "2e-6", "--axis", "w"), "axis must be one of"),
    ],
)
def test_bad_input_is_one_line(run, volume, options, message):
    code, out, err = run("properties", volume, "--volume", *options)
    assert code == 2
    assert out == ""
    assert message in err
    assert err.count("\n") == 1


def test_plugs_go_on_where_they_stopped_and_make_a_law_of_their_own(run, tmp_path, monkeypatch):
    from poreops.properties.volumes import cutting

    paths = []
    for seed in (1, 2):
        paths.append(tmp_path / f"rock_{seed}.tif")
        noise = np.random.default_rng(seed).standard_normal((32, 32, 64))
        tifffile.imwrite(paths[-1], (gaussian_filter(noise, 2) > 0).astype(np.uint8))
    table = tmp_path / "plugs.csv"
    given = ("plugs", *paths, "--table", table, "--edge", "32", "--workers", "1")
    code, out, err = run(*given, "--count", "1", "--rock", "field")
    assert code == 0, err
    assert f"written to {table}" in out
    monkeypatch.setattr(cutting, "simulated", None)  # what is there is not simulated again
    code, out, err = run(*given, "--count", "1", "--rock", "field", "--json")
    assert code == 0, err
    volumes = json.loads(out)["volumes"]
    assert volumes["rock_1.tif"]["plugs"] == volumes["rock_1.tif"]["percolating"] == 1
    rows = pd.read_csv(table)
    assert list(rows["group"]) == ["field", "field"]
    assert (rows["permeability"] > 0).all()
    # rocks ten times as permeable as any law says move the law
    rows.assign(permeability=10 * rows["permeability"]).to_csv(table, index=False)
    options = (paths[0], "--volume", "--voxel-size", "1e-6", "--axis", "x", "--json")
    before, after = (
        json.loads(run("properties", *options, *more)[1])["axes"]["x"]["permeability_m2"]["value"]
        for more in ((), ("--plugs", table))
    )
    assert after > 1.05 * before


def test_a_table_in_no_folder_is_one_line(run, volume, tmp_path):
    code, _, err = run("plugs", volume, "--table", tmp_path / "no" / "plugs.csv")
    assert code == 2
    assert "the folder of the table must exist" in err
