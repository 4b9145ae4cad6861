"""What the commands take beyond an image is what the library takes."""

import numpy as np
import pytest
from PIL import Image

from poreops.conduits.diffusive import diffusive_size_factors
from poreops.conduits.hydraulic import hydraulic_size_factors
from poreops.conduits.partition import partition
from poreops.networks.network import build_network
from poreops.solvers.diffusion.bulk import formation_factor
from poreops.solvers.stokes.permeability import SEALED, permeability

VOXEL = ["--voxel-size", "5e-6"]


def test_several_phases_conduct(answer, run, im, tmp_path):
    labels = np.where(im, 1, 0).astype(np.uint8)
    labels[(~im) & (np.indices(im.shape)[0] % 3 == 0)] = 7
    np.save(tmp_path / "three.npy", labels)
    given = {0: 0.0, 1: 1.0, 7: 0.25}
    for options in (["--diffusivity", "0=0,1=1,7=0.25"], [
        "--diffusivity", "7=0.25", "--diffusivity", "1=1", "--diffusivity", "0=0",
    ]):  # fmt: skip
        results = answer("formation-factor", tmp_path / "three.npy", "--axis", "y", *options)
        expected = formation_factor(labels, 1, diffusivity=given)
        found = results["axes"]["y"]
        assert found["formation_factor"] == pytest.approx(expected.formation_factor, rel=1e-6)
        assert found["tortuosity"] == pytest.approx(expected.tortuosity, rel=1e-6)
        assert found["floating_share"] == pytest.approx(expected.floating_share)
        assert sorted(results["check"]["pore"]["labels"]) == [1, 7]
        assert results["diffusivity"] == {"0": 0.0, "1": 1.0, "7": 0.25}
    cases = {
        ("--diffusivity", "1=1,0=0"): "each label needs a diffusivity",
        ("--diffusivity", "1"): "must be LABEL=VALUE, got '1'",
        ("--diffusivity", "1=-1"): "finite and >= 0",
        ("--diffusivity", "1=nan"): "finite and >= 0",
        ("--diffusivity", "1=1,1=2"): "one diffusivity",
        ("--diffusivity", "0=0,1=0,7=0"): "must be > 0",
        ("--diffusivity", "0=0,1=1,7=1", "--pore-label", "1"): "drop one of the two",
    }
    for options, rule in cases.items():
        code, out, err = run("formation-factor", tmp_path / "three.npy", *options)
        assert (code, out) == (2, "")
        assert rule in err
        assert err.count("\n") == 1


def test_several_labels_are_one_pore_space(answer, im, tmp_path):
    labels = np.where(im, 1 + np.indices(im.shape)[0] % 2, 9).astype(np.uint8)
    np.save(tmp_path / "two.npy", labels)
    results = answer("check", tmp_path / "two.npy", "--pore-label", "1,2", "--no-octants")
    assert results["porosity"] == pytest.approx(im.mean())
    assert results["check"]["pore"]["labels"] == [1, 2]


def test_formation_factor_takes_what_the_library_takes(answer, run, image, im):
    base = ["formation-factor", image, "--no-octants", "--axis", "x"]
    found = answer(*base, "--ends", "node", "--periodic", "y,z", "--tolerance", "1e-3")
    expected = formation_factor(im, 0, ends="node", periodic=(1, 2), tolerance=1e-3)
    got = found["axes"]["x"]
    assert got["formation_factor"] == pytest.approx(expected.formation_factor, rel=1e-9)
    assert got["iterations"] == expected.iterations
    assert found["periodic"] == ["y", "z"]
    plain = answer(*base)["axes"]["x"]["formation_factor"]
    assert got["formation_factor"] != pytest.approx(plain, rel=1e-4)
    for options, rule in {
        ("--ends", "middle"): "ends must be",
        ("--periodic", "x"): "periodic must name sides other",
        ("--periodic", "w"): "axis must be one of",
        ("--tolerance", "0"): "tolerance must lie between 0 and 1",
        ("--workers", "0"): "--workers",
    }.items():
        code, out, err = run(*base, *options)
        assert (code, out) == (2, "")
        assert rule in err


