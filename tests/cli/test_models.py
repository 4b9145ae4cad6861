"""Models of the package on the command line: sureness in the answer, and their cards."""

import json

import numpy as np
import pytest
import tifffile

from poreops.synthetic.sample import sample_rock


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    path = tmp_path_factory.mktemp("image") / "rock.tif"
    tifffile.imwrite(path, sample_rock(40, 0.5).astype(np.uint8) * 255)
    return path


def test_a_network_says_how_sure_it_is(run, image, tmp_path):
    asked = ["network", image, "--voxel-size", "5e-6", "--method", "auto", "--transport", "flow",
             "--axis", "x", "--no-octants"]  # fmt: skip
    code, out, err = run(*asked, "-o", tmp_path / "json", "--json")
    assert code == 0, err
    results = json.loads(out)
    assert results["model"] == "shipped:flow"
    assert 0 <= results["sureness"]["simulated_share"] < 0.5
    assert 0 < results["sureness"]["typical_half_width"] < 0.05
    low, high = results["axes"]["x"]["permeability_interval_m2"]
    assert low < results["axes"]["x"]["permeability_m2"] < high
    code, out, err = run(*asked, "-o", tmp_path / "text")
    assert code == 0, err
    assert "sure      " in out
    assert "permeability [m2] along x: " in out


def test_size_factors_are_simulated_at_no_tolerance(run, image):
    asked = ["size-factors", image, "--voxel-size", "5e-6", "--json"]
    sure = json.loads(run(*asked, "--method", "auto", "--rtol", "0")[1])
    exact = json.loads(run(*asked, "--method", "dns")[1])
    assert sure["size_factors"] == exact["size_factors"]
    assert sure["sureness"]["simulated_share"] == 1
    assert "sureness" not in exact


def test_the_shipped_models_reproduce_their_cards(run):
    code, out, err = run("models", "verify")
    assert code == 0, err
    for transport in ("diffusion", "flow"):
        assert f"shipped:{transport}\n" in out
        assert f"shipped:{transport}-2d\n" in out
    assert out.count("as its card says") == 4


def test_one_of_the_shipped_models_is_verified_by_its_name(run, tmp_path):
    code, out, err = run("models", "verify", "shipped:flow")
    assert code == 0, err
    assert out.startswith("shipped:flow\n")
    assert out.count("as its card says") == 1
    code, _, err = run("models", "verify", "shipped:flux")
    assert code == 2
    assert "one of shipped:diffusion," in err
    code, _, err = run("models", "verify", "shipped:flow", "--key", tmp_path / "key.pub")
    assert code == 2
    assert "bear no signature" in err
    assert err.count("\n") == 1


def test_both_transports_at_once_need_a_model_each(run, image, tmp_path):
    asked = ["network", image, "--voxel-size", "5e-6", "--method", "auto", "--transport", "both"]
    code, _, err = run(*asked, "-o", tmp_path / "out")
    assert code == 2
    assert err.count("\n") == 1
    assert "predicts diffusion or flow, got transport 'both'" in err
