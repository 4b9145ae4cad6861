"""Formation factors have their exact values, and those of other solvers."""

import math
import warnings

import exact_diffusion as exact
import numpy as np
import porespy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import rough

from poreops.solvers.diffusion.bulk import formation_factor


@pytest.mark.parametrize("ends", ["face", "node"])
@pytest.mark.parametrize("shape", [(5, 6, 7), (3, 9), (16, 3, 1)])
def test_block_has_tortuosity_1(shape, ends):
    result = formation_factor(np.ones(shape, bool), 0, ends=ends)
    assert result.tortuosity == pytest.approx(1, rel=1e-12)
    assert result.formation_factor == pytest.approx(1, rel=1e-12)


def test_prism_has_the_formation_factor_of_its_area():
    im = np.zeros((9, 8, 10), bool)
    im[2:5, :, 3:7] = True
    result = formation_factor(im, 1)
    assert result.formation_factor == pytest.approx(90 / 12, rel=1e-12)
    assert result.tortuosity == pytest.approx(1, rel=1e-12)


def test_prisms_side_by_side_add_their_conductances():
    im = np.zeros((12, 9, 9), bool)
    im[:, :3, :3] = im[:, 5:, 5:7] = True
    alone = [im & (np.arange(9) < 4), im & (np.arange(9) >= 4)]
    together = formation_factor(im, 0).effective_diffusivity
    assert together == pytest.approx(
        sum(formation_factor(part, 0).effective_diffusivity for part in alone), rel=1e-12
    )


def test_slanted_strip():
    im, tortuosity = exact.slanted_strip(20)
    assert formation_factor(im, 0).tortuosity == pytest.approx(tortuosity, rel=1e-8)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("layer", [0, 1, 2])
def test_layers_conduct_in_series_and_in_parallel(axis, layer):
    values = [1.0, 0.2, 3.5]
    local, expected = exact.layered(axis, layer, values, (6, 6, 6))
    labels = np.searchsorted(np.sort(values), local)
    found = formation_factor(labels, axis, diffusivity=dict(enumerate(sorted(values))))
    assert found.effective_diffusivity == pytest.approx(expected, rel=1e-9)


def test_a_very_long_strip_converges():
    im = np.ones((20_000, 3), bool)
    im[5:9, 0] = False
    expected = exact.direct_effective_diffusivity(im, 0)
    found = formation_factor(im, 0)
    assert found.effective_diffusivity == pytest.approx(expected, rel=1e-8)
    assert found.iterations < 20


def test_error_at_a_sharp_corner_falls_as_the_singularity_predicts():
    # c ~ r^(2/3) at the corner, so the conductance converges as h^(4/3)
    widths = [4, 8, 16, 32]
    errors = []
    for width in widths:
        im, expected = exact.stepped_strip(width)
        errors.append(1 - formation_factor(im, 0).effective_diffusivity / expected)
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert np.allclose(orders, 4 / 3, atol=0.06)


@pytest.mark.parametrize("solid", [0.2, 0.3, 0.4, 0.5])
def test_simple_cubic_spheres_converge_to_rayleigh(solid):
    expected = exact.simple_cubic_spheres(solid)
    errors = [
        1 - formation_factor(exact.sphere_octant(n, solid), 0).effective_diffusivity / expected
        for n in (12, 24, 48)
    ]
    # the walls are staircases of first order
    assert 0 < errors[2] < 0.025
    assert math.log2(errors[0] / errors[2]) / 2 > 0.75


@pytest.mark.parametrize("seed", range(3))
def test_open_media_stay_below_the_bound_of_hashin_and_shtrikman(seed):
    im = rough((40, 40, 40), 0.7, seed)
    found = np.mean([formation_factor(im, axis).effective_diffusivity for axis in range(3)])
    assert 0.5 * exact.hashin_shtrikman(im.mean()) < found < exact.hashin_shtrikman(im.mean())


@st.composite
def problems(draw):
    shape = tuple(draw(st.lists(st.integers(3, 9), min_size=2, max_size=3)))
    axis = draw(st.integers(0, len(shape) - 1))
    periodic = draw(st.sets(st.sampled_from([a for a in range(len(shape)) if a != axis])))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    labels = rng.integers(0, draw(st.integers(2, 5)), shape)
    return labels, axis, tuple(periodic), draw(st.sampled_from(["face", "node"]))


@settings(max_examples=150, deadline=None)
@given(problems())
def test_agrees_with_a_direct_solve_of_pores(problem):
    labels, axis, periodic, ends = problem
    pore = labels > 0
    found = formation_factor(pore, axis, ends=ends, periodic=periodic, tolerance=1e-9)
    expected = exact.direct_effective_diffusivity(pore, axis, ends=ends, periodic=periodic)
    assert found.effective_diffusivity == pytest.approx(expected, rel=1e-8, abs=1e-12)


@settings(max_examples=150, deadline=None)
@given(problems(), st.lists(st.floats(1e-3, 1e3), min_size=4, max_size=4))
def test_agrees_with_a_direct_solve_of_phases(problem, values):
    labels, axis, periodic, ends = problem
    diffusivity = {0: 0.0, **dict(enumerate(values, start=1))}
    found = formation_factor(
        labels, axis, diffusivity=diffusivity, ends=ends, periodic=periodic, tolerance=1e-9
    )
    local = np.vectorize(diffusivity.get)(labels)
    expected = exact.direct_effective_diffusivity(local, axis, ends=ends, periodic=periodic)
    assert found.effective_diffusivity == pytest.approx(expected, rel=1e-8, abs=1e-9 * max(values))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_agrees_with_porespy(rock, axis):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = porespy.simulations.tortuosity_fd(rock, axis, tol=1e-8)
    found = formation_factor(rock, axis, ends="node")
    assert found.formation_factor == pytest.approx(expected.formation_factor, rel=1e-4)


def test_porespys_lattice_of_discs():
    # tau of lattice_spheres(200 x 200, r=8, spacing=26) along axis 1 in PoreSpy's own tests
    im = porespy.generators.lattice_spheres(shape=[200, 200], r=8, spacing=26)
    result = formation_factor(im, 1, ends="node")
    connected = result.tortuosity * (1 - result.floating_share)
    assert connected == pytest.approx(1.3599, abs=2e-4)
