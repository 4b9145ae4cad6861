"""Build a pore network of an image and solve diffusion on it (the only OpenPNM import)."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poreops.conduits import (
    ConductanceModel,
    FaceContacts,
    Watch,
    checked_method,
    face_contacts,
    size_factors,
)
from poreops.errors import InputError
from poreops.graph import AXES, clusters, face_name, has_pore, network_arrays
from poreops.regions.partition import Regions, partition
from poreops.volumes.memory import require_memory

# peak of the whole job, reached in the partition: 42 at porosity 0.6, 35 at 0.2, measured
BYTES_PER_VOXEL = 50

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class NetworkDiffusion:
    """Diffusion through a pore network along one axis, relative to the free diffusivity.

    Attributes
    ----------
    axis : "x", "y" or "z"
    formation_factor : F = D₀/D_eff; infinite if no pores join the two faces
    tortuosity : τ = φF
    effective_diffusivity : D_eff/D₀
    porosity : φ of the image, closed pores included
    """

    axis: str
    formation_factor: float
    tortuosity: float
    effective_diffusivity: float
    porosity: float

    @property
    def percolates(self) -> bool:
        """Whether pores join the two faces."""
        return math.isfinite(self.formation_factor)


@dataclass(frozen=True)
class PoreNetwork:
    """A pore network of an image, ready for OpenPNM.

    Attributes
    ----------
    openpnm : openpnm.network.Network
        In SI units, the image's corner at the origin. Pores are the regions (`pore.internal`,
        `pore.region_label`) and, where a region meets an image face, a boundary pore on the face
        (`pore.boundary`, `pore.xmin` ... `pore.zmax`). `throat.diffusive_size_factors` [m] is set
        for all throats. Regions outside the clusters that join two opposite faces are left out
        (if none does, all but the largest cluster), so that every transport algorithm solves.
    regions : Regions
        Of the whole image.
    size_factors : (Nt,) float64 [m]
        Of every throat of `regions.conns`.
    voxel_size : float [m]
    method : what gave the size factors
    """

    openpnm: Any
    regions: Regions
    size_factors: FloatArray
    voxel_size: float
    method: str

    def formation_factor(self, axis: str | int) -> NetworkDiffusion:
        """Solve Fickian diffusion with c = 1 and 0 on the two faces of an axis, by OpenPNM.

        Parameters
        ----------
        axis : "x", "y", "z" or 0, 1, 2

        Returns
        -------
        NetworkDiffusion
            With an infinite formation factor if no pores join the two faces.
        """
        labels = self.regions.labels
        index = axis_index(axis, labels.ndim)
        porosity = float(np.count_nonzero(labels)) / labels.size
        length = labels.shape[index] * self.voxel_size
        # a 2D image is a layer of one voxel
        area = (
            labels.size / labels.shape[index] * self.voxel_size ** (2 if labels.ndim == 3 else 1)
        )
        area *= self.voxel_size if labels.ndim == 2 else 1.0
        rate = _diffusion_rate(self.openpnm, AXES[index])
        effective = rate * length / area
        return NetworkDiffusion(
            axis=AXES[index],
            formation_factor=1 / effective if effective > 0 else math.inf,
            tortuosity=porosity / effective if effective > 0 else math.inf,
            effective_diffusivity=effective,
            porosity=porosity,
        )


def build_network(
    im: NDArray[np.bool_],
    voxel_size: float,
    method: str = "dns",
    model: ConductanceModel | str | None = None,
    workers: int | None = None,
    *,
    watch: Watch | None = None,
) -> PoreNetwork:
    """Partition an image and build its pore network.

    Parameters
    ----------
    im : (nx, ny, nz) or (nx, ny) bool, True = pore
    voxel_size : float [m]
    method : "dns", "model", "geometry" or "shape_factor"
        What gives the size factors: see `poreops.conduits.size_factors`.
    model : model or URI, for the method `model`
    workers : int, optional
        Threads of the method `dns`; all processors by default.
    watch : callable, optional
        Wraps the stream of conduits, of the given number: a progress bar.

    Returns
    -------
    PoreNetwork

    Raises
    ------
    InputError
        The voxel size is not > 0, the method is unknown or lacks its model, the image needs more
        memory than there is, or it has a single region and so no throat.
    """
    checked_voxel_size(voxel_size)
    method = checked_method(method, model, np.ndim(im))
    require_memory(
        np.size(im) * BYTES_PER_VOXEL,
        f"the network of an image of shape {np.shape(im)}",
        "crop the image to a part",
    )
    regions = partition(im)
    return network_of_regions(
        regions, voxel_size, method=method, model=model, workers=workers, watch=watch
    )


def network_of_regions(
    regions: Regions,
    voxel_size: float,
    method: str = "dns",
    model: ConductanceModel | str | None = None,
    workers: int | None = None,
    *,
    watch: Watch | None = None,
) -> PoreNetwork:
    """Build the pore network of a partitioned image; the rest as `build_network`."""
    import openpnm

    checked_voxel_size(voxel_size)
    labels, conns = regions.labels, regions.conns
    method = checked_method(method, model, labels.ndim)
    if not len(conns):
        raise InputError(
            f"a network needs two regions that touch, the image has {regions.count} "
            "region(s) and no throat; use poreops formation-factor, which needs no regions"
        )
    contacts = face_contacts(labels)
    throats, faces = size_factors(
        labels,
        conns,
        contacts,
        method=method,
        model=loaded_model(model) if method == "model" else None,
        workers=workers,
        watch=watch,
    )
    arrays = network_arrays(regions.labels, conns, contacts, throats, faces, voxel_size)
    network = openpnm.io.network_from_porespy(arrays)
    return PoreNetwork(network, regions, throats * voxel_size, voxel_size, method)


def diffusive_size_factors_model(
    network: Any,
    regions: Regions | NDArray[np.integer],
    voxel_size: float = 1.0,
    method: str = "dns",
    model: ConductanceModel | str | None = None,
    workers: int | None = None,
) -> FloatArray:
    """Return the size factors of a network's throats: a model function for OpenPNM.

    Use it as `net.add_model(propname="throat.diffusive_size_factors",
    model=poreops.network.diffusive_size_factors_model, regions=snow.regions, voxel_size=5e-6)`
    on the network of `build_network` or of PoreSpy's `snow2`.

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
    checked_voxel_size(voxel_size)
    labels = regions.labels if isinstance(regions, Regions) else np.asarray(regions)
    if "pore.region_label" in network:
        region = np.asarray(network["pore.region_label"], dtype=np.int64) - 1
    else:
        region = np.arange(network.Np)
    face = _faces_of_pores(network, labels.ndim)
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


