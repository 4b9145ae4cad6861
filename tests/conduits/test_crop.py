"""Conduits are cut whole, zoomed as PoreSpy zooms, and mirrored across image faces."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from porespy.networks import _size_factors as peer
from reference import sphere_regions

from poreops.conduits.crop import (
    checked_conns,
    conduit_boxes,
    crop_conduit,
    crop_conduits,
    extract_conduits,
    face_regions,
    mirrored_conduit,
    region_centroids,
    resize_conduit,
)
from poreops.errors import InputError


@pytest.fixture(scope="module")
def regions():
    return sphere_regions()


def test_conduits_are_those_that_porespy_cuts(regions):
    labels, some = regions.labels, regions.conns[::7]
    boxes = conduit_boxes(labels, some)
    for conn, box, crop in zip(some, boxes, crop_conduits(labels, some), strict=True):
        np.testing.assert_array_equal(box, peer._calc_bound_box_bi(labels, *conn))
        window = labels[tuple(map(slice, box[:3], box[3:]))]
        np.testing.assert_array_equal(crop, peer._create_labeled_pair(conn, window))
        assert crop.dtype == np.uint8


def test_a_conduit_in_2d(regions):
    flat = sphere_regions(96, ndim=2)
    for conn, crop in zip(flat.conns, crop_conduits(flat.labels, flat.conns), strict=True):
        both = np.isin(flat.labels, conn + 1)
        rows, columns = (np.flatnonzero(both.any(axis=axis)) for axis in (1, 0))
        assert crop.shape == (np.ptp(rows) + 1, np.ptp(columns) + 1)
        for label in (1, 2):
            assert (crop == label).sum() == (flat.labels == conn[label - 1] + 1).sum()


def test_region_labels_may_be_missing():
    labels = np.zeros((6, 5, 4), dtype=np.int64)
    labels[1:3, 1, 1], labels[3:5, 1:3, 1] = 2, 7
    np.testing.assert_array_equal(conduit_boxes(labels, [[1, 6]]), [[1, 1, 1, 5, 3, 2]])
    with pytest.raises(InputError, match=r"empty region \(label 4 has no voxel\)"):
        conduit_boxes(labels, [[1, 3]])


LABELS = np.repeat(np.arange(1, 4, dtype=np.int32), 8).reshape(6, 4)


@pytest.mark.parametrize(
    ("conns", "rule"),
    [
        ([[0, 3]], r"must lie in 0\.\.2 .*, got 0\.\.3; subtract 1 if they are labels"),
        ([[-1, 1]], r"must lie in 0\.\.2 .*, got -1\.\.1"),
        ([[0.0, 1.0]], r"must be \(Nt, 2\) integers, got shape \(1, 2\) float64"),
        ([[True, False]], r"integers, got shape \(1, 2\) bool"),
        ([[0, 1, 2]], r"integers, got shape \(1, 3\)"),
        ([0, 1], r"integers, got shape \(2,\)"),
        ([[1, 1]], "two different regions"),
    ],
)
def test_conns_that_join_no_pair_are_refused(conns, rule):
    for function in (checked_conns, conduit_boxes):
        with pytest.raises(InputError, match=rule) as raised:
            function(LABELS, np.array(conns))
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize("labels", [LABELS.astype(float), LABELS.ravel(), LABELS == 1])
def test_labels_that_are_no_regions_are_refused(labels):
    with pytest.raises(InputError, match="labels must be a 2D or 3D integer image"):
        checked_conns(labels, np.array([[0, 1]]))


@pytest.mark.parametrize("empty", [[], np.zeros((0, 2)), np.zeros((0, 2), int)])
def test_no_conns_are_no_conduits(empty):
    assert conduit_boxes(LABELS, np.array(empty)).shape == (0, 4)
    assert list(crop_conduits(LABELS, np.array(empty))) == []
    assert list(extract_conduits(LABELS, np.zeros((0, 2), int), volume=0)) == []


crops = st.tuples(*[st.integers(1, 90)] * 3).map(
    lambda shape: np.random.default_rng(shape).integers(0, 3, shape, dtype=np.uint8)
)


@settings(max_examples=40, deadline=None)
@given(crops)
def test_zooming_is_porespys_voxel_for_voxel(crop):
    roi, ratio = resize_conduit(crop)
    theirs = peer._resize_to_AI_input(crop)
    np.testing.assert_array_equal(roi, theirs["resized_im"])
    assert ratio == theirs["zm_ratio"]
    assert roi.dtype == np.uint8


@settings(max_examples=40, deadline=None)
@given(arrays(np.uint8, st.tuples(*[st.integers(1, 80)] * 2), elements=st.integers(0, 2)))
def test_zooming_in_2d_is_a_layer_of_3d(crop):
    # a cube whose every layer is the crop, padded to a square as PoreSpy pads
    edge = max(crop.shape)
    before = [int(np.round((edge - n) / 2)) for n in crop.shape]
    square = np.pad(crop, [(b, edge - n - b) for b, n in zip(before, crop.shape, strict=True)])
    theirs = peer._resize_to_AI_input(np.repeat(square[:, :, None], edge, axis=2))
    roi, ratio = resize_conduit(crop)
    np.testing.assert_array_equal(roi, theirs["resized_im"][:, :, 0])
    assert ratio == theirs["zm_ratio"]


def test_a_conduit_of_any_memory_order_zooms_alike(regions):
    crop = next(crop_conduits(regions.labels, regions.conns))
    turned = np.asfortranarray(crop)
    np.testing.assert_array_equal(resize_conduit(turned)[0], resize_conduit(crop)[0])


def test_extraction_streams_every_conduit_once(regions):
    labels, conns = regions.labels, regions.conns
    parts = list(extract_conduits(labels, conns, volume=7, batch=50))
    assert [len(part) for part in parts[:-1]] == [50] * (len(parts) - 1)
    np.testing.assert_array_equal(np.concatenate([part.conns for part in parts]), conns)
    assert {int(v) for part in parts for v in part.volume} == {7}
    first = parts[0]
    for i in (0, 20, 49):
        roi, ratio = resize_conduit(crop_conduit(labels, conns[i], first.box[i]))
        np.testing.assert_array_equal(first.roi[i], roi)
        assert first.zoom_ratio[i] == ratio
        for k in range(2):
            voxels = np.argwhere(labels == conns[i, k] + 1)
            np.testing.assert_allclose(first.centroids[i, k], voxels.mean(axis=0))


def test_centroids_in_2d():
    labels = np.zeros((7, 9), dtype=np.int32)
    labels[1:4, 2:4], labels[5, :] = 1, 2
    np.testing.assert_allclose(region_centroids(labels), [[2, 2.5], [5, 4]])


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("side", [0, 1])
def test_face_regions_are_those_on_the_face(regions, axis, side):
    found = face_regions(regions.labels, axis, side)
    face = regions.labels.take(-side, axis=axis)
    assert set(found + 1) == set(face[face > 0])


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("side", [0, 1])
def test_a_mirrored_conduit_is_a_region_and_its_image(regions, axis, side):
    labels = regions.labels
    region = int(face_regions(labels, axis, side)[0])
    where = np.argwhere(labels == region + 1)
    box = tuple(slice(a, b + 1) for a, b in zip(where.min(axis=0), where.max(axis=0), strict=True))
    crop = mirrored_conduit(labels, region, axis, side, box)
    assert crop.shape[axis] == 2 * (box[axis].stop - box[axis].start)
    assert (crop == 1).sum() == (crop == 2).sum() == len(where)
    swapped = np.flip(np.where(crop > 0, 3 - crop, 0), axis)
    np.testing.assert_array_equal(crop, swapped)
    # the two meet on the face
    middle = crop.shape[axis] // 2
    below, above = crop.take(middle - 1, axis=axis), crop.take(middle, axis=axis)
    assert set(np.unique(below)) == {0, 1 if side else 2}
    np.testing.assert_array_equal(below > 0, above > 0)
