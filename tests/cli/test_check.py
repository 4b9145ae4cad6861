"""The block at the top of every answer."""

import numpy as np
import porespy
import pytest
import tifffile

from poreops.conduits.image_check import check
from poreops.solvers.stokes.permeability import permeability

VOXEL = ["--voxel-size", "5e-6"]


def test_check_gives_the_block_alone(run, answer, image, im):
    results = answer("check", image, *VOXEL)
    block, found = results["check"], check(im)
    assert block["pore"]["labels"] == [255]
    assert block["pore"]["share"] == results["porosity"] == pytest.approx(im.mean())
    assert block["voxel_size"] == {"edge_m": 5e-6, "source": "given", "resampling": None}
    assert list(block["percolating_share"].values()) == pytest.approx(found.percolating_share)
    assert list(block["floating_share"].values()) == pytest.approx(found.floating_share)
    assert block["closed"] == {"pores": found.closed_pores, "share": found.closed_share}
    assert block["throats"]["smallest_voxels"] == found.throats.smallest
    assert block["throats"]["mean_voxels"] == pytest.approx(found.throats.mean)
    assert block["octants"]["porosity"] == pytest.approx(found.parts.porosity)
    assert block["octants"]["formation_factor"]["y"] == pytest.approx(
        found.parts.formation_factor[1]
    )
    assert set(found.warnings) <= set(block["warnings"])
    code, out, err = run("check", image, *VOXEL)
    assert code == 0, err
    for title in ("image", "pore", "joined", "closed", "throats", "octants"):
        assert sum(line.startswith(f"{title} ") for line in out.splitlines()) == 1
    assert "axis   " not in out


