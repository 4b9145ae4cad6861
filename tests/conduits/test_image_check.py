"""The check of an image: what is connected, how wide throats are, how far octants differ."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import poreops
from poreops.conduits.image_check import check, pores_across, throat_widths
from poreops.conduits.partition import Regions, partition, touching_pairs
from poreops.errors import InputError
from poreops.solvers.diffusion.bulk import formation_factor
from poreops.solvers.stokes.percolation import percolating


@pytest.fixture(scope="module")
def pack():
    rng = np.random.default_rng(0)
    im = np.ones((48, 40, 36), bool)
    grid = np.indices(im.shape)
    for centre in rng.uniform(0, 48, (60, 3)):
        im &= ((grid - centre[:, None, None, None]) ** 2).sum(axis=0) > 49
    return im


def test_it_is_public():
    assert poreops.check is check


@settings(max_examples=50, deadline=None)
@given(arrays(bool, st.sampled_from([(4, 5, 3), (6, 7), (3, 3, 8), (2, 5, 1)])))
def test_shares_are_those_of_the_clusters(im):
    if not im.any():
        with pytest.raises(InputError, match="must hold pores"):
            check(im)
        return
    found = check(im)
    cube = im if im.ndim == 3 else im[:, :, None]
    for axis in range(im.ndim):
        expected = percolating(cube, axis).sum() / im.sum()
        assert found.percolating_share[axis] == pytest.approx(expected)
        assert found.floating_share[axis] == pytest.approx(1 - expected)
        if im.shape[axis] >= 3:
            assert found.floating_share[axis] == pytest.approx(
                formation_factor(im, axis).floating_share
            )
    assert found.porosity == im.mean()


def test_a_turned_image_has_turned_shares_and_the_same_throats(pack):
    found, turned = check(pack), check(pack.transpose(2, 0, 1).copy())
    assert turned.percolating_share == tuple(found.percolating_share[a] for a in (2, 0, 1))
    assert turned.closed_share == found.closed_share
    assert turned.parts.porosity_error == pytest.approx(found.parts.porosity_error)
    for axis, old in enumerate((2, 0, 1)):
        assert sorted(turned.parts.formation_factor[axis]) == pytest.approx(
            sorted(found.parts.formation_factor[old]), rel=1e-4
        )


def test_closed_pores_touch_no_face():
    im = np.zeros((12, 12, 12), bool)
    im[:, 1:4, 1:4] = True  # joins two faces
    im[0, 8, 8] = True  # touches one
    im[5:7, 6:8, 6:8] = True
    im[9, 9, 9] = True
    found = check(im)
    assert found.closed_pores == 2
    assert found.closed_share == 9 / im.sum()
    assert any("closed" in text for text in found.warnings) is bool(9 / im.sum() > 0.05)


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_duct_is_as_wide_as_its_voxels(width, axis):
    labels = np.zeros((10, width + 4, width + 5), np.int32)
    labels[:5, 2 : 2 + width, 2 : 2 + width] = 1
    labels[5:, 2 : 2 + width, 2 : 2 + width] = 2
    assert throat_widths(np.moveaxis(labels, 0, axis)).tolist() == [width]


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5])
def test_an_image_that_cuts_a_pore_does_not_narrow_it(width):
    labels = np.zeros((10, 12, 3), np.int32)  # a slit that leaves the image on both sides
    labels[:5, 3 : 3 + width], labels[5:, 3 : 3 + width] = 1, 2
    assert throat_widths(labels).tolist() == [width]


def test_throats_are_those_of_the_regions(pack):
    regions = partition(pack)
    widths = throat_widths(regions.labels)
    assert len(widths) == len(regions.conns)
    found = check(pack, regions=regions).throats
    assert found == check(pack).throats
    assert (found.count, found.smallest) == (len(widths), widths.min())
    assert found.mean == pytest.approx(widths.mean())
    assert found.box == pack.shape
    # twice the resolution, twice the width, up to a voxel
    fine = np.repeat(np.repeat(np.repeat(regions.labels, 2, 0), 2, 1), 2, 2)
    assert throat_widths(fine).mean() == pytest.approx(2 * widths.mean(), rel=0.15)


def test_coarse_throats_are_warned_of():
    labels = np.zeros((40, 40, 40), np.int32)
    labels[:20, 10:12, 10:12], labels[20:, 10:12, 10:12] = 1, 2
    found = check(labels > 0, regions=Regions(labels, touching_pairs(labels)))
    assert found.throats.mean == 2
    assert any("2.0 voxels wide on average" in text for text in found.warnings)


def test_octants_are_solved_and_compared(pack):
    found = check(pack).parts
    assert len(found.porosity) == 8
    assert np.mean(found.porosity) == pytest.approx(pack.mean())
    corner = pack[24:, :20, 18:]
    assert found.porosity[5] == corner.mean()
    for axis in range(3):
        expected = formation_factor(corner, axis).formation_factor
        assert found.formation_factor[axis][5] == pytest.approx(expected, rel=1e-4)


def test_equal_octants_have_no_error_and_unequal_ones_are_warned_of(pack):
    tile = pack[:18, :18, :18]
    same = check(np.tile(tile, (2, 2, 2)))
    assert same.parts.porosity_error == pytest.approx(0, abs=1e-12)
    assert same.parts.conductivity_error(0) == pytest.approx(0, abs=1e-6)
    assert not any("of the parts" in text for text in same.warnings)
    mixed = np.tile(tile, (2, 2, 2))
    mixed[:18] &= pack[18:36, :36, :36]
    other = check(mixed)
    assert any("porosity of the parts runs from" in text for text in other.warnings)


def test_parts_too_small_or_not_asked_for_say_why(pack):
    small = check(pack[:30])
    assert small.parts is None
    assert "octants of 15 x 20 x 18 voxels" in small.skipped["parts"]
    assert check(pack, parts=False).skipped["parts"] == "not asked for"
    assert check(pack[:, :, 5]).parts is not None  # quadrants
    assert len(check(pack[:, :, 5]).parts.porosity) == 4


def test_solid_octants_conduct_nothing():
    im = np.zeros((32, 32, 32), bool)
    im[:, 4:12, 4:12] = True
    parts = check(im).parts
    assert sum(np.isfinite(parts.formation_factor[0])) == 2
    assert np.isinf(parts.formation_factor[1]).all()
    assert np.isnan(parts.conductivity_error(1))
    assert parts.conductivity_error(0) > 0.5


@pytest.mark.parametrize("layers", [1, 2])
def test_a_short_axis_is_named(layers):
    im = np.zeros((20, 30, layers), bool)
    im[:, 8:20] = True
    assert any(f"axis z is {layers} voxel(s) long" in text for text in check(im).warnings)


def test_the_caller_s_mistakes(pack):
    with pytest.raises(InputError, match="must be those of the image"):
        check(pack, regions=partition(pack[:20]))
    with pytest.raises(InputError, match="must be binary"):
        check(pack * 3)


def test_pores_that_reach_across_are_found(pack):
    for axis in range(3):
        thin = pack.take(range(3), axis)
        labels = partition(thin).labels
        count, share = pores_across(labels, axis)
        expected = {
            label
            for label in range(1, labels.max() + 1)
            if (labels.take(0, axis) == label).any() and (labels.take(-1, axis) == label).any()
        }
        assert count == len(expected) > 0
        assert 0 < share <= 1
        assert pores_across(partition(pack).labels, axis)[0] <= 1 < count
