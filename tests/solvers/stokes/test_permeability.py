import itertools

import numpy as np
import pytest
from exact_flow import (
    CYLINDER_RESISTANCE,
    DUCT,
    SPHERE_DRAG,
    ball,
    direct_permeability,
    sphere_permeability,
)
from scipy import ndimage

import poreops
from poreops.base.units import MILLIDARCY
from poreops.errors import InputError, NotConvergedError
from poreops.solvers.stokes.flow_domain import flowing_pores
from poreops.solvers.stokes.permeability import (
    PERIODIC,
    REFLECTED,
    SEALED,
    Boundary,
    UnderResolvedWarning,
    permeability,
    permeability_tensor,
)
from poreops.solvers.stokes.refinement import extrapolated
from poreops.solvers.stokes.staggered import EDGE_FRICTION

# small images have narrow throats
pytestmark = pytest.mark.filterwarnings(
    "ignore::poreops.solvers.stokes.permeability.UnderResolvedWarning"
)
WALLS = pytest.mark.parametrize("walls", EDGE_FRICTION)
BOUNDARIES = pytest.mark.parametrize("boundary", [REFLECTED, SEALED, PERIODIC])


def duct(width, length=4):
    im = np.zeros((length, width + 2, width + 2), dtype=bool)
    im[:, 1:-1, 1:-1] = True
    return im


def blobs(shape, porosity, seed=0, sigma=2.0):
    noise = np.random.default_rng(seed).standard_normal(shape)
    smooth = ndimage.gaussian_filter(noise, sigma, mode="wrap")
    return smooth > np.quantile(smooth, 1 - porosity)


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


def test_reflected_part_is_the_periodic_whole():
    image = blobs((9, 8, 10), 0.6, seed=6)
    for axis in range(3):
        image = np.concatenate([image, np.flip(image, axis)], axis)
    part = permeability(image[:9, :8, :10], 0, tolerance=1e-6)
    whole = permeability(image, 0, tolerance=1e-6)
    repeated = permeability(image, 0, boundary=PERIODIC, tolerance=1e-6)
    assert part.permeability == pytest.approx(whole.permeability, rel=1e-5)
    assert part.permeability == pytest.approx(repeated.permeability, rel=1e-5)


@WALLS
def test_agrees_with_a_direct_solver(walls):
    pore = flowing_pores(blobs((7, 6, 8), 0.6, seed=3, sigma=1.0), 1, PERIODIC)
    run = permeability(pore, 1, boundary=PERIODIC, walls=walls, tolerance=1e-7)
    assert run.permeability == pytest.approx(
        direct_permeability(pore, 1, EDGE_FRICTION[walls]), rel=1e-5
    )


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


def test_tensor_of_oblique_channels():
    # channels along the diagonal of a 2D image
    i, j = np.indices((12, 12))
    found = permeability_tensor((i - j) % 12 < 8, tolerance=1e-6)
    k = found.tensor
    assert k == pytest.approx(k.T, rel=1e-4)
    values, directions = found.principal
    assert abs(values[0]) < 1e-4 * values[1]
    assert abs(directions[:, 1]) == pytest.approx([0.5**0.5] * 2, abs=1e-4)
    assert directions[:, 1].prod() > 0


def test_tensor_is_symmetric_and_has_the_permeabilities_on_its_diagonal():
    im = blobs((16, 18, 20), 0.5, seed=5)
    found = permeability_tensor(im, voxel_size=3.0, tolerance=1e-5)
    k = found.tensor
    assert abs(k - k.T).max() < 1e-3 * k.max()
    assert (np.linalg.eigvalsh(k) > 0).all()
    along = permeability(im, 2, voxel_size=3.0, boundary=PERIODIC, tolerance=1e-5)
    assert k[2, 2] == pytest.approx(along.permeability, rel=1e-4)
    assert found.residual <= 1e-5


