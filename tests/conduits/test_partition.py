"""Regions and throats are PoreSpy's; a bad image is refused with the rule it breaks."""

import numpy as np
import porespy
import pytest
import scipy.ndimage as spim
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.segmentation import watershed

import poreops
from poreops.conduits.partition import binary_image, partition, touching_pairs
from poreops.errors import InputError


@pytest.fixture(scope="module", params=[(40, 36, 32), (90, 80)])
def image(request):
    return porespy.generators.blobs(request.param, porosity=0.6, blobiness=1.5, seed=4)


def test_regions_are_porespys_where_it_stays_in_the_pores(image):
    peer = porespy.filters.snow_partitioning(image, r_max=4, sigma=0.4)
    found = partition(image)
    assert found.labels.dtype == np.int32
    np.testing.assert_array_equal(found.labels > 0, image)
    # the same markers, numbered in another order
    number = np.zeros(peer.peaks.max() + 1, dtype=np.int32)
    number[peer.peaks[peer.peaks > 0]] = found.labels[peer.peaks > 0]
    assert len(np.unique(number)) == len(number)
    inside = watershed(-peer.dt, peer.peaks, mask=image)
    # closed pores have markers of their own here, so that equal distances meet in another order
    assert (number[inside] != found.labels)[inside > 0].mean() < 0.01
    # PoreSpy itself floods the solid and cuts it away: few voxels, but regions in pieces
    assert (number[peer.regions] != found.labels)[inside > 0].mean() < 0.02


def test_an_image_that_must_not_be_written_is_partitioned_alike(image):
    fixed = image.copy()
    fixed.setflags(write=False)
    np.testing.assert_array_equal(partition(fixed).labels, partition(image).labels)
    np.testing.assert_array_equal(fixed, image)


def test_every_region_is_in_one_piece(image):
    labels = partition(image).labels
    for region, box in enumerate(spim.find_objects(labels), start=1):
        assert spim.label(labels[box] == region)[1] == 1


def test_a_wall_of_one_voxel_parts_regions():
    im = np.zeros((30, 24, 24), dtype=bool)
    im[2:28, 2:22, 2:22] = True
    im[15] = False
    regions = partition(im)
    assert regions.count == 2
    assert len(regions.conns) == 0


def test_an_image_without_solid_is_one_region():
    assert partition(np.ones((12, 10, 11), dtype=bool)).count == 1


def test_the_parameters_reach_the_algorithm(image):
    assert partition(image, r_max=8, sigma=1.0).count < partition(image).count


def test_the_image_stays_as_it_was(image):
    before = image.copy()
    partition(image)
    np.testing.assert_array_equal(image, before)


label_images = st.integers(2, 3).flatmap(
    lambda ndim: st.tuples(*[st.integers(1, 5)] * ndim).flatmap(
        lambda shape: arrays(np.int32, shape, elements=st.integers(0, 5))
    )
)


@settings(max_examples=80, deadline=None)
@given(label_images)
def test_a_throat_is_a_shared_face(labels):
    expected = set()
    for place in np.ndindex(labels.shape):
        for axis in range(labels.ndim):
            there = list(place)
            there[axis] += 1
            if there[axis] < labels.shape[axis]:
                pair = sorted((int(labels[place]), int(labels[tuple(there)])))
                if 0 < pair[0] < pair[1]:
                    expected.add((pair[0] - 1, pair[1] - 1))
    found = touching_pairs(labels)
    assert found.dtype == np.int64
    assert found.shape == (len(expected), 2)
    assert [tuple(pair) for pair in found.tolist()] == sorted(expected)


def test_one_region_has_no_throat():
    im = np.zeros((12, 12, 12), dtype=bool)
    im[3:9, 3:9, 3:9] = True
    regions = partition(im)
    assert regions.count == 1
    assert regions.conns.shape == (0, 2)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32])
def test_ones_and_zeros_of_any_type_are_binary(dtype):
    im = np.zeros((4, 5, 6), dtype=dtype)
    im[1:, 2:] = 1
    assert binary_image(im).dtype == bool
    np.testing.assert_array_equal(binary_image(im), im == 1)


@pytest.mark.parametrize(
    ("im", "rule"),
    [
        (np.ones(5), r"2D or 3D, got 1D of shape \(5,\)"),
        (np.ones((2, 2, 2, 2)), "2D or 3D, got 4D"),
        (np.ones((0, 4, 4)), r"must hold voxels, got shape \(0, 4, 4\)"),
        (np.full((3, 3), np.nan), "must not hold NaN"),
        (np.arange(9).reshape(3, 3), r"must be binary .*, got the values 0, 1, 2, 3, \.\.\."),
        (np.full((3, 3), 255), r"binary \(bool or 0/1\), got the values 255; segment it"),
        (np.where(np.eye(3) > 0, 1, np.inf), r"got the values 1\.0, inf"),
        (np.zeros((3, 3, 3)), "must hold pores .*, got none"),
        (np.zeros((3, 3), dtype=bool), "is the pore label right or inverted"),
    ],
)
def test_an_image_that_is_no_pore_space_is_refused(im, rule):
    for function in (binary_image, poreops.partition):
        with pytest.raises(InputError, match=rule) as raised:
            function(im)
        assert "\n" not in str(raised.value)
