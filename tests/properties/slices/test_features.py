"""Features have the units that they say, and the model's inputs have none."""

import numpy as np
import pandas as pd
import pytest

from poreops.errors import InputError
from poreops.properties.slices import features
from poreops.properties.slices.features import FEATURES, INPUTS, NAMES, axial_mean, design, measure
from poreops.properties.slices.watershed import split_pores


@pytest.fixture(scope="module")
def labels():
    from scipy.ndimage import gaussian_filter

    field = gaussian_filter(np.random.default_rng(3).standard_normal((4, 96, 96)), (0, 3, 3))
    pore = field > np.quantile(field, 0.75)
    return np.stack([split_pores(image, 3) for image in pore])


def test_there_are_fourteen_pore_features_each_defined():
    assert len(features.PORE_FEATURES) == 14
    assert len(set(NAMES)) == len(NAMES) == 21
    assert all(feature.meaning for feature in FEATURES)


def test_a_feature_scales_with_the_voxel_size_as_its_unit(labels):
    one, other = measure(labels, 1e-6), measure(labels, 3e-6)
    for feature in FEATURES:
        ratio = other[feature.name] / one[feature.name]
        np.testing.assert_allclose(ratio, 3.0**feature.length, err_msg=feature.name)


def test_the_inputs_of_a_model_do_not_know_the_voxel_size(labels):
    np.testing.assert_allclose(design(measure(labels, 1e-6)), design(measure(labels, 7e-6)))


def test_the_inputs_hardly_change_when_each_pixel_becomes_nine(labels):
    fine = np.kron(labels, np.ones((1, 3, 3), int))
    coarse = measure(labels, 3e-6)
    table = measure(fine, 1e-6)
    for name in ("area", "areal_porosity", "axis_major_length", "equivalent_diameter_area"):
        np.testing.assert_allclose(table[name], coarse[name], rtol=0.08, err_msg=name)


def test_means_are_over_pores(labels):
    from skimage.measure import regionprops_table

    table = measure(labels, 1.0)
    for k, image in enumerate(labels):
        reference = regionprops_table(image, properties=("area", "solidity"))
        assert table["area"][k] == pytest.approx(reference["area"].mean())
        assert table["solidity"][k] == pytest.approx(reference["solidity"].mean())
        assert table["areal_porosity"][k] == (image > 0).mean()


def test_axes_nearly_parallel_have_the_mean_between_them_and_not_across():
    angles = np.radians([85.0, -85.0, 90.0])
    assert abs(np.degrees(axial_mean(np.exp(2j * angles)))) == pytest.approx(90)
    assert np.degrees(axial_mean(np.exp(2j * np.radians([10, 20])))) == pytest.approx(15)


def test_parallel_pores_are_aligned_and_crossed_ones_are_not():
    stripes = np.zeros((64, 64), int)
    stripes[8:12, 4:60], stripes[40:44, 4:60] = 1, 2
    crossed = stripes.copy()
    crossed[40:44, 4:60], crossed[18:64, 30:34] = 0, 2
    crossed[8:12, 4:60] = 1
    found = measure(np.stack([stripes, crossed]), 1.0)
    # weighted by the anisotropy of 4 x 56 pixels
    assert found["alignment"][0] == pytest.approx((56**2 - 4**2) / (56**2 + 4**2 - 2))
    assert abs(found["orientation"][0]) == pytest.approx(np.pi / 2)
    assert found["alignment"][1] < 0.2


def test_equal_discs_have_no_direction_wherever_they_lie():
    y, x = np.ogrid[-4:5, -4:5]
    slice_ = np.zeros((128, 128), int)
    for k, (top, left) in enumerate(np.ndindex(8, 8)):
        at = 6 + 14 * top, 6 + 14 * left
        slice_[at[0] : at[0] + 9, at[1] : at[1] + 9][y**2 + x**2 <= 16] = k + 1
    for pad in (0, 37, 333):
        found = measure(np.pad(slice_, ((pad, 0), (pad, 0)))[None], 1.0)
        assert found["alignment"][0] == 0
        assert found["orientation"][0] == 0


def test_a_few_long_pores_give_the_direction_among_many_round_ones():
    field = np.zeros((96, 96), int)
    for k, (top, left) in enumerate(np.ndindex(5, 9)):
        field[4 + 10 * top : 9 + 10 * top, 4 + 10 * left : 9 + 10 * left] = k + 1
    field[70:73, 10:80], field[80:83, 10:80] = 46, 47
    found = measure(field[None], 1.0)
    assert abs(found["orientation"][0]) == pytest.approx(np.pi / 2)
    # 420 pixels of them lie in long pores, 1125 in squares
    assert found["alignment"][0] == pytest.approx(420 / 1545, rel=0.01)


def test_what_lies_outside_the_field_of_view_is_not_measured(labels):
    """A frame of any width, marked as outside, changes no feature."""
    framed = np.pad(labels, ((0, 0), (11, 4), (7, 20)), constant_values=-1)
    pd.testing.assert_frame_equal(measure(framed, 2e-6), measure(labels, 2e-6))


def test_the_edge_of_a_round_field_of_view_is_no_wall():
    y, x = np.mgrid[:120, :120]
    stripes = np.where(x % 12 < 4, 1, 0)
    seen = np.where(np.hypot(y - 59.5, x - 59.5) < 55, stripes, -1)
    whole, part = measure(stripes[None], 1.0), measure(seen[None], 1.0)
    for name in ("areal_porosity", "specific_perimeter", "inscribed_radius"):
        assert part[name][0] == pytest.approx(whole[name][0], rel=0.06), name


def test_the_wall_of_a_stripe_is_twice_its_length():
    stripe = np.zeros((101, 101), int)
    stripe[40:60] = 1
    found = measure(stripe[None], 1.0)["specific_perimeter"][0]
    # four directions of Crofton overestimate an axis-parallel wall by 5 %
    assert found == pytest.approx(2 / 101, rel=0.08)


def test_a_voxel_size_of_zero_is_an_input_error(labels):
    with pytest.raises(InputError, match=r"voxel size must be positive, got 0 for rock"):
        measure(labels, 0, "rock")


def test_a_model_may_not_take_the_porosity_twice(labels):
    table = measure(labels, 1e-6)
    assert "specific_perimeter" not in INPUTS
    np.testing.assert_allclose(
        design(table, ["specific_perimeter"])[:, 0], np.log(table["areal_porosity"])
    )
    assert design(table, []).shape == (4, 0)
    assert isinstance(table, pd.DataFrame)
