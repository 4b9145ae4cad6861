"""An interface network brackets the voxels' own permeability, and closes in on it."""

import warnings

import numpy as np
import pytest
from scipy.sparse import block_array, csr_array
from scipy.sparse.linalg import spsolve

import poreops
from poreops.conduits.partition import Regions, partition, touching_pairs
from poreops.errors import InputError
from poreops.networks.interface.flow import network as flow_network
from poreops.networks.interface.flow.network import interface_flow, interface_flow_of_regions
from poreops.networks.interface.flow.tractions import ALL
from poreops.solvers.stokes.flow_domain import REFLECTED, flowing_pores, padded_box
from poreops.solvers.stokes.gap_width import UnderResolvedWarning
from poreops.solvers.stokes.permeability import permeability
from poreops.solvers.stokes.staggered import EDGE_FRICTION, discretise
from poreops.synthetic.sample import sample_rock

EXACT = 1e-8


def directly(im, axis, walls="stepped"):
    """Permeability [voxel²] of a 3D image by sparse elimination of the voxels' equations."""
    flowing = flowing_pores(im, axis, REFLECTED)
    if not flowing.any():
        return 0.0
    box = padded_box(flowing, axis, REFLECTED, 3)
    flow = discretise(box, (False,) * 3, EDGE_FRICTION[walls])
    start, column, weight, diagonal = (np.asarray(part) for part in flow.friction[:4])
    n, cells = diagonal.size, len(flow.place)
    rubbing = csr_array((weight.astype(float), column, start), shape=(n, n))
    friction = csr_array((diagonal.astype(float), (np.arange(n),) * 2)) - rubbing
    face, side = np.nonzero(flow.cells < cells)
    value = np.where(side == 0, -1.0, 1.0)
    gradient = csr_array((value, (face, flow.cells[face, side])), shape=(n, cells))
    matrix = block_array([[friction, gradient], [gradient.T, None]]).tocsc()
    force = flow.inflow.astype(float)
    velocity = spsolve(matrix, np.append(force, np.zeros(cells)))[:n]
    return float(force @ velocity) * im.shape[axis] ** 2 / im.size


def solved(im, axis):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnderResolvedWarning)
        return permeability(im, axis, tolerance=1e-6).permeability


@pytest.fixture(scope="module")
def rock():
    return np.ascontiguousarray(sample_rock(32, 0.45, seed=3)[:16, :14, :13])


@pytest.fixture(scope="module")
def direct(rock):
    return np.array([directly(rock, axis) for axis in range(3)])


def regions_of(labels):
    labels = np.ascontiguousarray(labels, dtype=np.int32)
    return Regions(labels, touching_pairs(labels))


def ends(network):
    return np.array([[one.lower, one.upper] for one in network.along]).T


def test_bounds_close_in_on_the_voxels_as_modes_are_added(rock, direct):
    regions = partition(rock, r_max=2)
    assert len(regions.conns) > 5
    lower, upper = [], []
    for level in range(4):
        low, high = ends(interface_flow_of_regions(regions, rtol=None, level=level))
        assert (low <= direct * (1 + EXACT)).all()
        assert (high >= direct * (1 - EXACT)).all()
        lower.append(low)
        upper.append(high)
    assert (np.diff(upper, axis=0) <= EXACT * direct).all()
    # the lower bound is that of a mean, which theory lets fall; here it does not
    assert (np.diff(lower, axis=0) >= -EXACT * direct).all()
    assert (upper[0] > 1.02 * lower[0]).all()  # there is something to close


def test_the_bracket_is_that_of_the_solver_of_images(rock, direct):
    for axis in range(3):
        assert solved(rock, axis) == pytest.approx(direct[axis], rel=1e-6)


def test_the_bracket_asked_for_is_met_and_the_gap_is_shared_among_throats(rock, direct):
    coarse, fine = (interface_flow(rock, rtol=rtol, r_max=2) for rtol in (0.1, 0.03))
    for network, rtol in ((coarse, 0.1), (fine, 0.03)):
        low, high = ends(network)
        assert (low <= direct * (1 + EXACT)).all()
        assert (high >= direct * (1 - EXACT)).all()
        assert max(one.width for one in network.along) <= rtol
        assert network.warnings == ()
        assert (network.gap >= 0).all()
        total = network.gap.sum(axis=0) + network.gap_inside
        np.testing.assert_allclose(total, [one.width for one in network.along], atol=1e-9)
    assert fine.modes.sum() > coarse.modes.sum()


def test_flips_and_turns_change_nothing(rock):
    regions = partition(rock, r_max=2)
    plain = ends(interface_flow_of_regions(regions, rtol=None))
    turned = regions_of(regions.labels[::-1, :, ::-1].transpose(2, 0, 1))
    again = ends(interface_flow_of_regions(turned, rtol=None))
    np.testing.assert_allclose(again[:, [1, 2, 0]], plain, rtol=1e-8)