@pytest.mark.filterwarnings("ignore::poreops.solvers.stokes.gap_width.UnderResolvedWarning")
def test_permeability_takes_what_the_library_takes(answer, run, image, im):
    base = ["permeability", image, *VOXEL, "--no-octants", "--axis", "x", "--tolerance", "0.05"]
    found = answer(*base, "--boundary", "sealed", "--iterations", "500")
    expected = permeability(im, 0, voxel_size=5e-6, boundary=SEALED, tolerance=0.05)
    got = found["axes"]["x"]["permeability_m2"]
    assert got == pytest.approx(expected.permeability, rel=1e-6)
    assert got < 0.98 * answer(*base)["axes"]["x"]["permeability_m2"]
    for options, rule in {
        ("--boundary", "open"): "boundary must be one of reflected, sealed, periodic",
        ("--iterations", "1"): "iterations",
    }.items():
        code, out, err = run(*base, *options)
        assert (code, out) == (2, "")
        assert rule in err


def test_partition_and_size_factors_take_what_the_library_takes(answer, run, image, im, tmp_path):
    given = ["--r-max", "7", "--sigma", "1"]
    regions = partition(im, r_max=7, sigma=1)
    assert regions.count < partition(im).count
    results = answer("size-factors", image, *VOXEL, *given, "--convention", "porespy")
    assert results["regions"] == regions.count
    expected = diffusive_size_factors(
        regions.labels, regions.conns, voxel_size=5e-6, convention="porespy"
    )
    np.testing.assert_allclose(results["size_factors"], expected)
    out = tmp_path / "flow"
    flow = ["--transport", "flow", "--walls", "smooth"]
    results = answer("size-factors", image, *VOXEL, *given, *flow, "-o", out)
    expected = hydraulic_size_factors(
        regions.labels, regions.conns, voxel_size=5e-6, walls="smooth"
    )
    np.testing.assert_allclose(results["size_factors"], expected, rtol=1e-6)
    assert results["size_factor_m3"]["max"] == pytest.approx(expected.max(), rel=1e-6)
    table = (out / "size_factors.csv").read_text().splitlines()
    assert table[0] == "region_1,region_2,hydraulic_size_factor_m3"
    net = answer("network", image, *VOXEL, *given, "--method", "geometry", "-o", tmp_path / "net")
    assert net["regions"] == regions.count
    assert (net["r_max"], net["sigma"]) == (7, 1)
    assert build_network(im, 5e-6, "geometry").regions.count != net["regions"]
    for options, rule in {
        ("--transport", "heat"): "size factors are of diffusion or flow",
        ("--convention", "magic"): "convention must be centroid or porespy",
        ("--convention", "porespy", "--method", "geometry"): "drop --convention",
        ("--r-max", "0"): "--r-max",
        ("--sigma", "-1"): "--sigma",
    }.items():
        code, stdout, err = run("size-factors", image, *VOXEL, *options)
        assert (code, stdout) == (2, "")
        assert rule in err


@pytest.mark.parametrize(
    "label", ["99999999999999999999", "-99999999999999999999", "1e400", "x", "9" * 5000]
)
def test_labels_that_no_voxel_has_are_one_line(run, image, label):
    for command in ("check", "formation-factor"):
        code, out, err = run(command, image, "--pore-label", label)
        assert (code, out) == (2, "")
        assert err.count("\n") == 1
        assert len(err) < 500


def test_lossy_images_are_warned_of_in_score(run, answer, tmp_path):
    rng = np.random.default_rng(0)
    for name, suffix in (("real", "png"), ("generated", "jpg")):
        (tmp_path / name).mkdir()
        for number in range(3):
            grey = np.kron(rng.integers(0, 2, (8, 8)), np.ones((6, 6))) * 120 + 40
            Image.fromarray(grey.astype(np.uint8)).save(tmp_path / name / f"{number}.{suffix}")
    results = answer("score", tmp_path / "real", tmp_path / "generated")
    assert results["lossy"] == {"real": False, "generated": True}
    assert any(
        text.startswith("the generated images are stored with loss")
        for text in results["warnings"]
    )
    assert list(results["s2"]) == ["pore_below", "r_max", "down", "across", "radial"]
