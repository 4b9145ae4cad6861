"""Johnson's length: a slit's opening, a tube's radius; dead ends and resolution do not matter."""

import numpy as np
import pytest

from poreops.solvers.diffusion.bulk import formation_factor
from poreops.solvers.diffusion.johnson import johnson_length, wall_area


def disc(radius, edge):
    x = np.arange(edge) - (edge - 1) / 2
    return x[:, None] ** 2 + x**2 <= radius**2


def tube(radius, length=4, edge=None):
    return np.repeat(disc(radius, edge or 2 * int(radius + 2))[None], length, axis=0)


def sphere(radius, edge):
    x = np.arange(edge) - (edge - 1) / 2
    return x[:, None, None] ** 2 + x[:, None] ** 2 + x**2 <= radius**2


@pytest.mark.parametrize("opening", [1, 2, 5])
@pytest.mark.parametrize(("axis", "across"), [(0, 1), (0, 2), (1, 0), (2, 1)])
def test_a_slit_has_its_opening(opening, axis, across):
    im = np.zeros((8, 8, 8), bool)
    im[(slice(None),) * across + (slice(1, 1 + opening),)] = True
    assert johnson_length(formation_factor(im, axis)) == pytest.approx(opening, rel=1e-9)


def test_a_slit_of_two_dimensions_has_its_opening():
    im = np.zeros((6, 9), bool)
    im[:, 2:5] = True
    assert johnson_length(formation_factor(im, 0)) == pytest.approx(3, rel=1e-9)
    assert johnson_length(formation_factor(im.T, 1)) == pytest.approx(3, rel=1e-9)


@pytest.mark.parametrize("radius", [4, 8, 16])
def test_a_tube_has_its_radius(radius):
    found = johnson_length(formation_factor(tube(radius), 0))
    assert found == pytest.approx(radius, rel=0.04)


def test_a_tube_across_the_voxels_has_its_radius():
    # the axis of the tube lies in the plane z = 0, at 45 degrees; the flow passes along x
    n, radius = 40, 6
    x, y, z = np.indices((n, 3 * n, 24)) - np.array([0, 1.5 * n, 11.5])[:, None, None, None]
    im = (x - y - n / 2) ** 2 / 2 + z**2 <= radius**2
    assert johnson_length(formation_factor(im, 0)) == pytest.approx(radius, rel=0.06)


def test_dead_ends_do_not_count():
    im = np.zeros((30, 12, 30), bool)
    im[:, 2:10, 2:10] = True
    open_tube = johnson_length(formation_factor(im, 0))
    im[14:16, 2:10, 10:] = True  # a deep side branch, a third of the volume
    assert johnson_length(formation_factor(im, 0)) == pytest.approx(open_tube, rel=0.06)


def minimal_surface(edge):
    """The pores on one side of Schwarz' surface, a period of it."""
    x = 2 * np.pi * (np.arange(edge) + 0.5) / edge
    return np.cos(x)[:, None, None] + np.cos(x)[:, None] + np.cos(x) > 0


def test_it_grows_with_the_voxels_and_is_the_same_backwards():
    coarse, fine = (johnson_length(formation_factor(minimal_surface(n), 0)) for n in (20, 40))
    assert fine / coarse == pytest.approx(2, rel=0.08)
    # the same faces, but the walls may be steeper behind than before
    im = minimal_surface(20)[3:]
    backwards = johnson_length(formation_factor(im[::-1], 0))
    assert backwards == pytest.approx(johnson_length(formation_factor(im, 0)), rel=1e-6)


def test_nothing_that_percolates_has_no_length_and_no_wall_no_end():
    closed = np.ones((6, 6, 6), bool)
    closed[3] = False
    assert johnson_length(formation_factor(closed, 0)) == 0
    assert johnson_length(formation_factor(np.ones((4, 4, 4), bool), 0)) == float("inf")


def test_the_area_of_a_ball_is_not_that_of_its_steps():
    ball = sphere(10, 26)
    steps = sum(np.count_nonzero(np.diff(ball, axis=axis)) for axis in range(3))
    true = 4 * np.pi * 10**2
    assert steps > 1.4 * true
    assert wall_area(ball) == pytest.approx(true, rel=0.03)
    assert wall_area(np.repeat([[False, True]], 5, axis=0)) == pytest.approx(5)
