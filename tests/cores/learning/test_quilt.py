"""Quilted cores go on as the texture does, without a seam, and come near to their goal."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from tiny.cores import quilted, quilting

from poreops.cores.features.structure import Segmentation, smoothed
from poreops.cores.learning.pieces import Library
from poreops.cores.learning.quilt import NATURAL, STATED, beyond_seam, quilt, rows_of

RNG = np.random.default_rng(0)


def drawn(library, count, size, goal=(0.05, 0.0), seed=3, steering=NATURAL):
    rows = rows_of(library, size)
    draws = np.random.default_rng(seed).random((count, rows, rows))
    return quilt(library, size, np.tile(goal, (count, 1)), draws, steering)


def test_a_periodic_texture_is_reproduced():
    """With all phases among the pieces, what fits best fits without error."""
    rows, columns = np.indices((64, 64)) * 2 * np.pi / 8
    image = np.rint(120 + 40 * np.sin(rows) + 30 * np.cos(columns)).astype(np.uint8)[None]
    config = quilting(piece=16, overlap=8, pieces=800, choices=1, mirror=False)
    library = Library.cut(image, config, Segmentation(60.0, 200.0, 0.0), seed=2)
    found = drawn(library, 3, 90).greys
    np.testing.assert_array_equal(found[:, 8:], found[:, :-8])
    np.testing.assert_array_equal(found[:, :, 8:], found[:, :, :-8])
    assert set(np.unique(found)) == set(np.unique(image))


def test_the_seam_is_the_cheapest_way_down():
    difference = RNG.integers(0, 50, (4, 5, 4)).astype(np.float32)
    for one, mask in zip(difference, beyond_seam(difference), strict=True):
        seam = mask.argmax(axis=1)
        ways = [
            way
            for way in itertools.product(range(4), repeat=5)
            if all(abs(a - b) <= 1 for a, b in itertools.pairwise(way))
        ]
        costs = {way: one[np.arange(5), way].sum() for way in ways}
        assert costs[tuple(seam)] == min(costs.values())
        assert (mask == (np.arange(4) >= seam[:, None])).all()


def steps_by_place(library, greys):
    """Mean squared step from column to column: where pieces overlap, over that within them."""
    step, overlap = library.config.step, library.config.overlap
    squares = ((greys[:, :, 1:].astype(float) - greys[:, :, :-1]) ** 2).mean(axis=(0, 1))
    place = np.arange(1, greys.shape[2])
    joint = (place % step < overlap) & (place >= step)
    return squares[joint].mean() / squares[~joint].mean()


def test_seams_are_no_rougher_than_the_rock():
    chosen = quilted(64, piece=24, overlap=8, pieces=4000, choices=4).library
    assert steps_by_place(chosen, drawn(chosen, 30, 120).greys) == pytest.approx(1, abs=0.06)
    # any piece beside any other, without a choice: that is seen
    blind = quilted(64, piece=24, overlap=8, pieces=4000, choices=3999).library
    butted = drawn(blind, 30, 120)
    pieces = blind.greys[butted.chosen][..., :16, :16]
    laid = pieces.swapaxes(2, 3).reshape(30, butted.chosen.shape[1] * 16, -1)
    jumps = ((laid[:, :, 1:].astype(float) - laid[:, :, :-1]) ** 2).mean(axis=(0, 1))
    assert jumps[15::16].mean() > 1.3 * np.delete(jumps, np.s_[15::16]).mean()


def test_a_core_depends_on_its_own_draws_only():
    library = quilted().library
    many, one = drawn(library, 5, 60), drawn(library, 1, 60)
    np.testing.assert_array_equal(many.greys[:1], one.greys)
    assert (many.greys[1] != many.greys[0]).any()
    assert many.greys.shape == many.labels.shape == (5, 60, 60)


def test_every_pixel_is_one_of_a_piece():
    """Hard seams: nothing is blended, so that noise keeps its strength."""
    library = quilted().library
    found = drawn(library, 1, 12)
    np.testing.assert_array_equal(found.greys[0], library.greys[found.chosen[0, 0, 0]])
    assert set(np.unique(drawn(library, 4, 60).greys)) <= set(np.unique(library.greys))


@pytest.mark.parametrize("goal", [0.04, 0.08, 0.14])
def test_cores_come_near_to_the_porosity_that_is_their_goal(goal):
    library = quilted(64, piece=16, overlap=6, pieces=3000, choices=6).library
    labels = drawn(library, 20, 128, (goal, 0.01), steering=STATED).labels == 1
    shares = labels.mean(axis=(1, 2))
    assert shares.mean() == pytest.approx(goal, rel=0.25)
    assert shares.std() < 0.3 * goal
    # what is missing does not crowd the last rows
    quarters = labels.reshape(20, 4, 32, 128).mean(axis=(0, 2, 3))
    assert quarters[3] < 1.4 * goal


def test_rare_ores_come_as_their_goals_say_where_they_are_led_firmly():
    """Few pieces have ores, and few of those fit: by weights as of pores too few are drawn."""
    library = quilted(64, piece=16, overlap=6, pieces=3000, choices=6).library
    brightest = float(np.quantile(smoothed(library.sources, 1.5), 0.996))
    rarer = replace(library, segmentation=replace(library.segmentation, ore_above=brightest))
    goals = np.repeat(rarer.law_of_shares, 2, axis=0)
    rows = rows_of(rarer, 64)
    draws = np.random.default_rng(3).random((len(goals), rows, rows))
    firm, as_pores = (
        (quilt(rarer, 64, goals, draws, steering).labels == 2).mean(axis=(1, 2))
        for steering in (replace(NATURAL, firm=True), NATURAL)
    )
    wanted = goals[:, 1]
    assert abs(firm.mean() - wanted.mean()) < 0.8 * abs(as_pores.mean() - wanted.mean())
    assert np.corrcoef(firm, wanted)[0, 1] > np.corrcoef(as_pores, wanted)[0, 1] + 0.15


def test_pieces_are_windows_of_the_crops_as_they_are_or_mirrored():
    library = quilted().library
    for number in range(8):
        crop, row, column, mirror = library.places[number]
        window = library.sources[crop, row : row + 12, column : column + 12]
        turned = (window, window[::-1], window[:, ::-1], window[::-1, ::-1])[mirror]
        np.testing.assert_array_equal(library.greys[number], turned)
    assert set(library.places[:, 3]) == {0, 1, 2, 3}
    assert set(quilted(mirror=False).library.places[:, 3]) == {0}
