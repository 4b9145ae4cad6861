import numpy as np
import pytest
from scipy import ndimage

import poreops
from poreops.conduits import hydraulic
from poreops.conduits.crop import mirrored_conduit
from poreops.conduits.hydraulic import (
    conduit_hydraulic_size_factor,
    conduit_hydraulic_size_factors,
    hydraulic_size_factors,
)
from poreops.errors import InputError, UnsettledWarning
from poreops.solvers.stokes.permeability import permeability

PAIR = np.array([[0, 1]])


def disc(radius):
    line = np.arange(2 * radius + 2) - radius - 0.5
    return line[:, None] ** 2 + line**2 < radius**2


def pipe(section, *lengths):
    """Regions of the given lengths one after the other along axis 0."""
    labels = np.zeros((sum(lengths), *section.shape), dtype=np.int32)
    ends = np.cumsum((0, *lengths))
    for n in range(len(lengths)):
        labels[ends[n] : ends[n + 1], section] = n + 1
    return labels


def conductance(section):
    """Flow rate times length for a unit drop of pressure."""
    straight = np.repeat(section[None], 4, axis=0)
    return permeability(straight, 0, tolerance=1e-6).permeability * section.size


def two_balls():
    """Two overlapping spheres and what a watershed makes of them, off any symmetry."""
    centre = np.array([[9.3, 8.1, 8.6], [19.2, 10.4, 9.7]])
    radius = np.array([7.2, 5.9])
    at = np.stack(np.indices((28, 20, 20)), axis=-1)
    depth = np.linalg.norm(at[..., None, :] - centre, axis=-1) - radius
    return np.where((depth < 0).any(axis=-1), depth.argmin(axis=-1) + 1, 0)


@pytest.mark.parametrize("lengths", [(10, 10), (11, 11), (7, 16), (3, 4)])
def test_straight_pipe_is_poiseuille_flow_over_the_distance_of_the_centroids(lengths):
    section = disc(5)
    factor = hydraulic_size_factors(pipe(section, *lengths), PAIR)
    assert factor == pytest.approx(conductance(section) / (sum(lengths) / 2), rel=1e-4)


def test_cylinder():
    radii = np.array([4, 8, 16, 32])
    length = 12
    factors = [hydraulic_size_factors(pipe(disc(r), length, length), PAIR)[0] for r in radii]
    error = np.array(factors) / (np.pi * radii**4 / (8 * length)) - 1
    assert abs(error[-1]) < 0.02
    # the staircase of the wall leaves first order, if not regularly
    assert np.polyfit(np.log(radii), np.log(abs(error)), 1)[0] < -0.8


def test_square_duct():
    factor = hydraulic_size_factors(pipe(np.pad(np.ones((16, 16), bool), 1), 9, 9), PAIR)
    assert factor == pytest.approx(0.0351443 * 16**4 / 9, rel=0.01)


def test_conduits_in_series_add():
    section = disc(4)
    labels = pipe(section, 8, 11, 6, 9)
    factors = hydraulic_size_factors(labels, np.array([[0, 1], [1, 2], [2, 3]]))
    distance = 4 + 11 + 6 + 4.5
    assert (1 / factors).sum() == pytest.approx(distance / conductance(section), rel=1e-4)


def test_half_conduit_to_an_image_face_is_half_as_long():
    section = disc(4)
    labels = pipe(section, 8)
    crop = mirrored_conduit(labels, 0, 0, 1, ndimage.find_objects(labels)[0])
    factor = 2 * conduit_hydraulic_size_factor(crop)
    assert factor == pytest.approx(conductance(section) / 4, rel=1e-4)


def test_turning_mirroring_and_swapping_change_nothing():
    crop = two_balls().astype(np.uint8)
    swapped = np.array([0, 2, 1], np.uint8)[crop]
    turned = [crop, swapped, crop[::-1], crop[:, ::-1, ::-1], crop.transpose(2, 0, 1), crop.T]
    factors = conduit_hydraulic_size_factors([np.ascontiguousarray(c) for c in turned])
    assert factors == pytest.approx(factors[0], rel=1e-4)


def test_a_narrower_throat_carries_less():
    labels = two_balls()
    free = hydraulic_size_factors(labels, PAIR)[0]
    at = np.indices(labels.shape)
    near_throat = abs(at[0] - 15) < 2
    labels[near_throat & ((at[1] - 9) ** 2 + (at[2] - 9) ** 2 > 9)] = 0
    narrow = hydraulic_size_factors(labels, PAIR)[0]
    assert 0 < narrow < 0.5 * free
    # a hole of radius 3 in a plate of 3 voxels: Sampson's r³/3 in series with Poiseuille's law
    assert narrow == pytest.approx(1 / (3 / 27 + 8 * 3 / (np.pi * 81)), rel=0.2)


def test_scales_with_voxel_size_cubed():
    labels = pipe(disc(3), 6, 6)
    one = hydraulic_size_factors(labels, PAIR)
    assert hydraulic_size_factors(labels, PAIR, voxel_size=1e-6) == pytest.approx(1e-18 * one)