def test_mixed_boundary():
    # periodic along the flow, walled across it
    walled = permeability(np.ones((4, 9, 9), bool), 0, boundary=Boundary("periodic", "no-slip"))
    sealed = permeability(np.ones((4, 9, 9), bool), 0, boundary=SEALED)
    assert walled.permeability == pytest.approx(sealed.permeability, rel=1e-3)


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


def test_integers_are_taken_as_pores():
    im = duct(4)
    assert permeability(im.astype(np.uint8), 0).permeability == permeability(im, 0).permeability


@pytest.mark.parametrize("width", [1, 2, 3])
def test_warns_of_throats_below_four_voxels(width):
    with pytest.warns(UnderResolvedWarning, match=f"{width}.0 voxels wide in the mean: below 4"):
        run = permeability(duct(width), 0)
    assert run.throat_width == pytest.approx(width)
    # and rightly: a duct of 2 or 3 voxels carries a tenth too much
    assert run.permeability * (width + 2) ** 2 > 1.1 * DUCT * width**4


def test_the_mean_throat_is_where_the_pressure_is_lost():
    # a bottleneck of one voxel in a wide channel
    bottle = duct(6, length=20)
    bottle[10] = False
    bottle[10, 4, 4] = True
    with pytest.warns(UnderResolvedWarning):
        run = permeability(bottle, 0)
    assert 1 <= run.throat_width < 1.3
    # a narrow dead end takes no part
    pocket = duct(6, length=20)
    pocket = np.pad(pocket, ((0, 0), (0, 6), (0, 0)))
    pocket[10, 6:12, 4] = True
    assert permeability(pocket, 0).throat_width > 5


@pytest.mark.filterwarnings("error")
def test_is_silent_from_four_voxels_on():
    assert permeability(duct(4), 0).throat_width == pytest.approx(4)
    with pytest.warns(UnderResolvedWarning, match=r"2\.0 voxels .* \(4\.0 once split\)|below 4"):
        permeability(duct(2), 0)
    permeability(duct(2), 0, refine=2)  # the error is stated instead


@pytest.mark.parametrize("boundary", [REFLECTED, SEALED, PERIODIC])
def test_throats_that_go_on_beyond_the_image_are_measured_whole(boundary):
    # half a slot of eight voxels at each side face of the image
    im = np.ones((4, 12), dtype=bool)
    im[:, 4:8] = False
    width = {REFLECTED: 8, SEALED: 4, PERIODIC: 8}[boundary]
    assert permeability(im, 0, boundary=boundary).throat_width == pytest.approx(width)


def test_turning_the_image_turns_the_throats():
    im = blobs((18, 22, 20), 0.5, seed=1)
    widths = [
        permeability(np.moveaxis(im, 0, axis), axis, tolerance=1e-5).throat_width
        for axis in range(3)
    ]
    assert widths == pytest.approx([widths[0]] * 3, rel=1e-3)
    assert permeability(im.repeat(2, 0).repeat(2, 1).repeat(2, 2), 0).throat_width == (
        pytest.approx(2 * widths[0], rel=0.05)
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


def test_raises_when_it_does_not_converge():
    with pytest.raises(NotConvergedError, match="after 12 iterations"):
        permeability(blobs((20,) * 3, 0.4), 0, iterations=12)


def test_public_name():
    assert poreops.permeability is permeability


def test_does_not_change_the_image():
    im = blobs((12,) * 3, 0.5)
    before = im.copy()
    for axis, boundary in itertools.product(range(3), (REFLECTED, PERIODIC)):
        permeability(im, axis, boundary=boundary)
    assert (im == before).all()


def test_refuses_beforehand_what_does_not_fit_in_memory(monkeypatch):
    monkeypatch.setattr("poreops.machine.memory.available_memory", lambda: 10_000)
    with pytest.raises(InputError, match="fit in memory"):
        permeability(duct(4), 0)
    # before the native image is solved in vain
    monkeypatch.setattr("poreops.machine.memory.available_memory", lambda: 100_000)
    assert permeability(duct(4), 0).percolates
    with pytest.raises(InputError, match="512 pore voxels"):
        permeability(duct(4), 0, refine=2)
