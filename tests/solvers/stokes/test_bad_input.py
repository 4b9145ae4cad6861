"""What cannot be solved is one clear line."""

import numpy as np
import pytest
from exact_flow import duct
from reference import blobs

from poreops.errors import InputError, NotConvergedError
from poreops.solvers.stokes.permeability import Boundary, permeability

# small images have narrow throats
pytestmark = pytest.mark.filterwarnings(
    "ignore::poreops.solvers.stokes.permeability.UnderResolvedWarning"
)


@pytest.mark.parametrize(
    ("im", "axis", "given", "rule"),
    [
        (np.ones((4,), bool), 0, {}, "2D or 3D"),
        (np.ones((2, 8, 8), bool), 0, {}, "at least 3 voxels"),
        (np.zeros((8, 8), bool), 0, {}, "pore"),
        (np.ones((8, 8), bool), 0, {}, "solid"),
        (np.arange(64).reshape(8, 8), 0, {}, "binary"),
        (np.full((8, 8), np.nan), 0, {}, "binary"),
        (duct(4), 3, {}, "axis"),
        (duct(4), 0.0, {}, "axis"),
        (duct(4), True, {}, "axis"),
        (duct(4), 0, {"voxel_size": (1e-6, 1e-6, 2e-6)}, "anisotropic"),
        (duct(4), 0, {"voxel_size": -1.0}, "voxel size"),
        (duct(4), 0, {"voxel_size": np.nan}, "voxel size"),
        (duct(4), 0, {"tolerance": 0.0}, "tolerance"),
        (duct(4), 0, {"walls": "rough"}, "walls must be stepped or smooth, got 'rough'"),
        (duct(4), 0, {"refine": 0}, r"refine must lie in 1\.\.4"),
        (duct(4), 0, {"refine": 2.0}, "refine must be a whole number"),
        (duct(4), 0, {"refine": 2, "walls": "smooth"}, "split voxels are cubes"),
        (duct(4), 0, {"iterations": 0}, "iterations"),
        (duct(4), 0, {"workers": 0}, "workers"),
    ],
)
def test_bad_input(im, axis, given, rule):
    with pytest.raises(InputError, match=rule) as caught:
        permeability(im, axis, **given)
    assert "\n" not in str(caught.value)


def test_bad_boundary():
    with pytest.raises(InputError, match="ends"):
        Boundary("open", "slip")
    with pytest.raises(InputError, match="sides"):
        Boundary("pressure", "sticky")


def test_raises_when_it_does_not_converge():
    with pytest.raises(NotConvergedError, match="after 12 iterations"):
        permeability(blobs((20,) * 3, 0.4), 0, iterations=12)


def test_refuses_beforehand_what_does_not_fit_in_memory(monkeypatch):
    monkeypatch.setattr("poreops.machine.memory.available_memory", lambda: 10_000)
    with pytest.raises(InputError, match="fit in memory"):
        permeability(duct(4), 0)
    # before the native image is solved in vain
    monkeypatch.setattr("poreops.machine.memory.available_memory", lambda: 100_000)
    assert permeability(duct(4), 0).percolates
    with pytest.raises(InputError, match="512 pore voxels"):
        permeability(duct(4), 0, refine=2)
