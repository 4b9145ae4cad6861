"""The quick way to blocks and patches finds those of `ports`."""

import numpy as np
import pytest

from poreops.conduits.partition import partition, touching_pairs
from poreops.networks.interface.large.cut import own_blocks
from poreops.networks.interface.ports import cut_blocks, find_patches
from poreops.synthetic.sample import sample_rock

SHAPE, LOWER = (60, 50, 40), (7, 0, 3)  # of the image, and where the sample lies in it


@pytest.fixture(scope="module")
def labels():
    im = sample_rock(48, 0.35, seed=3)[:, :41, :37]
    found = partition(np.ascontiguousarray(im)).labels
    found[:3, :3, :3] = found[-3:, -3:, -3:] = found.max() + 1  # a region in two parts
    return found


@pytest.mark.parametrize("most", [150, 6000])
def test_all_blocks_and_patches(labels, most):
    found = own_blocks(labels, np.ones(labels.max() + 1, bool), LOWER, SHAPE, most)
    blocks, number = cut_blocks(labels, most)
    patches = find_patches(blocks, number, touching_pairs(labels))
    assert found.own == len(blocks)
    order = np.lexsort(blocks.place[blocks.start[:-1]].T[::-1])
    np.testing.assert_array_equal(found.blocks.region, blocks.region[order])
    assert (np.diff(found.key) > 0).all()
    rank = np.argsort(order)
    for n, old in enumerate(order):
        mine, theirs = (
            slice(*one.start[b : b + 2]) for one, b in ((found.blocks, n), (blocks, old))
        )
        np.testing.assert_array_equal(found.blocks.place[mine], blocks.place[theirs])
        np.testing.assert_array_equal(found.blocks.neighbour[mine], blocks.neighbour[theirs])
    assert len(found.patches) == len(patches)
    # faces as half voxels, blocks by their new numbers
    expected = {}
    for n in range(len(patches)):
        place = 2 * patches.centre[patches.faces(n)].astype(float)
        low = rank[patches.pair[n]]
        expected[tuple(sorted(low)), tuple(map(tuple, place))] = patches.sign[
            patches.faces(n)
        ] * np.sign(low[1] - low[0])
    for n, key in enumerate(found.patch_key):
        faces = found.patches.faces(n)
        first = np.array(np.unravel_index(key // 3, SHAPE)) - LOWER
        place = 2 * (found.patches.centre[faces] + first)
        place[:, key % 3] += 1
        pair = found.patches.pair[n]
        assert pair[0] < pair[1]
        sign = expected.pop((tuple(pair), tuple(map(tuple, place))))
        np.testing.assert_array_equal(found.patches.sign[faces], sign)
        before, behind = found.blocks.place[found.patches.voxel[faces].T]
        np.testing.assert_array_equal(before + behind, place)
    assert not expected
    np.testing.assert_array_equal(found.ends[:, 1, 0], found.blocks.place[:, 1] == 0)
    assert not found.ends[:, 0].any()


def test_some_of_the_regions(labels):
    mine = np.arange(labels.max() + 1) % 3 == 1
    every = own_blocks(labels, np.ones(len(mine), bool), LOWER, SHAPE, 150)
    some = own_blocks(labels, mine, LOWER, SHAPE, 150)
    own = np.flatnonzero(mine[every.blocks.region + 1])
    np.testing.assert_array_equal(some.key[: some.own], every.key[own])
    touching = np.isin(every.patches.pair, own).any(axis=1)
    np.testing.assert_array_equal(some.patch_key, every.patch_key[touching])
    np.testing.assert_array_equal(
        some.key[some.patches.pair], every.key[every.patches.pair[touching]]
    )
    for n, m in enumerate(np.flatnonzero(touching)):
        a, b = some.patches.faces(n), every.patches.faces(m)
        np.testing.assert_array_equal(some.patches.centre[a], every.patches.centre[b])
        np.testing.assert_array_equal(some.patches.sign[a], every.patches.sign[b])
