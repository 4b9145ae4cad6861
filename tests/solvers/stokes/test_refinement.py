"""Splitting the voxels bounds the error of the discretisation."""

import numpy as np
import pytest
from exact_flow import DUCT, duct
from reference import blobs

from poreops.solvers.stokes.permeability import permeability
from poreops.solvers.stokes.refinement import extrapolated

# small images have narrow throats
pytestmark = pytest.mark.filterwarnings(
    "ignore::poreops.solvers.stokes.permeability.UnderResolvedWarning"
)


def test_splitting_the_voxels_bounds_the_discretisation_error():
    # the truth for a square duct is exact, and lies in the interval
    run = permeability(duct(4), 0, refine=2, voxel_size=2e-6)
    truth = DUCT * 4**4 / 6**2 * 4e-12
    found = run.discretisation
    low, high = found.interval
    assert low < truth < high == run.permeability
    assert found.limit == low
    assert abs(found.limit / truth - 1) < 0.5 * (run.permeability / truth - 1)
    assert found.error == pytest.approx(run.permeability / found.limit - 1)
    split = permeability(duct(4).repeat(2, 0).repeat(2, 1).repeat(2, 2), 0, voxel_size=1e-6)
    assert found.permeability == pytest.approx(split.permeability, rel=1e-9)
    assert permeability(duct(4), 0).discretisation is None


def test_extrapolations_from_different_splittings_agree():
    im = blobs((24,) * 3, 0.4, seed=7)
    found = [permeability(im, 0, refine=n).discretisation for n in (2, 3)]
    assert found[0].limit == pytest.approx(found[1].limit, rel=0.03)
    # and the native value is far off
    assert found[0].error > 0.1
    # the next pair of grids tells the same limit
    pair = extrapolated(*(f.permeability for f in found), 1.5)
    assert found[0].limit == pytest.approx(pair, rel=0.04)


def test_exact_plates_have_no_discretisation_error():
    im = np.zeros((4, 8), dtype=bool)
    im[:, 1:-1] = True
    found = permeability(im, 0, refine=2, tolerance=1e-6).discretisation
    assert found.error == pytest.approx(0, abs=1e-5)


def test_nothing_to_extrapolate_where_nothing_percolates():
    assert permeability(duct(4, length=6), 1, refine=2).discretisation is None
