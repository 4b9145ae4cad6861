"""What a drainage leaves conducts as the voxels that are left do, within the bracket."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from poreops.conduits.partition import partition
from poreops.errors import InputError
from poreops.networks.interface.drainage import classical_with_intervals
from poreops.networks.interface.network import interface_network_of_regions
from poreops.solvers.diffusion.bulk import formation_factor

pytest.importorskip("openpnm")

EXACT = 1e-8


@pytest.fixture(scope="module")
def network():
    noise = gaussian_filter(np.random.default_rng(2).normal(size=(44, 40, 36)), 2)
    im = noise > np.quantile(noise, 0.5)  # about a hundred pores
    return interface_network_of_regions(partition(im), 2e-6, rtol=0.03)


@pytest.fixture(scope="module")
def drained(network):
    return network.drainage("zmin", points=5)


def test_dns_of_the_voxels_that_are_left_lies_in_the_bracket(network, drained):
    labels = network.regions.labels
    conducting = 0
    full = [formation_factor(labels > 0, a, tolerance=1e-10).formation_factor for a in range(3)]
    for state, pressure in enumerate(drained.pressure):
        invaded = np.flatnonzero(drained.invasion_pressure <= pressure) + 1
        left = (labels > 0) & ~np.isin(labels, invaded)
        assert left.sum() / (labels > 0).sum() == pytest.approx(drained.saturation[state])
        for axis in range(3):
            factor = formation_factor(left, axis, tolerance=1e-10).formation_factor
            exact = 1 / factor
            low, middle, high = drained.effective(axis)[state]
            assert low <= exact * (1 + EXACT)
            assert exact <= high * (1 + EXACT)
            assert (middle > 0) == np.isfinite(factor)
            low, _, high = drained.relative(axis)[state]
            assert low <= full[axis] * exact * (1 + EXACT)
            assert full[axis] * exact <= high * (1 + EXACT)
            conducting += middle > 0
    assert conducting >= 10  # of at least five states on three axes


def test_states_go_from_full_until_nothing_conducts(drained):
    assert drained.saturation[0] == 1
    assert drained.pressure[0] == 0
    assert (np.diff(drained.saturation) < 0).all()
    assert (np.diff(drained.pressure) > 0).all()
    assert len(drained.pressure) >= 5
    flowing = [any(one.percolates for one in state) for state in drained.along]
    assert flowing == [True] * (len(flowing) - 1) + [False]
    np.testing.assert_array_equal(drained.relative("x")[0], 1)
    upper = np.array([drained.effective(axis)[:, 2] for axis in range(3)])
    assert (np.diff(upper, axis=1) <= 1e-12).all()  # nothing that is taken out helps


def test_the_fluid_comes_from_the_inlet_through_the_widest_throats(network, drained):
    labels = network.regions.labels
    first = drained.pressure[1]
    invaded = np.flatnonzero(drained.invasion_pressure <= first) + 1
    at_inlet = np.isin(invaded, labels[:, :, 0])
    assert at_inlet.any()
    # Washburn's law: all pressures are in proportion to σ cos θ
    other = network.drainage("zmin", points=5, surface_tension=0.144, contact_angle=60)
    np.testing.assert_allclose(other.invasion_pressure, drained.invasion_pressure, rtol=1e-12)
    trapped = network.drainage("zmin", points=5, trapping=True)
    assert (trapped.invasion_pressure >= drained.invasion_pressure).all()


def test_conduits_carry_the_interval_of_their_pores(network, drained):
    intervals = network.pair_size_factors()
    arrays = classical_with_intervals(drained.classical, network.regions.conns, intervals)
    region = arrays["pore.region_label"][arrays["throat.conns"]] - 1
    inner = ~arrays["throat.boundary"]
    pair = {tuple(conn): row for conn, row in zip(network.regions.conns, intervals, strict=True)}
    expected = np.array([pair[tuple(sorted(conn))] for conn in region[inner]])
    for column, name in enumerate(("lower", "upper")):
        found = arrays[f"throat.pair_size_factor_{name}"]
        np.testing.assert_array_equal(found[inner], expected[:, column])
        assert np.isnan(found[~inner]).all()
    assert np.isfinite(expected).mean() > 0.9


def test_a_drainage_is_drawn_saved_and_refused(network, drained, tmp_path):
    pytest.importorskip("matplotlib")
    assert "states down to a saturation" in repr(drained)
    assert drained.plot().get_xlabel() == "saturation of what conducts"
    drained.save(tmp_path / "drained.h5")
    for wrong, words in (
        ({"inlet": "left"}, "inlet must be one of xmin"),
        ({"points": 1}, "points"),
        ({"contact_angle": 90}, "contact angle"),
        ({"surface_tension": 0}, "surface tension"),
    ):
        with pytest.raises(InputError, match=words):
            network.drainage(**wrong)
