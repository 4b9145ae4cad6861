"""A network is what joins the faces of an image; what is no network is one line."""

import math
import re

import numpy as np
import openpnm
import porespy
import pytest
from prisms import VOXEL, regions_of

import poreops
from poreops.conduits import diffusive as size_factor_module
from poreops.conduits.contacts import face_contacts
from poreops.conduits.diffusive import diffusive_size_factors
from poreops.conduits.partition import partition
from poreops.errors import InputError, NotConvergedError, UnsettledWarning
from poreops.networks import network as network_module
from poreops.networks.network import build_network, network_of_regions


def test_size_factors_are_those_of_the_public_function(dns):
    regions = dns.regions
    expected = diffusive_size_factors(regions.labels, regions.conns, voxel_size=VOXEL)
    np.testing.assert_allclose(dns.size_factors, expected, rtol=1e-9)
    assert poreops.build_network is build_network


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
    opened = network_of_regions(regions_of(labels), VOXEL, "geometry")
    closed = dns.regions.count + 1
    labels[23:26, 23:26, 23:25], labels[23:26, 23:26, 25] = closed, closed + 1
    found = network_of_regions(regions_of(labels), VOXEL, "geometry")
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
    found = network_of_regions(regions_of(labels), VOXEL)
    assert found.openpnm["pore.region_label"].tolist() == [1, 2, 3]
    assert len(found.size_factors) == 3
    for axis in "xyz":
        assert not found.formation_factor(axis).percolates


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
        network_of_regions(regions_of(np.ones(shape)), VOXEL)


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
