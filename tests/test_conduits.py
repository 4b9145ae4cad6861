"""A half conduit to an image face is solved exactly by its mirror image."""

import numpy as np
import porespy
import pytest
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

from poreops.conduits import METHODS, NO_CONTACTS, checked_method, face_contacts, size_factors
from poreops.errors import InputError
from poreops.regions.partition import partition
from poreops.transport.size_factor import pore_spheres


@pytest.fixture(scope="module")
def regions():
    return partition(
        porespy.generators.overlapping_spheres((36, 32, 30), r=5, porosity=0.55, seed=6)
    )


def _half_conduit(region, axis, side):
    """Solve the half conduit: a unit current from the centroid, c = 0 on the face; slowly."""
    inside = np.pad(region, 1)
    index = np.full(inside.shape, -1)
    index[inside] = np.arange(np.count_nonzero(inside))
    rows, columns = [], []
    for direction in range(3):
        ahead = np.roll(index, -1, axis=direction)
        both = (index >= 0) & (ahead >= 0)
        rows += [index[both], ahead[both]]
        columns += [ahead[both], index[both]]
    rows, columns = np.concatenate(rows), np.concatenate(columns)
    count = np.count_nonzero(inside)
    laplacian = coo_array((-np.ones(len(rows)), (rows, columns)), shape=(count, count)).tolil()
    places = np.argwhere(inside) - 1
    at_face = places[:, axis] == side * (region.shape[axis] - 1)
    # the face is half a voxel from the centres of its voxels
    laplacian.setdiag(np.bincount(rows, minlength=count) + 2.0 * at_face)
    mirror = np.concatenate([region, 2 * region] if side else [2 * region, region], axis=axis)
    _, radii = pore_spheres(mirror.astype(np.uint8))
    centroid = places.mean(axis=0)
    distance = np.linalg.norm(places - centroid, axis=1)
    nearest = np.flatnonzero(distance <= distance.min() + 1e-9)
    source = np.zeros(count)
    source[nearest] = 1 / len(nearest)
    field = spsolve(laplacian.tocsc(), source)
    if radii[0] < 0.5:
        return 1 / field.mean()
    spheres = [
        field[np.linalg.norm(places - places[centre], axis=1) <= radii[0]].mean()
        for centre in nearest
    ]
    return 1 / np.mean(spheres)


def test_face_conduits_are_half_conduits_with_zero_on_the_face():
    # star-shaped solids leave a convex pore, whose inscribed sphere stays on its side
    region = np.zeros((9, 11, 10), dtype=bool)
    region[0:8, 2:9, 1:9] = True
    region[2:5, 2:4, 1:3] = False
    labels = region.astype(np.int32)
    contacts = face_contacts(labels)
    assert (contacts.region, contacts.axis, contacts.side) == ([0], [0], [0])
    _, found = size_factors(labels, np.zeros((0, 2), int), contacts)
    assert found[0] == pytest.approx(_half_conduit(region[:8], 0, 0), rel=1e-6)


def test_face_contacts_are_all_the_places_on_the_faces(regions):
    contacts = face_contacts(regions.labels)
    found = set(
        zip(contacts.region.tolist(), contacts.axis.tolist(), contacts.side.tolist(), strict=True)
    )
    assert len(found) == len(contacts)
    expected = {
        (label - 1, axis, side)
        for axis in range(3)
        for side in (0, 1)
        for label in np.unique(np.take(regions.labels, -side, axis=axis)).tolist()
        if label > 0
    }
    assert found == expected


@pytest.mark.parametrize("method", ["dns", "geometry", "shape_factor"])
def test_faces_follow_a_flip_and_an_exchange_of_axes(regions, method):
    labels = regions.labels
    turned = np.ascontiguousarray(np.flip(labels.transpose(1, 2, 0), axis=0))
    here, there = face_contacts(labels), face_contacts(turned)
    _, factors = size_factors(labels, np.zeros((0, 2), int), here, method=method)
    _, turned_factors = size_factors(turned, np.zeros((0, 2), int), there, method=method)
    axis = {0: 2, 1: 0, 2: 1}
    expected = {
        (r, axis[a], 1 - s if a == 1 else s): f
        for r, a, s, f in zip(here.region, here.axis, here.side, factors, strict=True)
    }
    found = dict(
        zip(zip(there.region, there.axis, there.side, strict=True), turned_factors, strict=True)
    )
    assert found.keys() == expected.keys()
    # where several voxels are widest, the first one in the array is the throat's centre
    tolerance = 1e-6 if method == "dns" else 0.1
    differing = [key for key in found if abs(found[key] / expected[key] - 1) > tolerance]
    assert len(differing) <= (0 if method == "dns" else 0.1 * len(found))


def test_watch_sees_every_conduit_once(regions):
    contacts = face_contacts(regions.labels)
    seen = []

    def watch(crops, total):
        seen.append(total)
        for crop in crops:
            seen.append(crop.shape)
            yield crop

    size_factors(regions.labels, regions.conns, contacts, watch=watch)
    assert seen[0] == len(seen) - 1 == len(regions.conns) + len(contacts)


def test_no_contacts(regions):
    throats, faces = size_factors(regions.labels, regions.conns, NO_CONTACTS, method="geometry")
    assert len(throats) == len(regions.conns)
    assert len(faces) == 0


def test_methods_by_name():
    assert [checked_method(name, object(), 3) for name in METHODS] == list(METHODS)
    assert checked_method("shape-factor", None, 3) == "shape_factor"
    with pytest.raises(InputError, match="method must be one of"):
        checked_method("dNs", None, 3)
