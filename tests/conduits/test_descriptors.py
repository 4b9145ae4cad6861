"""Regions and throats measure what PoreSpy measures; a face measures as the mirrored image."""

import edt
import numpy as np
import porespy
import pytest

from poreops.conduits.descriptors import face_geometry, region_geometry
from poreops.errors import InputError


@pytest.fixture(scope="module", params=[(48, 44, 40), (120, 110)])
def regions(request):
    im = porespy.generators.blobs(request.param, porosity=0.6, blobiness=1.5, seed=3)
    return porespy.filters.snow_partitioning(im).regions.astype(np.int32)


@pytest.fixture(scope="module")
def peer(regions):
    return porespy.networks.regions_to_network(regions)


PEER_NAMES = {
    "pore_volume": "pore.region_volume",
    "pore_centroid": "pore.geometric_centroid",
    "pore_equivalent_diameter": "pore.equivalent_diameter",
    "pore_inscribed_diameter": "pore.inscribed_diameter",
    "throat_inscribed_diameter": "throat.inscribed_diameter",
    "throat_length": "throat.total_length",
}


def test_sizes_are_those_of_porespy(regions, peer):
    found = region_geometry(regions, peer["throat.conns"], edt.edt(regions > 0))
    for name, key in PEER_NAMES.items():
        np.testing.assert_allclose(getattr(found, name), peer[key], rtol=1e-6, err_msg=name)
    # PoreSpy counts the voxels in the unit of an area whatever the dimension
    np.testing.assert_allclose(found.throat_area, peer["throat.cross_sectional_area"])


def test_axis_order_changes_nothing(regions, peer):
    conns = peer["throat.conns"]
    here = region_geometry(regions, conns, edt.edt(regions > 0))
    turned = np.ascontiguousarray(regions.T)
    there = region_geometry(turned, conns, edt.edt(turned > 0))
    np.testing.assert_allclose(here.pore_centroid, there.pore_centroid[:, ::-1])
    np.testing.assert_allclose(here.throat_inscribed_diameter, there.throat_inscribed_diameter)
    np.testing.assert_allclose(here.throat_area, there.throat_area)


@pytest.mark.parametrize("side", [0, 1])
def test_a_face_measures_as_the_throat_to_the_mirror_image(regions, side):
    for axis in range(regions.ndim):
        count = regions.max()
        image = np.where(regions > 0, regions + count, 0)
        pair = (regions, np.flip(image, axis)) if side else (np.flip(image, axis), regions)
        mirrored = np.concatenate(pair, axis=axis)
        face = np.take(regions, -side, axis=axis)
        touching = np.unique(face[face > 0]) - 1
        conns = np.column_stack([touching, touching + count])
        throat = region_geometry(mirrored, conns, edt.edt(mirrored > 0))
        distance = edt.edt(regions > 0)
        sizes = region_geometry(regions, np.zeros((0, 2), int), distance)
        along = np.full(len(touching), axis)
        found = face_geometry(regions, touching, along, np.full_like(along, side), sizes, distance)
        np.testing.assert_allclose(found.inscribed_diameter, throat.throat_inscribed_diameter)
        np.testing.assert_allclose(found.area, throat.throat_area)
        # PoreSpy's throat centre is a voxel of the second region, half a voxel past the face
        assert (np.abs(found.length - throat.throat_length) < 1).all()


def test_length_across_a_face_of_a_prism():
    labels = np.zeros((5, 5, 5), dtype=np.int32)
    labels[:, 1:4, 1:4] = 1
    distance = edt.edt(labels > 0)
    sizes = region_geometry(labels, np.zeros((0, 2), int), distance)
    one = np.array([0])
    found = face_geometry(labels, one, one, one + 1, sizes, distance)
    assert found.length == pytest.approx(5)
    assert found.area == 9
    assert found.inscribed_diameter == 4


def test_regions_that_do_not_touch(regions, peer):
    touching = {tuple(pair) for pair in peer["throat.conns"].tolist()}
    apart = next((0, j) for j in range(1, int(regions.max())) if (0, j) not in touching)
    with pytest.raises(InputError, match=rf"touching regions.*\(0, {apart[1]}\)"):
        region_geometry(regions, np.array([apart]), edt.edt(regions > 0))
