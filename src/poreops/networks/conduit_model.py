"""Size factors of a network that exists already: a model function for OpenPNM."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poreops.base.arguments import checked_voxel_size, checked_workers, shown
from poreops.conduits.contacts import FaceContacts
from poreops.conduits.crop import checked_labels
from poreops.conduits.methods import ConductanceModel, size_factors
from poreops.conduits.partition import Regions
from poreops.errors import InputError
from poreops.networks.arrays import faces_of_pores

if TYPE_CHECKING:
    from openpnm.network import Network

FloatArray = NDArray[np.float64]


def diffusive_size_factors_model(
    network: "Network",
    regions: Regions | NDArray[np.integer],
    voxel_size: float = 1.0,
    method: str = "dns",
    model: ConductanceModel | str | None = None,
    workers: int | None = None,
) -> FloatArray:
    """Return the size factors of a network's throats: a model function for OpenPNM.

    Use it as `net.add_model(propname="throat.diffusive_size_factors",
    model=diffusive_size_factors_model, regions=snow.regions, voxel_size=5e-6)` on the network
    of `build_network` or of PoreSpy's `snow2`.

    Parameters
    ----------
    network : openpnm.network.Network
        Pore i is region `pore.region_label[i]`, or region i + 1 where there is no such property.
    regions : Regions or (nx, ny[, nz]) int
        The partitioned image of the network, with the boundary slabs if PoreSpy added any.
    voxel_size : float [m]
    method, model, workers : as for `build_network`

    Returns
    -------
    (Nt,) float64 [m]

    Notes
    -----
    A throat to a boundary pore (`pore.xmin` ... `pore.zmax`) is the half conduit from its region
    to that face, whether the boundary pore is a point on the face or a slab that PoreSpy padded:
    a Dirichlet voxel inside the slab would misjudge inlet and outlet. Several slabs of one region
    on one face share the half conduit; a throat between two boundary pores gets 0.
    """
    voxel_size, workers = checked_voxel_size(voxel_size), checked_workers(workers)
    labels = checked_labels(regions.labels if isinstance(regions, Regions) else regions)
    if "pore.region_label" in network:
        region = np.asarray(network["pore.region_label"], dtype=np.int64) - 1
    else:
        region = np.arange(network.Np)
    face = faces_of_pores(network, labels.ndim)
    conns = network["throat.conns"]
    on_face = face[conns] >= 0
    inner = np.flatnonzero(~on_face.any(axis=1))
    outer = np.flatnonzero(on_face.any(axis=1) & ~on_face.all(axis=1))
    pairs = np.sort(region[conns[inner]], axis=1)
    inside = conns[outer, np.where(on_face[outer, 0], 1, 0)]
    outside = conns[outer, np.where(on_face[outer, 0], 0, 1)]
    contacts = FaceContacts(region[inside], face[outside] // 2, face[outside] % 2)
    throats, faces = size_factors(
        labels,
        pairs,
        contacts,
        method=method,
        model=loaded_model(model),
        workers=workers,
    )
    # PoreSpy pads a slab to each patch of a region on a face; together they are one conduit
    place = np.column_stack([contacts.region, contacts.axis, contacts.side])
    _, which, patches = np.unique(place, axis=0, return_inverse=True, return_counts=True)
    found = np.zeros(network.Nt)
    found[inner], found[outer] = throats, faces / patches[which]
    return found * voxel_size


def loaded_model(model: ConductanceModel | str | None) -> ConductanceModel | None:
    """Return the model, loaded first if it is a URI."""
    if isinstance(model, str | Path):
        import poreops

        return poreops.load_model(str(model))
    if model is not None and not hasattr(model, "conduit_size_factors"):
        raise InputError(
            f"a model must be one of load_model or its URI, got {shown(model)}; "
            "e.g. models:/conductance@champion"
        )
    return model
