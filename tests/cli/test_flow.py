"""The command permeability, and walls of flow."""

import json
import warnings

import numpy as np
import pytest
from exact_flow import DUCT

from poreops.solvers.stokes.permeability import UnderResolvedWarning, permeability

VOXEL = "5e-6"


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
    truth = DUCT * 4**4 / 36 * float(VOXEL) ** 2
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
