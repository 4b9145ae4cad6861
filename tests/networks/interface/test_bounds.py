"""An interface network brackets the voxels' own formation factor, and closes in on it."""

import math

import numpy as np
import pytest

import poreops
from poreops.conduits.methods import checked_method
from poreops.conduits.partition import Regions, partition, touching_pairs
from poreops.errors import InputError
from poreops.networks.interface import ports
from poreops.networks.interface.network import (
    interface_network,
    interface_network_of_regions,
    partition_score,
)
from poreops.solvers.diffusion.bulk import formation_factor
from poreops.synthetic.sample import sample_rock

EXACT = 1e-8


@pytest.fixture(scope="module")
def rock():
    return np.ascontiguousarray(sample_rock(40, 0.3, seed=3)[:, :33, :29])


@pytest.fixture(scope="module")
def direct(rock):
    return factors(rock)


def factors(im):
    return [formation_factor(im, a, tolerance=1e-10).formation_factor for a in range(im.ndim)]


def regions_of(labels):
    labels = np.ascontiguousarray(labels, dtype=np.int32)
    return Regions(labels, touching_pairs(labels))


def assert_bracket(network, direct):
    for found, exact in zip(network.along, direct, strict=True):
        if math.isinf(exact):
            assert not found.percolates
            assert found.lower == found.upper == math.inf
        else:
            assert found.lower <= exact * (1 + EXACT)
            assert found.upper >= exact * (1 - EXACT)


def test_bounds_close_in_on_the_voxels_as_modes_are_added(rock, direct):
    regions = partition(rock)
    assert len(regions.conns) > 10
    last = np.zeros(3), np.full(3, np.inf)
    for level in range(5):
        network = interface_network_of_regions(regions, rtol=None, level=level)
        assert_bracket(network, direct)
        lower, upper = (
            np.array([getattr(one, side) for one in network.along]) for side in ("lower", "upper")
        )
        assert (lower >= last[0] * (1 - EXACT)).all()
        assert (upper <= last[1] * (1 + EXACT)).all()
        last = lower, upper
        widths = [one.width for one in network.along]
        if level == 0:
            assert min(widths) > 0.02  # there is something to close
    # every face with a mode of its own: the voxels' equations themselves
    np.testing.assert_allclose(last, [direct, direct], rtol=EXACT)


def test_the_bracket_asked_for_is_met_and_the_gap_is_shared_among_throats(rock, direct):
    coarse, fine = (interface_network(rock, rtol=rtol) for rtol in (0.05, 0.004))
    for network, rtol in ((coarse, 0.05), (fine, 0.004)):
        assert_bracket(network, direct)
        assert max(one.width for one in network.along) <= rtol
        assert network.warnings == ()
        assert (network.gap >= 0).all()
        total = network.gap.sum(axis=0) + network.gap_inside
        np.testing.assert_allclose(total, [one.width for one in network.along], atol=1e-10)
    assert fine.modes.sum() > coarse.modes.sum()
    # more modes where the gap was, not everywhere
    assert (fine.modes == coarse.modes).any()


def test_flips_and_turns_change_nothing(rock):
    regions = partition(rock)
    plain = interface_network_of_regions(regions, rtol=None)
    turned = interface_network_of_regions(
        regions_of(regions.labels[::-1, :, ::-1].transpose(2, 0, 1)), rtol=None
    )
    for axis, after in enumerate((1, 2, 0)):
        one, other = plain.along[axis], turned.along[after]
        assert one.lower == pytest.approx(other.lower, rel=1e-9)
        assert one.upper == pytest.approx(other.upper, rel=1e-9)


def test_the_number_of_threads_changes_no_bit(rock):
    one, two = (interface_network(rock, rtol=0.02, workers=workers) for workers in (1, 2))
    assert one.along == two.along
    np.testing.assert_array_equal(one.gap, two.gap)


def test_a_chain_of_prisms_is_exact_with_one_mode():
    labels = np.zeros((17, 6, 7), dtype=int)
    labels[:, 1:4, 2:6] = np.repeat([1, 2, 3, 4], [2, 5, 9, 1])[:, None, None]
    found = interface_network_of_regions(regions_of(labels), rtol=None, level=0)
    # a prism's F is the section of the image over its own
    assert found.along[0].lower == pytest.approx(42 / 12, rel=1e-12)
    assert found.along[0].upper == pytest.approx(42 / 12, rel=1e-12)
    assert not found.along[1].percolates


