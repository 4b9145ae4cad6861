"""The models that come with the package: they load, and reproduce their cards."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from reference import sphere_regions

import poreops
from poreops.base.files import read_json
from poreops.conductance.registry import shipped_folder
from poreops.conductance.verifying import rescored, verified
from poreops.errors import InputError
from poreops.networks.network import network_of_regions

NAMES = ["shipped:diffusion", "shipped:flow"]
EVERY = [*NAMES, "shipped:diffusion-2d", "shipped:flow-2d"]


@pytest.fixture(scope="module")
def regions():
    return sphere_regions(40)


@pytest.mark.parametrize("name", EVERY)
def test_a_shipped_model_is_close_to_what_it_predicts(name, regions):
    seen = sphere_regions(160, 2) if name.endswith("2d") else regions
    assert rescored(shipped_folder(name), seen)["mape"] < 0.02
    # what an installation takes over is small
    assert sum(path.stat().st_size for path in shipped_folder(name).iterdir()) < 1e6


def test_a_network_needs_no_model_of_ones_own(regions):
    network = network_of_regions(regions, 1e-6, "auto", transport="flow", workers=1)
    exact = network_of_regions(regions, 1e-6, "dns", transport="flow", workers=1)
    found, truth = network.permeability(0), exact.permeability(0)
    low, high = found.interval
    assert low < found.permeability < high
    assert found.permeability == pytest.approx(truth.permeability, rel=0.03)
    assert truth.interval is None
    assert 0 <= network.sureness.simulated_share < 0.5
    widths = network.openpnm["throat.size_factor_half_widths"]
    assert widths.shape == (network.openpnm.Nt,)
    assert widths.max() <= 0.05


def test_at_no_tolerance_everything_is_simulated(regions):
    auto, dns = (
        network_of_regions(regions, 1.0, method, rtol=0, workers=1) for method in ("auto", "dns")
    )
    np.testing.assert_array_equal(auto.size_factors, dns.size_factors)
    interval, factor = auto.formation_factor(0).interval, dns.formation_factor(0).formation_factor
    assert interval == pytest.approx((factor, factor))


def test_a_card_that_does_not_hold_is_refused(regions, tmp_path):
    folder = tmp_path / "diffusion"
    shutil.copytree(shipped_folder(NAMES[0]), folder)
    card = read_json(folder / "card.json")
    card["sample"] = rescored(folder, regions)
    (folder / "card.json").write_text(json.dumps(card))
    assert verified(folder, regions)["again"] == card["sample"]
    card["sample"]["mape"] += 0.01
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(InputError, match="must err by .* on the sample rock, got"):
        verified(folder, regions)


def test_other_names_are_refused():
    with pytest.raises(
        InputError, match="must be one of shipped:diffusion, .*shipped:flow-2d, got"
    ):
        poreops.load_model("shipped:heat")


@pytest.mark.parametrize("rtol", [-0.1, float("nan"), True, "small"])
def test_a_tolerance_is_a_number_from_0_on(rtol, regions):
    with pytest.raises(InputError, match="rtol must be a finite number >= 0"):
        network_of_regions(regions, 1.0, "auto", rtol=rtol)


def test_it_needs_neither_keras_nor_tensorflow():
    code = (
        "import sys; sys.modules['keras'] = sys.modules['tensorflow'] = None; import poreops; "
        "print(poreops.load_model('shipped:flow').target)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "hydraulic"
