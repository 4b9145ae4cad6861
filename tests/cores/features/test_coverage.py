"""Density and coverage: one of good images that are all alike is dense and covers little."""

import numpy as np
import pytest

from poreops.cores.features.coverage import NEIGHBOURS, coverage
from poreops.errors import InputError

RNG = np.random.default_rng(0)


def test_sets_of_one_law_are_dense_and_cover_nearly_all():
    one, other = RNG.standard_normal((2, 300, 6))
    found = coverage(one, other)
    assert found.density == pytest.approx(1, abs=0.15)
    # the chance that none of n falls into a ball of k in n: about 2^-k (Naeem et al. 2020)
    assert found.coverage == pytest.approx(1 - 0.5**NEIGHBOURS, abs=0.04)


def test_images_that_are_all_alike_cover_little_and_bad_ones_nothing():
    real = RNG.standard_normal((200, 6))
    alike = 0.1 * RNG.standard_normal((200, 6))
    assert coverage(alike, real).density > 1.2
    assert coverage(alike, real).coverage < 0.5
    far = coverage(real + 50, real)
    assert (far.density, far.coverage) == (0, 0)


def test_exact_neighbours_on_a_line():
    real = np.arange(12.0)[:, None]
    # the ball of 0 reaches to 5, that of 5 to 2.5 and 7.5 (its fifth neighbour is 3 away)
    found = coverage(np.array([[0.5]]), real)
    inside = sum(abs(0.5 - x) < np.sort(np.abs(np.arange(12) - x))[5] for x in range(12))
    assert found.density == inside / NEIGHBOURS
    assert found.coverage == inside / 12


def test_too_few_real_images_are_one_line():
    with pytest.raises(InputError, match="more than 5 real images, got 5"):
        coverage(np.zeros((9, 2)), np.zeros((5, 2)))
