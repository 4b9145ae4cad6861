"""Throats are measured where the pressure is lost, and narrow ones are warned of."""

import numpy as np
import pytest
from exact_flow import DUCT, duct
from reference import blobs

from poreops.solvers.stokes.permeability import (
    PERIODIC,
    REFLECTED,
    SEALED,
    UnderResolvedWarning,
    permeability,
)

# small images have narrow throats
pytestmark = pytest.mark.filterwarnings(
    "ignore::poreops.solvers.stokes.permeability.UnderResolvedWarning"
)


@pytest.mark.parametrize("width", [1, 2, 3])
def test_warns_of_throats_below_four_voxels(width):
    with pytest.warns(UnderResolvedWarning, match=f"{width}.0 voxels wide in the mean: below 4"):
        run = permeability(duct(width), 0)
    assert run.throat_width == pytest.approx(width)
    # and rightly: a duct of 2 or 3 voxels carries a tenth too much
    assert run.permeability * (width + 2) ** 2 > 1.1 * DUCT * width**4


def test_the_mean_throat_is_where_the_pressure_is_lost():
    # a bottleneck of one voxel in a wide channel
    bottle = duct(6, length=20)
    bottle[10] = False
    bottle[10, 4, 4] = True
    with pytest.warns(UnderResolvedWarning):
        run = permeability(bottle, 0)
    assert 1 <= run.throat_width < 1.3
    # a narrow dead end takes no part
    pocket = duct(6, length=20)
    pocket = np.pad(pocket, ((0, 0), (0, 6), (0, 0)))
    pocket[10, 6:12, 4] = True
    assert permeability(pocket, 0).throat_width > 5


@pytest.mark.filterwarnings("error")
def test_is_silent_from_four_voxels_on():
    assert permeability(duct(4), 0).throat_width == pytest.approx(4)
    with pytest.warns(UnderResolvedWarning, match=r"2\.0 voxels wide in the mean: below 4"):
        permeability(duct(2), 0)
    permeability(duct(2), 0, refine=2)  # the error is stated instead


@pytest.mark.parametrize("boundary", [REFLECTED, SEALED, PERIODIC])
def test_throats_that_go_on_beyond_the_image_are_measured_whole(boundary):
    # half a slot of eight voxels at each side face of the image
    im = np.ones((4, 12), dtype=bool)
    im[:, 4:8] = False
    width = {REFLECTED: 8, SEALED: 4, PERIODIC: 8}[boundary]
    assert permeability(im, 0, boundary=boundary).throat_width == pytest.approx(width)


def test_turning_the_image_turns_the_throats():
    im = blobs((18, 22, 20), 0.5, seed=1)
    widths = [
        permeability(np.moveaxis(im, 0, axis), axis, tolerance=1e-5).throat_width
        for axis in range(3)
    ]
    assert widths == pytest.approx([widths[0]] * 3, rel=1e-3)
    assert permeability(im.repeat(2, 0).repeat(2, 1).repeat(2, 2), 0).throat_width == (
        pytest.approx(2 * widths[0], rel=0.05)
    )
