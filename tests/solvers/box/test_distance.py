"""Distances to the wall inside labels are exact."""

import edt
import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from poreops.solvers.box.distance import deepest, filled, squared_distance

label_images = st.tuples(*[st.integers(1, 7)] * 3).flatmap(
    lambda shape: arrays(np.uint8, shape, elements=st.integers(0, 2), fill=st.just(1))
)


def most(squared, crop):
    return [squared[crop == label].max(initial=0) for label in (1, 2)]


@settings(max_examples=80, deadline=None)
@given(label_images)
def test_distances_are_exact(crop):
    found = squared_distance(crop, True)
    np.testing.assert_allclose(found, np.where(crop > 0, reference.squared_distance(crop), 0))
    peer = edt.edt(crop.astype(np.uint32), black_border=True) ** 2
    np.testing.assert_allclose(found[crop > 0], peer[crop > 0], rtol=1e-6)
    np.testing.assert_array_equal(deepest(crop, True), most(found, crop))


@settings(max_examples=40, deadline=None)
@given(arrays(np.uint8, (9, 7), elements=st.integers(0, 2), fill=st.just(1)))
def test_distances_in_2d_are_exact(crop):
    found = squared_distance(crop[:, :, None], False)[:, :, 0]
    np.testing.assert_allclose(found, np.where(crop > 0, reference.squared_distance(crop), 0))
    np.testing.assert_array_equal(deepest(crop[:, :, None], False), most(found, crop))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([0, 1, 0, 2, 0], (1, 4)),
        ([1, 1], (0, 2)),
        ([0, 0, 2], (2, 3)),
        ([0, 0], (0, 0)),
        ([], (0, 0)),
    ],
)
def test_the_filled_part_of_a_row(row, expected):
    assert filled(np.array(row, np.uint8)) == expected
