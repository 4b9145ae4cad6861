"""Blocks tell the voxels that a conduit was zoomed from, and stay the same under a flip."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poreops.conductance.learning.blocks import BLOCK, COUNT, SINGLE, WIDTH, unzoomed
from poreops.conduits.crop import resize_conduit


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 64), st.integers(2, 3))
def test_the_voxels_before_the_zoom_come_back(edge, ndim):
    noise = np.random.default_rng(edge).integers(0, 3, (edge,) * ndim, dtype=np.uint8)
    roi = resize_conduit(noise)[0].reshape(*(64,) * ndim, *(1,) * (3 - ndim))
    found = unzoomed(roi, edge)
    np.testing.assert_array_equal(found.reshape(noise.shape), noise)


@pytest.mark.parametrize("edge", range(1, 65))
def test_blocks_cover_the_edge_symmetrically(edge):
    count = COUNT[edge]
    widths = WIDTH[edge, :count]
    assert widths.sum() == edge
    assert count <= 32
    np.testing.assert_array_equal(widths, widths[::-1])
    np.testing.assert_array_equal(np.bincount(BLOCK[edge, :edge]), widths)
    assert (np.diff(BLOCK[edge, :edge]) >= 0).all()
    assert set(widths) <= ({1} if edge <= SINGLE else {1, 2, 3})
