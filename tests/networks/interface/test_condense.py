"""A pore condensed onto its ports is the Schur complement of its voxels' conductances."""

import numpy as np
import pytest

from poreops.networks.interface.condense import complement, condense, eliminate
from poreops.networks.interface.modes import flux_modes, orthonormal, potential_modes
from poreops.networks.interface.ports import cut_blocks, find_patches


def laplacian(neighbour):
    matrix = np.zeros((len(neighbour),) * 2)
    for column in neighbour.T:
        near = np.flatnonzero(column >= 0)
        matrix[near, column[near]] -= 1
    return matrix - np.diag(matrix.sum(axis=1))


def schur(matrix, gone):
    kept = ~gone
    inner = np.linalg.solve(matrix[np.ix_(gone, gone)], matrix[np.ix_(gone, kept)])
    return matrix[np.ix_(kept, kept)] - matrix[np.ix_(kept, gone)] @ inner


@pytest.mark.parametrize(("size", "count"), [(5, 5), (37, 3), (90, 41), (330, 77)])
def test_elimination_leaves_the_schur_complement(size, count):
    half = np.random.default_rng(size).normal(size=(size, size))
    matrix = half @ half.T + size * np.eye(size)
    front = np.triu(matrix)
    left = np.triu(complement(front.copy(), count))
    eliminate(front, count)
    np.testing.assert_array_equal(left, np.triu(front[count:, count:]))
    gone = np.arange(size) < count
    factor = np.linalg.cholesky(matrix[:count, :count]).T
    np.testing.assert_allclose(np.triu(front[:count, :count]), factor, atol=1e-10)
    np.testing.assert_allclose(
        np.triu(front[count:, count:]), np.triu(schur(matrix, gone)), atol=1e-9
    )


def test_condensing_a_pore_eliminates_its_voxels():
    blob = ((np.indices((14, 10, 12)) - 5) ** 2).sum(axis=0) <= 30
    blocks, _ = cut_blocks(blob.astype(np.int32))
    n, x = len(blocks.place), blocks.place[:, 0]
    ports = np.random.default_rng(1).random(n) < 0.05
    nothing = np.zeros((n, 2))
    # at no terminal, at both ends, at one terminal with a potential of its own at each face
    lost = 2.0 * np.stack([nothing[:, 0], (x == 0) | (x == 10), x == 10])
    tilted = np.stack([nothing[:, 0], blocks.place[:, 1] * (x == 10)], axis=1)
    links = 2.0 * np.stack([nothing, np.stack([x == 0, x == 10], axis=1), tilted])
    corner = np.stack([np.diag(case.sum(axis=0)) for case in links])
    found = condense(blocks.place, blocks.neighbour, ports, lost, links, corner)
    for case, condensed in enumerate(found):
        joined = np.zeros((n + 2,) * 2)
        joined[:-2, :-2] = laplacian(blocks.neighbour) + np.diag(lost[case])
        joined[:-2, -2:] = -links[case]
        joined[-2:, :-2] = joined[:-2, -2:].T
        joined[-2:, -2:] = corner[case]
        expected = schur(joined, np.append(~ports, [False, False]))
        np.testing.assert_allclose(np.triu(condensed), np.triu(expected), atol=1e-12)


def test_modes_hold_linear_potentials_and_uniform_fluxes():
    x, y, z = np.indices((9, 7, 6))
    labels = np.where(2 * x + y - z > 9, 2, 1).astype(np.int32)
    blocks, number = cut_blocks(labels)
    patches = find_patches(blocks, number, np.array([[0, 1]]))
    assert len(patches) == 1
    assert set(patches.axis) == {0, 1, 2}
    potential = potential_modes(patches.centre, 1)
    flux = flux_modes(patches.centre, patches.axis, patches.sign, 1)
    for modes in (potential, flux):
        np.testing.assert_allclose(modes.T @ modes, np.eye(modes.shape[1]), atol=1e-12)
        np.testing.assert_allclose(modes[:, 0], modes[0, 0])
    linear = patches.centre @ [0.3, -1.0, 2.0] + 4
    uniform = np.array([0.3, -1.0, 2.0])[patches.axis] * patches.sign
    for field, modes in ((linear, potential), (uniform, flux)):
        np.testing.assert_allclose(modes @ (modes.T @ field), field, atol=1e-10)
    assert np.abs(linear - flux @ (flux.T @ linear)).max() > 0.1


def test_faces_that_share_no_edge_are_patches_of_their_own():
    labels = np.ones((6, 9, 2), dtype=np.int32)
    labels[3:] = 2
    labels[2:4, 4] = 0
    blocks, number = cut_blocks(labels)
    patches = find_patches(blocks, number, np.array([[0, 1]]))
    assert np.diff(patches.start).tolist() == [8, 8]
    assert patches.throat.tolist() == [0, 0]


def test_large_and_loose_regions_become_blocks():
    labels = np.zeros((20, 6, 6), dtype=np.int32)
    labels[:12, 1:5, 1:5] = 1
    labels[14:, 2:4, 2:4] = 1
    blocks, number = cut_blocks(labels, 40)
    sizes = np.diff(blocks.start)
    assert sizes.sum() == np.count_nonzero(labels) == np.count_nonzero(number >= 0)
    assert sizes.max() <= 40
    assert (blocks.region == 0).all()
    assert len(find_patches(blocks, number, np.zeros((0, 2), int))) > 0


def test_dependent_columns_are_left_out():
    columns = np.array([[1.0, 2.0, 0.0], [1.0, 2.0, 1.0], [1.0, 2.0, 5.0]])
    assert orthonormal(columns).shape == (3, 2)