@pytest.mark.parametrize(
    "command",
    [
        ["network", "--method", "geometry", "--out", "out"],
        ["size-factors", "--method", "geometry"],
        ["formation-factor"],
        ["permeability", "--axis", "x", "--tolerance", "0.1"],
    ],
)
def test_every_answer_starts_with_the_block(run, answer, image, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    name, *more = command
    _, out, _ = run(name, image, *VOXEL, *more)
    _, expected, _ = run("check", image, *VOXEL)
    block, same = out.splitlines(), expected.splitlines()
    if name == "size-factors":  # a list of conduits says nothing of the rock as a whole
        same = [
            line for line in same if not line.startswith("octants") and "of the parts" not in line
        ]
        block = [line for line in block if not line.startswith("octants")]
    assert block[: len(same)] == same
    monkeypatch.chdir(tmp_path.parent)
    results = answer(name, image, *VOXEL, *more, *(["--overwrite"] if "--out" in more else []))
    assert results["check"]["pore"]["labels"] == [255]
    assert "percolating_share" in results["check"]


def test_the_phase_is_said_and_the_other_one_named_where_pores_are_most(run, answer, tmp_path, im):
    path = tmp_path / "inverted.tif"
    solid = porespy.generators.overlapping_spheres((36, 34, 32), r=5, porosity=0.8, seed=1)
    tifffile.imwrite(path, solid.astype(np.uint8) * 255)  # 0 may be the pore: nothing says so
    results = answer("formation-factor", path, "--axis", "x")
    phase = [text for text in results["check"]["warnings"] if "counted as pore" in text]
    assert len(phase) == 1
    assert f"{solid.mean():.1%} of the image is counted as pore (label 255" in phase[0]
    assert f"the other label would give {1 - solid.mean():.1%}" in phase[0]
    assert "give --pore-label 0" in phase[0]
    chosen = answer("formation-factor", path, "--axis", "x", "--pore-label", "0")
    assert chosen["porosity"] == pytest.approx(1 - solid.mean())
    factors = [float(each["axes"]["x"]["formation_factor"]) for each in (chosen, results)]
    assert factors[0] > 5 * factors[1]
    for label in ("0", "255"):
        found = answer("check", path, "--phase", label, "--no-octants")
        assert found["check"]["pore"] == {
            "labels": [int(label)],
            "rule": "as given",
            "share": pytest.approx(solid.mean() if label == "255" else 1 - solid.mean()),
        }
        assert not any("counted as pore" in text for text in found["check"]["warnings"])


@pytest.mark.filterwarnings("ignore::poreops.solvers.stokes.gap_width.UnderResolvedWarning")
def test_the_voxel_size_of_the_file_is_taken_and_named(answer, run, im, tmp_path):
    path = tmp_path / "stated.tif"
    tifffile.imwrite(
        path, im.astype(np.uint8), imagej=True, resolution=(0.2, 0.2),
        metadata={"spacing": 5.0, "unit": "um", "axes": "ZYX"},
    )  # fmt: skip
    results = answer("check", path, "--no-octants")
    assert results["voxel_size_m"] == pytest.approx(5e-6)
    assert "given" not in results["check"]["voxel_size"]["source"]
    k = answer("permeability", path, "--axis", "x", "--tolerance", "0.1", "--no-octants")
    expected = permeability(im, 0, voxel_size=5e-6, tolerance=0.1).permeability
    assert k["axes"]["x"]["permeability_m2"] == pytest.approx(expected, rel=1e-6)
    code, _, err = run("check", path, "--voxel-size", "7e-6")
    assert code == 2
    assert "must agree" in err


def test_without_a_voxel_size_lengths_are_refused_and_numbers_without_unit_given(run, image):
    code, out, _ = run("formation-factor", image, "--axis", "x", "--no-octants")
    assert code == 0
    assert "voxel size unknown" in out
    for command in ("permeability", "size-factors"):
        code, out, err = run(command, image)
        assert (code, out) == (2, "")
        assert "the voxel size must be known, rock.tif does not state it" in err
        assert err.count("\n") == 1


def test_a_short_axis_does_not_lose_the_others(run, answer, tmp_path):
    two = np.zeros((20, 30, 2), bool)
    two[:, 8:20] = True
    np.save(tmp_path / "two.npy", two)
    code, out, err = run("formation-factor", tmp_path / "two.npy")
    assert code == 0, err
    rows = {
        line[0]: line.split() for line in out.splitlines() if line[:4] in ("x   ", "y   ", "z   ")
    }
    assert float(rows["x"][1]) == pytest.approx(2.5)
    assert rows["y"][1] == "inf"
    assert rows["z"][1] == "nan"
    assert "warning: axis z was not solved: axis 2 must be at least 3 voxels long" in out
    results = answer("formation-factor", tmp_path / "two.npy")
    assert results["axes"]["x"]["formation_factor"] == pytest.approx(2.5)
    assert results["axes"]["z"]["formation_factor"] is None
    assert "at least 3 voxels" in results["axes"]["z"]["reason"]
    results = answer("permeability", tmp_path / "two.npy", *VOXEL)
    assert results["axes"]["x"]["permeability_m2"] > 0
    assert results["axes"]["z"]["permeability_m2"] is None
    code, out, err = run("formation-factor", tmp_path / "two.npy", "--axis", "z")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1


def test_no_axis_that_can_be_solved_is_an_error(run, tmp_path):
    np.save(tmp_path / "a.npy", np.array([[[1, 0], [1, 1]], [[1, 1], [0, 1]]], bool))
    for command in ("formation-factor", "permeability"):
        code, out, err = run(command, tmp_path / "a.npy", *VOXEL)
        assert (code, out) == (2, "")
        assert "axis 0 must be at least 3 voxels long" in err


@pytest.mark.parametrize("layers", [3, 5, 30])
def test_a_network_of_few_layers_is_warned_of(answer, im, tmp_path, layers):
    np.save(tmp_path / "thin.npy", im[:layers])
    results = answer(
        "network", tmp_path / "thin.npy", *VOXEL, "--method", "geometry", "-o", tmp_path / "out"
    )
    named = [text for text in results["warnings"] if "touch both of them" in text]
    assert [text[:7] for text in named] == ["axis x:"] * (layers < 30)
    if named:
        assert "take formation_factor" in named[0]
