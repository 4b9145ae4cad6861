"""The arrays of a pore network, under OpenPNM's names, from regions and size factors."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import edt
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from poreops.base.arguments import AXES
from poreops.base.arrays import Array
from poreops.conduits.contacts import FaceContacts
from poreops.conduits.descriptors import (
    FaceGeometry,
    RegionGeometry,
    face_geometry,
    region_geometry,
)
from poreops.conduits.sure import Sureness

if TYPE_CHECKING:
    from openpnm.network import Network

HALF_WIDTHS = "throat.size_factor_half_widths"
"""Of the intervals of the logarithms of size factors, where a model states them."""

FloatArray = NDArray[np.float64]


def network_arrays(
    labels: NDArray[np.integer],
    conns: NDArray[np.integer],
    contacts: FaceContacts,
    size_factors: Mapping[str, FloatArray],
    voxel_size: float,
    others: Mapping[str, FloatArray] = MappingProxyType({}),
) -> dict[str, Array]:
    """Return the properties and labels of the network of the connected conduits, in SI units.

    A boundary pore stands on the face, across from the centroid of its region. Throats with a
    size factor that is not positive are left out, and pores outside the clusters that join two
    opposite faces (if none does, all but the largest cluster).

    Parameters
    ----------
    labels : (nx, ny[, nz]) int, 0 solid, 1..Np regions
    conns : (Nt, 2) int, pairs of touching regions, 0-based, the smaller first
    contacts : of the regions with the image faces
    size_factors : OpenPNM's name → (Nt + Nb,) float in SI units, of the throats, then the contacts
    voxel_size : float [m]
    others : name → (Nt + Nb,) float, of throats and contacts likewise

    Returns
    -------
    dict of name to array, as `openpnm.io.network_from_porespy` takes it
    """
    distance: NDArray[np.float32] = edt.edt(labels > 0)
    sizes = region_geometry(labels, conns, distance)
    at_face = face_geometry(labels, contacts.region, contacts.axis, contacts.side, sizes, distance)
    return arrays_of_sizes(
        labels.shape, conns, contacts, sizes, at_face, size_factors, voxel_size, others
    )


def arrays_of_sizes(
    shape: tuple[int, ...],
    conns: NDArray[np.integer],
    contacts: FaceContacts,
    sizes: RegionGeometry,
    at_face: FaceGeometry,
    size_factors: Mapping[str, FloatArray],
    voxel_size: float,
    others: Mapping[str, FloatArray] = MappingProxyType({}),
) -> dict[str, Array]:
    """Return what `network_arrays` does, of regions that are measured.

    Parameters
    ----------
    shape : of the image
    sizes : of the regions and throats, in voxels
    at_face : of the contacts, in voxels
    conns, contacts, size_factors, voxel_size, others : as for `network_arrays`
    """
    count, border = len(sizes.pore_volume), len(contacts)
    border_pores = count + np.arange(border)
    pore_diameter = _joined(sizes.pore_equivalent_diameter, at_face.inscribed_diameter, voxel_size)
    pore: dict[str, Array] = {
        "coords": _coordinates(shape, sizes.pore_centroid, contacts) * voxel_size,
        "region_label": np.append(np.arange(count), contacts.region) + 1,
        "volume": np.append(sizes.pore_volume, np.zeros(border)) * voxel_size**3,
        "diameter": pore_diameter,
        "equivalent_diameter": pore_diameter,
        "inscribed_diameter": _joined(
            sizes.pore_inscribed_diameter, at_face.inscribed_diameter, voxel_size
        ),
    }
    face = np.append(np.full(count, -1), 2 * contacts.axis + contacts.side)
    pore |= {"internal": face < 0, "boundary": face >= 0}
    pore |= {face_name(number): face == number for number in range(2 * len(shape))}

    diameter = _joined(sizes.throat_inscribed_diameter, at_face.inscribed_diameter, voxel_size)
    spacing = _joined(sizes.throat_length, at_face.length / 2, voxel_size)
    at_border = np.arange(len(conns) + border) >= len(conns)
    throat: dict[str, Array] = {
        "conns": np.vstack([conns, np.column_stack([contacts.region, border_pores])]),
        **size_factors,
        **others,
        "diameter": diameter,
        "inscribed_diameter": diameter,
        "cross_sectional_area": _joined(sizes.throat_area, at_face.area, voxel_size**2),
        "spacing": spacing,
        "total_length": spacing,
        "boundary": at_border,
        "internal": ~at_border,
    }
    open_ = np.ones(len(at_border), dtype=np.bool_)
    for values in size_factors.values():
        open_ &= np.isfinite(values) & (values > 0)
    return _connected(pore, throat, face, open_)


def intervals_of(sureness: Sureness | None) -> dict[str, FloatArray]:
    """Return the half widths of the size factors by OpenPNM's name, nothing where none are stated.

    Parameters
    ----------
    sureness : of all throats and face contacts
    """
    return {} if sureness is None else {HALF_WIDTHS.removeprefix("throat."): sureness.half_widths}


def joining_part(
    conns: NDArray[np.integer],
    open_: NDArray[np.bool_],
    inlet: NDArray[np.bool_],
    outlet: NDArray[np.bool_],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the pores (Np,) and throats (Nt,) of the clusters that join inlet and outlet pores.

    Parameters
    ----------
    conns : (Nt, 2) int
    open_ : (Nt,) bool, throats to go by
    inlet, outlet : (Np,) bool
    """
    cluster = clusters(len(inlet), conns[open_])
    joined: NDArray[np.bool_] = (has_pore(cluster, inlet) & has_pore(cluster, outlet))[cluster]
    return joined, open_ & joined[conns].all(axis=1)


