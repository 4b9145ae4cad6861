"""A rendered slice shows the rock, and each artefact does what its name says."""

import numpy as np
import pytest

from poreops.synthetic.scanner import RenderConfig, render_slices

CLEAN = {"pore": 60, "solid": 170, "blur": 0, "noise": 0, "rings": 0, "beam": 0}
PORE = np.zeros((5, 41, 41), bool)
PORE[:, 10:20, 10:20] = True


def rendered(**changes):
    config = RenderConfig(**(CLEAN | changes))
    return render_slices(PORE, np.arange(5), config, seed=4).astype(float)


def test_without_artefacts_there_are_two_levels():
    np.testing.assert_array_equal(rendered(), np.where(PORE, 60, 170))


def test_noise_has_its_standard_deviation():
    assert (rendered(noise=9) - rendered()).std() == pytest.approx(9, rel=0.05)


def test_blur_keeps_the_mean_and_softens_edges():
    soft = rendered(blur=1.5)
    assert soft.mean() == pytest.approx(rendered().mean(), abs=0.3)
    assert set(np.unique(soft)) > {60, 170}


def test_beam_hardening_darkens_the_middle():
    shade = rendered(beam=40) - rendered()
    assert shade[0, 20, 20] == -20
    assert shade[0, 0, 0] == 20


def test_rings_are_the_same_all_round():
    ring = rendered(rings=8)[0] - rendered()[0]
    assert ring.std() > 3
    assert ring[20, 5] == ring[5, 20] == ring[35, 20]


def test_a_seed_gives_the_same_slices():
    np.testing.assert_array_equal(rendered(noise=9, rings=3), rendered(noise=9, rings=3))
