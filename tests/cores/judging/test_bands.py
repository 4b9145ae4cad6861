"""Bands hold what is of one law and not what is not, each property for itself."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from poreops.cores.features.structure import Segmentation, structure
from poreops.cores.judging.bands import PROPERTIES, Band, bands, independent_fields, summary


def images(seed, count=60, edge=64, share=0.1, width=3.0):
    rng = np.random.default_rng(seed)
    fields = gaussian_filter(rng.standard_normal((count, edge, edge)), (0, width, width))
    pores = fields > np.quantile(fields, 1 - share)
    grey = np.where(pores, 50, 120).astype(np.uint8)
    ores = rng.integers(0, edge - 8, (count, 2))
    for image, (row, column) in zip(grey, ores, strict=True):
        image[row : row + rng.integers(3, 8), column : column + 6] = 220
    return grey


REAL = images(0)
SEGMENTATION = Segmentation.fit(REAL, 0.0)


def measured(grey):
    return structure(grey, SEGMENTATION, 16)


def test_other_fields_of_the_rock_meet_every_band():
    found = bands(measured(images(1)), measured(REAL), 60)
    assert tuple(found) == PROPERTIES
    assert all(band.met for band in found.values()), found
    np.testing.assert_allclose(found["pore_share"].mean, 0.1, atol=0.01)


@pytest.mark.parametrize(
    ("changes", "broken", "kept"),
    [
        ({"share": 0.13}, {"pore_share", "s2", "lineal_path"}, {"ore_share"}),
        ({"width": 2.0}, {"perimeter", "euler", "mean_chord", "s2"}, {"ore_share"}),
    ],
)
def test_another_rock_breaks_those_of_what_differs(changes, broken, kept):
    found = bands(measured(images(1, **changes)), measured(REAL), 60)
    out = {name for name, band in found.items() if not band.met}
    assert broken <= out
    assert not kept & out


def test_cores_that_are_all_alike_break_the_spread():
    same = np.repeat(images(1)[:1], 20, axis=0)
    found = bands(measured(same), measured(REAL), 60)
    assert all(band.spread < 0.01 for band in found.values())
    assert not any(band.met for band in found.values())


def test_fewer_fields_make_wider_bands():
    one, other = measured(images(1, share=0.12)), measured(REAL)
    away = [bands(one, other, fields)["pore_share"].away for fields in (15, 60)]
    assert away[1] == pytest.approx(2 * away[0])


def test_a_source_has_as_many_bands_as_its_worst_set():
    good, bad = (dict.fromkeys(PROPERTIES, Band(1.0, 0.1, away, 1.0)) for away in (1.0, 5.0))
    found = summary([good, good | {"euler": bad["euler"]}])
    assert (found["met"], found["of"]) == (len(PROPERTIES) - 1, len(PROPERTIES))
    assert found["properties"]["euler"]["away"] == 3


def test_crops_that_overlap_are_fewer_fields():
    slices, corners = np.array([0, 0, 1]), np.array([[0, 0], [0, 5], [0, 0]])
    assert independent_fields(slices, corners, 10, "slices") == 2.5
    # slices of a tomogram show the same grains
    assert independent_fields(slices, corners, 10, "columns") == 1.5
