"""A network in chunks, as a user runs it: from a file of voxels or of labels to bounds."""

import csv

import numpy as np
import pytest

import poreops
from poreops.networks.interface.network import interface_network_of_regions

OPTIONS = ("--method", "interface", "--chunks", 16, "--workers", 1)


def bounds(results):
    return [[axis["lower"], axis["upper"]] for axis in results["axes"].values()]


def test_from_voxels_and_from_labels(answer, image, im, tmp_path):
    out = tmp_path / "out"
    found = answer("network", image, "-o", out, "--voxel-size", "3e-6", *OPTIONS)
    assert {p.name for p in out.iterdir()} == {
        "labels.h5", "manifest.json", "regions.csv", "results.json",
    }  # fmt: skip
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert found["porosity"] == pytest.approx(im.mean())
    regions = poreops.load_regions(out / "labels.h5")
    memory = interface_network_of_regions(regions, rtol=None, level=1, workers=1)
    np.testing.assert_allclose(
        bounds(found), [[one.lower, one.upper] for one in memory.along], rtol=1e-9
    )
    with (out / "regions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == found["regions"] == regions.count
    width = sum(float(row["gap_y"]) for row in rows)
    assert width == pytest.approx(found["axes"]["y"]["width"], rel=1e-4)
    volume = sum(float(row["volume_m3"]) for row in rows)
    assert volume == pytest.approx(im.sum() * 27e-18)
    again = answer(
        "network",
        out / "labels.h5",
        "-o",
        tmp_path / "again",
        "--axis",
        "y",
        "--level",
        0,
        *OPTIONS,
    )
    assert again["partition"] is None
    assert again["voxel_size_m"] == pytest.approx(3e-6)
    assert list(again["axes"]) == ["y"]
    # fewer modes, wider bounds
    assert bounds(again)[0][0] < bounds(found)[1][0] < bounds(found)[1][1] < bounds(again)[0][1]


def test_the_text_says_what_was_found(run, image, tmp_path):
    code, out, _ = run("network", image, "-o", tmp_path / "out", "--voxel-size", "3e-6", *OPTIONS)
    assert code == 0
    assert "modes of degree 1\nchunks    " in out
    assert "at least" in out


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        (("--rtol", "0.02"), "got --rtol 0.02; give --level 2"),
        (("--transport", "flow"), "a network in chunks carries diffusion, got --transport flow"),
        (("--chunks", 100), "chunks must be a multiple of 16"),
        (("--voxel-size", "-1"), "voxel"),
        (("--walls", "smooth"), "no walls"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(run, image, tmp_path, options, rule):
    given = ("--voxel-size", "3e-6", *OPTIONS, *options)
    code, out, err = run("network", image, "-o", tmp_path / "out", *given)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert rule in err
    assert list(tmp_path.iterdir()) == []


def test_a_degree_without_chunks_is_refused(run, image, tmp_path):
    code, _, err = run(
        "network", image, "-o", tmp_path / "out", "--method", "interface", "--level", 2
    )
    assert code == 2
    assert "got --level 2; drop it, or give --chunks" in err
