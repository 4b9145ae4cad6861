"""Properties of a volume: exact cases inside the interval, scaling, and honesty beyond."""

import math

import numpy as np
import pytest

import poreops
from poreops.errors import InputError
from poreops.properties.volumes.counting import segmented_porosity, thresholded
from poreops.properties.volumes.measured import REAL, SYNTHETIC, read_plugs, shipped
from poreops.properties.volumes.prediction import shipped_law


def tube(radius=7, edge=20, length=6):
    x = np.arange(edge) - (edge - 1) / 2
    return np.repeat((x[:, None] ** 2 + x**2 <= radius**2)[None], length, axis=0)


def test_tube_and_slit_lie_in_the_interval():
    value, low, high = poreops.volume_properties(tube()).permeability
    assert low < math.pi * 7**4 / 8 / 20**2 < high
    slit = np.zeros((6, 6, 12), bool)
    slit[:, :, 3:9] = True
    value, low, high = poreops.volume_properties(slit, "y").permeability
    assert low < 6**3 / 12 / 12 < high
    assert low < value < high


def test_the_permeability_goes_with_the_square_of_the_voxel():
    once = poreops.volume_properties(tube(), voxel_size=2e-6)
    twice = poreops.volume_properties(tube(), voxel_size=4e-6)
    for a, b in zip(once.permeability, twice.permeability, strict=True):
        assert b == pytest.approx(4 * a, rel=1e-12)
    assert twice.johnson_length == pytest.approx(2 * once.johnson_length, rel=1e-12)
    assert twice.porosity == once.porosity


def test_a_finer_image_of_the_same_pores_has_the_same_permeability():
    coarse = poreops.volume_properties(tube(7, 20), voxel_size=2e-6)
    fine = poreops.volume_properties(tube(14, 40, 12), voxel_size=1e-6)
    assert fine.permeability[0] == pytest.approx(coarse.permeability[0], rel=0.08)


def test_nothing_that_percolates_has_no_permeability():
    closed = tube()
    closed[3] = False
    found = poreops.volume_properties(closed)
    assert found.permeability == (0.0, 0.0, 0.0)
    assert found.formation_factor == math.inf
    assert found.porosity[0] > 0


def test_beyond_the_rocks_the_interval_is_wider():
    law = shipped_law()
    wide = tube(2, 60)  # a lone hair: a formation factor far above that of any rock
    found = poreops.volume_properties(wide)
    inside = poreops.volume_properties(tube())
    assert found.outside == {} or found.permeability[2] > found.permeability[0] * math.exp(
        law.width
    )
    assert inside.permeability[2] == pytest.approx(inside.permeability[0] * math.exp(law.width))
    far = np.zeros((6, 200, 200), bool)
    far[:, :3, :3] = True
    beyond = poreops.volume_properties(far)
    assert beyond.outside["formation_factor"] > 1
    assert beyond.permeability[2] > 1.2 * beyond.permeability[0] * math.exp(law.width)


@pytest.mark.parametrize(
    ("im", "axis", "message"),
    [
        (np.zeros((5, 5), bool), 0, "a volume must be 3D, got 2D"),
        (np.ones((5, 5, 5), bool), 0, "must have walls beside its pores"),
        (np.ones((5, 5, 5), bool), 3, "axis must be one of"),
    ],
)
def test_what_is_no_volume_is_one_line(im, axis, message):
    with pytest.raises(InputError, match=message):
        poreops.volume_properties(im, axis)


def test_the_porosity_is_counted_and_its_interval_that_of_the_walls():
    im = tube()
    value, low, high = segmented_porosity(im)
    assert value == im.mean()
    # walls moved by 0.18 voxels: an annulus round the tube
    for moved, found in ((-0.175, low), (0.175, high)):
        assert found == pytest.approx(math.pi * (7 + moved) ** 2 / 20**2, rel=0.05)
    assert segmented_porosity(np.ones((4, 4, 4), bool)) == (1.0, 1.0, 1.0)


def test_a_grey_volume_has_the_interval_of_its_thresholds():
    rng = np.random.default_rng(1)
    grey = np.where(tube(), 60.0, 160.0) + 8 * rng.standard_normal(tube().shape)
    pore, (value, low, high) = thresholded(grey, 110.0)
    assert (pore != tube()).mean() < 1e-3
    assert low <= value <= high
    with pytest.raises(InputError, match="the threshold must part pore from solid, got 5"):
        thresholded(grey, 5.0)


def test_the_plugs_of_the_package_are_real_and_synthetic_and_the_law_is_near_theory():
    table = shipped()
    counts = table.groupby("origin")["group"].nunique()
    assert counts[REAL] >= 12
    assert counts[SYNTHETIC] >= 6
    # between a slit and a tube
    assert math.log(2 / 3) < shipped_law().constant < 0
    assert 0.1 < shipped_law().width < math.log(2)


def test_a_table_of_other_columns_is_one_line(tmp_path):
    path = tmp_path / "plugs.csv"
    path.write_text("rock,permeability\nberea,1\n")
    with pytest.raises(InputError, match="must have the columns .* got none named group"):
        read_plugs(path)
