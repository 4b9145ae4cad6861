"""Permeability follows the symmetries of the image and conserves mass."""

import itertools

import numpy as np
import pytest
from exact_flow import duct
from reference import blobs

import poreops
from poreops.base.units import MILLIDARCY
from poreops.solvers.stokes.permeability import PERIODIC, REFLECTED, SEALED, Boundary, permeability

# small images have narrow throats
pytestmark = pytest.mark.filterwarnings(
    "ignore::poreops.solvers.stokes.permeability.UnderResolvedWarning"
)
BOUNDARIES = pytest.mark.parametrize("boundary", [REFLECTED, SEALED, PERIODIC])


def test_reflected_part_is_the_periodic_whole():
    image = blobs((9, 8, 10), 0.6, seed=6)
    for axis in range(3):
        image = np.concatenate([image, np.flip(image, axis)], axis)
    part = permeability(image[:9, :8, :10], 0, tolerance=1e-6)
    whole = permeability(image, 0, tolerance=1e-6)
    repeated = permeability(image, 0, boundary=PERIODIC, tolerance=1e-6)
    assert part.permeability == pytest.approx(whole.permeability, rel=1e-5)
    assert part.permeability == pytest.approx(repeated.permeability, rel=1e-5)


def test_steps_rub_more_than_smooth_walls():
    im = blobs((20,) * 3, 0.5)
    smooth = permeability(im, 0, walls="smooth")
    stepped = permeability(im, 0)
    assert 0 < stepped.permeability < smooth.permeability
    assert (stepped.walls, smooth.walls) == ("stepped", "smooth")


@BOUNDARIES
def test_turning_and_mirroring_the_image_turns_the_result(boundary):
    im = blobs((18, 22, 20), 0.45, seed=1)
    k = permeability(im, 1, boundary=boundary, tolerance=1e-6).permeability
    turned = permeability(im.transpose(2, 0, 1), 2, boundary=boundary, tolerance=1e-6)
    mirrored = permeability(im[::-1, ::-1], 1, boundary=boundary, tolerance=1e-6)
    assert k > 0
    assert turned.permeability == pytest.approx(k, rel=1e-5)
    assert mirrored.permeability == pytest.approx(k, rel=1e-5)


def test_negative_axis_counts_from_the_last():
    im = duct(4)
    assert permeability(im, -3).permeability == permeability(im, 0).permeability


def test_scales_with_voxel_size_squared():
    im = duct(5)
    small = permeability(im, 0)
    real = permeability(im, 0, voxel_size=2e-6)
    assert real.permeability == pytest.approx(4e-12 * small.permeability, rel=1e-12)
    assert real.permeability_md == pytest.approx(real.permeability / MILLIDARCY)
    assert real.history[-1] == real.permeability
    assert real.superficial_velocity(1e4, 1e-3) == pytest.approx(1e7 * real.permeability)


@BOUNDARIES
def test_conserves_mass(boundary):
    im = blobs((24, 20, 20), 0.4, seed=2)
    run = permeability(im, 0, boundary=boundary, tolerance=1e-5)
    rates = run.flow_rates
    assert rates.shape == (25,)
    assert np.ptp(rates) <= 1.01e-5 * rates.mean()
    assert run.residual == pytest.approx(np.ptp(rates) / rates.mean(), rel=0.2, abs=1e-6)
    assert run.permeability == pytest.approx(rates.mean() * 24 / 400, rel=1e-4)
    # the velocity field carries the same flow, and none through solid
    assert run.velocity.shape == (3, 24, 20, 20)
    assert not run.velocity[:, ~im].any()
    assert run.velocity[0].sum() == pytest.approx(24 * rates.mean(), rel=1e-3)


def test_converges_on_permeability():
    im = blobs((32,) * 3, 0.35, seed=4)
    sharp = permeability(im, 0, tolerance=1e-7)
    usual = permeability(im, 0)
    assert usual.iterations < sharp.iterations
    assert usual.permeability == pytest.approx(sharp.permeability, rel=5e-4)
    assert usual.residual <= 1e-3
    assert usual.history.shape == usual.residual_history.shape == (usual.iterations,)
    assert (np.diff(sharp.residual_history) <= 0).all()


def test_threads_do_not_matter():
    im = blobs((20,) * 3, 0.5)
    k = [permeability(im, 0, workers=n, tolerance=1e-6).permeability for n in (1, 2, 3)]
    assert np.ptp(k) < 1e-6 * k[0]


@BOUNDARIES
def test_blocked_axis(boundary):
    im = duct(4, length=6)
    run = permeability(im, 1, boundary=boundary)
    assert run.permeability == 0
    assert not run.percolates
    assert run.floating_share == 1
    assert not run.velocity.any()


def test_floating_pores_do_not_count():
    im = duct(4, length=8)
    im[:, 0, 0] = False
    wide = np.pad(im, ((0, 0), (0, 0), (0, 5)))
    k = permeability(wide, 0).permeability
    wide[2:5, 2:4, 7:10] = True
    run = permeability(wide, 0)
    assert run.permeability == k
    assert run.floating_share == pytest.approx(18 / (18 + 128))
    assert run.porosity == wide.mean()


def test_a_channel_that_does_not_meet_its_image_is_blocked_when_repeated():
    im = np.zeros((12, 16), dtype=bool)
    im[:6, 2:6] = True
    im[6:, 8:12] = True
    im[4:8, 2:12] = True
    assert permeability(im, 0, boundary=REFLECTED).percolates
    assert not permeability(im, 0, boundary=PERIODIC).percolates


def test_mixed_boundary():
    # periodic along the flow, walled across it
    walled = permeability(np.ones((4, 9, 9), bool), 0, boundary=Boundary("periodic", "no-slip"))
    sealed = permeability(np.ones((4, 9, 9), bool), 0, boundary=SEALED)
    assert walled.permeability == pytest.approx(sealed.permeability, rel=1e-3)


def test_integers_are_taken_as_pores():
    im = duct(4)
    assert permeability(im.astype(np.uint8), 0).permeability == permeability(im, 0).permeability


def test_public_name():
    assert poreops.permeability is permeability


def test_does_not_change_the_image():
    im = blobs((12,) * 3, 0.5)
    before = im.copy()
    for axis, boundary in itertools.product(range(3), (REFLECTED, PERIODIC)):
        permeability(im, axis, boundary=boundary)
    assert (im == before).all()
