"""A half conduit to an image face is solved exactly by its mirror image."""

import warnings

import numpy as np
import porespy
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

from poreops.conduits.contacts import NO_CONTACTS, FaceContacts, face_contacts
from poreops.conduits.diffusive import diffusive_size_factors, pore_spheres
from poreops.conduits.hydraulic import hydraulic_size_factors
from poreops.conduits.joined import joined
from poreops.conduits.methods import METHODS, checked_method, size_factors
from poreops.conduits.partition import partition
from poreops.errors import InputError, UnsettledWarning


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


def pair_with_pieces(extra):
    """Two touching pores; more voxels of region 2 far from them, as PoreSpy's labels have."""
    labels = np.zeros((60, 14, 14), np.int32)
    labels[2:10, 2:10, 2:10], labels[10:18, 2:10, 2:10] = 1, 2
    if extra == "specks":
        labels[30:33, 2:5, 2:5] = 2
    elif extra == "more than half of it":
        labels[28:40, 2:12, 2:12] = 2
    elif extra == "of both":
        labels[30:31, 2:4, 2:4], labels[40:44, 5:9, 5:9] = 1, 2
    return labels


class ByVolume:
    """A model that sees nothing but how many voxels it is given."""

    target, walls, convention = "diffusive", None, "centroid"

    def conduit_size_factors(self, crops):
        parts = [joined(crop) for crop in crops]
        return np.array([0.0 if part is None else np.count_nonzero(part) for part in parts])


@pytest.mark.parametrize("target", ["diffusive", "hydraulic"])
@pytest.mark.parametrize("method", ["dns", "geometry", "shape_factor"])
@pytest.mark.parametrize("extra", ["specks", "more than half of it", "of both"])
def test_loose_pieces_of_a_region_change_nothing(method, target, extra):
    conns = np.array([[0, 1]])
    alone, found = (
        size_factors(pair_with_pieces(e), conns, NO_CONTACTS, method=method, target=target)[0]
        for e in ("none", extra)
    )
    assert alone[0] > 1
    assert found == pytest.approx(alone, rel=1e-6)


@pytest.mark.parametrize("method", ["dns", "geometry", "shape_factor"])
def test_loose_pieces_do_not_change_the_way_to_a_face(method):
    labels = pair_with_pieces("none")
    labels[:2, 4:8, 4:8] = 1
    pieces = labels.copy()
    pieces[20:30, 2:9, 2:9] = 1
    at = FaceContacts(*np.array([[0], [0], [0]]))
    alone, found = (
        size_factors(image, np.zeros((0, 2), int), at, method=method)[1]
        for image in (labels, pieces)
    )
    assert alone[0] > 1
    assert found == pytest.approx(alone, rel=1e-6)


@pytest.mark.parametrize("method", ["dns", "model", "geometry", "shape_factor"])
@pytest.mark.parametrize("target", ["diffusive", "hydraulic"])
def test_regions_without_a_common_face_carry_nothing_by_any_method(method, target):
    if method == "model":
        target = "diffusive"
    labels = np.zeros((8, 8, 30), np.int32)
    labels[:4, :4, :10], labels[4:, 4:, 10:20] = 1, 2  # an edge in common, no face
    labels[1:3, 1:3, 20:30] = 3
    conns = np.array([[0, 1], [0, 2], [1, 2]])
    found, _ = size_factors(
        labels, conns, NO_CONTACTS, method=method, model=ByVolume(), target=target
    )
    np.testing.assert_array_equal(found, 0)


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.int32, st.tuples(*[st.integers(2, 6)] * 3), elements=st.integers(0, 2)),
    st.integers(0, 2),
)
def test_diffusion_and_flow_are_zero_for_the_same_pairs(labels, axis):
    assume({1, 2} <= set(np.unique(labels)))
    conns = np.array([[0, 1]])
    touch = joined(labels.astype(np.uint8)) is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnsettledWarning)
        flow = hydraulic_size_factors(labels, conns)[0]
    diffusion = diffusive_size_factors(labels, conns)[0]
    assert (diffusion > 0) == touch == (flow != 0)
    assert np.isfinite(diffusion)
    assert not flow < 0
    mirrored = diffusive_size_factors(np.flip(labels, axis), conns)[0]
    assert mirrored == pytest.approx(diffusion, rel=1e-5)


def test_a_method_of_one_convention_refuses_a_model_of_the_other(regions):
    with pytest.raises(InputError, match="convention porespy do not compare with .* centroid"):
        size_factors(
            regions.labels, regions.conns, NO_CONTACTS, method="model", model=ByVolume(),
            convention="porespy",
        )  # fmt: skip
    half = size_factors(regions.labels, regions.conns[:5], NO_CONTACTS, convention="porespy")[0]
    exact = diffusive_size_factors(regions.labels, regions.conns[:5], convention="porespy")
    np.testing.assert_array_equal(half, exact)
