"""Levels of two phases are found; histograms of one phase or three are told from them."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from poreops.errors import InputError
from poreops.properties.slices.phases import check_two_phases, levels, local_thresholds, shading

SHAPE = (4, 160, 160)


def field(seed, sigma=3.0):
    noise = np.random.default_rng(seed).standard_normal(SHAPE)
    smooth = gaussian_filter(noise, (0, sigma, sigma))
    return (smooth / smooth.std()).astype(np.float32)


def phases(seed, shares, greys, spread=5.0, sigma=3.0):
    """Draw phases of these shares, from dark to bright, with normal noise."""
    drawn = field(seed, sigma)
    edges = np.quantile(drawn, np.cumsum(shares)[:-1])
    noise = np.random.default_rng(seed + 1).normal(0, spread, SHAPE)
    return (np.array(greys)[np.searchsorted(edges, drawn)] + noise).astype(np.float32)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.8, 0.97])
def test_two_phases_are_found_at_any_share(share):
    values = phases(0, (share, 1 - share), (60, 170)).ravel()
    found = levels(values)
    assert (found.dark, found.bright) == pytest.approx((60, 170), abs=3)
    assert found.share == pytest.approx(share, abs=0.005)
    assert check_two_phases(values, found, 5.0, "rock") is None


@pytest.mark.parametrize("share", [0.02, 0.1, 0.15])
def test_bright_minerals_do_not_draw_the_threshold_up(share):
    values = phases(1, (0.15, 0.85 - share, share), (40, 110, 250)).ravel()
    found = levels(values)
    assert (found.dark, found.bright) == pytest.approx((40, 110), abs=4)
    assert found.share == pytest.approx(0.15, abs=0.005)


def test_many_bright_minerals_are_told():
    values = phases(1, (0.15, 0.73, 0.12), (40, 110, 250)).ravel()
    warning = check_two_phases(values, levels(values), 5.0, "rock")
    assert warning.startswith("12 % of the image are brighter than the phase taken for solid")


def test_thin_fibres_in_a_void_are_not_taken_for_minerals():
    """Void of two greys, as round a saturated one, and few fibres."""
    values = phases(2, (0.4, 0.43, 0.17), (5, 55, 190), spread=8).ravel()
    assert levels(values).share == pytest.approx(0.83, abs=0.01)


ONE_PHASE = {
    "normal": lambda rng: rng.normal(150, 12, SHAPE),
    "exponential": lambda rng: rng.exponential(30, SHAPE),
    "texture": lambda _: 150 + 20 * field(5),
    "coarse texture": lambda _: 150 + 20 * field(6, 8),
    "skewed texture": lambda _: np.exp(field(7) / 2),
    "texture and noise": lambda rng: 150 + 20 * field(8) + rng.normal(0, 5, SHAPE),
}


@pytest.mark.parametrize("name", ONE_PHASE)
@pytest.mark.parametrize("seed", range(3))
def test_one_phase_is_refused(name, seed):
    values = np.asarray(ONE_PHASE[name](np.random.default_rng(seed)), np.float32).ravel()
    with pytest.raises(InputError, match=r"plug must show pores and solid, .* shows one phase"):
        check_two_phases(values, levels(values), 0.0, "plug")


def test_a_few_outliers_are_no_phase():
    values = np.random.default_rng(0).normal(150, 5, 100_000).astype(np.float32)
    values[:100] = 20
    with pytest.raises(InputError, match="one phase"):
        check_two_phases(values, levels(values), 0.0, "plug")


@pytest.mark.parametrize("shares", [(0.3, 0.4, 0.3), (0.25, 0.25, 0.5), (0.5, 0.25, 0.25)])
def test_three_phases_are_refused(shares):
    values = phases(3, shares, (40, 110, 180)).ravel()
    with pytest.raises(InputError, match="three phases between grey levels"):
        check_two_phases(values, levels(values), 0.0, "plug")


def test_a_shallow_valley_is_told():
    values = phases(4, (0.4, 0.6), (80, 110), spread=13).ravel()
    found = levels(values)
    assert 3.4 < found.separation < 3.55
    assert "hardly shows two phases" in check_two_phases(values, found, 0.0, "rock")


@pytest.mark.parametrize("share", [0.1, 0.25, 0.6, 0.8])
def test_the_shading_of_a_beam_is_found_whatever_the_pores(share):
    y, x = np.mgrid[-1:1:160j, -1:1:160j]
    beam = 60 * (x**2 + y**2) + 15 * x
    stack = (phases(9, (share, 1 - share), (60, 170)) + beam).astype(np.float32)
    found = shading(stack, np.ones(SHAPE, bool))
    np.testing.assert_allclose(found, beam - beam.mean(), atol=6)


def test_a_fracture_in_the_middle_is_no_shading():
    stack = np.full(SHAPE, 170.0, np.float32)
    stack[:, :, 76:84] = 60
    stack += np.random.default_rng(0).normal(0, 5, SHAPE).astype(np.float32)
    assert np.abs(shading(stack, np.ones(SHAPE, bool))).max() < 2


def test_windows_follow_a_ring_but_no_mineral():
    stack = phases(10, (0.25, 0.75), (60, 170))
    found = levels(stack.ravel())
    image = stack[0].copy()
    image[:60, :60] += 15
    inside = np.ones(image.shape, bool)
    shaded = local_thresholds(image, inside, found, 32)
    assert shaded[16, 16] - found.threshold == pytest.approx(15, abs=6)
    ore = stack[0].copy()
    ore[90:140, 90:140] = np.where(ore[90:140, 90:140] > found.threshold, 250, 60)
    assert np.abs(local_thresholds(ore, inside, found, 32) - found.threshold).max() < 12
