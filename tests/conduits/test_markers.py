"""Markers are PoreSpy's, and peaks of hand-made landscapes are where they must be."""

from unittest import mock

import edt
import numpy as np
import porespy
import pytest
import scipy.ndimage as spim
from hypothesis import example, given, settings
from hypothesis import strategies as st
from porespy.filters import _snows, find_peaks, trim_nearby_peaks, trim_saddle_points

from poreops.conduits.markers import highest_in_ball, markers, without_saddles

CORNERS = {ndim: np.ones((3,) * ndim) for ndim in (2, 3)}


def scipy_components(im, conn):
    assert conn == "max"
    return spim.label(im, CORNERS[im.ndim])


def peer(distance, r_max, sigma):
    """PoreSpy's filters one after the other: peaks, peaks without saddles, markers."""
    smooth = spim.gaussian_filter(distance, sigma) * (distance > 0) if sigma else distance
    peaks = find_peaks(dt=smooth, r_max=r_max)
    true = trim_saddle_points(peaks=peaks, dt=distance)
    numbered, count = spim.label(true > 0, CORNERS[distance.ndim])
    if count > 1:
        # of near peaks of one height PoreSpy keeps the later: in whose numbering is arbitrary, and
        # cc3d's, which it takes, is another than SciPy's
        with mock.patch.object(_snows, "_label_components", scipy_components):
            far = trim_nearby_peaks(peaks=true, dt=distance)
        numbered, _ = spim.label(far > 0, CORNERS[distance.ndim])
    return peaks > 0, true > 0, numbered


@settings(max_examples=40, deadline=None)
@example(shape=(14, 49), porosity=0.875, blobiness=1.0, seed=185, r_max=2, sigma=0)
@given(
    shape=st.one_of(st.tuples(*[st.integers(10, 60)] * 2), st.tuples(*[st.integers(8, 28)] * 3)),
    porosity=st.floats(0.2, 0.9),
    blobiness=st.floats(0.5, 2),
    seed=st.integers(0, 1000),
    r_max=st.integers(1, 6),
    sigma=st.sampled_from([0, 0.4, 1.0]),
)
def test_markers_are_those_of_porespy(shape, porosity, blobiness, seed, r_max, sigma):
    im = porespy.generators.blobs(shape, porosity=porosity, blobiness=blobiness, seed=seed)
    distance = edt.edt(im)
    peaks, true, numbered = peer(distance, r_max, sigma)
    if sigma == 0:
        np.testing.assert_array_equal(highest_in_ball(distance, r_max), peaks)
        np.testing.assert_array_equal(without_saddles(peaks, distance), true)
    found, count = markers(distance, r_max=r_max, sigma=sigma)
    np.testing.assert_array_equal(found, numbered)
    assert count == numbered.max()


def test_two_hills_and_the_saddle_between_them():
    x = np.arange(41, dtype=np.float32)
    ridge = 5 + 4 * np.maximum(np.exp(-((x - 8) ** 2) / 20), np.exp(-((x - 32) ** 2) / 20))
    height = np.tile(ridge[:, None], (1, 9)) - abs(np.arange(9) - 4)[None]
    found, count = markers(height.astype(np.float32), r_max=3, sigma=0)
    assert count == 2
    assert [tuple(place) for place in np.argwhere(found)] == [(8, 4), (32, 4)]
    saddle = np.zeros(height.shape, bool)
    saddle[21, 4] = True
    assert not without_saddles(saddle, height.astype(np.float32)).any()


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_plateau_is_one_marker(ndim):
    flat = np.full((7,) * ndim, 3, np.float32)
    found, count = markers(flat, r_max=2, sigma=0)
    assert count == 1
    assert (found == 1).all()