def test_a_slanted_throat_is_worse_than_a_straight_one_and_linear_modes_mend_it():
    channel = np.ones((24, 8, 8), dtype=int)
    straight, slanted = channel.copy(), channel.copy()
    straight[12:] = 2
    x, y, _ = np.indices(channel.shape)
    slanted[x + y > 15] = 2

    def width(labels, level):
        network = interface_network_of_regions(regions_of(labels), rtol=None, level=level)
        return network.along[0].width

    assert abs(width(straight, 0)) < 1e-10
    assert width(slanted, 0) > 0.05
    assert abs(width(slanted, 1)) < 1e-10
    scores = [partition_score(regions_of(each), level=0) for each in (straight, slanted)]
    assert scores[0] < scores[1]


def test_the_gap_lies_where_a_throat_is_askew():
    labels = np.ones((40, 8, 8), dtype=int)
    x, y, _ = np.indices(labels.shape)
    labels[6:] = 2
    labels[x + y > 23] = 3
    labels[34:] = 4
    network = interface_network_of_regions(regions_of(labels), rtol=None, level=0)
    assert network.gap[1, 0] > 0.9 * network.along[0].width > 0.04


@pytest.mark.parametrize("shape", [(7, 9), (9, 4, 6), (1, 5, 5), (12, 3, 3)])
def test_any_image_in_any_partition_is_bracketed(shape):
    """Loose pores, dead ends, regions in pieces, throats in patches, axes that are closed."""
    generator = np.random.default_rng(len(shape) * 100 + shape[0])
    for porosity in (0.45, 0.7, 1.0):
        im = generator.random(shape) < porosity
        im.flat[0] = True
        labels = np.where(im, generator.integers(1, 6, shape), 0)
        _, labels = np.unique(labels, return_inverse=True)
        labels = labels.reshape(shape) + (0 if not im.all() else 1)
        long = [axis for axis in range(im.ndim) if shape[axis] >= 3]
        for level in (0, 1, 2):
            network = interface_network_of_regions(regions_of(labels), rtol=None, level=level)
            for axis in long:
                found = network.along[axis]
                exact = formation_factor(im, axis, tolerance=1e-10).formation_factor
                assert found.percolates == math.isfinite(exact)
                if found.percolates:
                    assert found.lower <= exact * (1 + EXACT)
                    assert found.upper >= exact * (1 - EXACT)


def test_one_pore_alone_is_solved_exactly_and_a_large_one_is_cut(monkeypatch):
    ball = ((np.indices((9, 9, 9)) - 4) ** 2).sum(axis=0) <= 26
    whole = interface_network_of_regions(regions_of(ball))
    assert whole.blocks == 1
    np.testing.assert_allclose([one.lower for one in whole.along], factors(ball), rtol=EXACT)
    np.testing.assert_allclose([one.upper for one in whole.along], factors(ball), rtol=EXACT)
    monkeypatch.setattr(ports, "MOST_VOXELS", 150)
    cut = interface_network_of_regions(regions_of(ball), rtol=0.02)
    assert cut.blocks > 2
    assert len(cut.modes) == 0
    assert (cut.gap_inside > 0).all()
    assert_bracket(cut, factors(ball))


def test_a_bracket_needs_a_width_between_0_and_1(rock):
    for rtol in (0, 1, -0.1, float("nan"), "wide"):
        with pytest.raises(InputError, match="rtol"):
            interface_network(rock, rtol=rtol)
    with pytest.raises(InputError, match="axis must be one of x, y, z"):
        interface_network(rock[:12, :12, :12], rtol=None).formation_factor(3)
    with pytest.raises(InputError, match="interface_network"):
        checked_method("interface", None, 3)
    with pytest.raises(InputError, match="pores"):
        interface_network(np.zeros((5, 5, 5), dtype=bool))


def test_a_network_shows_draws_and_saves_itself(rock, tmp_path):
    network = poreops.interface_network(rock, 2e-6, rtol=0.05)
    assert "throats" in repr(network)
    assert "for certain" in repr(network.formation_factor("x"))
    network.save(tmp_path / "network.h5")
    pytest.importorskip("matplotlib")
    assert network.plot().get_title().endswith(f"{len(network.modes)} throats")
