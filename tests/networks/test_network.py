"""Networks obey series, parallel and symmetry laws exactly, and OpenPNM runs on them."""

import math
import re

import numpy as np
import openpnm
import porespy
import pytest
from reference import sphere_regions

import poreops
from poreops.conduits import diffusive as size_factor_module
from poreops.conduits.diffusive import diffusive_size_factors
from poreops.conduits.hydraulic import hydraulic_size_factors
from poreops.conduits.methods import METHODS, face_contacts
from poreops.conduits.partition import Regions, partition, touching_pairs
from poreops.errors import InputError, NotConvergedError, UnsettledWarning
from poreops.networks import network as network_module
from poreops.networks.conduit_model import diffusive_size_factors_model
from poreops.networks.network import (
    build_network,
    network_of_regions,
)
from poreops.solvers.diffusion.bulk import formation_factor
from poreops.solvers.stokes.permeability import SEALED

VOXEL = 5e-6


class PrismModel:
    """The exact answer for conduits that are prisms: area over distance of the centroids."""

    target = "diffusive"

    def conduit_size_factors(self, crops):
        return np.array([self._prism(crop) for crop in crops])

    def _prism(self, crop):
        first, second = (np.argwhere(crop == label).mean(axis=0) for label in (1, 2))
        axis = int(np.argmax(np.abs(second - first)))
        area = max(np.count_nonzero(layer) for layer in np.moveaxis(crop, axis, 0))
        return area / abs(second - first)[axis]


def _regions(labels):
    labels = np.ascontiguousarray(labels, dtype=np.int32)
    return Regions(labels, touching_pairs(labels))


def _prism(lengths, width=3, shape=(7, 6)):
    """Return a straight channel along x, cut into regions of these lengths."""
    labels = np.zeros((sum(lengths), *shape), dtype=np.int32)
    labels[:, 1 : 1 + width, 2 : 2 + width] = np.repeat(np.arange(len(lengths)) + 1, lengths)[
        :, np.newaxis, np.newaxis
    ]
    return labels


@pytest.fixture(scope="module")
def rock():
    """A sphere pack with regions that touch every face."""
    return porespy.generators.overlapping_spheres((48, 44, 40), r=6, porosity=0.55, seed=2)


@pytest.fixture(scope="module")
def dns(rock):
    return build_network(rock, VOXEL)


