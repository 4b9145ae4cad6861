"""Copies are found wherever they come from; new pieces of a rock are as far as held-out ones."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from poreops.cores.judging.copies import WINDOWS, copies_ratio, copies_share, likeness

RNG = np.random.default_rng(0)


def blobs(count, edge=64, share=0.1, width=3.0, seed=0):
    rng = np.random.default_rng(seed)
    fields = gaussian_filter(
        rng.standard_normal((count, edge, edge)), (0, width, width), mode="wrap"
    )
    return fields > np.quantile(fields, 1 - share)


def grey(pores, noise, seed=1):
    values = np.where(pores, 50.0, 120.0) + np.random.default_rng(seed).normal(
        0, noise, pores.shape
    )
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def test_copies_are_found_wherever_they_come_from():
    training = grey(blobs(8, edge=128, width=6.0), noise=15)
    strange = grey(blobs(6, edge=128, width=6.0, seed=77), noise=15, seed=3)
    copies = strange.copy()
    # the middle of a crop, moved, under new noise
    moved = np.where(np.roll(blobs(8, edge=128, width=6.0)[3], (8, -12), (0, 1)), 50.0, 120.0)
    copies[2] = np.clip(moved + RNG.normal(0, 15, moved.shape), 0, 255).astype(np.uint8)
    copies[4] = training[5]
    copies[5] = 120
    found = likeness(copies, training)
    assert found[2] > 0.9
    assert found[4] == pytest.approx(1, abs=1e-3)
    assert found[5] == 0
    assert likeness(strange, training).max() < 0.9
    assert copies_share(found) == pytest.approx(2 / 6)
    assert copies_share(likeness(strange, training)) == 0


def test_a_planted_copy_lowers_the_ratio_and_new_rock_does_not():
    rock = grey(blobs(48, edge=128, width=5.0), noise=12)
    training, unseen, new = rock[:16], rock[16:32], rock[32:]
    half, quarter = WINDOWS.values()
    far = likeness(unseen, training, half)
    assert copies_ratio(far, far) == 1
    assert copies_ratio(likeness(new, training, half), far) == pytest.approx(1, abs=0.05)
    # mirrored, under new noise
    planted = training[:, ::-1] + RNG.normal(0, 5, training.shape)
    copied = np.clip(planted, 0, 255).astype(np.uint8)
    assert copies_ratio(likeness(copied, training, half), far) < 0.5
    # a piece of a quarter is seen by the small window alone
    pieces = new.copy()
    pieces[:, 44:84, 44:84] = training[:, 8:48, 12:52]
    small = likeness(unseen, training, quarter)
    assert copies_ratio(likeness(pieces, training, quarter), small) < 0.5
    assert copies_ratio(likeness(pieces, training, half), far) > 0.7
    # what is like no rock is farther
    assert copies_ratio(likeness(RNG.permuted(new, axis=2), training, half), far) > 1.1