def load_network(path: str | Path) -> Any:
    """Read a `network.npz` of `poreops network` as an OpenPNM network.

    Without PoreOps: `openpnm.io.network_from_porespy(dict(numpy.load("network.npz")))`.
    """
    import openpnm

    try:
        with np.load(path, allow_pickle=False) as stored:
            return openpnm.io.network_from_porespy(dict(stored))
    except (OSError, ValueError, EOFError) as error:
        raise InputError(
            f"a network must be a network.npz of poreops network, {path} is not: "
            f"{' '.join(str(error).split())}; write it again"
        ) from None


def axis_index(axis: str | int, ndim: int) -> int:
    """Return 0, 1 or 2 of an axis name or number, or raise `InputError`."""
    index = AXES.find(axis) if isinstance(axis, str) and len(axis) == 1 else axis
    if not isinstance(index, int | np.integer) or not 0 <= index < ndim:
        raise InputError(
            f"axis must be one of {', '.join(AXES[:ndim])} for a {ndim}D image, got {axis!r}; "
            "correct --axis"
        )
    return int(index)


def checked_voxel_size(voxel_size: float) -> None:
    """Raise `InputError` if the voxel size is not a length."""
    if not (voxel_size > 0 and math.isfinite(voxel_size)):
        raise InputError(
            f"voxel size must be > 0 m, got {voxel_size}; give it in metres, e.g. 5.3e-6"
        )


def loaded_model(model: ConductanceModel | str | None) -> ConductanceModel | None:
    """Return the model, loaded first if it is a URI."""
    if isinstance(model, str):
        import poreops

        loaded: ConductanceModel = poreops.load_model(model)
        return loaded
    return model


def _faces_of_pores(network: Any, ndim: int) -> NDArray[np.int64]:
    """Return the face number of each boundary pore, -1 inside."""
    face = np.full(network.Np, -1, dtype=np.int64)
    for number in range(2 * ndim):
        key = f"pore.{face_name(number)}"
        if key in network:
            face[np.asarray(network[key], dtype=np.bool_)] = number
    if "pore.boundary" in network:
        face[~np.asarray(network["pore.boundary"], dtype=np.bool_)] = -1
    return face


def _diffusion_rate(network: Any, axis: str) -> float:
    """Return the rate [m] from face to face for a unit diffusivity and concentration step."""
    import openpnm

    inlet, outlet = network[f"pore.{axis}min"], network[f"pore.{axis}max"]
    factors = network["throat.diffusive_size_factors"]
    series = factors if factors.ndim == 1 else 1 / (1 / factors).sum(axis=1)
    # the boundary pores of the other faces dangle and are left out
    other = network["pore.boundary"] & ~inlet & ~outlet
    conns = network["throat.conns"]
    open_ = (series > 0) & ~other[conns].any(axis=1)
    cluster = clusters(network.Np, conns[open_])
    joined: NDArray[np.bool_] = (has_pore(cluster, inlet) & has_pore(cluster, outlet))[cluster]
    if not joined.any():
        return 0.0
    kept_throats = open_ & joined[conns].all(axis=1)
    new_index = np.cumsum(joined) - 1
    part = openpnm.network.Network(
        coords=network["pore.coords"][joined], conns=new_index[conns[kept_throats]]
    )
    try:
        part["throat.diffusive_size_factors"] = series[kept_throats]
        phase = openpnm.phase.Phase(network=part)
        phase["pore.diffusivity"] = phase["throat.diffusivity"] = 1.0
        phase.add_model(
            propname="throat.diffusive_conductance",
            model=openpnm.models.physics.diffusive_conductance.generic_diffusive,
        )
        diffusion = openpnm.algorithms.FickianDiffusion(network=part, phase=phase)
        diffusion.set_value_BC(pores=np.flatnonzero(inlet[joined]), values=1.0)
        diffusion.set_value_BC(pores=np.flatnonzero(outlet[joined]), values=0.0)
        diffusion.run()
        return float(diffusion.rate(pores=np.flatnonzero(inlet[joined]))[0])
    finally:
        openpnm.Workspace().close_project(part.project)
