"""Every volume has a seed of its own, and drawing one leaves no trace."""

# ruff: noqa: NPY002 (the legacy generator is what PoreSpy draws from)

import numpy as np
import porespy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poreops.synthetic.spheres import ROLES, SpherePackConfig, sphere_pack, volume_seed

CONFIG = SpherePackConfig(
    shape=40, shape_2d=100, porosity=(0.35, 0.8), radius=(5, 7), radius_spread=0.3, radius_min=3,
    radius_bins=5,
)  # fmt: skip
indices = st.integers(0, 99_999)


@given(st.integers(0, 10_000), indices, indices)
def test_roles_share_no_seed(base, first, second):
    seeds = [volume_seed(base, role, first) for role in ROLES]
    assert len(set(seeds)) == len(ROLES)
    if first != second:
        assert not set(seeds) & {volume_seed(base, role, second) for role in ROLES}
    assert all(0 <= seed < 2**32 for seed in seeds)


@given(st.integers(0, 10_000), st.sampled_from(ROLES), st.sampled_from(ROLES), indices, indices)
def test_base_seeds_share_none_either(base, role, other_role, first, second):
    assert volume_seed(base, role, first) != volume_seed(base + 1, other_role, second)


@pytest.mark.parametrize("index", [-1, 100_000])
def test_an_index_that_would_run_into_another_role(index):
    with pytest.raises(ValueError, match=rf"0\.\.99999, got {index}"):
        volume_seed(1, "train", index)


@pytest.mark.parametrize("ndim", [2, 3])
def test_volumes_of_all_roles_differ_and_come_again(ndim):
    drawn = [
        sphere_pack(CONFIG, ndim, volume_seed(7, role, i)) for role in ROLES for i in range(2)
    ]
    assert len({im.tobytes() for im in drawn}) == len(drawn)
    again = sphere_pack(CONFIG, ndim, volume_seed(7, ROLES[0], 0))
    np.testing.assert_array_equal(again, drawn[0])
    for im in drawn:
        assert im.dtype == bool
        assert im.shape == ((40, 40, 40) if ndim == 3 else (100, 100))
        # PoreSpy meets the porosity of each size within a few percent
        assert 0.25 < im.mean() < 0.9


def test_the_porosity_is_drawn_from_its_range():
    for low in (0.4, 0.7):
        config = CONFIG.model_copy(update={"porosity": (low, low + 0.02)})
        found = np.mean([sphere_pack(config, 3, seed).mean() for seed in range(3)])
        assert abs(found - low) < 0.06


def test_the_global_generator_goes_on_as_if_nothing_was_drawn(monkeypatch):
    np.random.seed(1)
    expected = np.random.random(4)
    np.random.seed(1)
    first = np.random.random(2)
    sphere_pack(CONFIG, 3, 5)

    def broken(**arguments):
        np.random.random(7)
        raise ZeroDivisionError

    monkeypatch.setattr(porespy.generators, "polydisperse_spheres", broken)
    with pytest.raises(ZeroDivisionError):
        sphere_pack(CONFIG, 3, 5)
    np.testing.assert_array_equal(np.concatenate([first, np.random.random(2)]), expected)


def test_the_global_seed_does_not_matter():
    np.random.seed(1)
    first = sphere_pack(CONFIG, 2, 5)
    np.random.seed(2)
    np.testing.assert_array_equal(sphere_pack(CONFIG, 2, 5), first)
