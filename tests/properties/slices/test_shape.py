"""The compiled shapes are those of scikit-image, region by region."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import gaussian_filter, label
from skimage.measure import regionprops_table

from poreops.properties.slices.shape import PROPERTIES, region_shapes


def column(shapes, name):
    return shapes[:, PROPERTIES.index(name)]


def random_regions(seed, sigma=2.0, share=0.45):
    field = gaussian_filter(np.random.default_rng(seed).standard_normal((90, 70)), sigma)
    return label(field > np.quantile(field, 1 - share), np.ones((3, 3)))[0]


def disc(radius, shape=(120, 120), centre=(59.3, 60.1)):
    y, x = np.ogrid[: shape[0], : shape[1]]
    return (np.hypot(y - centre[0], x - centre[1]) <= radius).astype(int)


@pytest.mark.parametrize("seed", range(6))
def test_every_property_is_that_of_regionprops(seed):
    labels = random_regions(seed, sigma=1.0 + seed % 3)
    reference = regionprops_table(labels, properties=PROPERTIES)
    shapes = region_shapes(labels)
    assert len(shapes) == labels.max() > 5
    for name in PROPERTIES:
        found, expected = column(shapes, name), reference[name]
        if name == "orientation":  # an axis: π apart is the same
            difference = np.abs(np.exp(2j * found) - np.exp(2j * expected))
            # of a region that is as long as wide, rounding decides
            long = column(shapes, "eccentricity") > 1e-6
            np.testing.assert_allclose(difference[long], 0, atol=1e-9)
        else:
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 1), (3, 4)])
def test_boxes_of_pixels(shape):
    labels = np.zeros((9, 9), int)
    labels[1 : 1 + shape[0], 1 : 1 + shape[1]] = 1
    reference = regionprops_table(labels, properties=PROPERTIES)
    found = region_shapes(labels)[0]
    for k, name in enumerate(PROPERTIES):
        if name != "orientation" or shape[0] != shape[1]:
            assert found[k] == pytest.approx(float(reference[name][0]), abs=1e-9), name


def test_a_disc_has_the_shape_of_a_circle():
    (shapes,) = region_shapes(disc(40))[None]
    assert column(shapes, "equivalent_diameter_area") == pytest.approx(80, rel=0.01)
    assert column(shapes, "axis_major_length") == pytest.approx(80, rel=0.01)
    assert column(shapes, "perimeter_crofton") == pytest.approx(2 * np.pi * 40, rel=0.01)
    assert column(shapes, "feret_diameter_max") == pytest.approx(81, abs=1)
    assert column(shapes, "solidity") == pytest.approx(1, abs=0.02)
    assert column(shapes, "eccentricity") < 0.1


def test_a_ring_is_filled_and_has_one_hole():
    ring = disc(30) - disc(12)
    shapes = region_shapes(ring)
    assert column(shapes, "area_filled") == disc(30).sum()
    assert column(shapes, "euler_number") == 0
    assert column(shapes, "area") == ring.sum()


def test_a_turned_region_keeps_its_shape_and_turns_its_axis():
    y, x = np.mgrid[:81, :81] - 40
    ellipse = ((y + x) ** 2 / 2 / 30**2 + (y - x) ** 2 / 2 / 10**2 <= 1).astype(int)
    turned = region_shapes(np.rot90(ellipse))
    shapes = region_shapes(ellipse)
    for name in set(PROPERTIES) - {"orientation"}:
        assert column(turned, name) == pytest.approx(column(shapes, name)), name
    assert column(shapes, "orientation") == pytest.approx(np.pi / 4)
    assert column(turned, "orientation") == pytest.approx(-np.pi / 4)


def test_labels_that_do_not_occur_are_left_out():
    labels = np.zeros((8, 8), int)
    labels[1, 1], labels[5, 5:7] = 2, 5
    np.testing.assert_array_equal(column(region_shapes(labels), "area"), [1, 2])
    assert region_shapes(np.zeros((4, 4), int)).shape == (0, 14)


SQUARE, PLUS = np.ones((3, 3), int), np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
ROUND = {"pixel": SQUARE[:1, :1], "square": SQUARE, "plus": PLUS, "disc": disc(4, (9, 9), (4, 4))}


@pytest.mark.parametrize("name", ROUND)
def test_a_round_region_has_the_orientation_of_regionprops_at_every_place(name):
    shape, rng = ROUND[name], np.random.default_rng(0)
    for y, x in rng.integers(0, 980, (40, 2)):
        image = np.zeros((1000, 1000), int)
        image[y : y + len(shape), x : x + len(shape)] = shape
        (found,) = region_shapes(image)
        # scikit-image's word for no direction
        assert found[PROPERTIES.index("orientation")] == -np.pi / 4
        assert found[PROPERTIES.index("eccentricity")] == 0
    small = np.pad(shape, ((7, 5), (20, 3)))
    reference = regionprops_table(small, properties=("orientation",))["orientation"]
    assert reference == pytest.approx(-np.pi / 4)


@settings(max_examples=80, deadline=None)
@given(
    blob=arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))),
    place=st.tuples(st.integers(0, 900), st.integers(0, 900)),
)
def test_a_region_s_shape_does_not_depend_on_its_place(blob, place):
    here = np.pad(label(blob, np.ones((3, 3)))[0], 1)
    there = np.zeros((1000, 1000), int)
    there[tuple(slice(p, p + n) for p, n in zip(place, here.shape, strict=True))] = here
    np.testing.assert_array_equal(region_shapes(there), region_shapes(here))
    reference = regionprops_table(here, properties=PROPERTIES)
    shapes = region_shapes(here)
    for name in set(PROPERTIES) - {"orientation"}:
        np.testing.assert_allclose(
            column(shapes, name), reference[name], rtol=1e-9, atol=1e-6, err_msg=name
        )
    long = column(shapes, "eccentricity") > 1e-4
    difference = np.exp(2j * column(shapes, "orientation")) - np.exp(2j * reference["orientation"])
    np.testing.assert_allclose(np.abs(difference[long]), 0, atol=1e-6)
