"""The commands say what they read: the right number, or one line; as a user runs them."""

import json
from pathlib import Path

import h5py
import installed
import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy.ndimage import gaussian_filter

from poreops import cli
from poreops.solvers.diffusion.bulk import formation_factor

GREY = "minisblack"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def block():
    """A channel of a fifth of the cross-section along axis 0: F = 5."""
    im = np.zeros((12, 20, 30), np.uint8)
    im[:, 5:15, 8:20] = 1
    return im


@pytest.fixture
def solve(capsys):
    """Return the axes' formation factors, and what was said of the image."""

    def call(*arguments):
        words = ["formation-factor", *map(str, arguments), "--json"]
        assert cli.run(words) == 0, capsys.readouterr().err
        results = json.loads(capsys.readouterr().out)
        found = {name: float(axis["formation_factor"]) for name, axis in results["axes"].items()}
        return found, results["reading"]

    return call


@pytest.fixture
def refused(capsys):
    def call(*arguments, command="formation-factor"):
        assert cli.run([command, *map(str, arguments)]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("error: ")
        assert captured.err.count("\n") == 1
        return captured.err

    return call


def test_each_container_gives_the_same_answer(folder, block, solve):
    for page in block:
        tifffile.imwrite("appended.tif", page, append=True)
    with h5py.File("scan.nxs", "w") as root:
        root["entry/detector/image"] = block
        root["entry/data"] = h5py.SoftLink("/entry/detector")
    with h5py.File("m.mat", "w", userblock_size=512) as root:
        root["im"] = block.T
        root["im"].attrs["MATLAB_class"] = np.bytes_("uint8")
    Path("slices").mkdir()
    for i, page in enumerate(block):
        Image.fromarray(page * 255).save(f"slices/s{i}.png")
    np.savez("a.npz", im=np.asfortranarray(block))
    (folder / "a.raw").write_bytes(bytes(64) + block.tobytes())
    raw = ["a.raw", "--shape", "12,20,30", "--dtype", "uint8", "--offset", "64"]
    for source in (
        ["appended.tif"], ["scan.nxs:/entry/data/image"], ["m.mat"], ["slices"], ["a.npz"], raw
    ):  # fmt: skip
        found, _ = solve(*source)
        assert found["x"] == pytest.approx(5), source
        assert np.isinf([found["y"], found["z"]]).all()


def test_axes_keep_their_names(folder, solve):
    im = np.zeros((1, 20, 30), bool)
    im[0, :, 8:20] = True
    np.save("thin.npy", im)
    assert solve("thin.npy", "--axis", "y")[0]["y"] == pytest.approx(2.5)
    assert np.isinf(solve("thin.npy", "--axis", "z")[0]["z"])


def test_voxels_that_are_no_cubes(folder, solve, refused):
    field = gaussian_filter(np.random.default_rng(3).standard_normal((60, 40, 40)), 2.5)
    full = field > np.quantile(field, 0.45)
    tifffile.imwrite("a.tif", full[::3].astype(np.uint8) * 255, imagej=True, resolution=(0.2, 0.2),
                     metadata={"axes": "ZYX", "spacing": 15.0, "unit": "um"})  # fmt: skip
    right = [formation_factor(full, axis).formation_factor for axis in range(3)]
    for options in ([], ["--voxel-size", "15e-6,5e-6,5e-6"]):
        found, reading = solve("a.tif", *options)
        np.testing.assert_allclose(list(found.values()), right, rtol=0.06)
        assert "60 x 40 x 40" in reading["resampling"]
    assert reading["voxel_size_source"] == "given"
    error = refused("a.tif", "--voxel-size", "5e-6")
    assert "states 1.5e-05, 5e-06, 5e-06 m" in error
    assert "--voxel-size says 5e-06 m" in error


def test_the_voxel_size_of_the_file_is_used(folder, block, capsys, refused):
    tifffile.imwrite("a.tif", block, imagej=True, resolution=(0.2, 0.2),
                     metadata={"axes": "ZYX", "spacing": 5.0, "unit": "um"})  # fmt: skip
    permeability = []
    for options in ([], ["--voxel-size", "5e-6"]):
        assert cli.run(["permeability", "a.tif", "--axis", "x", "--json", *options]) == 0
        results = json.loads(capsys.readouterr().out)
        permeability.append(results["axes"]["x"]["permeability_md"])
        assert results["voxel_size_m"] == pytest.approx(5e-6)
    assert permeability[0] == pytest.approx(permeability[1])
    np.save("a.npy", block)
    for command in ("permeability", "size-factors"):
        assert "does not state it" in refused("a.npy", command=command)


def test_a_slip_of_the_unit(folder, block, refused, capsys):
    np.save("a.npy", block)
    for command in ("permeability", "size-factors", "formation-factor"):
        error = refused("a.npy", "--voxel-size", "5.3", command=command)
        assert "got 5.3 m; did you mean 5.3e-06?" in error
    assert "'5.3um'" in refused("a.npy", "--voxel-size", "5.3um")
    assert cli.run(["formation-factor", "a.npy", "--voxel-size", "5.3", "--any-voxel-size"]) == 0
    capsys.readouterr()


def test_labels(folder, solve, refused):
    im = np.zeros((12, 20, 30), np.uint8)
    im[:, :5], im[:, 5:10], im[:, 10:] = 1, 2, 7
    np.save("a.npy", im)
    assert solve("a.npy", "--pore-label", "1,2")[0]["x"] == pytest.approx(2)
    assert "has the label 99999999999999999999" in refused(
        "a.npy", "--pore-label", "99999999999999999999"
    )
    assert "must be whole numbers" in refused("a.npy", "--pore-label", "1;2")
    assert "holds 1, 2, 7" in refused("a.npy")


def test_which_phase_was_taken_is_printed(folder, block, capsys):
    np.save("berea.npy", np.where(block, 0, 255).astype(np.uint8))
    assert cli.run(["formation-factor", "berea.npy", "--axis", "x"]) == 0
    out = capsys.readouterr().out
    assert "label 255 (largest-value default of 0 and 255; 0 = pore? use --pore-label 0)" in out
    tifffile.imwrite("white.tif", block * 255, photometric="miniswhite")
    assert cli.run(["formation-factor", "white.tif", "--axis", "x"]) == 0
    assert "warning: white.tif shows zero as white" in capsys.readouterr().out


def test_a_raw_file_in_another_order_is_a_warning(folder, block, solve):
    block.tofile("a.raw")
    _, reading = solve("a.raw", "--shape", "30,20,12", "--dtype", "uint8")
    assert "in the order 12,20,30" in reading["warnings"][0]
    _, reading = solve("a.raw", "--shape", "12,20,30", "--dtype", "uint8")
    assert reading["warnings"] == []


def test_what_is_missing_is_one_line_of_the_installed_command(folder, block):
    with h5py.File("master.h5", "w") as root:
        layout = h5py.VirtualLayout(block.shape, "u1")
        layout[:] = h5py.VirtualSource("gone.h5", "im", block.shape)
        root.create_virtual_dataset("im", layout)
    tifffile.imwrite("channels.tif", block[:5], imagej=True, metadata={"axes": "CYX"})
    (folder / "empty.tif").write_bytes(b"II*\0\0\0\0\0")
    named = {"master.h5": "gone.h5", "channels.tif": "channels", "empty.tif": "page"}
    for name, words in named.items():
        done = installed.command("formation-factor", name, "-o", "out")
        assert (done.returncode, done.stdout) == (2, "")
        assert installed.is_one_line(done.stderr)
        assert words in done.stderr
    assert not (folder / "out").exists()


def test_every_format_and_reader_option(run, im, tmp_path):
    labels = np.where(im, 2, 7).astype(np.uint8)
    labels.tofile(tmp_path / "a.raw")
    np.save(tmp_path / "a.npy", labels)
    np.savez(tmp_path / "a.npz", rock=labels, other=np.zeros(2))
    with h5py.File(tmp_path / "a.h5", "w") as root:
        root["scan/rock"] = labels
    sizes = [str(size) for size in im.shape]
    calls = [
        [tmp_path / "a.raw", "--shape", ",".join(sizes), "--dtype", "uint8"],
        [tmp_path / "a.raw", "--shape", "x".join(sizes), "--dtype", "u1"],
        [tmp_path / "a.npy"],
        [tmp_path / "a.npz", "--dataset", "rock"],
        [f"{tmp_path}/a.h5:/scan/rock"],
    ]
    for call in calls:
        code, out, err = run("formation-factor", *call, "--pore-label", 2, "--axis", "x", "--json")
        assert code == 0, err
        assert json.loads(out)["porosity"] == pytest.approx(im.mean())
