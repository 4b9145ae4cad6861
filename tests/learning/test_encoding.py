"""What a network sees of a conduit keeps the symmetries of space, and what its radii need."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from reference import sphere_regions

from poreops.errors import InputError
from poreops.learning.encoding import (
    SCALARS,
    checked_rois,
    encode,
    image_shape,
    scalar_count,
)
from poreops.regions.conduit import crop_conduits, resize_conduit, zoomed_conduit
from poreops.regions.joined import joined
from poreops.transport.size_factor import diffusive_size_factors, pore_spheres

EXACT = [i for i, name in enumerate(SCALARS) if name != "log_coarse_size_factor"]
COLUMN = {name: i for i, name in enumerate(SCALARS)}


def regions_of(ndim):
    return sphere_regions(40) if ndim == 3 else sphere_regions(96, ndim=2)


def crops_of(ndim):
    regions = regions_of(ndim)
    return list(crop_conduits(regions.labels, regions.conns))[:40]


@pytest.fixture(scope="module", params=[3, 2])
def rois(request):
    return np.stack([resize_conduit(crop)[0] for crop in crops_of(request.param)])


def symmetries(rois):
    axes = range(1, rois.ndim)
    yield np.where(rois > 0, 3 - rois, 0), "swap"
    for axis in axes:
        yield np.flip(rois, axis), f"flip {axis}"
        yield np.rot90(rois, axes=(axis, 1 + axis % (rois.ndim - 1))), f"turn {axis}"
        yield np.transpose(rois, (0, *np.roll(axes, axis))), f"roll {axis}"


def test_the_scalars_know_no_direction_and_no_order(rois):
    base = encode(rois).scalars
    assert np.isfinite(base).all()
    for turned, name in symmetries(rois):
        found = encode(turned).scalars
        np.testing.assert_array_equal(found[:, EXACT], base[:, EXACT], err_msg=name)
        # a tie between two cells next to a centroid is broken by their order
        difference = np.abs(found[:, -1] - base[:, -1])
        assert (difference > 1e-5).mean() < 0.1, name
        assert difference.max() < 0.1, name


def test_the_scalars_mean_what_they_say(rois):
    found = np.exp(encode(rois).scalars.astype(float))
    first, second = ((rois == label).reshape(len(rois), -1).sum(axis=1) for label in (1, 2))
    np.testing.assert_allclose(found[:, COLUMN["log_volume"]], first + second + 1, rtol=1e-5)
    ratio = (np.maximum(first, second) + 1) / (np.minimum(first, second) + 1)
    np.testing.assert_allclose(found[:, COLUMN["log_volume_ratio"]], ratio, rtol=1e-5)
    padded = np.pad(rois, ((0, 0), *[(1, 1)] * (rois.ndim - 1)))
    area, walls = np.zeros(len(rois)), np.zeros(len(rois))
    for axis in range(1, rois.ndim):
        low, high = padded.take(range(65), axis), padded.take(range(1, 66), axis)
        inner = tuple(range(1, rois.ndim))
        area += ((low != high) & (low > 0) & (high > 0)).sum(axis=inner)
        walls += ((low > 0) != (high > 0)).sum(axis=inner)
    np.testing.assert_allclose(found[:, COLUMN["log_throat_area"]], area + 0.5, rtol=1e-5)
    # a line enters the pores as often as it leaves them: one side of the walls is counted
    np.testing.assert_allclose(found[:, COLUMN["log_wall_area"]], walls / 2 + 0.5, rtol=1e-5)


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_coarse_size_factor_is_near_the_fine_one(ndim):
    regions = regions_of(ndim)
    conns = regions.conns[:40]
    ratios = np.array([resize_conduit(crop)[1] for crop in crops_of(ndim)])
    rois = np.stack([resize_conduit(crop)[0] for crop in crops_of(ndim)])
    # in 3D a size factor in voxels grows with the zoom ratio, in 2D it is a pure number
    truth = diffusive_size_factors(regions.labels, conns) * (ratios if ndim == 3 else 1)
    coarse = np.exp(encode(rois).scalars[:, -1])
    assert np.median(np.abs(coarse / truth - 1)) < 0.1


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 90), st.integers(2, 3))
def test_the_edge_before_the_zoom_is_found(edge, ndim):
    noise = np.random.default_rng(edge).integers(0, 3, (edge,) * ndim, dtype=np.uint8)
    roi, _ = resize_conduit(noise)
    found = np.exp(encode(roi[None]).scalars[0, COLUMN["log_edge"]])
    # one that was made smaller counts as never zoomed
    assert round(float(found)) == min(edge, 64)


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_radii_are_those_of_the_definition(ndim):
    crops = [crop for crop in crops_of(ndim) if max(crop.shape) < 64]
    rois, ratios = zip(*map(resize_conduit, crops), strict=True)
    scalars = encode(np.stack(rois)).scalars.astype(float)
    edges = np.exp(scalars[:, COLUMN["log_edge"]])
    recovered = np.isclose(edges, 64 / np.array(ratios))
    assert recovered.mean() > 0.9  # else every boundary lay where a smaller cube has one too
    found = np.exp(scalars[:, [COLUMN["log_small_radius"], COLUMN["log_large_radius"]]]) - 0.5
    expected = [np.sort(pore_spheres(c)[1]) * z for c, z in zip(crops, ratios, strict=True)]
    np.testing.assert_allclose(
        found[recovered], np.array(expected)[recovered], rtol=1e-5, atol=1e-5
    )


def test_the_image_counts_voxels_in_blocks(rois):
    image = encode(rois, "occupancy").image
    assert image.shape == (len(rois), *image_shape("occupancy", rois.ndim - 1))
    blocks = rois.reshape(len(rois), *(n for _ in range(rois.ndim - 1) for n in (32, 2)))
    inner = tuple(range(2, blocks.ndim, 2))
    for channel in (0, 1):
        np.testing.assert_array_equal(image[..., channel], (blocks == channel + 1).sum(axis=inner))


@pytest.mark.parametrize("encoding", ["labels", "occupancy", "occupancy+distance"])
def test_the_image_turns_with_the_conduit(rois, encoding):
    image = encode(rois, encoding).image
    assert image.shape[1:] == image_shape(encoding, rois.ndim - 1)
    for axis in range(1, rois.ndim):
        flipped = encode(np.flip(rois, axis), encoding).image
        np.testing.assert_array_equal(flipped, np.flip(image, axis))
    turned = encode(np.swapaxes(rois, 1, 2), encoding).image
    np.testing.assert_array_equal(turned, np.swapaxes(image, 1, 2))
    swapped = encode(np.where(rois > 0, 3 - rois, 0), encoding).image
    if encoding == "labels":
        np.testing.assert_array_equal(swapped, np.where(image > 0, 3 - image, 0))
    else:
        np.testing.assert_array_equal(swapped[..., :2], image[..., [1, 0]])
        np.testing.assert_array_equal(swapped[..., 2:], image[..., 2:])


def test_the_number_of_workers_changes_no_bit(rois):
    one, three = (encode(rois, "occupancy+distance", workers=n) for n in (1, 3))
    np.testing.assert_array_equal(one.image, three.image)
    np.testing.assert_array_equal(one.scalars, three.scalars)


def test_scalar_encodings_are_leading_columns():
    assert [scalar_count(name) for name in ("none", "geometry", "physics")] == [0, 10, 11]
    assert len(SCALARS) == 11


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32])
def test_whole_numbers_of_any_type_are_rois(rois, dtype):
    np.testing.assert_array_equal(checked_rois(rois.astype(dtype)), rois)
    np.testing.assert_array_equal(checked_rois(rois.astype(dtype)[..., None]), rois)


def test_no_rois_are_encoded_to_nothing():
    empty = encode(np.zeros((0, 64, 64, 64), np.uint8))
    assert empty.image.shape == (0, 32, 32, 32, 2)
    assert empty.scalars.shape == (0, len(SCALARS))


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        (np.zeros((1, 32, 32, 32)), r"must be \(n, 64, 64\[, 64\]\), got shape \(1, 32, 32, 32\)"),
        (np.zeros((64, 64)), r"got shape \(64, 64\)"),
        (np.zeros((1, 64, 64, 63)), "zoom them with"),
        (np.full((1, 64, 64), 3), r"0, 1 and 2 only, got 3\.\.3"),
        (np.full((1, 64, 64), -1), r"0, 1 and 2 only, got -1\.\.-1"),
        (np.full((1, 64, 64), 255, np.uint8), r"0, 1 and 2 only, got 255\.\.255"),
        (np.full((1, 64, 64), np.nan), r"0, 1 and 2 only, got nan\.\.nan"),
        (np.full((1, 64, 64), 0.5), "whole numbers 0, 1 and 2, got fractions"),
    ],
)
def test_bad_rois_are_refused(bad, rule):
    with pytest.raises(InputError, match=rule) as raised:
        encode(bad)
    assert "\n" not in str(raised.value)


def test_loose_pieces_of_an_roi_are_left_out(rois):
    loose = rois[:3].copy()
    corner = (slice(None), *(slice(0, 2),) * (rois.ndim - 1))
    apart = (slice(None), *(slice(0, 4),) * (rois.ndim - 1))
    loose[apart] = 0
    clean = encode(loose)
    loose[corner] = 1
    found = encode(loose)
    np.testing.assert_array_equal(found.image, clean.image)
    np.testing.assert_array_equal(found.scalars, clean.scalars)


@pytest.mark.parametrize("ndim", [2, 3])
def test_regions_that_do_not_touch_are_refused(ndim):
    roi = np.zeros((2, *(64,) * ndim), np.uint8)
    roi[:, :20] = 1
    roi[0, 20:40], roi[1, 30:40] = 2, 2
    assert len(encode(roi[:1]).image) == 1
    with pytest.raises(InputError, match="two regions that touch, those of ROI 1 do not"):
        encode(roi)


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.uint8, st.tuples(*[st.integers(2, 6)] * 3), elements=st.integers(0, 2)),
    st.integers(1, 90),
)
def test_every_conduit_has_finite_scalars_and_a_bounded_size_factor(crop, margin):
    assume({1, 2} <= set(np.unique(crop)))
    part = joined(crop)
    assume(part is not None)
    # a thread to a far voxel: shrunk, if it is long, until whole regions fit into a block
    long = np.zeros((part.shape[0] + margin, *part.shape[1:]), np.uint8)
    long[: part.shape[0]] = part
    at = np.argwhere(part[-1])[0]
    long[part.shape[0] :, at[0], at[1]] = part[-1, at[0], at[1]]
    roi, _ = zoomed_conduit(long)
    scalars = encode(roi[None], whole=True).scalars[0]
    assert np.isfinite(scalars).all()
    # no more than the faces of the throat carry
    coarse, throat = np.exp(scalars[[-1, COLUMN["log_throat_area"]]])
    assert coarse <= max(throat, 0.01) * (1 + 1e-4)
