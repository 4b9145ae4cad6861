"""The commands generate and score, as a user runs them."""

import json
import re

import numpy as np
import pytest
import tifffile
from tiny.cores import crops, model, quilted

from poreops.base.files import read_json, write_json
from poreops.cores.learning.description import DESCRIPTION


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    model().save(folder)
    return folder


def write_set(folder, images):
    folder.mkdir()
    for i, image in enumerate(images):
        tifffile.imwrite(folder / f"{i:03d}.tif", image)
    return folder


def test_cores_are_written_one_by_one_and_the_same_again(run, saved, tmp_path):
    out = tmp_path / "cores"
    code, stdout, stderr = run("generate", "--model", saved, "-n", 3, "--size", 40, "-o", out)
    assert code == 0, stderr
    assert "3 cores of 40 x 40 pixels, seed 0" in stdout
    names = [f"core_{i:04d}.tif" for i in range(3)]
    assert sorted(p.name for p in out.iterdir()) == [*names, "manifest.json", "results.json"]
    drawn = np.stack([tifffile.imread(out / name) for name in names])
    np.testing.assert_array_equal(drawn, model().generate(3, 40))
    code, stdout, _ = run("generate", "--model", saved, "-o", tmp_path / "one", "--json")
    assert code == 0
    results = json.loads(stdout)
    assert (results["count"], results["size"]) == (1, 16)
    assert sorted(results["files"]) == ["core_0000.tif", "manifest.json", "results.json"]


def test_a_quilting_draws_a_stated_porosity_and_writes_masks(run, tmp_path):
    made = quilted(64, piece=16, overlap=6, pieces=3000, choices=6)
    made.save(tmp_path / "model")
    given = ["generate", "--model", tmp_path / "model", "-n", 6, "--size", 128]
    code, stdout, stderr = run(
        *given, "--porosity", 0.08, "--segment", "--json", "-o", tmp_path / "out"
    )
    assert code == 0, stderr
    results = json.loads(stdout)
    assert results["porosity"] == 0.08
    # what the files hold of the training images is said
    assert results["holds"] == "3000 pieces of 40 training images"
    masks = [tifffile.imread(tmp_path / f"out/mask_{i:04d}.tif") for i in range(6)]
    assert set(np.unique(masks)) == {0, 255}
    assert (np.array(masks) == 255).mean() == pytest.approx(0.08, rel=0.2)
    core = tifffile.imread(tmp_path / "out/core_0002.tif")
    np.testing.assert_array_equal(made.segmentation.pores(core[None])[0], masks[2] == 255)
    # cores and their masks are not one set of images
    code, _, stderr = run("score", tmp_path / "out", tmp_path / "out")
    assert code == 2
    assert "of one kind" in stderr
    code, _, stderr = run(*given, "--porosity", 0.7, "-o", tmp_path / "other")
    assert code == 2
    assert "must be one that training crops have" in stderr
    assert not (tmp_path / "other").exists()


def test_masks_are_sections_that_permeability_takes_one_by_one(run, tmp_path):
    quilted(64, piece=16, overlap=6, pieces=3000, choices=6).save(tmp_path / "model")
    code, stdout, _ = run(
        "generate", "--model", tmp_path / "model", "-n", 1, "--size", 48, "--porosity", 0.1,
        "--segment", "-o", tmp_path / "out",
    )  # fmt: skip
    assert code == 0
    assert "flow in its plane (2D); a stack of them is no volume" in stdout
    mask = tmp_path / "out/mask_0000.tif"
    code, stdout, stderr = run(
        "permeability", mask, "--voxel-size", "1e-8", "--axis", "x", "--json"
    )
    assert code == 0, stderr
    found = json.loads(stdout)
    assert found["shape"] == [48, 48]
    assert list(found["axes"]) == ["x"]


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        (["--porosity", "0.99"], "a porosity must be one that this network draws in cores of 16 "),
        (["--ore-share", "0.99"], "an ore share must be one that this network draws in cores of "),
        (["--ore-share", "nan"], "ore share must be a finite number"),
        (["--porosity", "nan"], "porosity must be a finite number"),
        (["-n", "0"], "number of cores must be positive, got 0"),
        (["--size", "0"], "must have a positive size, got 0"),
        (["--size", "9999999"], "must fit in memory: drawing a core of 9999999 x 9999999 pixels"),
        (["--seed", "-1"], "a seed must not be negative, got -1"),
        (["--model", "nowhere"], "nowhere"),
    ],
)
def test_bad_requests_are_one_line_and_write_nothing(run, saved, tmp_path, options, rule):
    given = ["generate", "-o", tmp_path / "out", *options]
    code, stdout, stderr = run(*given, *([] if "--model" in options else ["--model", saved]))
    assert code == 2
    assert stdout == ""
    assert stderr.startswith("error: ")
    assert stderr.count("\n") == 1
    assert rule in stderr
    assert list(tmp_path.iterdir()) == []


