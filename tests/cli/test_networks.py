"""The command as a user runs it: results, JSON, and one line for each bad input."""

import json
import math
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import porespy
import pytest
import tifffile

from poreops import cli
from poreops.cli import progress
from poreops.conduits.diffusive import diffusive_size_factors
from poreops.networks.network import build_network, load_network
from poreops.solvers.diffusion.bulk import formation_factor
from poreops.solvers.stokes.permeability import UnderResolvedWarning, permeability

COMMAND = str(Path(sys.executable).with_name("poreops"))
VOXEL = "5e-6"


@pytest.fixture(scope="module")
def im():
    return porespy.generators.overlapping_spheres((44, 40, 36), r=6, porosity=0.6, seed=1)


@pytest.fixture(scope="module")
def image(im, tmp_path_factory):
    path = tmp_path_factory.mktemp("image") / "rock.tif"
    tifffile.imwrite(path, im.astype(np.uint8) * 255)
    return path


@pytest.fixture
def run(capsys):
    """Run the command in this process: exit code, stdout, stderr."""

    def call(*arguments):
        code = cli.run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def _installed(*arguments, **options):
    return subprocess.run(
        [COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False, **options
    )


def test_network_of_the_installed_command(image, im, tmp_path):
    out = tmp_path / "out"
    done = _installed("network", image, "--voxel-size", VOXEL, "-o", out)
    assert done.returncode == 0, done.stderr
    assert "error" not in done.stderr
    results = json.loads((out / "results.json").read_text())
    expected = build_network(im, float(VOXEL))
    assert results["shape"] == [44, 40, 36]
    assert results["porosity"] == pytest.approx(im.mean())
    assert results["method"] == "dns"
    for axis in "xyz":
        found = results["axes"][axis]
        along = expected.formation_factor(axis)
        assert found["formation_factor"] == pytest.approx(along.formation_factor)
        assert found["tortuosity"] == pytest.approx(along.tortuosity)
        assert f"{along.formation_factor:.4f}" in done.stdout
    assert sorted(results["files"]) == sorted(path.name for path in out.iterdir())
    network = load_network(out / "network.npz")
    np.testing.assert_allclose(
        network["throat.diffusive_size_factors"],
        expected.openpnm["throat.diffusive_size_factors"],
    )
    assert len(pd.read_csv(out / "pores.csv")) == network.Np
    assert len(pd.read_csv(out / "throats.csv")) == network.Nt


@pytest.mark.parametrize("method", ["geometry", "shape-factor", "shape_factor"])
def test_json_is_one_document_and_nothing_else(run, image, im, tmp_path, method):
    code, out, err = run(
        "network", image, "--voxel-size", VOXEL, "--method", method, "-o", tmp_path, "--json"
    )
    assert code == 0, err
    results = json.loads(out)
    expected = build_network(im, float(VOXEL), method)
    found = {axis: results["axes"][axis]["formation_factor"] for axis in "xyz"}
    assert found == {
        axis: pytest.approx(expected.formation_factor(axis).formation_factor) for axis in "xyz"
    }


def test_size_factors(run, image, tmp_path):
    code, out, _ = run(
        "size-factors", image, "--voxel-size", VOXEL, "-o", tmp_path / "out", "--json"
    )
    assert code == 0
    results = json.loads(out)
    table = pd.read_csv(tmp_path / "out" / "size_factors.csv")
    np.testing.assert_allclose(table["diffusive_size_factor_m"], results["size_factors"])
    np.testing.assert_array_equal(table[["region_1", "region_2"]].to_numpy() - 1, results["conns"])
    from poreops.conduits.partition import partition

    regions = partition(tifffile.imread(image) > 0)
    expected = diffusive_size_factors(regions.labels, regions.conns, voxel_size=float(VOXEL))
    np.testing.assert_allclose(results["size_factors"], expected)
    assert results["size_factor_m"]["median"] == pytest.approx(np.median(expected))


def test_size_factors_without_a_folder(run, image):
    code, out, _ = run("size-factors", image, "--voxel-size", VOXEL, "--method", "geometry")
    assert code == 0
    assert "size factor [m]" in out


def test_formation_factor(run, image, im, tmp_path):
    code, out, _ = run("formation-factor", image, "-o", tmp_path / "out", "--json")
    assert code == 0
    results = json.loads(out)
    assert json.loads((tmp_path / "out" / "results.json").read_text()) == results
    for axis, name in enumerate("xyz"):
        expected = formation_factor(im, axis)
        assert results["axes"][name]["formation_factor"] == pytest.approx(
            expected.formation_factor, rel=1e-4
        )
        assert results["axes"][name]["residual"] < 1e-4
    code, out, _ = run("formation-factor", image, "--axis", "y")
    assert code == 0
    assert "\ny " in out
    assert "\nx " not in out


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A tiny pack: Stokes flow costs more than diffusion."""
    im = porespy.generators.overlapping_spheres((26, 24, 22), r=5, porosity=0.6, seed=1)
    path = tmp_path_factory.mktemp("small") / "small.npy"
    np.save(path, im)
    return path


@pytest.mark.parametrize("transport", ["flow", "both"])
def test_network_that_carries_flow(run, small, tmp_path, transport):
    out = tmp_path / "out"
    code, stdout, err = run(
        "network", small, "--voxel-size", VOXEL, "--transport", transport, "-o", out
    )
    assert code == 0, err
    results = json.loads((out / "results.json").read_text())
    expected = build_network(np.load(small), float(VOXEL), transport=transport)
    assert results["transport"] == transport
    for axis in "xyz":
        found, along = results["axes"][axis], expected.permeability(axis)
        assert found["percolates"]
        assert found["permeability_m2"] == pytest.approx(along.permeability, rel=1e-9)
        assert found["permeability_md"] == pytest.approx(along.permeability_md, rel=1e-9)
        assert f"{along.permeability:.4e}" in stdout
        assert f"{along.permeability_md:.6g}" in stdout
        assert ("formation_factor" in found) == (transport == "both")
    assert ("formation factor" in stdout) == (transport == "both")
    throats = pd.read_csv(out / "throats.csv")
    np.testing.assert_allclose(
        throats["hydraulic_size_factor_m3"], expected.openpnm["throat.hydraulic_size_factors"]
    )
    assert ("diffusive_size_factor_m" in throats) == (transport == "both")
    lines = (out / "network.vtp").read_text()
    assert 'Name="hydraulic_size_factors"' in lines
    assert ('Name="diffusive_size_factors"' in lines) == (transport == "both")
    network = load_network(out / "network.npz")
    np.testing.assert_array_equal(
        network["throat.hydraulic_size_factors"],
        expected.openpnm["throat.hydraulic_size_factors"],
    )


def test_permeability(run, small, tmp_path):
    code, out, err = run(
        "permeability", small, "--voxel-size", VOXEL, "-o", tmp_path / "out", "--json"
    )
    assert code == 0, err
    results = json.loads(out)
    assert json.loads((tmp_path / "out" / "results.json").read_text()) == results
    im = np.load(small)
    for axis, name in enumerate("xyz"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnderResolvedWarning)
            expected = permeability(im, axis, voxel_size=float(VOXEL))
        found = results["axes"][name]
        assert found["permeability_m2"] == pytest.approx(expected.permeability, rel=1e-6)
        assert found["permeability_md"] == pytest.approx(expected.permeability_md, rel=1e-6)
        assert found["residual"] < 1e-3
    code, out, _ = run("permeability", small, "--voxel-size", VOXEL, "--axis", "y")
    assert code == 0
    row = next(line for line in out.splitlines() if line.startswith("y "))
    assert float(row.split()[1]) == pytest.approx(
        results["axes"]["y"]["permeability_m2"], rel=1e-3
    )
    assert "\nx " not in out


def test_permeability_of_a_wall_is_zero_and_of_narrow_gaps_is_warned_of(run, tmp_path):
    im = np.zeros((6, 9, 9), dtype=bool)
    im[:, 2:6, 2:6] = True
    np.save(tmp_path / "duct.npy", im)
    im[:, 2:8, 2:8] = False
    im[:, 4, 4] = True
    np.save(tmp_path / "narrow.npy", im)
    code, out, _ = run("permeability", tmp_path / "duct.npy", "--voxel-size", VOXEL)
    assert code == 0
    assert sum(line.endswith("does not percolate") for line in out.splitlines()) == 2
    assert "single-voxel" not in out
    code, out, err = run(
        "permeability", tmp_path / "narrow.npy", "--voxel-size", VOXEL, "--axis", "x"
    )
    assert code == 0, err
    assert "x: warning: the throats are 1.0 voxels wide" in out


def test_permeability_with_its_discretisation_error(run, tmp_path):
    im = np.zeros((4, 6, 6), dtype=bool)
    im[:, 1:5, 1:5] = True
    np.save(tmp_path / "duct.npy", im)
    asked = ("permeability", tmp_path / "duct.npy", "--voxel-size", VOXEL, "--refine", "2")
    code, out, err = run(*asked, "--json")
    assert code == 0, err
    results = json.loads(out)
    assert (results["walls"], results["refine"]) == ("stepped", 2)
    found = results["axes"]["x"]
    truth = 0.0351443 * 4**4 / 36 * float(VOXEL) ** 2
    low, high = found["interval_m2"]
    assert low == found["extrapolated_m2"] < truth < found["permeability_m2"] == high
    assert found["discretisation_error"] == pytest.approx(high / low - 1)
    assert found["throat_width_voxels"] == pytest.approx(4)
    blocked = results["axes"]["y"]
    assert (blocked["percolates"], blocked["interval_m2"]) == (False, [0, 0])
    code, out, _ = run(*asked, "--axis", "x")
    assert code == 0
    assert "walls     stepped" in out
    row = next(line for line in out.splitlines() if line.startswith("x ")).split()
    assert float(row[3]) == pytest.approx(found["extrapolated_md"], rel=1e-3)
    assert row[4] == f"{found['discretisation_error']:.1%}"


def test_walls_of_flow(run, small, tmp_path):
    found = {}
    for walls in ("stepped", "smooth"):
        for command in ("permeability", "network"):
            flow = ["--transport", "flow"] if command == "network" else []
            code, out, err = run(
                command, small, "--voxel-size", VOXEL, "--walls", walls, "--axis", "x",
                "-o", tmp_path / f"{walls}-{command}", "--json", *flow,
            )  # fmt: skip
            assert code == 0, err
            results = json.loads(out)
            assert results["walls"] == walls
            found[walls, command] = results["axes"]["x"]["permeability_m2"]
    for command in ("permeability", "network"):
        assert found["stepped", command] < 0.98 * found["smooth", command]


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (("permeability", "--walls", "rough"), "walls must be stepped or smooth, got 'rough'"),
        (("permeability", "--walls", "smooth", "--refine", "2"), "split voxels are cubes"),
        (("permeability", "--refine", "9"), "refine must lie in 1..4, got 9"),
        (("network", "--walls", "smooth"), "walls belong to flow"),
        (("network", "--walls", "rough", "--transport", "flow"), "walls must be"),
    ],
)
def test_walls_that_do_not_fit_are_one_line(run, small, tmp_path, arguments, rule):
    command, *rest = arguments
    out = tmp_path / "out"
    code, printed, err = run(command, small, "--voxel-size", VOXEL, "-o", out, *rest)
    assert (code, printed) == (2, "")
    assert rule in err
    assert err.count("\n") == 1
    assert not out.exists()


def test_permeability_refuses_what_it_cannot_solve(run, tmp_path):
    np.save(tmp_path / "pores.npy", np.ones((5, 5, 5), bool))
    np.save(tmp_path / "thin.npy", np.pad(np.ones((2, 3, 3), bool), ((0, 0), (1, 1), (1, 1))))
    cases = {
        ("pores.npy", VOXEL, "x"): "must hold solid voxels",
        ("thin.npy", VOXEL, "x"): "at least 3 voxels long, got 2",
        ("thin.npy", "0", "y"): "voxel size must be > 0 m",
        ("thin.npy", VOXEL, "w"): "axis must be one of x, y, z or all",
    }
    for (name, size, axis), rule in cases.items():
        code, out, err = run("permeability", tmp_path / name, "--voxel-size", size, "--axis", axis)
        assert (code, out) == (2, "")
        assert err.startswith("error: ")
        assert err.count("\n") == 1
        assert rule in err
    code, _, err = run("permeability", tmp_path / "thin.npy")
    assert code == 2
    assert "--voxel-size" in err


@pytest.mark.parametrize("command", ["network", "formation-factor"])
def test_axis_without_a_path_has_an_infinite_formation_factor(run, im, tmp_path, command):
    walled = im.copy()
    walled[20] = False
    np.save(tmp_path / "walled.npy", walled)
    arguments = [command, tmp_path / "walled.npy", "--voxel-size", VOXEL, "-o", tmp_path / "out"]
    arguments += ["--method", "geometry"] if command == "network" else []
    code, out, _ = run(*arguments)
    assert code == 0
    row = next(line for line in out.splitlines() if line.startswith("x "))
    assert row.split()[1:3] == ["inf", "inf"]
    assert "does not percolate" in row
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["axes"]["x"]["formation_factor"] == "Infinity"
    assert math.isinf(float(results["axes"]["x"]["formation_factor"]))
    assert not results["axes"]["x"]["percolates"]
    assert results["axes"]["y"]["percolates"]


def test_every_format_and_reader_option(run, im, tmp_path):
    labels = np.where(im, 2, 7).astype(np.uint8)
    labels.tofile(tmp_path / "a.raw")
    np.save(tmp_path / "a.npy", labels)
    np.savez(tmp_path / "a.npz", rock=labels, other=np.zeros(2))
    with h5py.File(tmp_path / "a.h5", "w") as root:
        root["scan/rock"] = labels
    calls = [
        [tmp_path / "a.raw", "--shape", "44,40,36", "--dtype", "uint8"],
        [tmp_path / "a.raw", "--shape", "44x40x36", "--dtype", "u1"],
        [tmp_path / "a.npy"],
        [tmp_path / "a.npz", "--dataset", "rock"],
        [f"{tmp_path}/a.h5:/scan/rock"],
    ]
    for call in calls:
        code, out, err = run("formation-factor", *call, "--pore-label", 2, "--axis", "x", "--json")
        assert code == 0, err
        assert json.loads(out)["porosity"] == pytest.approx(im.mean())


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


def test_help_is_light():
    code = (
        "import sys, poreops.cli\n"
        "try:\n    poreops.cli.run(['network', '--help'])\n"
        "finally:\n"
        "    heavy = {'numpy', 'scipy', 'h5py', 'openpnm', 'porespy', 'tensorflow', 'mlflow'}\n"
        "    assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "--voxel-size" in done.stdout


def test_long_stages_show_progress_and_short_ones_do_not(capsys, monkeypatch):
    clock = progress.Clock()
    with clock.stage("short"):
        pass
    assert list(progress.progress_bar(iter([1, 2]), 2)) == [1, 2]
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(progress, "PATIENCE", 0.01)
    with clock.stage("long"):
        time.sleep(0.2)
    assert "long: 00:0" in capsys.readouterr().err

    def slowly():
        for number in range(5):
            time.sleep(0.05)
            yield number

    assert list(progress.progress_bar(slowly(), 5, delay=0.01)) == list(range(5))
    assert "conduits:" in capsys.readouterr().err
    assert set(clock.seconds) == {"short", "long"}


def test_a_model_is_called_by_its_uri(run, image, tmp_path, monkeypatch):
    class Constant:
        target = "diffusive"

        def conduit_size_factors(self, crops):
            return np.array([2.0 for _ in crops])

    asked = []
    monkeypatch.setattr(
        "poreops.load_model", lambda uri: asked.append(uri) or Constant(), raising=False
    )
    code, out, err = run(
        "network", image, "--voxel-size", VOXEL, "--model", "models:/x@champion",
        "-o", tmp_path / "out", "--json",
    )  # fmt: skip
    assert code == 0, err
    assert asked == ["models:/x@champion"]
    results = json.loads(out)
    assert (results["method"], results["model"]) == ("model", "models:/x@champion")
    throats = pd.read_csv(tmp_path / "out" / "throats.csv")
    expected = np.where(throats["boundary"], 4.0, 2.0) * float(VOXEL)
    np.testing.assert_allclose(throats["diffusive_size_factor_m"], expected)
