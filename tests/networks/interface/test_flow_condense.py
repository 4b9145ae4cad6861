"""A block of flow condensed onto some velocities is the least friction of the others."""

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from poreops.conduits.image_flow import image_flow
from poreops.networks.interface.flow.condense import condense_flow
from poreops.networks.interface.flow.fronts import eliminate_signed
from poreops.networks.interface.flow.pieces import cut_flow
from poreops.networks.interface.flow.response import Terminals, condensed, held_flow, response
from poreops.networks.interface.flow.tractions import traction_modes
from poreops.networks.interface.ports import cut_blocks, find_patches


@pytest.fixture(scope="module")
def equations():
    """Of two blocks: with the inlet, and with the outlet."""
    pores = np.random.default_rng(2).random((14, 7, 6)) < 0.8
    labels = pores.astype(np.int32)
    labels[7:] *= 2
    pieces = cut(labels)
    sizes = np.diff(pieces.cell_start)
    return [pieces.block(int(number)) for number in np.argsort(-sizes)[:2]]


def cut(labels):
    flow = image_flow(labels, 0, "stepped")
    blocks, number = cut_blocks(labels)
    return cut_flow(flow, blocks, number, find_patches(blocks, number, np.array([[0, 1]])))


def least_friction(equations, kept, given):
    """By the equations of all velocities and pressures, dense."""
    friction, gradient = equations.friction.toarray(), equations.gradient.toarray()
    free = ~kept
    n, cells = np.count_nonzero(free), gradient.shape[1]
    matrix = np.zeros((n + cells,) * 2)
    matrix[:n, :n] = friction[np.ix_(free, free)]
    matrix[:n, n:], matrix[n:, :n] = gradient[free], gradient[free].T
    right = np.append(-friction[np.ix_(free, kept)] @ given, -gradient[kept].T @ given)
    found = np.linalg.lstsq(matrix, right, rcond=1e-12)[0]
    assert np.abs(matrix @ found - right).max() < 1e-9  # there is such a flow
    u = np.zeros(len(kept))
    u[kept], u[free] = given, found[:n]
    return u @ friction @ u


@pytest.mark.parametrize("share", [0.0, 0.1, 0.9])
@pytest.mark.parametrize("ends", [True, False])
def test_condensing_leaves_the_least_friction(equations, share, ends):
    generator = np.random.default_rng(5)
    for one in equations:
        assert len(one.force) > 150  # enough to be cut more than once
        at_border = np.diff(one.gradient.indptr) == 1
        kept = generator.random(len(one.force)) < share
        kept[at_border] = ends
        kept[np.flatnonzero(at_border)[:5]] = True
        friction, part = condense_flow(one.friction, one.gradient, one.place, kept)
        np.testing.assert_allclose(friction, friction.T, atol=1e-12)
        assert (part >= 0).all() == ends
        given = generator.normal(size=len(friction))
        flux = np.zeros((len(given), part.max() + 1))
        face, cell = one.gradient[kept].nonzero()
        closed = part[cell] >= 0
        value = one.gradient[kept].toarray()[face, cell]
        np.add.at(flux, (face[closed], part[cell[closed]]), value[closed])
        if closed.any():
            given -= flux @ np.linalg.lstsq(flux.T @ flux, flux.T @ given, rcond=1e-12)[0]
        expected = least_friction(one, kept, given)
        assert given @ friction @ given == pytest.approx(expected, rel=1e-9)


def test_a_block_without_walls_moves_as_a_whole_for_nothing():
    labels = np.zeros((6, 6, 11), dtype=np.int32)
    labels[:, :, 1:10] = 1
    labels[1:5, 1:5, 3:8] = 2
    one = cut(labels).block(1)
    assert not one.wall.any()
    kept = np.diff(one.gradient.indptr) == 1
    kept[::2] = True
    friction, part = condense_flow(one.friction, one.gradient, one.place, kept)
    assert (part >= 0).all()
    component = connected_components(one.friction, directed=False)[1]
    assert component.max() == 2
    for axis in range(3):  # one velocity everywhere along each of the axes
        np.testing.assert_allclose(friction @ (component == axis)[kept], 0, atol=1e-10)
    assert np.linalg.eigvalsh(friction)[0] > -1e-10


def test_the_two_halves_of_a_friction_share_one_unknown():
    labels = np.zeros((8, 8, 8), dtype=np.int32)
    labels[:, 1:7, 1:7] = np.repeat([1, 2], 4)[:, None, None]
    joint = cut(labels).joints[0]
    assert np.count_nonzero(joint.through) == 36
    assert np.count_nonzero(~joint.through) == 2 * 6 * 5
    np.testing.assert_allclose(joint.share, np.where(joint.through, 0, 2))


def test_a_flow_under_tractions_is_the_one_held_at_the_velocities_it_has():
    generator = np.random.default_rng(4)
    pores = generator.random((12, 7, 6)) < 0.85
    rough = np.arange(12)[:, None, None] > 5 + generator.integers(0, 3, (7, 6))
    labels = (pores * (1 + rough)).astype(np.int32)
    blocks, number = cut_blocks(labels)
    pair = find_patches(blocks, number, np.array([[0, 1]])).pair
    pieces = cut(labels)
    free = 0
    for member in pieces.members():
        patches, sides = np.nonzero(pair == member)
        joints = [pieces.joints[patch] for patch in patches]
        modes = [traction_modes(joint, 1) for joint in joints]
        ends = Terminals.of(list(zip(joints, sides.tolist(), modes, strict=True)))
        block = condensed(pieces.block(member), ends)
        answer = response(block, ends)
        assert not len(answer.rigid)
        x = np.append(generator.normal(size=len(answer.matrix) - 1), 1.0)
        rubbed, driven = held_flow(block, (answer.trace @ x)[:, None])
        assert rubbed[0] == pytest.approx(x @ answer.matrix @ x, rel=1e-9)
        assert driven[0] == pytest.approx(answer.matrix[-1] @ x, rel=1e-9, abs=1e-12)
        free += block.free
    assert free > 20  # velocities that rub on more than one at the patches


@pytest.mark.parametrize(
    ("size", "positive", "count"), [(9, 4, 6), (700, 300, 360), (300, 0, 300)]
)
def test_eliminating_leaves_the_schur_complement(size, positive, count):
    """Within a block of rows, beyond a panel and a tile, and with nothing left."""
    generator = np.random.default_rng(1)
    matrix = generator.normal(size=(size, size))
    matrix += matrix.T
    pivots = np.arange(count)
    matrix[pivots, pivots] += np.where(pivots < positive, 4.0, -4.0) * size
    gone, rest = matrix[:count, :count], matrix[count:, count:]
    expected = rest - matrix[count:, :count] @ np.linalg.solve(gone, matrix[:count, count:])
    front = np.triu(matrix)
    eliminate_signed(front, positive, count)
    np.testing.assert_allclose(
        np.triu(front[count:, count:]), np.triu(expected), atol=1e-12 * size, rtol=0
    )
