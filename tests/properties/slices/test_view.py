"""A constant border is found whatever its grey and form, and nothing else is taken for one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from poreops.errors import InputError
from poreops.properties.slices.view import detected_view, filled, given_view

SHAPE = (4, 120, 110)
Y, X = np.mgrid[:120, :110]
DISC = np.hypot(Y - 59, X - 54) < 52
FRAME = np.zeros((120, 110), bool)
FRAME[9:112, 14:100] = True
HALF = X > 30
FORMS = {"disc": DISC, "frame": FRAME, "half": HALF}


def rock(seed=0, slices=4, share=0.25):
    field = gaussian_filter(
        np.random.default_rng(seed).standard_normal((slices, *SHAPE[1:])), (0, 3, 3)
    )
    return field < np.quantile(field, share)


def grey(seed=0, slices=4):
    noise = np.random.default_rng(seed).normal(0, 6, (slices, *SHAPE[1:]))
    return np.clip(np.where(rock(seed, slices), 60, 140) + noise, 1, 254).astype(np.uint8)


@settings(max_examples=25, deadline=None)
@given(
    value=st.integers(0, 255),
    form=st.sampled_from(sorted(FORMS)),
    slices=st.sampled_from([1, 2, 5]),
)
def test_a_border_of_any_value_is_found(value, form, slices):
    stack = grey(slices=slices)
    stack[:, ~FORMS[form]] = value
    inside, found = detected_view(stack, segmented=False)
    assert found == value
    # up to the outermost pixels, and pores of that grey at the rim
    assert not (inside & ~FORMS[form]).any()
    assert np.count_nonzero(inside[0] != FORMS[form]) < 0.05 * np.count_nonzero(FORMS[form])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_border_of_no_number_is_found(dtype):
    stack = grey().astype(dtype)
    stack[:, ~DISC] = np.nan
    inside, found = detected_view(stack, segmented=False)
    assert np.isnan(found)
    assert np.isfinite(stack[inside]).all()


@pytest.mark.parametrize("outside", [0, 1, 255])
@pytest.mark.parametrize("pore", [0, 1])
def test_the_round_border_of_a_segmented_stack_is_found_even_if_it_is_a_phase(outside, pore):
    stack = np.where(rock(), pore, 1 - pore).astype(np.uint8)
    stack[:, ~DISC] = outside
    inside, found = detected_view(stack, segmented=True)
    assert found == outside
    assert np.count_nonzero(inside[0] != DISC) < 0.04 * np.count_nonzero(DISC)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("slices", [1, 4])
def test_a_stack_without_border_has_none(seed, slices):
    assert detected_view(grey(seed, slices), segmented=False) is None
    for share in (0.05, 0.25, 0.6):
        stack = rock(seed, slices, share).astype(np.uint8)
        assert detected_view(stack, segmented=True) is None
        assert detected_view(1 - stack, segmented=True) is None


def test_a_saturated_fracture_from_edge_to_edge_is_no_border():
    stack = grey()
    stack[:, :, 50:57] = 0
    assert detected_view(stack, segmented=False) is None


def test_a_saturated_pore_at_one_corner_of_a_slice_is_no_border():
    stack = grey(slices=1)
    stack[:, :12, :15] = 0
    assert detected_view(stack, segmented=False) is None


def test_the_outside_continues_the_rim():
    stack = np.where(DISC, X, np.nan).astype(np.float32)[None]
    whole = filled(stack, DISC[None])
    assert np.isfinite(whole).all()
    np.testing.assert_array_equal(whole[0][DISC], X[DISC])
    assert whole[0, 59, 0] == X[59, np.flatnonzero(DISC[59])[0]]


def test_a_mask_is_of_a_slice_or_of_the_stack():
    for mask in (DISC, DISC[None], np.broadcast_to(DISC, SHAPE), 255 * DISC.astype(np.uint8)):
        np.testing.assert_array_equal(given_view(mask, SHAPE, "rock")[2], DISC)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (DISC[:-1], r"must have the shape of the slices, \(120, 110\), .* got \(119, 110\)"),
        (DISC.T, r"got \(110, 120\) for rock"),
        (np.broadcast_to(DISC, (3, 120, 110)), r"got \(3, 120, 110\)"),
        (np.zeros((120, 110)), r"must leave 32 x 32 pixels of each slice or more, got 0"),
    ],
)
def test_a_mask_that_does_not_fit_is_named(mask, message):
    with pytest.raises(InputError, match=message):
        given_view(mask, SHAPE, "rock")