def test_slot_in_2d():
    labels = np.zeros((12, 9), dtype=int)
    labels[:6, 2:7], labels[6:, 2:7] = 1, 2
    assert hydraulic_size_factors(labels, PAIR) == pytest.approx(5**3 / 12 / 6, rel=1e-4)


def test_single_voxels():
    # a square channel of one voxel; on so coarse a grid the flow is right within a fifth
    assert hydraulic_size_factors(np.array([[[1]], [[2]]]), PAIR) == pytest.approx(
        0.0351443, rel=0.2
    )


def test_regions_without_a_common_face():
    labels = np.zeros((9, 5, 5), dtype=int)
    labels[:4], labels[5:] = 1, 2
    assert hydraulic_size_factors(labels, PAIR) == [0]


def test_pieces_that_lie_apart_do_not_count():
    labels = np.pad(pipe(disc(3), 6, 6), ((0, 4), (0, 4), (0, 0)))
    whole = hydraulic_size_factors(labels, PAIR)
    labels[-2:, -2:] = 1
    assert hydraulic_size_factors(labels, PAIR) == pytest.approx(whole)


def test_threads_change_no_bit():
    labels = np.pad(two_balls(), 1)
    labels = np.concatenate([labels, np.where(labels, labels + 2, 0)[::-1]])
    conns = np.array([[0, 1], [2, 3]])
    one = hydraulic_size_factors(labels, conns, workers=1)
    assert (hydraulic_size_factors(labels, conns, workers=2) == one).all()
    assert one[0] == pytest.approx(one[1], rel=1e-4)


def test_no_conns():
    assert hydraulic_size_factors(two_balls(), np.empty((0, 2), int)).shape == (0,)


@pytest.mark.parametrize(
    ("conns", "given", "rule"),
    [
        ([[0, 2]], {}, "conns"),
        ([[0, 1]], {"voxel_size": 0.0}, "voxel size"),
        ([[0, 1]], {"voxel_size": [1e-6, 2e-6, 1e-6]}, "anisotropic"),
        ([[0, 1]], {"workers": 0}, "workers"),
        ([[0, 1]], {"walls": "rough"}, "walls"),
    ],
)
def test_bad_input(conns, given, rule):
    with pytest.raises(InputError, match=rule):
        hydraulic_size_factors(two_balls(), np.array(conns), **given)


def test_crop_without_both_labels():
    with pytest.raises(InputError, match="labels 1 and 2"):
        conduit_hydraulic_size_factor(np.ones((3, 3, 3), np.uint8))


def test_public_name():
    assert poreops.hydraulic_size_factors is hydraulic_size_factors


def unresolved():
    """23 voxels whose middles lie within a voxel of the throat: the reservoirs meet there."""
    labels = np.zeros((3, 5, 7), int)
    for label, places in (
        (1, "016 031 032 041 042 133 141 142 143"),
        (2, "006 015 113 114 115 123 130 131 132 140 231 232 241 242"),
    ):
        for place in places.split():
            labels[tuple(map(int, place))] = label
    return labels


@pytest.mark.parametrize(("walls", "fine"), [("smooth", 6.19), ("stepped", 5.26)])
def test_a_conduit_too_coarse_for_its_reservoirs_is_split(walls, fine):
    labels = unresolved()
    assert hydraulic_size_factors(labels, PAIR, walls=walls) == pytest.approx(fine, abs=0.01)
    four = labels.repeat(4, 0).repeat(4, 1).repeat(4, 2)
    assert hydraulic_size_factors(four, PAIR, walls=walls) / 64 == pytest.approx(fine, abs=0.01)


def test_one_conduit_without_a_solution_costs_the_others_nothing(monkeypatch):
    monkeypatch.setattr(hydraulic, "MOST_PARTS", 1)  # leave it unsplit
    labels = np.zeros((20, 9, 9), int)
    labels[:6, 1:5, 1:5], labels[6:12, 1:5, 1:5] = 1, 2
    labels[14:17, 1:6, 1:8] = np.where(unresolved(), unresolved() + 2, 0)
    conns = np.array([[0, 1], [2, 3]])
    message = (
        r"^1 of 2 conduits did not settle, their size factors are NaN: conduit 1 "
        r"\(labels 3 and 4\): the middles of both regions lie on their throat"
    )
    with pytest.warns(UnsettledWarning, match=message):
        found = hydraulic_size_factors(labels, conns)
    assert np.isnan(found[1])
    assert found[0] == hydraulic_size_factors(labels, conns[:1])[0]


def test_regions_that_wind_through_each_other_have_no_size_factor():
    labels = np.full((2, 3, 6), 2, np.int32)
    labels[0, 0, :2] = labels[1, 1, 3] = 1
    with pytest.warns(UnsettledWarning, match="between their middles the pressure does not fall"):
        assert np.isnan(hydraulic_size_factors(labels, PAIR)).all()
