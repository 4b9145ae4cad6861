"""Crossing: a number between 0 and 1 that neither field of view nor resolution changes much."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from poreops.properties.slices.crossing import crossed_share
from poreops.properties.slices.features import INPUTS, design, hydraulic_length, measure
from poreops.properties.slices.watershed import split_pores


def field(edge, length, seed=4, slices=3):
    """A smooth random field."""
    noise = np.random.default_rng(seed).standard_normal((slices, edge, edge))
    return gaussian_filter(noise, (0, length, length), mode="wrap")


def pores(smooth, share=0.42):
    return smooth > np.quantile(smooth, 1 - share)


def halved(smooth):
    """The same field, seen with pixels twice as wide."""
    n, h, w = smooth.shape
    return smooth.reshape(n, h // 2, 2, w // 2, 2).mean(axis=(2, 4))


def whole(shape):
    return np.ones(shape, bool)


@pytest.mark.parametrize(("stripe", "expected"), [(0, 0.5), (1, 0.5), (None, 0.0)])
def test_stripes_cross_along_one_direction_and_spots_along_none(stripe, expected):
    im = np.zeros((80, 80), bool)
    if stripe is None:
        im[::4, ::4] = True
    else:
        im[(slice(None),) * stripe + (slice(None, None, 4),)] = True
    assert crossed_share(im, whole(im.shape), 2.0) == expected


def test_all_pore_is_crossed_both_ways():
    assert crossed_share(np.ones((40, 40), bool), whole((40, 40)), 2.0) == 1.0


def test_what_lies_outside_the_field_of_view_is_no_window():
    im = np.zeros((80, 80), bool)
    im[::4] = True
    inside = whole(im.shape)
    inside[:, 40:] = False
    im[:, 40:] = True
    assert crossed_share(im, inside, 2.0) == 0.5


def test_a_slice_smaller_than_a_window_is_one():
    im = np.zeros((10, 10), bool)
    im[5] = True
    assert crossed_share(im, whole(im.shape), 50.0) == 0.5


def law(pore, voxel):
    """log(φ ℓ² exp(2 s)) of a stack, and what the models see of it."""
    table = measure(np.stack([split_pores(image, 3) for image in pore]), voxel)
    k = table["areal_porosity"].mean() * (hydraulic_length(table).mean()) ** 2
    return np.log(k) + 2 * table["crossing"].mean(), design(table).mean(axis=0)


def test_four_fields_of_view_give_one_permeability():
    """The change of the law's answer is below 10 %, from 128 to 384 pixels."""
    plug = pores(field(384, 3.0))
    whole_answer, _ = law(plug, 2e-6)
    for edge in (256, 192, 128):
        # all crops of this size that fill the plug: one differs from another by chance
        places = range(0, 384 - edge + 1, 128)
        answers = [
            law(plug[:, a : a + edge, b : b + edge], 2e-6)[0] for a in places for b in places
        ]
        assert abs(np.mean(answers) - whole_answer) < 0.1, edge


def test_two_resolutions_give_one_permeability():
    smooth = field(384, 6.0)
    fine, coarse = law(pores(smooth), 1e-6)[0], law(pores(halved(smooth)), 2e-6)[0]
    assert abs(fine - coarse) < 0.1


def test_the_largest_cluster_which_no_model_takes_does_depend_on_the_field_of_view():
    plug = pores(field(384, 3.0))
    found = [
        measure(plug[:, :edge, :edge].astype(int), 1.0)["largest_cluster"].mean()
        for edge in (384, 96)
    ]
    assert found[1] > 1.3 * found[0]
    assert "largest_cluster" not in INPUTS
    assert "crossing" in INPUTS
