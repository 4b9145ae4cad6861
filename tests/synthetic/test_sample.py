"""The sample rock is what its docstring says: overlapping grains of one radius."""

import numpy as np
import pytest

from poreops.errors import InputError
from poreops.synthetic.sample import sample_rock

RADIUS = 9


@pytest.mark.parametrize("porosity", [0.15, 0.25, 0.6])
def test_the_porosity_is_met(porosity):
    assert sample_rock(48, porosity).mean() == pytest.approx(porosity, abs=0.02)


def test_the_same_seed_draws_the_same_rock_and_another_does_not():
    np.testing.assert_array_equal(sample_rock(32, seed=3), sample_rock(32, seed=3))
    assert (sample_rock(32, seed=3) != sample_rock(32, seed=4)).any()


def test_two_point_correlation_is_that_of_independent_spheres():
    # S2(r) = porosity^(volume of two spheres at distance r over that of one), r in radii
    rocks = [sample_rock(96, 0.5, seed) for seed in range(3)]
    for lag in (3, RADIUS, 24):
        r = min(lag / RADIUS, 2)
        expected = 0.5 ** (1 + 3 * r / 4 - r**3 / 16)
        found = [
            (np.moveaxis(im, axis, 0)[lag:] & np.moveaxis(im, axis, 0)[:-lag]).mean()
            for im in rocks
            for axis in range(3)
        ]
        assert np.mean(found) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"size": 31}, "size must be a whole number >= 32"),
        ({"porosity": 0.05}, "porosity must be from 0.1 to 0.9, got 0.05"),
        ({"porosity": float("nan")}, "porosity must be from 0.1 to 0.9, got nan"),
    ],
)
def test_what_is_no_rock_is_refused(arguments, rule):
    with pytest.raises(InputError, match=rule):
        sample_rock(**arguments)
