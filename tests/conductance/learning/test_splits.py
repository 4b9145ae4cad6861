"""No volume, and so no pore, is on both sides of a split; no conduit is in two parts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydantic import ValidationError

from poreops.base.hdf5 import write_hdf5
from poreops.conductance.learning.splits import (
    SplitConfig,
    read_split,
    split_at_random,
    split_by_volume,
)
from poreops.errors import InputError


def config(**changes):
    stated = {"seed": 1, "validation_share": 0.2, "random_shares": (0.8, 0.1, 0.1)}
    return SplitConfig(**(stated | changes))


volumes = arrays(np.int32, st.integers(2, 60), elements=st.integers(0, 9)).filter(
    lambda volume: len(np.unique(volume)) > 1
)
shares = st.floats(0.01, 0.99)


@given(volumes, shares, st.integers(0, 50))
def test_no_volume_is_on_both_sides(volume, share, seed):
    split = split_by_volume(volume, config(validation_share=share, seed=seed))
    assert not set(volume[split.train]) & set(volume[split.validation])
    np.testing.assert_array_equal(
        np.sort(np.concatenate([split.train, split.validation])), np.arange(len(volume))
    )
    assert len(split.train) > 0
    assert len(split.validation) > 0
    assert len(split.test) == 0
    assert (np.diff(split.train) > 0).all()


def test_the_share_is_one_of_volumes():
    volume = np.repeat(np.arange(20), np.arange(1, 21))
    split = split_by_volume(volume, config(validation_share=0.2))
    assert len(np.unique(volume[split.validation])) == 4


def test_one_volume_cannot_be_split():
    with pytest.raises(InputError, match=r"needs two volumes, got 1; raise volumes\.train"):
        split_by_volume(np.zeros(7, int), config())


@given(st.integers(0, 500), st.integers(0, 50))
def test_no_conduit_is_in_two_parts(count, seed):
    split = split_at_random(count, config(seed=seed))
    parts = (split.train, split.validation, split.test)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(count))
    for part, share in zip(parts, (0.8, 0.1, 0.1), strict=True):
        assert abs(len(part) - share * count) <= 1
        assert (np.diff(part) > 0).all()


@pytest.mark.parametrize("split", [split_at_random, lambda n, c: split_by_volume(np.arange(n), c)])
def test_the_seed_decides(split):
    first, again, other = (split(200, config(seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.train, again.train)
    assert not np.array_equal(first.train[:100], other.train[:100])


def test_the_random_split_leaks_volumes():
    volume = np.repeat(np.arange(10), 30)
    split = split_at_random(300, config())
    assert set(volume[split.test]) & set(volume[split.train])


def test_a_split_is_read_as_it_was_written(tmp_path):
    split = split_at_random(50, config())
    write_hdf5(tmp_path / "split.h5", vars(split))
    found = read_split(tmp_path / "split.h5")
    for name, rows in vars(split).items():
        np.testing.assert_array_equal(getattr(found, name), rows)


@pytest.mark.parametrize(
    "change",
    [{"validation_share": 0}, {"validation_share": 1}, {"random_shares": (0.8, 0.3, 0.1)},
     {"random_shares": (1.2, -0.1, -0.1)}],
)  # fmt: skip
def test_shares_that_do_not_add_up_are_refused(change):
    with pytest.raises(ValidationError):
        config(**change)