def clusters(count: int, conns: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return the cluster number of each of `count` pores.

    Parameters
    ----------
    count : number of pores
    conns : (Nt, 2) int, pores of each throat
    """
    graph = coo_array((np.ones(len(conns)), conns.T), shape=(count, count))
    labels: NDArray[np.int32] = connected_components(graph, directed=False)[1]
    return labels


def has_pore(cluster: NDArray[np.int32], chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return for each cluster whether one of its pores is chosen.

    Parameters
    ----------
    cluster : (Np,) int32, number of each pore's cluster
    chosen : (Np,) bool
    """
    return np.bincount(cluster[chosen], minlength=int(cluster.max()) + 1) > 0


def face_name(number: int) -> str:
    """Return the label of a face from its number.

    Parameters
    ----------
    number : 0 and 1 the two faces of axis 0, 2 and 3 those of axis 1, 4 and 5 of axis 2

    Examples
    --------
    >>> [face_name(number) for number in range(6)]
    ['xmin', 'xmax', 'ymin', 'ymax', 'zmin', 'zmax']
    """
    return AXES[number // 2] + ("min", "max")[number % 2]


def _coordinates(
    shape: tuple[int, ...], centroid: FloatArray, contacts: FaceContacts
) -> FloatArray:
    """Return the positions of regions and boundary pores in voxels, the image's corner at 0."""
    count, border = len(centroid), np.arange(len(contacts))
    # voxel centres sit half a voxel inside their index; a 2D image is a layer of one voxel
    coords = np.full((count + len(contacts), 3), 0.5)
    coords[:count, : len(shape)] = centroid + 0.5
    coords[count:] = coords[contacts.region]
    coords[count + border, contacts.axis] = np.array(shape)[contacts.axis] * contacts.side
    return coords


def _joined(inner: FloatArray, border: FloatArray, unit: float) -> FloatArray:
    return np.append(inner, border) * unit


def _connected(
    pore: dict[str, Array],
    throat: dict[str, Array],
    face: NDArray[np.integer],
    open_: NDArray[np.bool_],
) -> dict[str, Array]:
    """Leave out closed throats and the clusters that join no two opposite faces."""
    conns = throat["conns"]
    cluster = clusters(len(face), conns[open_])
    joining = np.zeros(int(cluster.max()) + 1, dtype=np.bool_)
    for axis in range(len(AXES)):
        joining |= has_pore(cluster, face == 2 * axis) & has_pore(cluster, face == 2 * axis + 1)
    if not joining.any():
        joining[np.argmax(np.bincount(cluster))] = True
    kept: NDArray[np.bool_] = joining[cluster]
    kept_throats = open_ & kept[conns[:, 0]]
    throat["conns"] = (np.cumsum(kept) - 1)[conns]
    arrays = {f"pore.{name}": values[kept] for name, values in pore.items()}
    return arrays | {f"throat.{name}": values[kept_throats] for name, values in throat.items()}


def faces_of_pores(network: "Network", ndim: int) -> NDArray[np.int64]:
    """Return the face number of each boundary pore, -1 inside."""
    face = np.full(network.Np, -1, dtype=np.int64)
    for number in range(2 * ndim):
        key = f"pore.{face_name(number)}"
        if key in network:
            face[np.asarray(network[key], dtype=np.bool_)] = number
    if "pore.boundary" in network:
        face[~np.asarray(network["pore.boundary"], dtype=np.bool_)] = -1
    return face


def _thin_axes(contacts: FaceContacts, shape: tuple[int, ...]) -> list[str]:
    """Say of each axis whether pores reach from one face to the other."""
    notes = []
    for axis, length in enumerate(shape):
        first, last = (
            contacts.region[(contacts.axis == axis) & (contacts.side == side)] for side in (0, 1)
        )
        both = np.intersect1d(first, last)
        if both.size:
            share = both.size / np.union1d(first, last).size
            notes.append(
                f"axis {AXES[axis]}: {both.size} pore(s), {share:.0%} of those at its faces, "
                f"touch both of them over {length} voxels: a network does not describe so thin a "
                "layer; take formation_factor or permeability, which solve the image itself"
            )
    return notes


def _missing(found: Mapping[str, FloatArray]) -> list[str]:
    """Say how many conduits have no size factor, which closes them."""
    return [
        f"{missing} of {len(values)} conduits have no {name.replace('_', ' ')}: they did not "
        "settle and are left out of the network"
        for name, values in found.items()
        if (missing := int(np.count_nonzero(np.isnan(values))))
    ]


def network_warnings(
    contacts: FaceContacts, shape: tuple[int, ...], found: Mapping[str, FloatArray]
) -> tuple[str, ...]:
    """Say what a network cannot describe: thin layers, conduits without a size factor.

    Parameters
    ----------
    contacts : of the regions with the image's faces
    shape : of the image
    found : name → size factors of its conduits, NaN for none
    """
    return (*_thin_axes(contacts, shape), *_missing(found))
