"""In 2D: the models of the package, `auto` and a network of discs, against simulation."""

import json

import numpy as np
import pytest
import tifffile
from reference import sphere_regions

import poreops
from poreops import cli
from poreops.conduits.diffusive import diffusive_size_factors
from poreops.conduits.hydraulic import hydraulic_size_factors
from poreops.networks.network import network_of_regions

SIMULATED = {"diffusion": diffusive_size_factors, "flow": hydraulic_size_factors}


@pytest.fixture(scope="module")
def discs():
    return sphere_regions(200, 2, seed=3)


@pytest.mark.parametrize("transport", ["diffusion", "flow"])
def test_auto_is_close_to_the_simulation(discs, transport):
    auto = network_of_regions(discs, 1.0, "auto", transport=transport, workers=1)
    exact = SIMULATED[transport](discs.labels, discs.conns, workers=1)
    found = auto.size_factors if transport == "diffusion" else auto.hydraulic_size_factors
    errors = np.abs(found / exact - 1)
    simulated = auto.sureness.simulated[: len(exact)]
    assert simulated.mean() < 0.5
    np.testing.assert_array_equal(errors[simulated], 0)
    assert 0 < errors.mean() < 0.02
    inside = np.abs(np.log(found / exact)) <= auto.sureness.half_widths[: len(exact)]
    assert inside.mean() > 0.8
    assert not auto.sureness.exchangeability.alarm


def test_the_network_of_a_slice(discs, tmp_path, capsys):
    path = tmp_path / "slice.tif"
    tifffile.imwrite(path, (discs.labels > 0).astype(np.uint8) * 255)
    along = {}
    for method in ("auto", "dns"):
        asked = ["network", path, "--voxel-size", "4e-6", "--method", method, "--transport",
                 "flow", "-o", tmp_path / method, "--json", "--no-octants"]  # fmt: skip
        assert cli.run([str(part) for part in asked]) == 0
        along[method] = json.loads(capsys.readouterr().out)
    assert along["auto"]["model"] == "shipped:flow-2d"
    assert along["auto"]["sureness"]["drawn"]["conduits"] > 0
    for axis in "xy":
        found, exact = (along[method]["axes"][axis] for method in ("auto", "dns"))
        assert found["percolates"] == exact["percolates"]
        if exact["percolates"]:
            assert found["permeability_m2"] == pytest.approx(exact["permeability_m2"], rel=0.02)
    assert any(along["dns"]["axes"][axis]["percolates"] for axis in "xy")


def test_a_model_of_another_dimension_is_one_line(discs):
    model = poreops.load_model("shipped:flow")
    with pytest.raises(poreops.InputError, match="trained on 3D conduits, got 2D"):
        network_of_regions(discs, 1.0, "auto", model, transport="flow")
