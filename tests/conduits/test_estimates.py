import numpy as np
import pytest
from reference import sphere_regions

from poreops.conduits.crop import crop_conduits
from poreops.conduits.diffusive import conduit_size_factor, conduit_size_factors
from poreops.conduits.estimates import (
    DIFFUSIVE_TRAITS,
    HYDRAULIC_TRAITS,
    diffusive_estimate,
    hydraulic_estimate,
)
from poreops.conduits.hydraulic import (
    conduit_hydraulic_size_factor,
    conduit_hydraulic_size_factors,
)
from poreops.conduits.middles import fill_reservoirs
from poreops.solvers.stokes.staggered import INLET, OUTLET, PORE

APART = np.array([[1, 0, 2], [1, 0, 2]], dtype=np.uint8)


@pytest.fixture(scope="module")
def crops():
    regions = sphere_regions(40)
    return list(crop_conduits(regions.labels, regions.conns))[::3]


def pipe(ndim):
    labels = np.zeros((18, 8, 7)[:ndim], np.uint8)
    inside = (slice(1, 6), slice(1, 5))[: ndim - 1]
    labels[(slice(10), *inside)], labels[(slice(10, 18), *inside)] = 1, 2
    return labels


@pytest.mark.parametrize("ndim", [2, 3])
def test_estimates_of_a_straight_pipe_are_exact(ndim):
    flow = hydraulic_estimate(pipe(ndim)).size_factor
    # the bounds are exact up to the tolerances of their solves
    assert flow == pytest.approx(conduit_hydraulic_size_factor(pipe(ndim)), rel=2e-3)
    diffusion = diffusive_estimate(pipe(ndim)).size_factor
    assert diffusion == pytest.approx(conduit_size_factor(pipe(ndim)), rel=2e-2)


def test_stopped_diffusion_is_close_and_never_above_the_throat(crops):
    exact = conduit_size_factors(crops)
    found = [diffusive_estimate(crop) for crop in crops]
    error = np.abs(np.array([one.size_factor for one in found]) / exact - 1)
    assert error.mean() < 5e-3
    assert error.max() < 0.05
    # stopped, not solved
    assert error.max() > 1e-5
    assert all(one.lower <= truth <= one.upper for one, truth in zip(found, exact, strict=True))


def test_the_middle_of_the_bounds_is_close_to_the_flow(crops):
    exact = conduit_hydraulic_size_factors(crops)
    found = [hydraulic_estimate(crop) for crop in crops]
    error = np.abs(np.array([one.size_factor for one in found]) / exact - 1)
    assert error.mean() < 0.06
    gap = np.array([np.log(one.upper / one.lower) for one in found])
    # where the bounds are near each other, so is the estimate to the truth
    assert error[gap < np.median(gap)].mean() < error[gap >= np.median(gap)].mean()


@pytest.mark.parametrize(
    ("estimate", "names"),
    [(diffusive_estimate, DIFFUSIVE_TRAITS), (hydraulic_estimate, HYDRAULIC_TRAITS)],
)
def test_traits_do_not_change_under_flip_turn_and_swap(crops, estimate, names):
    crop = crops[len(crops) // 2]
    same = [crop, crop[::-1], crop.transpose(1, 2, 0), np.where(crop > 0, 3 - crop, 0)]
    rows = [estimate(np.ascontiguousarray(other, np.uint8)).traits for other in same]
    assert all(len(row) == len(names) for row in rows)
    # the residual at which a solver stops is that of its rounding and its sweeps
    loose = [abs(name == "log_residual") for name in names]
    for row in rows[1:]:
        np.testing.assert_allclose(np.where(loose, 0, row), np.where(loose, 0, rows[0]), atol=0.02)


def test_regions_that_do_not_touch_have_no_estimate():
    assert diffusive_estimate(APART) is None
    assert hydraulic_estimate(APART) is None


def test_reservoirs_are_measured_from_the_nearest_of_all_cubes(crops):
    for crop in crops[:6]:
        box = np.pad(crop, 1)
        regions = [np.argwhere(box == label) for label in (1, 2)]
        middles = fill_reservoirs(box)
        for label, (own, other) in enumerate(zip(regions, regions[::-1], strict=True), start=1):
            steps = np.abs(other[:, None, :] - own[None]).sum(axis=-1)
            throat = other[(steps == 1).any(axis=1)]
            beside = np.maximum(np.abs(own[:, None] - throat[None]) - 0.5, 0)
            distance = np.sqrt((beside**2).sum(axis=-1).min(axis=1))
            centre = np.maximum(np.abs(own.mean(axis=0) - throat) - 0.5, 0)
            middle = min(np.sqrt((centre**2).sum(axis=-1).min()), distance.max())
            kind = (INLET, OUTLET)[label - 1]
            beyond = distance >= middle - 1e-6
            assert (box[tuple(own.T)] == np.where(beyond, kind, PORE)).all()
            near = np.abs(distance - middle) <= 0.5 + 1e-6
            assert (middles[tuple(own.T)] == label * near).all()
