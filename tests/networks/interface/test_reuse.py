"""Other boundary values and other pores, from the same local solves, against the voxels."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.sparse import coo_array, diags_array
from scipy.sparse.linalg import spsolve

from poreops.conduits.partition import Regions, partition, touching_pairs
from poreops.errors import InputError
from poreops.networks.interface.network import interface_network_of_regions
from poreops.solvers.diffusion.bulk import formation_factor
from poreops.synthetic.sample import sample_rock

EXACT = 1e-8


@pytest.fixture(scope="module")
def rock():
    return np.ascontiguousarray(sample_rock(40, 0.35, seed=3)[:, :33, :29])


@pytest.fixture(scope="module")
def network(rock):
    return interface_network_of_regions(partition(rock), 2e-6, rtol=0.03)


def regions_of(labels):
    labels = np.ascontiguousarray(labels, dtype=np.int32)
    return Regions(labels, touching_pairs(labels))


def joined(labels, shut=()):
    """Laplacian of the voxels' unit conductances, without the faces between shut pairs."""
    number = np.where(labels > 0, np.cumsum(labels > 0).reshape(labels.shape) - 1, -1)
    rows, columns = [], []
    for axis in range(labels.ndim):
        there = [slice(None)] * labels.ndim, [slice(None)] * labels.ndim
        there[0][axis], there[1][axis] = slice(None, -1), slice(1, None)
        one, two = (number[tuple(each)].ravel() for each in there)
        a, b = (labels[tuple(each)].ravel() for each in there)
        held = (one >= 0) & (two >= 0)
        for p, q in shut:
            held &= ~((np.minimum(a, b) == p) & (np.maximum(a, b) == q))
        rows.append(one[held])
        columns.append(two[held])
    i, j = np.concatenate(rows), np.concatenate(columns)
    size = int(number.max()) + 1
    matrix = coo_array((np.ones(i.size), (i, j)), shape=(size, size)).tocsr()
    matrix = matrix + matrix.T
    return number, (diags_array(np.asarray(matrix.sum(axis=1)).ravel()) - matrix).tocsc()


def energy(number, laplacian, faces, values):
    """Least energy (cases, cases) with values at half-edges of conductance 2 at voxels."""
    loss = np.zeros(laplacian.shape[0])
    source = np.zeros((laplacian.shape[0], values.shape[1]))
    np.add.at(loss, faces, 2.0)
    np.add.at(source, faces, 2 * values)
    # what reaches no held face is grounded: nothing flows there
    ground = 1e-13
    c = spsolve((laplacian + diags_array(loss + ground)).tocsc(), source).reshape(source.shape)
    return 2 * values.T @ values - source.T @ c


def tensor_of_voxels(im):
    number, laplacian = joined(im.astype(int))
    faces, values = [], []
    for axis in range(im.ndim):
        for side, layer in ((0, 0), (1, im.shape[axis] - 1)):
            at = np.argwhere(im & (np.indices(im.shape)[axis] == layer))
            where = at + 0.5 - np.array(im.shape) / 2
            where[:, axis] += side - 0.5
            faces.append(number[tuple(at.T)])
            values.append(where)
    return energy(number, laplacian, np.concatenate(faces), np.concatenate(values)) / im.size


def test_the_tensor_of_the_voxels_lies_between_its_bounds(rock, network):
    exact = tensor_of_voxels(rock)
    found = network.diffusivity_tensor()
    for bound, sign in ((found.upper, 1), (found.lower, -1)):
        np.testing.assert_array_equal(bound, bound.T)
        assert np.linalg.eigvalsh(sign * (bound - exact)).min() >= -1e-12
    assert np.abs(found.tensor - exact).max() < 0.05 * exact.max()
    assert np.abs(exact[0, 1]) > 1e-4  # there is something beside the diagonal
    # sealed sides let through less
    for axis, along in enumerate(network.along):
        assert found.lower[axis, axis] >= 1 / along.upper - 1e-12
    assert "principal" in repr(found)


@pytest.mark.parametrize("shape", [(11, 9, 7), (13, 12)])
def test_with_a_mode_on_each_face_the_tensor_is_the_voxels(shape):
    generator = np.random.default_rng(len(shape))
    im = generator.random(shape) < 0.7
    labels = np.where(im, generator.integers(1, 5, shape), 0)
    network = interface_network_of_regions(regions_of(labels), rtol=None, level=4)
    found = network.diffusivity_tensor()
    exact = tensor_of_voxels(im)
    assert found.tensor.shape == (len(shape),) * 2
    np.testing.assert_allclose(found.lower, exact, atol=1e-9)
    np.testing.assert_allclose(found.upper, exact, atol=1e-9)


def test_the_tensor_of_layers_and_of_oblique_channels():
    x, y, z = np.indices((18, 18, 12))
    plates = interface_network_of_regions(regions_of((z % 4 < 2) * (1 + (x > 8))), rtol=None)
    found = plates.diffusivity_tensor()
    for bound in (found.lower, found.upper):
        np.testing.assert_allclose(bound[:2], [[0.5, 0, 0], [0, 0.5, 0]], atol=1e-10)
        assert bound[2, 2] < 0.5
    slanted = ((x + y) % 6 < 3) * (1 + (z > 5))
    found = interface_network_of_regions(regions_of(slanted), rtol=None).diffusivity_tensor()
    for bound in (found.lower, found.upper):
        assert bound[0, 0] == pytest.approx(bound[1, 1], rel=1e-9)
        assert bound[2, 2] == pytest.approx((slanted > 0).mean(), rel=1e-9)
        assert bound[0, 1] < -0.05
        np.testing.assert_allclose(bound[2, :2], 0, atol=1e-9)
    values, directions = found.principal
    np.testing.assert_allclose(np.abs(directions[:, 0]), [0.5**0.5, 0.5**0.5, 0], atol=1e-6)
    assert values[0] < values[1] < values[2]
    # a flip turns the sign of what is beside the diagonal
    turned = interface_network_of_regions(regions_of(slanted[::-1]), rtol=None)
    np.testing.assert_allclose(
        turned.diffusivity_tensor().upper, found.upper * [[1, -1, 1], [-1, 1, 1], [1, 1, 1]],
        atol=1e-9,
    )  # fmt: skip


