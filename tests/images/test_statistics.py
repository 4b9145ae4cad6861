"""S2 is a count of pairs, Minkowski functionals are those of known shapes."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poreops.errors import InputError
from poreops.images.statistics import (
    axis_correlation,
    chord_lengths,
    correlation_and_nugget,
    correlation_length,
    exponential,
    lineal_path,
    minkowski_densities,
    two_point_correlation,
)


def pairs(image, down, across):
    """Hits and pairs of one displacement, counted."""
    height, width = image.shape
    hits = count = 0
    for row in range(height - down):
        for column in range(max(0, -across), min(width, width - across)):
            hits += image[row, column] and image[row + down, column + across]
            count += 1
    return int(hits), count


def direct(image, r_max):
    """Count every pair of points one by one."""
    radial = np.zeros((2, r_max + 1))
    for down in range(r_max + 1):
        for across in range(-r_max, r_max + 1):
            r = round(float(np.hypot(down, across)))
            if r <= r_max and (down, across) >= (0, 0):
                radial[:, r] += pairs(image, down, across)
    axes = np.array(
        [
            [pairs(image, r, 0) for r in range(r_max + 1)],
            [pairs(image, 0, r) for r in range(r_max + 1)],
        ]
    )
    return axes[..., 0] / axes[..., 1], radial[0] / radial[1]


images = st.tuples(st.integers(4, 14), st.integers(4, 14), st.floats(0, 1), st.integers(0, 99))


@settings(max_examples=25, deadline=None)
@given(images)
def test_the_transform_counts_pairs(case):
    rows, columns, share, seed = case
    image = np.random.default_rng(seed).random((rows, columns)) < share
    r_max = min(rows, columns) - 1
    found = two_point_correlation(image, r_max)
    axes, radial = direct(image, r_max)
    np.testing.assert_allclose(found.axes, axes, atol=1e-12)
    np.testing.assert_allclose(found.radial, radial, atol=1e-12)
    for axis in (0, 1):
        np.testing.assert_allclose(axis_correlation(image, axis, r_max), axes[axis], atol=1e-12)


def test_at_lag_zero_it_is_the_share_and_far_apart_its_square():
    image = np.random.default_rng(1).random((300, 300)) < 0.3
    found = two_point_correlation(image)
    assert len(found.lags) == 151
    assert found.radial[0] == found.axes[0, 0] == image.mean()
    np.testing.assert_allclose(found.radial[1:], image.mean() ** 2, atol=0.002)


def test_turning_the_image_swaps_the_axes():
    image = np.random.default_rng(2).random((40, 50)) < 0.4
    one, other = two_point_correlation(image, 12), two_point_correlation(image.T, 12)
    np.testing.assert_allclose(one.axes, other.axes[::-1], atol=1e-14)
    np.testing.assert_allclose(one.radial, other.radial, atol=1e-14)


def test_stripes_are_seen_across_and_not_along():
    stripes = np.tile(np.arange(64) % 8 < 4, (64, 1))
    down, across = two_point_correlation(stripes, 16).axes
    np.testing.assert_allclose(down, 0.5, atol=1e-14)
    assert across[4] == 0
    assert across[8] == pytest.approx(0.5)


def test_the_published_curve_of_berea():
    folder = Path(os.environ.get("POREOPS_TEST_DATA", ""))
    curve, volume = folder / "S2_berea_pore_xyz_mosser.csv", folder / "berea_400.npz"
    if not curve.is_file() or not volume.is_file():
        pytest.skip("POREOPS_TEST_DATA names no folder with the Berea image and its S2")
    with curve.open() as file:
        rows = list(csv.DictReader(file))
    image = np.load(volume)["im"]
    r_max = 60
    for axis, name in ((0, "x"), (2, "y"), (1, "z")):
        published = np.array([float(row[name]) for row in rows[: r_max + 1]])
        np.testing.assert_allclose(axis_correlation(image, axis, r_max), published, atol=5e-7)


@pytest.mark.parametrize("length", [0.5, 3.0, 40.0])
def test_the_fit_finds_the_length_of_an_exponential(length):
    s2 = exponential(np.arange(50), 0.2, length)
    assert correlation_length(s2) == pytest.approx(length, rel=1e-3)


def test_bad_input_says_what_to_do():
    with pytest.raises(InputError, match="needs a 2D image, got shape"):
        two_point_correlation(np.ones((4, 4, 4), bool))
    with pytest.raises(InputError, match="got 20 for 10 pixels; lower r_max"):
        two_point_correlation(np.ones((10, 30), bool), 20)
    with pytest.raises(InputError, match="needs two phases, got a share of 0"):
        correlation_length(np.zeros(5))


def test_minkowski_functionals_of_a_ring():
    rows, columns = np.indices((200, 200)) - 100
    distance = np.hypot(rows, columns)
    ring = (distance <= 60) & (distance > 30)
    found = minkowski_densities(ring)
    assert found["area"] * 200**2 == pytest.approx(np.pi * (60**2 - 30**2), rel=0.01)
    assert found["perimeter"] * 200**2 == pytest.approx(2 * np.pi * 90, rel=0.05)
    assert found["euler"] == 0  # one piece, one hole
    two = np.zeros((50, 50), bool)
    two[5:10, 5:10] = two[30:40, 20:30] = True
    assert minkowski_densities(two)["euler"] == 2 / 50**2


def paths(image, axis):
    """L(r) of one image along an axis."""
    lines = np.moveaxis(image, axis, -1).shape[0]
    return lineal_path(chord_lengths(image[None], axis), lines)


def test_the_lineal_path_counts_segments():
    image = np.random.default_rng(4).random((12, 12)) < 0.7
    found = paths(image, 1)
    for r in range(1, 13):
        segments = [row[i : i + r].all() for row in image for i in range(12 - r + 1)]
        assert found[r] == pytest.approx(np.mean(segments))
    assert found[0] == 1
    assert found[1] == pytest.approx(image.mean())


def test_the_lineal_path_of_exact_images():
    checkers = np.indices((16, 16)).sum(axis=0) % 2 == 0
    np.testing.assert_allclose(paths(checkers, 0)[:3], [1, 0.5, 0])
    stripes = np.tile(np.arange(16) % 8 < 4, (16, 1))
    np.testing.assert_allclose(paths(stripes, 0), [1, *[0.5] * 16])  # along the stripes
    # two stripes of 4 pixels hold 2 (4 - r + 1) of the 16 - r + 1 segments
    expected = [2 * max(5 - r, 0) / (17 - r) for r in range(1, 17)]
    np.testing.assert_allclose(paths(stripes, 1)[1:], expected)


def test_the_lineal_path_between_discs_is_that_of_the_boolean_model():
    """Outside of discs that overlap at random L(z) = exp(-ρ (π R² + 2 R z)) (Torquato 2002)."""
    rng, edge, radius, count = np.random.default_rng(5), 600, 9.0, 600
    image = np.ones((edge, edge), dtype=bool)
    rows, columns = np.indices((edge, edge), sparse=True)
    for row, column in rng.uniform(-10, edge + 10, (count, 2)):
        image &= np.hypot(rows - row, columns - column) > radius
    density = count / (edge + 20) ** 2
    # a segment of r pixels joins centres r - 1 apart
    z = np.arange(40)
    expected = np.exp(-density * (np.pi * radius**2 + 2 * radius * z))
    found = (paths(image, 0) + paths(image, 1))[1:41] / 2
    np.testing.assert_allclose(found, expected, rtol=0.08)


def test_a_nugget_is_parted_from_the_structure():
    s2 = exponential(np.arange(40), 0.3, 6.0)
    assert correlation_and_nugget(s2) == pytest.approx((6.0, 0.0), abs=1e-3)
    noisy = 0.09 + 0.75 * (s2 - 0.09)
    noisy[0] = 0.3
    length, nugget = correlation_and_nugget(noisy)
    assert (length, nugget) == pytest.approx((6.0, 0.25), abs=1e-3)
    white = np.random.default_rng(6).random((300, 300)) < 0.3
    assert correlation_and_nugget(two_point_correlation(white).radial)[1] > 0.95
    with pytest.raises(InputError, match="a nugget needs two phases, got a share of 1"):
        correlation_and_nugget(np.ones(9))
