"""Pores are split at their necks, and a channel of even width is one pore."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poreops.properties.slices.watershed import split_pores

EDGE = 128


def slit(angle, width, length=100.0, bow=0.0, shift=0.3):
    """Draw a channel of even width, straight or bent, through the middle."""
    y, x = np.mgrid[:EDGE, :EDGE] - EDGE / 2 + shift
    turn = np.radians(angle)
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    across = across + bow * along**2 / length
    return (np.abs(across) < width / 2) & (np.abs(along) < length / 2)


def chain(radius, spacing, angle=0.3, discs=4):
    y, x = np.mgrid[:EDGE, :EDGE]
    pore = np.zeros((EDGE, EDGE), bool)
    for k in range(discs):
        t = (k - (discs - 1) / 2) * spacing * radius
        pore |= np.hypot(y - 64.3 - t * np.sin(angle), x - 64.1 - t * np.cos(angle)) < radius
    return pore


def count(pore):
    labels = split_pores(pore, 3)
    np.testing.assert_array_equal(labels > 0, pore)
    assert set(np.unique(labels[pore])) == set(range(1, labels.max() + 1))
    return labels.max()


@settings(max_examples=60, deadline=None)
@given(
    angle=st.floats(0, 180), width=st.sampled_from([1.5, 2, 3, 4, 5, 6, 8]), shift=st.floats(0, 1)
)
def test_a_slit_is_one_pore_at_any_angle(angle, width, shift):
    assert count(slit(angle, width, shift=shift)) == 1


@pytest.mark.parametrize("width", [2, 3, 4, 6])
@pytest.mark.parametrize("angle", [0, 10, 30, 45])
def test_crossed_and_bent_slits_are_one_pore(angle, width):
    assert count(slit(angle, width) | slit(angle + 90, width)) == 1
    assert count(slit(angle, width, bow=0.3)) == 1


@pytest.mark.parametrize("radius", [6, 8, 12])
@pytest.mark.parametrize("spacing", [1.6, 1.8, 1.95])
@pytest.mark.parametrize("angle", [0.0, 0.3, np.pi / 2])
def test_a_chain_of_discs_is_split_at_each_neck(radius, spacing, angle):
    assert count(chain(radius, spacing, angle)) == 4


@pytest.mark.parametrize("radius", [4, 5])
def test_small_discs_that_touch_are_split_too(radius):
    assert count(chain(radius, 1.95)) == 4


def test_discs_that_nearly_coincide_are_one_pore():
    assert count(chain(10, 0.6)) == 1


def test_two_discs_that_touch_are_split_at_the_neck():
    y, x = np.mgrid[:64, :64]
    discs = (np.hypot(y - 32, x - 20) < 12) | (np.hypot(y - 32, x - 42) < 12)
    labels = split_pores(discs, 3)
    assert labels.max() == 2
    assert (labels[:, :30][discs[:, :30]] == labels[32, 20]).all()
    assert (labels[:, 33:][discs[:, 33:]] == labels[32, 42]).all()


def test_pores_that_do_not_touch_are_never_one():
    pore = np.zeros((40, 40), bool)
    pore[5:8, 5:8], pore[5:8, 10:13], pore[20, 20], pore[30:32, 3:38] = True, True, True, True
    assert count(pore) == 4


def test_the_edge_of_the_field_of_view_is_no_neck():
    """A pore that the edge cuts is as deep there as it is inside."""
    inside = np.zeros((EDGE, EDGE), bool)
    inside[:, :70] = True
    pore = slit(0, 9) & inside
    labels = split_pores(pore, 3, inside)
    assert labels.max() == 1
    assert (labels[~inside] == 0).all()
