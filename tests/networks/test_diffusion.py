"""Networks obey the series, parallel and symmetry laws of diffusion exactly."""

import math

import numpy as np
import openpnm
import porespy
import pytest
from prisms import VOXEL, PrismModel, prism, regions_of

from poreops.conduits.methods import METHODS
from poreops.errors import InputError
from poreops.networks.network import build_network, network_of_regions
from poreops.solvers.diffusion.bulk import formation_factor


@pytest.mark.parametrize("lengths", [(4, 4), (3, 8, 5), (1, 2, 3, 4, 5)])
def test_regions_of_a_prism_in_series_add_up_to_it(lengths):
    labels = prism(lengths)
    found = network_of_regions(regions_of(labels), VOXEL, "model", PrismModel())
    along = found.formation_factor("x")
    porosity = np.count_nonzero(labels) / labels.size
    assert along.formation_factor == pytest.approx(1 / porosity, rel=1e-12)
    assert along.tortuosity == pytest.approx(1, rel=1e-12)
    assert along.effective_diffusivity == pytest.approx(porosity, rel=1e-12)
    assert along.porosity == porosity
    for axis in ("y", "z"):
        across = found.formation_factor(axis)
        assert not across.percolates
        assert math.isinf(across.formation_factor)
        assert math.isinf(across.tortuosity)
        assert across.effective_diffusivity == 0


def test_prisms_in_parallel_add_their_areas():
    one, other = prism((4, 8)), prism((5, 4, 3), width=4)
    labels = np.concatenate([one, np.where(other > 0, other + 2, 0)], axis=1)
    found = network_of_regions(regions_of(labels), VOXEL, "model", PrismModel())
    porosity = np.count_nonzero(labels) / labels.size
    assert found.formation_factor(0).formation_factor == pytest.approx(1 / porosity, rel=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_each_method_is_one_resistance_a_conduit(method):
    # equal cubes: each conduit, and twice each half conduit at the ends, is the same
    cubes = [regions_of(prism((5,) * count, width=5, shape=(7, 9))) for count in (2, 3, 6)]
    found = [
        network_of_regions(c, VOXEL, method, PrismModel() if method == "model" else None)
        for c in cubes
    ]
    factors = [n.formation_factor("x").formation_factor for n in found]
    # PoreSpy measures a throat at a voxel of the second region, half a voxel past its plane
    tolerance = 1e-7 if method in {"dns", "model"} else 0.01
    assert factors == pytest.approx([factors[0]] * 3, rel=tolerance)
    # F = (A/L)/S for one conduit of the period
    expected = 7 * 9 / 5 * VOXEL / found[0].size_factors[0]
    assert factors[0] == pytest.approx(expected, rel=tolerance)


def test_two_dimensional_prism():
    labels = np.zeros((9, 5), dtype=np.int32)
    labels[:4, 1:4], labels[4:, 1:4] = 1, 2
    found = network_of_regions(regions_of(labels), VOXEL, "model", PrismModel())
    assert found.formation_factor("x").formation_factor == pytest.approx(5 / 3, rel=1e-12)
    assert not found.formation_factor("y").percolates
    with pytest.raises(
        InputError, match=r"axis must be one of x, y or 0\.\.1 for a 2D image, got 'z'"
    ):
        found.formation_factor("z")
    for method in ("geometry", "shape-factor"):
        with pytest.raises(InputError, match="got a 2D image"):
            network_of_regions(regions_of(labels), VOXEL, method)


def test_two_dimensional_image_close_to_the_full_solution():
    im = porespy.generators.overlapping_spheres((150, 150), r=8, porosity=0.75, seed=4)
    found = build_network(im, VOXEL)
    for axis in (0, 1):
        exact = formation_factor(im, axis).formation_factor
        assert found.formation_factor(axis).formation_factor == pytest.approx(exact, rel=0.2)


def test_dns_network_close_to_the_full_solution(rock, dns):
    for axis in range(3):
        exact = formation_factor(rock, axis).formation_factor
        assert dns.formation_factor(axis).formation_factor == pytest.approx(exact, rel=0.15)


def test_axis_order_and_flips_change_nothing(rock, dns):
    labels = dns.regions.labels
    expected = [dns.formation_factor(axis).formation_factor for axis in range(3)]
    turned = network_of_regions(regions_of(np.flip(labels.transpose(2, 0, 1), axis=1)), VOXEL)
    found = [turned.formation_factor(axis).formation_factor for axis in (1, 2, 0)]
    assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("method", ["dns", "geometry", "shape_factor"])
def test_voxel_size_scales_size_factors_and_not_the_formation_factor(dns, method):
    small = network_of_regions(dns.regions, VOXEL, method)
    large = network_of_regions(dns.regions, 7 * VOXEL, method)
    assert large.size_factors == pytest.approx(7 * small.size_factors, rel=1e-12)
    assert large.formation_factor("y").formation_factor == pytest.approx(
        small.formation_factor("y").formation_factor, rel=1e-9
    )


def test_openpnm_solves_on_the_network_as_it_is(dns):
    network = dns.openpnm
    phase = openpnm.phase.Phase(network=network)
    phase["pore.diffusivity"] = phase["throat.diffusivity"] = 2e-9
    phase.add_model(
        propname="throat.diffusive_conductance",
        model=openpnm.models.physics.diffusive_conductance.generic_diffusive,
    )
    for axis, name in enumerate("xyz"):
        fick = openpnm.algorithms.FickianDiffusion(network=network, phase=phase)
        fick.set_value_BC(pores=network.pores(f"{name}min"), values=3.0)
        fick.set_value_BC(pores=network.pores(f"{name}max"), values=1.0)
        fick.run()
        rate = fick.rate(pores=network.pores(f"{name}min"))[0]
        shape = np.array(dns.regions.labels.shape) * VOXEL
        area, length = np.delete(shape, axis).prod(), shape[axis]
        effective = rate * length / (area * 2.0)
        expected = dns.formation_factor(name).formation_factor
        assert 2e-9 / effective == pytest.approx(expected, rel=1e-9)