def test_without_some_pores_the_rest_is_bracketed(rock, network):
    labels, count = network.regions.labels, network.regions.count
    same = network.without([])
    for one, other in zip(same, network.along, strict=True):
        assert one.lower == pytest.approx(other.lower, rel=1e-10)
        assert one.upper == pytest.approx(other.upper, rel=1e-10)
    gone = np.random.default_rng(4).random(count) < 0.15
    left = rock & ~np.isin(labels, np.flatnonzero(gone) + 1)
    found = network.without(gone)
    assert found == network.without(np.flatnonzero(gone))
    flowing = 0
    for axis, one in enumerate(found):
        exact = formation_factor(left, axis, tolerance=1e-10).formation_factor
        assert one.percolates == np.isfinite(exact)
        assert one.porosity == pytest.approx(left.mean())
        if one.percolates:
            flowing += 1
            assert one.lower <= exact * (1 + EXACT)
            assert one.upper >= exact * (1 - EXACT)
            assert one.lower > network.along[axis].lower
    assert flowing
    assert not any(one.percolates for one in network.without(np.arange(count)))


def test_with_a_mode_on_each_face_what_is_left_is_the_voxels():
    im = np.ascontiguousarray(sample_rock(32, 0.5, seed=5)[:22, :22, :22])
    network = interface_network_of_regions(partition(im), rtol=None, level=4)
    labels, conns = network.regions.labels, network.regions.conns
    gone = np.zeros(network.regions.count, dtype=bool)
    gone[::7] = True
    left = im & ~np.isin(labels, np.flatnonzero(gone) + 1)
    for axis, one in enumerate(network.without(gone)):
        exact = formation_factor(left, axis, tolerance=1e-11).formation_factor
        np.testing.assert_allclose([one.lower, one.upper], exact, rtol=EXACT)
    shut = np.arange(0, len(conns), 6)
    number, laplacian = joined(labels, conns[shut] + 1)
    found = network.without([], shut)[0]
    ends = [number[side][number[side] >= 0] for side in (0, -1)]
    values = np.repeat([1.0, 0.0], [len(each) for each in ends])[:, None]
    exact = 22 / energy(number, laplacian, np.concatenate(ends), values)[0, 0]
    np.testing.assert_allclose([found.lower, found.upper], exact, rtol=1e-6)
    assert found.lower > network.along[0].lower * 1.001


def test_what_is_no_pore_cannot_be_taken_out(network):
    count = network.regions.count
    for wrong in ([count], [-1], [0.5], np.ones(count + 1, bool), [[1]]):
        with pytest.raises(InputError, match=f"pores must be {count} truth values or indices"):
            network.without(wrong)
    with pytest.raises(InputError, match="throats must be"):
        network.without([], [10**6])


def test_the_interval_of_a_pair_holds_its_voxels():
    noise = gaussian_filter(np.random.default_rng(2).normal(size=(32, 30, 28)), 1.5)
    labels = partition(noise > np.quantile(noise, 0.5)).labels
    coarse, whole = (
        interface_network_of_regions(regions_of(labels), rtol=None, level=level)
        for level in (1, 4)
    )
    intervals, narrow = (each.pair_size_factors() for each in (coarse, whole))
    known = np.isfinite(intervals).all(axis=1)
    assert known.sum() > 5
    assert (intervals[known, 0] <= intervals[known, 1] * (1 + EXACT)).all()
    np.testing.assert_allclose(narrow[known, 0], narrow[known, 1], rtol=1e-6, atol=1e-9)
    checked = 0
    inside = np.ones(int(labels.max()) + 1, dtype=bool)
    for side in (0, -1):
        for axis in range(3):
            inside[np.unique(labels.take(side, axis))] = False
    for throat, pair in enumerate(coarse.regions.conns):
        if not known[throat] or not inside[pair + 1].all():
            continue
        exact = conductance_of_pair(labels, *(pair + 1))
        assert intervals[throat, 0] <= exact * (1 + 1e-6)
        assert intervals[throat, 1] >= exact * (1 - 1e-6)
        assert narrow[throat].mean() == pytest.approx(exact, rel=1e-6, abs=1e-9)
        checked += 1
    assert checked


def conductance_of_pair(labels, one, other):
    """Of the voxels, with the faces to other regions held at 1 beside one, at 0 beside other."""
    part = np.where(np.isin(labels, (one, other)), labels, 0)
    number, laplacian = joined(part)
    faces, values = [], []
    for axis in range(3):
        for step in (1, -1):
            beyond = np.roll(labels, -step, axis)
            edge = [slice(None)] * 3
            edge[axis] = -1 if step == 1 else 0
            beyond[tuple(edge)] = 0
            open_ = (part > 0) & (beyond > 0) & ~np.isin(beyond, (one, other))
            faces.append(number[open_])
            values.append((part[open_] == one).astype(float)[:, None])
    return energy(number, laplacian, np.concatenate(faces), np.concatenate(values))[0, 0]
