"""One line for each bad input, and nothing is written."""

import json
import os

import numpy as np
import pytest

VOXEL = "5e-6"


def _bad_images(folder):
    """Return name → (the image's file, extra options, the rule its message must state)."""
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 255, (12, 12, 12)).astype(np.uint8)
    images = {
        "grey.npy": (grey, "must be segmented"),
        "labels.npy": (grey % 3, "holds 0, 1, 2; name the pore's value"),
        "nan.npy": (np.where(grey > 99, np.nan, 1.0), "must not hold NaN"),
        "line.npy": (grey[0, 0] > 9, "2 or 3 axes"),
        "four.npy": (np.ones((2, 2, 2, 2), bool), "2 or 3 axes"),
        "solid.npy": (np.zeros((9, 9, 9), bool), "at least one pore"),
    }
    found = {}
    for name, (array, rule) in images.items():
        np.save(folder / name, array)
        found[name] = (folder / name, [], rule)
    np.save(folder / "cut.npy", np.ones((9, 9, 9), bool))
    (folder / "cut.npy").write_bytes((folder / "cut.npy").read_bytes()[:400])
    found["cut.npy"] = (folder / "cut.npy", [], "truncated")
    (folder / "a.raw").write_bytes(b"\1" * 100)
    found["size"] = (folder / "a.raw", ["--shape", "5,5,5", "--dtype", "u1"], "must have 125")
    found["shape"] = (folder / "a.raw", ["--shape", "5;4", "--dtype", "u1"], "voxel counts")
    found["undescribed"] = (folder / "a.raw", [], "give them as --shape")
    found["absent"] = (folder / "absent.tif", [], "there is no")
    found["label"] = (folder / "labels.npy", ["--pore-label", "9"], "has the label 9")
    return found


@pytest.mark.parametrize(
    "command", ["network", "size-factors", "formation-factor", "permeability"]
)
def test_bad_image_is_one_line_and_nothing_is_written(run, tmp_path, command):
    (tmp_path / "in").mkdir()
    for name, (path, options, rule) in _bad_images(tmp_path / "in").items():
        out = tmp_path / "out" / name
        code, stdout, stderr = run(command, path, "--voxel-size", VOXEL, "-o", out, *options)
        assert code == 2, name
        assert stdout == ""
        assert stderr.startswith("error: ")
        assert stderr.count("\n") == 1
        assert rule in stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        (
            ["--voxel-size", "0"],
            "voxel size must be > 0 m, got 0.0",
        ),
        (["--voxel-size", "-5e-6"], "voxel size must be > 0 m, got -5e-06"),
        (["--voxel-size", "nan"], "voxel size must be > 0 m"),
        (["--voxel-size", "5um"], "--voxel-size"),
        ([], "--voxel-size"),
        (["--voxel-size", VOXEL, "--axis", "w"], "axis must be one of x, y, z or all"),
        (["--voxel-size", VOXEL, "--method", "magic"], "method must be one of dns"),
        (["--voxel-size", VOXEL, "--method", "model"], "needs a model"),
        (["--voxel-size", VOXEL, "--transport", "heat"], "must be one of diffusion, flow, both"),
        (
            [
                "--voxel-size",
                VOXEL,
                "--transport",
                "both",
                "--model",
                "models:/conductance@champion",
            ],
            "with a model each, or --method dns",
        ),
        (
            ["--voxel-size", VOXEL, "--method", "dns", "--model", "models:/conductance@champion"],
            "drop one of the two",
        ),
        (["--voxel-size", VOXEL, "--model", "nowhere/model"], "nowhere/model"),
        (["--voxel-size", VOXEL, "--workers", "0"], "--workers"),
        (["--voxel-size", VOXEL, "--colour", "red"], "--colour"),
        (["--voxel-size", VOXEL, "--dataset", "im"], "drop --dataset"),
        (["--voxel-size", VOXEL, "-o", "/proc/poreops/out"], "must be writable"),
    ],
)
def test_bad_option_is_one_line(run, image, tmp_path, options, rule):
    code, stdout, stderr = run("network", image, "-o", tmp_path / "out", *options)
    assert code == 2
    assert stdout == ""
    assert stderr.startswith("error: ")
    assert stderr.count("\n") == 1
    assert rule in stderr
    assert not (tmp_path / "out").exists()


def test_no_such_command_and_no_arguments(run):
    code, _, stderr = run("netwrok")
    assert code == 2
    assert stderr.startswith("error: No such command 'netwrok'")
    code, stdout, _ = run()
    assert code == 0
    assert "size-factors" in stdout


def test_one_region_is_no_network(run, tmp_path):
    im = np.zeros((12, 9, 9), dtype=bool)
    im[:, 2:7, 2:7] = True
    np.save(tmp_path / "one.npy", im)
    for command in ("network", "size-factors"):
        code, _, stderr = run(
            command, tmp_path / "one.npy", "--voxel-size", VOXEL, "-o", tmp_path / "out"
        )
        assert code == 2
        assert "two regions that touch, the image has 1 region(s)" in stderr
        assert stderr.count("\n") == 1
    code, stdout, _ = run("formation-factor", tmp_path / "one.npy", "--axis", "x", "--json")
    assert code == 0
    assert json.loads(stdout)["axes"]["x"]["tortuosity"] == pytest.approx(1)


def test_image_larger_than_memory_is_refused_from_its_header(run, tmp_path):
    path = tmp_path / "huge.raw"
    path.touch()
    os.truncate(path, 9000**3)  # a hole, no disk
    raw = ["--shape", "9000,9000,9000", "--dtype", "u1"]
    for command in ("network", "size-factors", "formation-factor", "permeability"):
        code, _, stderr = run(command, path, "--voxel-size", VOXEL, "-o", tmp_path / "out", *raw)
        assert code == 2
        assert "9000 x 9000 x 9000 voxels needs about" in stderr
        assert "are free; crop" in stderr
