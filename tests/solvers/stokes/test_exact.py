"""Permeability has the exact values of plates, ducts, spheres and cylinders."""

import numpy as np
import pytest
from exact_flow import (
    CYLINDER_RESISTANCE,
    DUCT,
    SPHERE_DRAG,
    ball,
    direct_permeability,
    duct,
    sphere_permeability,
)
from reference import blobs

from poreops.solvers.stokes.flow_domain import flowing_pores
from poreops.solvers.stokes.permeability import PERIODIC, REFLECTED, SEALED, permeability
from poreops.solvers.stokes.staggered import EDGE_FRICTION

# small images have narrow throats
pytestmark = pytest.mark.filterwarnings(
    "ignore::poreops.solvers.stokes.permeability.UnderResolvedWarning"
)
WALLS = pytest.mark.parametrize("walls", EDGE_FRICTION)
BOUNDARIES = pytest.mark.parametrize("boundary", [REFLECTED, SEALED, PERIODIC])


@WALLS
@BOUNDARIES
@pytest.mark.parametrize("width", [1, 2, 3, 5, 12])
def test_plates_are_exact_at_every_width(width, boundary, walls):
    im = np.zeros((4, width + 3), dtype=bool)
    im[:, 2:-1] = True
    k = permeability(im, 0, boundary=boundary, walls=walls, tolerance=1e-6).permeability
    assert k == pytest.approx(width**3 / 12 / (width + 3), rel=1e-6)


def test_plates_of_a_3d_image_are_those_of_a_2d_one():
    im = np.zeros((5, 7), dtype=bool)
    im[:, 1:-2] = True
    k = permeability(im, 0, tolerance=1e-6).permeability
    stack = np.repeat(im[:, :, None], 3, axis=2)
    assert permeability(stack, 0, tolerance=1e-6).permeability == pytest.approx(k, rel=1e-6)


@WALLS
def test_square_duct_converges_at_second_order(walls):
    widths = np.array([6, 12, 24])
    k = [permeability(duct(w), 0, walls=walls, tolerance=1e-6).permeability for w in widths]
    error = np.array(k) * (widths + 2) ** 2 / (DUCT * widths**4) - 1
    order = np.log2(error[:-1] / error[1:])
    assert error[1] < 0.01
    assert order == pytest.approx(2, abs=0.1)


def test_sealed_sides_are_walls():
    k = permeability(np.ones((4, 12, 12), bool), 0, boundary=SEALED, tolerance=1e-6).permeability
    walled = permeability(duct(12), 0, tolerance=1e-6).permeability * 14**2 / 12**2
    assert k == pytest.approx(walled, rel=1e-5)


@pytest.mark.parametrize("solid", SPHERE_DRAG)
def test_simple_cubic_spheres(solid):
    # one eighth of a cell of 64³
    k = permeability(ball(64, 3, solid, part=True), 0, walls="smooth").permeability / 64**2
    assert k == pytest.approx(sphere_permeability(solid), rel=0.02)


@pytest.mark.parametrize("solid", CYLINDER_RESISTANCE)
def test_square_array_of_cylinders(solid):
    # a quarter of a cell of 256²
    k = permeability(ball(256, 2, solid, part=True), 1, walls="smooth").permeability / 256**2
    assert 1 / k == pytest.approx(CYLINDER_RESISTANCE[solid], rel=0.02)


def test_stepped_walls_reach_the_same_limits_at_first_order_from_below():
    # steps of one voxel thicken a curved wall; how the voxels meet it scatters the single error
    halved = []
    for ndim, exact, sizes in (
        (3, {c: sphere_permeability(c) for c in SPHERE_DRAG}, (32, 64)),
        (2, {c: 1 / r for c, r in CYLINDER_RESISTANCE.items()}, (128, 256)),
    ):
        for solid, k in exact.items():
            images = (ball(n, ndim, solid, part=True) for n in sizes)
            found = [permeability(im, ndim - 2).permeability for im in images]
            error = np.array(found) / np.square(sizes) / k - 1
            assert -0.05 < error[1] < 0
            halved.append(np.log2(error[0] / error[1]))
    assert np.mean(halved) == pytest.approx(1, abs=0.2)


@WALLS
def test_agrees_with_a_direct_solver(walls):
    pore = flowing_pores(blobs((7, 6, 8), 0.6, seed=3, sigma=1.0), 1, PERIODIC)
    run = permeability(pore, 1, boundary=PERIODIC, walls=walls, tolerance=1e-7)
    assert run.permeability == pytest.approx(
        direct_permeability(pore, 1, EDGE_FRICTION[walls]), rel=1e-5
    )


def test_parallel_ducts_add():
    im = np.zeros((4, 8, 20), dtype=bool)
    im[:, 1:7, 1:7] = True
    one = permeability(im, 0, tolerance=1e-6).permeability
    im[:, 2:6, 9:13] = True
    im[:, 3:7, 14:18] = True
    four = permeability(duct(4), 0, tolerance=1e-6).permeability * 36 / 160
    assert permeability(im, 0, tolerance=1e-6).permeability == pytest.approx(
        one + 2 * four, rel=1e-5
    )
