"""What a network sees of a conduit keeps the symmetries of space, and what its radii need."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from reference import sphere_regions

from poreops.conductance.learning.coarse_solve import Workspace, coarse_solve
from poreops.conductance.learning.encoding import (
    SCALARS,
    checked_rois,
    encode,
    image_shape,
    scalar_columns,
    scalar_count,
)
from poreops.conduits.crop import crop_conduits, resize_conduit, zoomed_conduit
from poreops.conduits.diffusive import diffusive_size_factors, pore_spheres
from poreops.conduits.joined import joined
from poreops.errors import InputError

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
        np.testing.assert_allclose(
            found[:, EXACT], base[:, EXACT], rtol=1e-5, atol=1e-6, err_msg=name
        )
        # of the solve, to its tolerance
        np.testing.assert_allclose(found[:, -1], base[:, -1], atol=3e-3, err_msg=name)


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_scalars_mean_what_they_say(ndim):
    crops = crops_of(ndim)
    cubes = [padded(crop) for crop in crops]
    found = np.exp(encode(np.stack([resize_conduit(c)[0] for c in crops])).scalars.astype(float))
    for row, box in zip(found, cubes, strict=True):
        first, second = (box == 1).sum(), (box == 2).sum()
        assert row[COLUMN["log_edge"]] == pytest.approx(len(box), rel=1e-5)
        assert row[COLUMN["log_volume"]] == pytest.approx(first + second + 1, rel=1e-5)
        ratio = (max(first, second) + 1) / (min(first, second) + 1)
        assert row[COLUMN["log_volume_ratio"]] == pytest.approx(ratio, rel=1e-5)
        area, walls, framed = 0, 0, np.pad(box, 1)
        for axis in range(ndim):
            low, high = (framed.take(range(k, len(framed) - 1 + k), axis) for k in (0, 1))
            area += ((low != high) & (low > 0) & (high > 0)).sum()
            walls += ((low > 0) != (high > 0)).sum()
        assert row[COLUMN["log_throat_area"]] == pytest.approx(area + 0.5, rel=1e-5)
        # a line enters the pores as often as it leaves them: one side of the walls is counted
        assert row[COLUMN["log_wall_area"]] == pytest.approx(walls / 2 + 0.5, rel=1e-5)


def padded(crop):
    """The cube that a conduit is zoomed from."""
    return resize_conduit(crop, max(crop.shape))[0]


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_coarse_size_factor_is_near_the_fine_one(ndim):
    regions = regions_of(ndim)
    conns = regions.conns[:40]
    ratios = np.array([resize_conduit(crop)[1] for crop in crops_of(ndim)])
    rois = np.stack([resize_conduit(crop)[0] for crop in crops_of(ndim)])
    # in 3D a size factor in voxels grows with the zoom ratio, in 2D it is a pure number
    truth = diffusive_size_factors(regions.labels, conns) * (ratios if ndim == 3 else 1)
    coarse = np.exp(encode(rois).scalars[:, -1])
    # exact where a block is a voxel, a few percent above
    error = np.abs(coarse / truth - 1)
    edges = np.array([max(crop.shape) for crop in crops_of(ndim)])
    assert np.median(error) < 0.05
    assert (error[edges <= 16] < 3e-3).all()


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
    expected = [np.sort(pore_spheres(c)[1]) for c in crops]
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


@pytest.mark.parametrize(
    "encoding", ["labels", "labels+distance", "occupancy", "occupancy+distance"]
)
def test_the_image_turns_with_the_conduit(rois, encoding):
    image = encode(rois, encoding).image
    assert image.shape[1:] == image_shape(encoding, rois.ndim - 1)
    for axis in range(1, rois.ndim):
        flipped = encode(np.flip(rois, axis), encoding).image
        np.testing.assert_array_equal(flipped, np.flip(image, axis))
    turned = encode(np.swapaxes(rois, 1, 2), encoding).image
    np.testing.assert_array_equal(turned, np.swapaxes(image, 1, 2))
    swapped = encode(np.where(rois > 0, 3 - rois, 0), encoding).image
    if encoding.startswith("labels"):
        first = image[..., :1]
        np.testing.assert_array_equal(swapped[..., :1], np.where(first > 0, 3 - first, 0))
        np.testing.assert_array_equal(swapped[..., 1:], image[..., 1:])
    else:
        np.testing.assert_array_equal(swapped[..., :2], image[..., [1, 0]])
        np.testing.assert_array_equal(swapped[..., 2:], image[..., 2:])


def test_the_number_of_workers_changes_no_bit(rois):
    one, three = (encode(rois, "occupancy+distance", workers=n) for n in (1, 3))
    np.testing.assert_array_equal(one.image, three.image)
    np.testing.assert_array_equal(one.scalars, three.scalars)


def test_the_dissipation_is_where_the_current_is_narrow():
    """Two large pores and a thin throat: most of the field's weight lies in the throat."""
    box = np.zeros((48, 48, 48), np.uint8)
    box[2:18, 12:36, 12:36], box[30:46, 12:36, 12:36] = 1, 2
    box[18:24, 21:27, 21:27], box[24:30, 21:27, 21:27] = 1, 2
    field = encode(resize_conduit(box)[0][None], "occupancy+field").image[0, ..., 2]
    weight = np.where(field > 0, 10.0 ** ((field.astype(float) - 255) / 42), 0)
    assert weight.sum() == pytest.approx(1, rel=0.1)  # shares, up to the rounding of the levels
    assert weight[12:20].sum() > 0.6 * weight.sum()
    assert field[:, :8].max() == 0  # nothing in the solid


@pytest.mark.parametrize("edge", [16, 24, 40, 64])
def test_the_coarse_solve_of_a_prism_is_near_the_fine_one(edge):
    """A square channel whose walls lie between blocks: only the poles are coarse."""
    box = np.zeros((edge, edge, edge), np.uint8)
    box[: edge // 2, 4:12, 4:12], box[edge // 2 :, 4:12, 4:12] = 1, 2
    truth = diffusive_size_factors(box.astype(int), np.array([[0, 1]]))[0]
    found = coarse_solve(box, Workspace(3)).size_factor
    assert found == pytest.approx(truth, rel=1e-3 if edge == 16 else 0.04)


def test_scalar_encodings_are_columns():
    names = ("none", "geometry", "physics", "coarse")
    assert [scalar_count(name) for name in names] == [0, 10, 11, 1]
    assert len(SCALARS) == 11
    assert SCALARS[scalar_columns("coarse")] == ("log_coarse_size_factor",)


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
    coarse, throat, edge = np.exp(
        scalars[[-1, COLUMN["log_throat_area"], COLUMN["log_edge"]]].astype(float)
    )
    assert coarse * edge / 64 <= max(throat, 0.01) * (1 + 1e-4)
