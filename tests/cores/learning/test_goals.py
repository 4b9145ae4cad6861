"""Shares that are asked of cores: known ones only, and how near a core comes to them."""

import numpy as np
import pytest

from poreops.cores.learning.goals import Goals
from poreops.errors import InputError

KNOWN = np.array([[0.02, 0.0], [0.06, 0.004], [0.1, 0.001]])


@pytest.mark.parametrize(
    ("goals", "rule"),
    [
        (Goals(0.11), "a porosity must be one that crops have, 0.02 to 0.1, got 0.11; ask for"),
        (Goals(ore_share=0.005), "ore share must be one that crops have, 0 to 0.004, got 0.005"),
        (Goals(0.05, -0.1), "ore share must be one that crops have, 0 to 0.004, got -0.1"),
        (Goals(float("nan")), "a porosity must be one that crops have"),
    ],
)
def test_a_share_that_nothing_has_is_one_line(goals, rule):
    with pytest.raises(InputError, match=rule) as raised:
        goals.check(KNOWN, "crops have")
    assert "\n" not in str(raised.value)


def test_both_ends_and_nothing_stated_are_taken():
    for goals in (Goals(), Goals(0.02, 0.004), Goals(0.1, 0.0)):
        goals.check(KNOWN, "crops have")
    assert Goals().stated == {}
    assert Goals(ore_share=0.0).stated == {1: 0.0}  # none is a share too


def test_nearness_weighs_each_share_by_its_range():
    """Ores are a hundredth of the pores: without their range they would count for nothing."""
    away = Goals(0.06, 0.004).away(KNOWN, KNOWN)
    assert away.tolist() == pytest.approx([0.5 + 1, 0, 0.5 + 0.75])
    assert Goals(0.06).away(KNOWN, KNOWN).argmin() == 1
    assert Goals().away(KNOWN, KNOWN).tolist() == [0, 0, 0]
    # a share that never differs decides nothing
    same = KNOWN * [1, 0]
    assert Goals(0.1, 0.0).away(same, same).argmin() == 2