@pytest.mark.parametrize("lengths", [(4, 4), (3, 8, 5), (1, 2, 3, 4, 5)])
def test_regions_of_a_prism_in_series_add_up_to_it(lengths):
    labels = _prism(lengths)
    found = network_of_regions(_regions(labels), VOXEL, "model", PrismModel())
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
    one, other = _prism((4, 8)), _prism((5, 4, 3), width=4)
    labels = np.concatenate([one, np.where(other > 0, other + 2, 0)], axis=1)
    found = network_of_regions(_regions(labels), VOXEL, "model", PrismModel())
    porosity = np.count_nonzero(labels) / labels.size
    assert found.formation_factor(0).formation_factor == pytest.approx(1 / porosity, rel=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_each_method_is_one_resistance_a_conduit(method):
    # equal cubes: each conduit, and twice each half conduit at the ends, is the same
    cubes = [_regions(_prism((5,) * count, width=5, shape=(7, 9))) for count in (2, 3, 6)]
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
    found = network_of_regions(_regions(labels), VOXEL, "model", PrismModel())
    assert found.formation_factor("x").formation_factor == pytest.approx(5 / 3, rel=1e-12)
    assert not found.formation_factor("y").percolates
    with pytest.raises(
        InputError, match=r"axis must be one of x, y or 0\.\.1 for a 2D image, got 'z'"
    ):
        found.formation_factor("z")
    for method in ("geometry", "shape-factor"):
        with pytest.raises(InputError, match="got a 2D image"):
            network_of_regions(_regions(labels), VOXEL, method)


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
    turned = network_of_regions(_regions(np.flip(labels.transpose(2, 0, 1), axis=1)), VOXEL)
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


def test_size_factors_are_those_of_the_public_function(dns):
    regions = dns.regions
    expected = diffusive_size_factors(regions.labels, regions.conns, voxel_size=VOXEL)
    np.testing.assert_allclose(dns.size_factors, expected, rtol=1e-9)
    assert poreops.build_network is build_network


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


def test_pores_stand_in_their_regions_and_on_the_faces(rock, dns):
    network = dns.openpnm
    shape = np.array(rock.shape) * VOXEL
    inner, coords = network["pore.internal"], network["pore.coords"]
    assert (coords[inner] > 0).all()
    assert (coords[inner] < shape).all()
    for axis, name in enumerate("xyz"):
        assert (coords[network.pores(f"{name}min"), axis] == 0).all()
        np.testing.assert_allclose(coords[network.pores(f"{name}max"), axis], shape[axis])
    contacts = face_contacts(dns.regions.labels)
    assert network["pore.boundary"].sum() == len(contacts)
    kept = np.unique(network["pore.region_label"])
    volume = np.isin(dns.regions.labels, kept).sum() * VOXEL**3
    assert network["pore.volume"].sum() == pytest.approx(volume)


def test_closed_pores_are_left_out_and_change_nothing(rock, dns):
    labels = dns.regions.labels.copy()
    labels[20:29, 20:29, 20:29] = 0
    opened = network_of_regions(_regions(labels), VOXEL, "geometry")
    closed = dns.regions.count + 1
    labels[23:26, 23:26, 23:25], labels[23:26, 23:26, 25] = closed, closed + 1
    found = network_of_regions(_regions(labels), VOXEL, "geometry")
    assert len(found.size_factors) == len(opened.size_factors) + 1
    assert not np.isin(found.openpnm["pore.region_label"], [closed, closed + 1]).any()
    for axis in "xyz":
        factor, opened_factor = (
            n.formation_factor(axis).formation_factor for n in (found, opened)
        )
        assert factor == pytest.approx(opened_factor, rel=1e-9)


def test_a_network_that_joins_no_faces_is_its_largest_cluster():
    labels = np.zeros((20, 12, 12), dtype=np.int32)
    labels[2:6, 4:8, 4:8], labels[6:10, 4:8, 4:8], labels[10:14, 4:8, 4:8] = 1, 2, 3
    labels[15:17, 4:8, 4:8], labels[17:19, 4:8, 4:8] = 4, 5
    found = network_of_regions(_regions(labels), VOXEL)
    assert found.openpnm["pore.region_label"].tolist() == [1, 2, 3]
    assert len(found.size_factors) == 3
    for axis in "xyz":
        assert not found.formation_factor(axis).percolates


class FlowModel(PrismModel):
    target = "hydraulic"
    walls = "smooth"


def test_a_model_of_flow_drives_flow_and_nothing_else():
    regions = _regions(_prism((3, 4, 5)))
    found = network_of_regions(regions, VOXEL, "model", FlowModel(), transport="flow")
    # three voxels squared over the length of the channel, in voxels³ here
    conductance = 9 / 12 * VOXEL**3
    assert found.permeability("x").permeability == pytest.approx(conductance * 12 / (42 * VOXEL))
    assert "throat.diffusive_size_factors" not in found.openpnm
    with pytest.raises(InputError, match="need a model of them, got one of hydraulic ones"):
        network_of_regions(regions, VOXEL, "model", FlowModel())
    with pytest.raises(InputError, match="predicts diffusion or flow, got transport 'both'"):
        network_of_regions(regions, VOXEL, "model", FlowModel(), transport="both")


def test_flow_past_other_walls_than_those_of_the_model_is_refused():
    regions = _regions(_prism((3, 4, 5)))
    found = network_of_regions(regions, VOXEL, "model", FlowModel(), transport="flow")
    assert found.walls == "smooth"
    with pytest.raises(
        InputError, match=r"stepped walls does not compare .* the model the latter"
    ):
        network_of_regions(regions, VOXEL, "model", FlowModel(), transport="flow", walls="stepped")


def test_steps_rub_more_than_smooth_walls_in_conduits_of_spheres():
    regions = sphere_regions(24, 3)
    found = {
        walls: network_of_regions(regions, VOXEL, transport="flow", walls=walls)
        for walls in ("stepped", "smooth", None)
    }
    stepped, smooth, default = (n.hydraulic_size_factors for n in found.values())
    assert (stepped <= smooth).all()
    assert np.median(smooth / stepped) > 1.05
    np.testing.assert_array_equal(default, stepped)
    assert [n.walls for n in found.values()] == ["stepped", "smooth", "stepped"]


@pytest.mark.parametrize(("transport", "method"), [("diffusion", "dns"), ("flow", "geometry")])
def test_walls_where_there_are_none_are_refused(transport, method):
    regions = _regions(_prism((3, 4, 5)))
    with pytest.raises(InputError, match="walls belong to flow"):
        network_of_regions(regions, VOXEL, method, transport=transport, walls="stepped")
    assert network_of_regions(regions, VOXEL, method, transport=transport).walls is None


def test_closed_throats_are_left_out(dns):
    class HalfClosed(PrismModel):
        def conduit_size_factors(self, crops):
            factors = super().conduit_size_factors(crops)
            factors[0], factors[1] = 0, np.nan
            return factors

    found = network_of_regions(_regions(_prism((3, 4, 5))), VOXEL, "model", HalfClosed())
    assert not found.formation_factor("x").percolates


def test_model_function_gives_the_size_factors_of_the_network(dns):
    network = dns.openpnm
    expected = network["throat.diffusive_size_factors"].copy()
    network.add_model(
        propname="throat.diffusive_size_factors",
        model=diffusive_size_factors_model,
        regions=dns.regions,
        voxel_size=VOXEL,
    )
    np.testing.assert_allclose(network["throat.diffusive_size_factors"], expected, rtol=1e-12)


def test_model_function_on_a_network_of_porespy(rock):
    snow = porespy.networks.snow2(rock.astype(int), boundary_width=3, parallel_kw=None)
    network = openpnm.io.network_from_porespy(snow.network)
    labels = snow.regions.astype(np.int32)
    network.add_model(
        propname="throat.diffusive_size_factors",
        model=diffusive_size_factors_model,
        regions=labels,
        voxel_size=VOXEL,
    )
    found = network["throat.diffusive_size_factors"]
    on_face = network["pore.boundary"][network.conns]
    inner = ~on_face.any(axis=1)
    expected = diffusive_size_factors(labels, network.conns[inner], voxel_size=VOXEL)
    np.testing.assert_allclose(found[inner], expected, rtol=1e-9)

    # the slabs stand for the faces of the image inside them
    inside = np.ascontiguousarray(labels[3:-3, 3:-3, 3:-3])
    ours = network_of_regions(Regions(inside, touching_pairs(inside)), VOXEL).openpnm
    faces = {}
    for (region, face), factor in zip(
        ours.conns[ours["throat.boundary"]],
        ours["throat.diffusive_size_factors"][ours["throat.boundary"]],
        strict=True,
    ):
        name = next(n for n in _faces() if ours[f"pore.{n}"][face])
        faces[int(ours["pore.region_label"][region]), name] = factor
    patches = {}
    for (first, second), factor in zip(network.conns[~inner], found[~inner], strict=True):
        region, slab = (first, second) if network["pore.boundary"][second] else (second, first)
        name = next(n for n in _faces() if network[f"pore.{n}"][slab])
        key = int(network["pore.region_label"][region]), name
        patches[key] = patches.get(key, 0) + factor
    checked = {key for key in patches if key in faces}
    assert len(checked) > 20
    for key in checked:
        assert patches[key] == pytest.approx(faces[key], rel=1e-9)


def _faces():
    return [axis + end for axis in "xyz" for end in ("min", "max")]


DUCT = 0.0351443  # Q = DUCT a⁴ Δp / µL of a square duct


@pytest.fixture(scope="module")
def carrying():
    """A small pack that carries diffusion and flow."""
    im = porespy.generators.overlapping_spheres((30, 28, 26), r=6, porosity=0.6, seed=3)
    return build_network(im, VOXEL, transport="both")


def _flow(labels, **options):
    return network_of_regions(_regions(labels), VOXEL, transport="flow", **options)


@pytest.mark.parametrize("lengths", [(9, 9), (5, 8, 6)])
def test_a_square_duct_has_its_permeability(lengths):
    labels = _prism(lengths, width=16, shape=(18, 20))
    found = _flow(labels).permeability("x")
    assert found.axis == "x"
    assert found.percolates
    expected = DUCT * 16**4 / (18 * 20) * VOXEL**2
    # the discretisation's, as for one conduit of this duct
    assert found.permeability == pytest.approx(expected, rel=0.01)
    assert found.permeability_md == pytest.approx(found.permeability / 9.869233e-16)
    # the ends are half conduits, so no part of the duct counts twice or not at all
    whole = poreops.permeability(labels > 0, 0, voxel_size=VOXEL, tolerance=1e-6)
    assert found.permeability == pytest.approx(whole.permeability, rel=1e-3)


def test_ducts_in_parallel_add():
    one = _prism((5, 8), width=6, shape=(8, 10))
    both = np.concatenate([one, np.where(one > 0, one + 2, 0)], axis=1)
    wider = np.concatenate([one, np.zeros_like(one)], axis=1)
    alone, two = (_flow(labels).permeability("x").permeability for labels in (wider, both))
    assert two == pytest.approx(2 * alone, rel=1e-9)


def test_a_blocked_axis_has_no_permeability():
    labels = _prism((4, 5), width=4)
    found = _flow(labels)
    for axis in ("y", "z"):
        across = found.permeability(axis)
        assert across.permeability == 0
        assert across.permeability_md == 0
        assert not across.percolates
    labels[4] = 0
    labels[5:, 1:5, 2:6], labels[7:, 1:5, 2:6] = 2, 3
    assert _flow(labels).permeability("x").permeability == 0


def test_slot_in_2d_is_poiseuille_flow():
    labels = np.zeros((12, 7), dtype=np.int32)
    labels[:5, 1:6], labels[5:, 1:6] = 1, 2
    found = _flow(labels).permeability(0)
    assert found.permeability == pytest.approx(5**3 / 12 / 7 * VOXEL**2, rel=1e-3)
    assert not _flow(labels).permeability(1).percolates


def test_permeability_follows_an_exchange_and_a_flip_of_axes(carrying):
    expected = [carrying.permeability(axis).permeability for axis in "xyz"]
    assert min(expected) > 0
    turned = _flow(np.flip(carrying.regions.labels.transpose(2, 0, 1), axis=1))
    found = [turned.permeability(axis).permeability for axis in "yzx"]
    # the solver's own tolerance is 1e-4
    assert found == pytest.approx(expected, rel=1e-3)


@pytest.mark.filterwarnings("ignore::poreops.solvers.stokes.permeability.UnderResolvedWarning")
def test_permeability_close_to_the_full_solution(carrying):
    pore = carrying.regions.labels > 0
    for axis in range(3):
        whole = poreops.permeability(pore, axis, voxel_size=VOXEL, boundary=SEALED)
        found = carrying.permeability(axis).permeability
        assert found == pytest.approx(whole.permeability, rel=0.15)


def test_flow_leaves_diffusion_as_it_is(carrying):
    regions = carrying.regions
    alone = network_of_regions(regions, VOXEL)
    np.testing.assert_allclose(carrying.size_factors, alone.size_factors, rtol=1e-12)
    assert carrying.formation_factor("x").formation_factor == pytest.approx(
        alone.formation_factor("x").formation_factor, rel=1e-12
    )
    expected = hydraulic_size_factors(regions.labels, regions.conns, voxel_size=VOXEL)
    np.testing.assert_allclose(carrying.hydraulic_size_factors, expected, rtol=1e-9)
    assert alone.hydraulic_size_factors.shape == (0,)
    assert "throat.hydraulic_size_factors" not in alone.openpnm
    with pytest.raises(InputError, match="must have hydraulic size factors.*transport='both'"):
        alone.permeability("x")
    flow = _flow(_prism((4, 5)))
    assert flow.size_factors.shape == (0,)
    with pytest.raises(InputError, match="must have diffusive size factors"):
        flow.formation_factor("x")


def test_openpnm_solves_flow_on_the_network_as_it_is(carrying):
    network = carrying.openpnm
    phase = openpnm.phase.Phase(network=network)
    phase["pore.viscosity"] = phase["throat.viscosity"] = 1e-3
    phase.add_model(
        propname="throat.hydraulic_conductance",
        model=openpnm.models.physics.hydraulic_conductance.generic_hydraulic,
    )
    for axis, name in enumerate("xyz"):
        flow = openpnm.algorithms.StokesFlow(network=network, phase=phase)
        flow.set_value_BC(pores=network.pores(f"{name}min"), values=3e5)
        flow.set_value_BC(pores=network.pores(f"{name}max"), values=1e5)
        flow.run()
        rate = flow.rate(pores=network.pores(f"{name}min"))[0]
        shape = np.array(carrying.regions.labels.shape) * VOXEL
        found = rate * 1e-3 * shape[axis] / (np.delete(shape, axis).prod() * 2e5)
        assert found == pytest.approx(carrying.permeability(name).permeability, rel=1e-6)


def test_permeability_scales_with_the_voxel_squared():
    labels = _prism((4, 5))
    small, large = (
        network_of_regions(_regions(labels), size, transport="flow").permeability("x")
        for size in (1.0, 3e-6)
    )
    assert large.permeability == pytest.approx(9e-12 * small.permeability, rel=1e-9)


@pytest.mark.parametrize("method", ["geometry", "shape-factor"])
def test_rules_of_diameters_know_both_transports(carrying, method):
    found = network_of_regions(carrying.regions, VOXEL, method, transport="both")
    alone = network_of_regions(carrying.regions, VOXEL, method)
    np.testing.assert_array_equal(found.size_factors, alone.size_factors)
    # within a factor of three of simulation in the median, more they do not promise
    ratio = found.hydraulic_size_factors / carrying.hydraulic_size_factors
    assert 1 / 3 < np.median(ratio) < 3


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"transport": "heat"}, "transport must be one of diffusion, flow, both, got 'heat'"),
        ({"voxel_size": 0}, "voxel size must be > 0 m, got 0"),
        ({"voxel_size": -1e-6}, "voxel size must be > 0 m"),
        ({"voxel_size": math.nan}, "voxel size must be a finite number, got nan"),
        ({"voxel_size": math.inf}, "voxel size must be a finite number, got inf"),
        ({"method": "magic"}, "method must be one of dns, model.*got 'magic'"),
        ({"method": "model"}, "needs a model, got none"),
    ],
)
def test_bad_input(rock, change, rule):
    arguments = {"im": rock, "voxel_size": VOXEL} | change
    with pytest.raises(InputError, match=rule) as caught:
        build_network(**arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shape", [(9, 5, 5), (9, 5)])
def test_one_region_is_no_network(shape):
    with pytest.raises(InputError, match="two regions that touch, the image has 1 region"):
        network_of_regions(_regions(np.ones(shape)), VOXEL)


@pytest.mark.parametrize("axis", ["w", "", "xy", 3, -4, 1.0, True, None])
def test_bad_axis(dns, axis):
    with pytest.raises(InputError, match="axis must be one of x, y, z"):
        dns.formation_factor(axis)


def test_larger_than_memory_is_refused_beforehand(rock, monkeypatch):
    monkeypatch.setattr("poreops.machine.memory.available_memory", lambda: 10_000)
    monkeypatch.setattr(network_module, "partition", None)
    with pytest.raises(InputError, match=r"needs about 4\.0 MiB, 9\.8 KiB are free"):
        build_network(rock, VOXEL)


def test_no_project_is_left_open(dns):
    before = set(openpnm.Workspace())
    dns.formation_factor("x")
    assert set(openpnm.Workspace()) == before


def test_a_layer_as_thin_as_a_pore_is_warned_of():
    im = porespy.generators.overlapping_spheres((60, 60, 60), r=6, porosity=0.6, seed=3)
    thin = build_network(im[:, :, 20:26], VOXEL, "geometry")
    (note,) = thin.warnings
    assert re.match(r"axis z: \d+ pore\(s\), \d+% of those at its faces, touch both", note)
    assert "6 voxels" in note
    assert build_network(im, VOXEL, "geometry").warnings == ()


def test_a_conduit_that_does_not_settle_is_left_out_and_reported(rock, monkeypatch):
    regions = partition(rock)
    solve = size_factor_module.conduit_size_factor
    small = []

    def fails(crop, **options):
        if crop.size == min(small, default=crop.size):
            small.append(crop.size)
            raise NotConvergedError("made to fail")
        return solve(crop, **options)

    monkeypatch.setattr(size_factor_module, "conduit_size_factor", fails)
    with pytest.warns(UnsettledWarning, match=r"conduit 0 \(labels \d+ and \d+\): made to fail"):
        found = network_of_regions(regions, VOXEL, workers=1)
    lost = int(np.isnan(found.size_factors).sum())
    assert lost >= 1
    assert any("did not settle and are left out" in note for note in found.warnings)
    assert np.isfinite(found.formation_factor(0).formation_factor)
