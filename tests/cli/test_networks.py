"""The commands network, size-factors and formation-factor, as a user runs them."""

import json
import math

import numpy as np
import pandas as pd
import pytest
import tifffile
from installed import command

from poreops.conduits.diffusive import diffusive_size_factors
from poreops.networks.network import build_network, load_network
from poreops.solvers.diffusion.bulk import formation_factor

VOXEL = "5e-6"


def test_network_of_the_installed_command(image, im, tmp_path):
    out = tmp_path / "out"
    done = command("network", image, "--voxel-size", VOXEL, "-o", out)
    assert done.returncode == 0, done.stderr
    assert "error" not in done.stderr
    results = json.loads((out / "results.json").read_text())
    expected = build_network(im, float(VOXEL))
    assert results["shape"] == list(im.shape)
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


@pytest.mark.parametrize("command", ["network", "formation-factor"])
def test_axis_without_a_path_has_an_infinite_formation_factor(run, im, tmp_path, command):
    walled = im.copy()
    walled[18] = False
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
