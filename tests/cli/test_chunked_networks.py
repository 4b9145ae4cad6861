"""The command network with chunks, as a user runs it: from a file to a network of conduits."""

import numpy as np
import pytest

import poreops
from poreops.networks.network import network_of_regions


def test_a_network_in_chunks_is_that_of_its_labels(run, answer, image, tmp_path):
    options = ("--method", "geometry", "--workers", 1, "--voxel-size", "3e-6")
    found = answer("network", image, "-o", tmp_path / "a", "--chunks", 16, *options)
    regions = poreops.load_regions(tmp_path / "a" / "labels.h5")
    expected = network_of_regions(regions, 3e-6, "geometry")
    assert (found["regions"], found["throats"]) == (regions.count, len(regions.conns))
    for axis in "xyz":
        factor = expected.formation_factor(axis).formation_factor
        assert found["axes"][axis]["formation_factor"] == pytest.approx(factor, rel=1e-9)
    pores = dict(np.load(tmp_path / "a" / "network.npz"))
    np.testing.assert_array_equal(pores["pore.coords"], expected.openpnm["pore.coords"])
    # from the labels, which are not partitioned again
    code, out, err = run(
        "network", tmp_path / "a" / "labels.h5", "-o", tmp_path / "b", "--chunks", 32, *options
    )
    assert (code, err) == (0, "")
    assert f"regions   {regions.count}, {len(regions.conns)} throats, by geometry\n" in out
    again = dict(np.load(tmp_path / "b" / "network.npz"))
    assert all(np.array_equal(pores[name], again[name]) for name in pores | again)
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b"}
    assert {path.name for path in (tmp_path / "b").iterdir()} == set(found["files"]) - {
        "labels.h5"
    }


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        (("--method", "auto"), "looks at each conduit alone, got 'auto'"),
        (("--method", "geometry", "--walls", "smooth"), "walls belong to flow"),
        (("--chunks", 100), "chunks must be a multiple of 16 voxels, got 100"),
        (("--level", 1), "modes are those of an interface network"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(run, image, tmp_path, options, rule):
    given = ("--chunks", 32, "--voxel-size", "3e-6", "--workers", 1, *options)
    code, out, err = run("network", image, "-o", tmp_path / "a", *given)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert rule in err
    assert not list(tmp_path.iterdir())
