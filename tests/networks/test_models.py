"""A network takes its size factors from a model, and gives them to one of OpenPNM."""

import numpy as np
import openpnm
import porespy
import pytest
from prisms import VOXEL, PrismModel, prism, regions_of

from poreops.conduits.diffusive import diffusive_size_factors
from poreops.conduits.partition import Regions, touching_pairs
from poreops.errors import InputError
from poreops.networks.conduit_model import diffusive_size_factors_model
from poreops.networks.network import network_of_regions


class FlowModel(PrismModel):
    target = "hydraulic"
    walls = "smooth"


def test_a_model_of_flow_drives_flow_and_nothing_else():
    regions = regions_of(prism((3, 4, 5)))
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
    regions = regions_of(prism((3, 4, 5)))
    found = network_of_regions(regions, VOXEL, "model", FlowModel(), transport="flow")
    assert found.walls == "smooth"
    with pytest.raises(
        InputError, match=r"stepped walls does not compare .* the model the latter"
    ):
        network_of_regions(regions, VOXEL, "model", FlowModel(), transport="flow", walls="stepped")


def test_closed_throats_are_left_out():
    class HalfClosed(PrismModel):
        def __init__(self, closed):
            self.closed = closed

        def conduit_size_factors(self, crops):
            factors = super().conduit_size_factors(crops)
            factors[0] = self.closed
            return factors

    regions = regions_of(prism((3, 4, 5)))
    for closed in (0, np.nan):
        found = network_of_regions(regions, VOXEL, "model", HalfClosed(closed))
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
