"""One part of a conduit for every method: what carries from region 1 to region 2."""

import numpy as np
import pytest
import scipy.ndimage as spim
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from poreops.conduits.crop import ROI_SIZE, extract_conduits, resize_conduit, zoomed_conduit
from poreops.conduits.joined import joined, regions_in_pieces, without_loose_pieces
from poreops.errors import InputError


def crops(ndim, low=1, high=7):
    shape = st.tuples(*[st.integers(low, high)] * ndim)
    return arrays(np.uint8, shape, elements=st.sampled_from([0, 0, 1, 2])).filter(
        lambda crop: (crop == 1).any() and (crop == 2).any()
    )


def clusters(crop):
    """Voxels of the labels 1 and 2 in each cluster, by scipy."""
    number, count = spim.label(crop > 0)
    return number, [
        tuple(int(((number == n) & (crop == label)).sum()) for label in (1, 2))
        for n in range(1, count + 1)
    ]


@settings(max_examples=300, deadline=None)
@given(st.one_of(crops(3), crops(2, high=9)))
def test_the_largest_cluster_with_both_regions_is_kept(crop):
    _, found = clusters(crop)
    both = [sum(counts) for counts in found if min(counts) > 0]
    part = joined(crop)
    if not both:
        assert part is None
        return
    assert spim.label(part > 0)[1] == 1
    assert np.count_nonzero(part) == max(both)
    # cut to its own box, and nothing else is changed
    for axis in range(part.ndim):
        assert part.take(0, axis).any()
        assert part.take(-1, axis).any()
    kept = without_loose_pieces(crop)
    np.testing.assert_array_equal(kept[kept > 0], crop[kept > 0])
    np.testing.assert_array_equal(joined(kept), part)


@settings(max_examples=100, deadline=None)
@given(crops(3, high=4), st.integers(0, 2))
def test_flips_and_the_order_of_the_labels_do_not_matter(crop, axis):
    part = joined(crop)
    swapped = np.where(crop > 0, 3 - crop, 0).astype(np.uint8)
    for turned in (np.flip(crop, axis), swapped):
        other = joined(turned)
        assert (other is None) == (part is None)
        if part is not None:
            # equal clusters may be each other's image
            assert sorted(other.shape) == sorted(part.shape)
            assert np.count_nonzero(other) == np.count_nonzero(part)


def test_of_two_equal_clusters_the_larger_throat_counts():
    crop = np.zeros((3, 9), np.uint8)
    crop[0, :4], crop[0, 2:4] = 1, 2  # in a row, one face
    crop[1:, 5:7] = [[1, 2], [1, 2]]  # in a square, two
    np.testing.assert_array_equal(joined(crop), [[1, 2], [1, 2]])
    np.testing.assert_array_equal(joined(crop[::-1, ::-1]), [[2, 1], [2, 1]])


def test_one_cluster_is_the_conduit_itself():
    crop = np.array([[1, 2, 2]], np.uint8)
    assert joined(crop) is crop
    np.testing.assert_array_equal(joined(np.pad(crop, 2)), crop)


@pytest.mark.parametrize("bad", [np.ones((2, 2)), np.full((2, 2, 2), 2), np.array([[1, 2, 3]])])
def test_what_is_no_conduit_is_refused(bad):
    with pytest.raises(InputError, match="must hold labels 1 and 2"):
        joined(bad.astype(np.uint8))


@settings(max_examples=100, deadline=None)
@given(arrays(np.int32, st.tuples(*[st.integers(1, 6)] * 3), elements=st.integers(0, 4)))
def test_regions_in_pieces_are_found(labels):
    expected = [spim.label(labels == n + 1)[1] > 1 for n in range(labels.max(initial=0))]
    assert regions_in_pieces(labels).tolist() == expected


def worm(edge, seed):
    """A random walk with a bend at every step: one voxel wide, so that sampling cuts it."""
    rng = np.random.default_rng(seed)
    crop = np.zeros((edge, 24, 24), np.uint8)
    j = k = 12
    for i in range(edge):
        crop[i, j, k] = 1 if 2 * i < edge else 2
        j, before = int(np.clip(j + rng.integers(-1, 2), 0, 23)), j
        crop[i, min(before, j) : max(before, j) + 1, k] = crop[i].max()
        k, before = int(np.clip(k + rng.integers(-1, 2), 0, 23)), k
        crop[i, j, min(before, k) : max(before, k) + 1] = crop[i].max()
    return crop


@pytest.mark.parametrize("edge", [65, 80, 97, 128, 200])
def test_a_shrunk_conduit_stays_in_one_piece(edge):
    for seed in range(3):
        crop = worm(edge, seed)
        assert joined(crop) is not None
        sampled, ratio = resize_conduit(crop)
        assert spim.label(sampled)[1] > 1  # what nearest neighbours make of it
        roi, same_ratio = zoomed_conduit(crop)
        assert same_ratio == ratio == ROI_SIZE / edge
        assert spim.label(roi)[1] == 1
        assert set(np.unique(roi)) == {0, 1, 2}
        # only added to, and only where the conduit is
        np.testing.assert_array_equal(roi[sampled > 0], sampled[sampled > 0])
        assert (roi > 0).sum() <= (crop > 0).sum()


def test_a_region_that_slips_between_the_samples_is_kept():
    crop = np.ones((128, 20, 20), np.uint8)
    index = np.rint(np.arange(64) * 127 / 63).astype(int)
    gap = int(np.setdiff1d(np.arange(128), index)[5])
    crop[gap] = 2
    crop[gap + 1 :] = 0
    roi, _ = zoomed_conduit(joined(crop))
    assert (roi == 2).any()
    assert spim.label(roi)[1] == 1


@settings(max_examples=30, deadline=None)
@given(crops(3, high=40))
def test_an_enlarged_conduit_is_sampled_exactly(crop):
    part = joined(crop)
    assume(part is not None)
    np.testing.assert_array_equal(zoomed_conduit(part)[0], resize_conduit(part)[0])
    assert spim.label(zoomed_conduit(part)[0])[1] == 1


def test_a_shrunk_conduit_in_2d():
    crop = np.zeros((130, 130), np.uint8)
    step = np.arange(129)
    crop[step, step] = crop[step, step + 1] = 1
    crop[60:] *= 2
    roi, _ = zoomed_conduit(crop)
    assert spim.label(roi)[1] == 1


def test_pairs_that_do_not_touch_are_no_conduits_to_extract():
    labels = np.zeros((9, 4, 4), int)
    labels[:3], labels[5:] = 1, 2
    with pytest.raises(InputError, match=r"pairs of touching regions, got \(0, 1\)"):
        list(extract_conduits(labels, np.array([[0, 1]]), volume=0))