def test_a_chain_of_prisms_is_exact_with_a_uniform_pressure():
    labels = np.zeros((17, 6, 7), dtype=int)
    labels[:, 1:4, 2:6] = np.repeat([1, 2, 3, 4], [2, 5, 9, 1])[:, None, None]
    found = interface_flow_of_regions(regions_of(labels), rtol=None, level=0)
    exact = directly(labels > 0, 0)
    assert found.along[0].lower == pytest.approx(exact, rel=EXACT)
    assert found.along[0].upper == pytest.approx(exact, rel=EXACT)
    assert not found.along[1].percolates


def test_a_slanted_throat_is_worse_than_a_straight_one():
    channel = np.zeros((20, 8, 8), dtype=int)
    channel[:, 1:7, 1:7] = 1
    straight, slanted = channel.copy(), channel.copy()
    x, y, _ = np.indices(channel.shape)
    straight[(x > 9) & (channel > 0)] = 2
    slanted[(x + y > 13) & (channel > 0)] = 2

    def width(labels, level):
        found = interface_flow_of_regions(regions_of(labels), rtol=None, level=level)
        return found.along[0].width

    assert width(straight, 0) < EXACT
    assert width(slanted, 0) > 0.02
    assert width(slanted, 3) < width(slanted, 1) < width(slanted, 0)


@pytest.mark.parametrize("shape", [(5, 3, 3), (4, 5, 3)])
@pytest.mark.parametrize("walls", ["stepped", "smooth"])
def test_any_image_in_any_partition_is_bracketed(shape, walls):
    """Loose pores, dead ends, regions in pieces, blocks without walls, three at an edge."""
    generator = np.random.default_rng(sum(shape))
    for porosity in (0.6, 0.95):
        im = generator.random(shape) < porosity
        im.flat[0], im.flat[-1] = True, False
        labels = np.where(im, generator.integers(1, 5, shape), 0)
        labels = np.unique(labels, return_inverse=True)[1].reshape(shape)
        for level in (0, 1, ALL):
            network = interface_flow_of_regions(
                regions_of(labels), rtol=None, level=level, walls=walls
            )
            for axis, found in enumerate(network.along):
                exact = directly(im, axis, walls)
                assert found.percolates == (exact > 0)
                assert found.lower <= exact * (1 + EXACT)
                assert found.upper >= exact * (1 - EXACT)
                if level == ALL:  # each velocity with a mode of its own: the voxels' equations
                    assert found.lower == pytest.approx(exact, rel=EXACT)
                    assert found.upper == pytest.approx(exact, rel=EXACT)


def test_a_medium_of_two_dimensions_is_bracketed():
    im = sample_rock(32, 0.6, seed=1)[:, :, 10]
    network = interface_flow(im, rtol=0.05, r_max=2)
    for axis in range(2):
        found = network.permeability(axis)
        exact = solved(im, axis)
        assert found.percolates == (exact > 0)
        assert found.lower * (1 - 1e-6) <= exact <= found.upper * (1 + 1e-6)
    assert any(one.percolates for one in network.along)


def test_a_large_pore_is_cut_and_its_inner_blocks_float(monkeypatch):
    slot = np.zeros((4, 5, 18), dtype=int)
    slot[:, :, 1:17] = 1
    monkeypatch.setattr(flow_network, "MOST_VOXELS", 40)
    exact = 16**3 / 12 / 18
    rough, fine = (interface_flow_of_regions(regions_of(slot), rtol=None, level=n) for n in (0, 1))
    assert rough.blocks > 8
    # without shear nothing holds the inner blocks
    assert rough.along[0].lower <= exact * (1 + EXACT)
    assert rough.along[0].upper > 100 * exact
    # between plates pressures are linear and shears uniform on every cut
    assert fine.along[0].lower == pytest.approx(exact, rel=1e-7)
    assert fine.along[0].upper == pytest.approx(exact, rel=1e-7)


def test_what_has_no_permeability_is_refused(rock):
    for rtol in (0, 1, float("nan"), "wide"):
        with pytest.raises(InputError, match="rtol"):
            interface_flow(rock, rtol=rtol)
    with pytest.raises(InputError, match="pores only"):
        interface_flow_of_regions(regions_of(np.ones((4, 4, 4))))
    with pytest.raises(InputError, match="at least 3 voxels"):
        interface_flow(rock[:2])
    with pytest.raises(InputError, match="walls"):
        interface_flow(rock, walls="rough")


def test_a_network_for_flow_shows_draws_and_saves_itself(rock, tmp_path):
    network = poreops.interface_flow(rock, 2e-6, rtol=0.2, r_max=2)
    assert "throats" in repr(network)
    assert "for certain" in repr(network.permeability("x"))
    assert network.permeability("x").permeability_md > 0
    network.save(tmp_path / "network.h5")
    pytest.importorskip("matplotlib")
    assert network.plot().get_title().endswith(f"{len(network.modes)} throats")
