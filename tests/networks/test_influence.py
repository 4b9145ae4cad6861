"""The influence of a conduit is the derivative of what the network carries."""

import numpy as np
import pytest
from reference import sphere_regions

from poreops.conduits.contacts import FaceContacts, face_contacts
from poreops.networks.influence import influence
from poreops.networks.network import network_of_regions


def test_conduits_in_series_count_by_their_resistances():
    # a face, a region, a throat, a region, a face along x; a dead end along y
    conns = np.array([[0, 1]])
    contacts = FaceContacts(np.array([0, 1, 1]), np.array([0, 0, 1]), np.array([0, 1, 0]))
    found = influence(conns, contacts, np.array([2.0, 4.0, 1.0, 5.0]), 2)
    np.testing.assert_allclose(found, np.array([0.5, 0.25, 1.0, 0.0]) / 1.75)


def test_nothing_counts_where_nothing_percolates():
    contacts = FaceContacts(np.array([0, 1]), np.array([0, 0]), np.array([0, 1]))
    found = influence(np.array([[0, 1]]), contacts, np.array([np.nan, 1.0, 1.0]), 2)
    np.testing.assert_array_equal(found, 0)


def test_it_is_what_a_change_of_a_conduit_does_to_the_network():
    regions = sphere_regions(40)
    contacts = face_contacts(regions.labels)
    network = network_of_regions(regions, 1.0, "geometry")
    rng = np.random.default_rng(0)
    factors = rng.uniform(1, 5, len(regions.conns) + len(contacts))
    shares = influence(regions.conns, contacts, factors, 3)
    assert shares.min() >= 0
    assert shares.sum() == pytest.approx(1)
    step = 1e-4 * rng.normal(size=len(factors))
    along = [
        [carried(network, regions, contacts, values, axis) for axis in range(3)]
        for values in (factors * np.exp(-step), factors * np.exp(step))
    ]
    changes = np.log(along[1]) - np.log(along[0])
    assert changes.mean() == pytest.approx(2 * shares @ step, rel=1e-4)


def carried(network, regions, contacts, factors, axis):
    """What OpenPNM finds for the same conduits."""
    pore = network.openpnm
    labels, boundary = pore["pore.region_label"] - 1, pore["pore.boundary"]
    inner = {tuple(pair): value for pair, value in zip(regions.conns, factors, strict=False)}
    keys = zip(contacts.region, contacts.axis, contacts.side, strict=True)
    outer = dict(zip(keys, factors[len(regions.conns) :], strict=True))
    values = []
    for a, b in pore["throat.conns"]:
        if boundary[a] or boundary[b]:
            at = b if boundary[b] else a
            face = next(
                (axis, side)
                for axis, name in enumerate("xyz")
                for side, end in enumerate(("min", "max"))
                if pore[f"pore.{name}{end}"][at]
            )
            values.append(outer[labels[at], *face])
        else:
            values.append(inner[tuple(sorted((labels[a], labels[b])))])
    pore["throat.diffusive_size_factors"] = np.array(values)
    return network.formation_factor(axis).effective_diffusivity