def test_a_model_of_another_colour_depth_is_refused(run, tmp_path):
    model().save(tmp_path / "model")
    path = tmp_path / "model" / DESCRIPTION
    write_json(path, read_json(path) | {"bits": 16})
    code, _, stderr = run("generate", "--model", tmp_path / "model", "-o", tmp_path / "out")
    assert code == 2
    assert "must draw 8-bit grey" in stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_two_sets_are_compared(run, tmp_path):
    real = write_set(tmp_path / "real", crops(48)[0])
    same = write_set(tmp_path / "same", crops(48)[1])
    code, stdout, stderr = run("score", real, same, "--json")
    assert code == 0, stderr
    found = json.loads(stdout)
    assert {"fid", "kid", "s2", "extractor", "n"} <= set(found)
    assert found["n"] == [40, 20]
    assert found["extractor"] == "efficientnet-lite0-1280"
    assert set(found["kid"]) == {"mean", "sd"}
    assert "fewer than 50 images" in found["warnings"][0]
    assert len(found["s2"]["radial"]["real"]) == 13
    assert found["s2"]["radial"]["real"][0] == pytest.approx(0.1, abs=0.08)
    code, stdout, _ = run("score", real, real)
    assert code == 0
    assert "FID       0.000" in stdout
    header = next(line for line in stdout.splitlines() if line.startswith("direction"))
    assert re.split(r"\s{3,}", header) == [
        "direction", "share real", "share generated", "length real [pixel]",
        "length generated [pixel]", "largest distance",
    ]  # fmt: skip
    for direction in ("down", "across", "radial"):
        row = next(line for line in stdout.splitlines() if line.startswith(direction))
        assert row.split()[1] == row.split()[2]  # a set and itself
        assert len(row.split()) == 6
    assert "warning: FID of fewer than 50 images is strongly biased, got 40" in stdout


@pytest.mark.parametrize(
    ("images", "rule"),
    [
        (np.zeros((2, 48, 48, 3), np.uint8) + 9, "000.tif has colour"),
        (np.random.default_rng(0).random((2, 48, 48)), "is float (float64)"),
        (np.full((2, 48, 48), 7, np.uint8), "must have contrast"),
        (
            np.random.default_rng(0).integers(0, 99, (2, 40, 40), dtype=np.uint8),
            "images of one size",
        ),
        (
            np.random.default_rng(0).integers(0, 99, (1, 48, 48), dtype=np.uint8),
            "two or more images",
        ),
        (np.zeros((0, 48, 48), np.uint8), "must hold images"),
    ],
    ids=["colour", "float", "constant", "size", "one", "none"],
)
def test_a_bad_set_is_one_line(run, tmp_path, images, rule):
    real = write_set(tmp_path / "real", crops(48)[1])
    bad = write_set(tmp_path / "bad", images)
    code, stdout, stderr = run("score", real, bad)
    assert code == 2
    assert stdout == ""
    assert stderr.count("\n") == 1
    assert rule in stderr


def test_tiny_images_and_unknown_extractors_are_refused(run, tmp_path):
    tiny = write_set(tmp_path / "tiny", crops(24)[1])
    code, _, stderr = run("score", tiny, tiny)
    assert code == 2
    assert "32 pixels or more along each edge, got (24, 24)" in stderr
    code, _, stderr = run("score", tiny, tiny, "--extractor", "vgg")
    assert code == 2
    assert "one of efficientnet-lite0, inception-v3, wavelets, got 'vgg'" in stderr
