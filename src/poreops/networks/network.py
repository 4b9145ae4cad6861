"""Build a pore network of an image, solve diffusion and flow on it, by OpenPNM."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poreops.base.arguments import AXES, checked_axis, checked_voxel_size, checked_workers
from poreops.base.arrays import Array
from poreops.base.conventions import Convention, Walls
from poreops.base.extras import needs
from poreops.base.show.result import Result
from poreops.conduits.contacts import FaceContacts, face_contacts
from poreops.conduits.methods import (
    PREDICTED,
    ConductanceModel,
    Watch,
    all_size_factors,
    checked_method,
    checked_transport,
    walls_of_flow,
)
from poreops.conduits.partition import Regions, binary_image, partition
from poreops.conduits.quantity import targets_of, voxel_power
from poreops.conduits.sure import RTOL, Sureness, default_model
from poreops.errors import InputError
from poreops.machine.memory import require_memory
from poreops.machine.progress import bar_of
from poreops.networks.arrays import (
    HALF_WIDTHS,
    intervals_of,
    joining_part,
    network_arrays,
    network_warnings,
)
from poreops.networks.conduit_model import loaded_model
from poreops.networks.effective import NetworkDiffusion, NetworkFlow

if TYPE_CHECKING:
    from openpnm.network import Network

    from poreops.conduits.large.groups import StoredRegions

# peak of the whole job, reached in the partition: 42 at porosity 0.6, 35 at 0.2, measured
BYTES_PER_VOXEL = 50

FloatArray = NDArray[np.float64]
Factors = dict[str, FloatArray]


@dataclass(frozen=True, repr=False)
class PoreNetwork(Result, kind="network"):
    """A pore network of an image, ready for OpenPNM.

    Attributes
    ----------
    openpnm : openpnm.network.Network
        In SI units, the image's corner at the origin. Pores are the regions (`pore.internal`,
        `pore.region_label`) and, where a region meets an image face, a boundary pore on the face
        (`pore.boundary`, `pore.xmin` ... `pore.zmax`). `throat.diffusive_size_factors` [m] or
        `throat.hydraulic_size_factors` [m³], or both, are set for all throats. Regions outside
        the clusters that join two opposite faces are left out (if none does, all but the largest
        cluster), so that every transport algorithm solves.
    regions : Regions
        Of the whole image; of a network of a file, which knows of them what it needs.
    size_factors : (Nt,) float64 [m]
        Of diffusion through every throat of `regions.conns`; (0,) if the network has only flow.
    hydraulic_size_factors : (Nt,) float64 [m³]
        Of flow; (0,) if the network has only diffusion.
    voxel_size : float [m]
    method : what gave the size factors
    walls : "stepped" or "smooth", which those of flow follow; None without flow, or by a rule
    warnings : tuple of str
        What speaks against the network's numbers, a line each: pores that reach from face to
        face, size factors that are missing.
    sureness : Sureness, optional
        Of the size factors of all throats and face contacts, where a model states intervals.
    """

    openpnm: "Network"
    regions: "Regions | StoredRegions"
    size_factors: FloatArray
    hydraulic_size_factors: FloatArray
    voxel_size: float
    method: str
    walls: Walls | None = None
    warnings: tuple[str, ...] = ()
    sureness: Sureness | None = None

    def formation_factor(self, axis: str | int) -> NetworkDiffusion:
        """Solve Fickian diffusion with c = 1 and 0 on the two faces of an axis, by OpenPNM.

        Parameters
        ----------
        axis : "x", "y", "z" or 0, 1, 2

        Returns
        -------
        NetworkDiffusion
            With an infinite formation factor if no pores join the two faces.

        Raises
        ------
        InputError
            No such axis, or the network was built for flow only.
        """
        index, porosity = checked_axis(axis, len(self.regions.shape)), self.regions.porosity
        effective = self._effective(index, "diffusive", "FickianDiffusion")
        ends = self._ends(index, "diffusive", "FickianDiffusion")
        return NetworkDiffusion(
            axis=AXES[index],
            formation_factor=1 / effective if effective > 0 else math.inf,
            tortuosity=porosity / effective if effective > 0 else math.inf,
            effective_diffusivity=effective,
            porosity=porosity,
            interval=None if ends is None else (1 / ends[1], 1 / ends[0]),
        )

    def permeability(self, axis: str | int) -> NetworkFlow:
        """Solve flow with a pressure of 1 and 0 on the two faces of an axis, by OpenPNM.

        Parameters
        ----------
        axis : "x", "y" or "z" or 0, 1, 2

        Returns
        -------
        NetworkFlow
            With a permeability of 0 if no pores join the two faces.

        Notes
        -----
        A conduit ends at the image's faces, so the four faces beside the flow are walls, as with
        `poreops.SEALED`: compare with that, or take an image of many pores.

        Raises
        ------
        InputError
            No such axis, or the network was built for diffusion only.
        """
        index = checked_axis(axis, len(self.regions.shape))
        flow = ("hydraulic", "StokesFlow")
        return NetworkFlow(AXES[index], self._effective(index, *flow), self._ends(index, *flow))

    def _ends(self, index: int, kind: str, algorithm: str) -> tuple[float, float] | None:
        """Return what is carried if all conduits are at the lower, or at the upper end of theirs.

        No conduit that carries more lets the network carry less (Rayleigh), so what they carry
        together lies between, wherever each is in its interval. None where one has none.
        """
        if (
            self.sureness is None
            or self.sureness.unknown
            or not self._effective(index, kind, algorithm) > 0
        ):
            return None
        low, high = (self._effective(index, kind, algorithm, sign) for sign in (-1.0, 1.0))
        return low, high

    def _effective(self, index: int, kind: str, algorithm: str, end: float = 0.0) -> float:
        """Return rate × length / area of the image for a unit step from face to face."""
        name = f"throat.{kind}_size_factors"
        if name not in self.openpnm:
            raise InputError(
                f"the network must have {kind} size factors, got none; build it with "
                "transport='both'"
            )
        shape = self.regions.shape
        length = shape[index] * self.voxel_size
        # a 2D image is a layer of one voxel
        area = math.prod(shape) / shape[index] * self.voxel_size**2
        return float(_rate(self.openpnm, AXES[index], name, algorithm, end) * length / area)


def build_network(
    im: NDArray[np.bool_],
    voxel_size: float,
    method: str = "dns",
    model: ConductanceModel | str | None = None,
    workers: int | None = None,
    *,
    transport: str = "diffusion",
    walls: Walls | None = None,
    convention: Convention | None = None,
    rtol: float = RTOL,
    watch: Watch | None = None,
    progress: bool = False,
) -> PoreNetwork:
    """Partition an image and build its pore network.

    Parameters
    ----------
    im : (nx, ny, nz) or (nx, ny) bool, True = pore
    voxel_size : float [m]
    method : "dns", "model", "auto", "geometry" or "shape_factor"
        What gives the size factors: see `poreops.conduits.methods.size_factors`.
    model : model or URI, for the methods `model` and `auto`
        By default that of the package for `auto`, ``shipped:diffusion`` or ``shipped:flow``, of
        2D images ``shipped:diffusion-2d`` or ``shipped:flow-2d``.
    workers : int, optional
        Threads of the method `dns`; all processors by default.
    transport : "diffusion", "flow" or "both"
        What the network carries; a model knows either diffusion or flow.
    walls : "stepped" or "smooth", optional
        Of flow by `dns` (stepped by default) or `model` (its own): see
        `poreops.solvers.stokes.permeability.permeability`.
    convention : "centroid" or "porespy", optional
        Of diffusion by `dns` (centroid by default) or `model` (its own).
    rtol : float
        Half width of the interval of log G below which `auto` takes a prediction; 0 simulates all.
    watch : callable, optional
        Wraps the stream of conduits, of the given number: a progress bar of one's own.
    progress : bool
        Show a bar on stderr, or below the cell of a notebook.

    Returns
    -------
    PoreNetwork
        Read its `warnings`: a network cannot describe an image as thin as a pore.

    Raises
    ------
    InputError
        The voxel size is not > 0, the method is unknown, lacks its model or has one of the other
        transport or of other walls, walls are given without flow, the image needs more memory
        than there is, or it has a single region and so no throat.
    """
    needs("networks", "a pore network")
    im = binary_image(im)
    voxel_size = checked_voxel_size(voxel_size)
    model = default_model(method, model, transport, im.ndim)
    method = checked_method(method, model, im.ndim)
    checked_transport(transport, method)
    require_memory(
        np.size(im) * BYTES_PER_VOXEL,
        f"the network of an image of shape {np.shape(im)}",
        "crop the image to a part",
    )
    regions = partition(im, progress=progress)
    return network_of_regions(
        regions, voxel_size, method, model, workers,
        transport=transport, walls=walls, convention=convention, rtol=rtol,
        watch=watch or bar_of(progress),
    )  # fmt: skip


def network_of_regions(
    regions: Regions,
    voxel_size: float,
    method: str = "dns",
    model: ConductanceModel | str | None = None,
    workers: int | None = None,
    *,
    transport: str = "diffusion",
    walls: Walls | None = None,
    convention: Convention | None = None,
    rtol: float = RTOL,
    watch: Watch | None = None,
) -> PoreNetwork:
    """Build the pore network of a partitioned image; the rest as `build_network`.

    ``watch`` wraps the stream of conduits, of the given number: a progress bar.
    """
    needs("networks", "a pore network")
    voxel_size, workers = checked_voxel_size(voxel_size), checked_workers(workers)
    labels, conns = regions.labels, regions.conns
    model = default_model(method, model, transport, labels.ndim)
    method = checked_method(method, model, labels.ndim)
    checked_transport(transport, method)
    require_throats(regions)
    contacts = face_contacts(labels)
    loaded = loaded_model(model) if method in PREDICTED else None
    of_flow = walls_of_flow(walls, transport, method, loaded)
    found: Factors = {}
    sureness: Sureness | None = None
    for target in targets_of(transport):
        factors = all_size_factors(
            labels, conns, contacts, method=method, model=loaded, workers=workers, watch=watch,
            target=target, walls=of_flow if target == "hydraulic" else None, convention=convention,
            rtol=rtol,
        )  # fmt: skip
        sureness = factors.sureness  # a model knows one of the two
        unit = voxel_size ** voxel_power(target)
        found[f"{target}_size_factors"] = np.concatenate(factors[:2]) * unit
    arrays = network_arrays(labels, conns, contacts, found, voxel_size, intervals_of(sureness))
    return assembled(arrays, regions, contacts, found, voxel_size, method, of_flow, sureness)


def require_throats(regions: "Regions | StoredRegions") -> None:
    """Raise InputError where no two regions touch.

    Parameters
    ----------
    regions : of an image
    """
    if not len(regions.conns):
        raise InputError(
            f"a network needs two regions that touch, the image has {regions.count} "
            "region(s) and no throat; use poreops formation-factor, which needs no regions"
        )


def assembled(
    arrays: dict[str, Array],
    regions: "Regions | StoredRegions",
    contacts: FaceContacts,
    found: Factors,
    voxel_size: float,
    method: str,
    walls: Walls | None,
    sureness: Sureness | None,
) -> PoreNetwork:
    """Return the network of arrays, with what speaks against its numbers.

    Parameters
    ----------
    arrays : of `network_arrays`
    regions : of the image
    contacts : of the regions with the faces of the image
    found : OpenPNM's name → (Nt + Nb,) size factors in SI units
    voxel_size, method, walls, sureness : as `PoreNetwork` has them
    """
    import openpnm

    diffusive, hydraulic = (
        found.get(f"{kind}_size_factors", np.zeros(0))[: len(regions.conns)]
        for kind in ("diffusive", "hydraulic")
    )
    return PoreNetwork(
        openpnm.io.network_from_porespy(arrays), regions, diffusive, hydraulic, voxel_size,
        method, walls, network_warnings(contacts, regions.shape, found), sureness,
    )  # fmt: skip


def load_network(path: str | Path) -> "Network":
    """Read a `network.npz` of `poreops network` as an OpenPNM network.

    Without PoreOps: `openpnm.io.network_from_porespy(dict(numpy.load("network.npz")))`.

    Parameters
    ----------
    path : of the file

    Returns
    -------
    openpnm.network.Network
        Lengths in metres.
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


def _rate(
    network: "Network", axis: str, size_factors: str, algorithm: str, end: float = 0.0
) -> float:
    """Return the rate from face to face for unit properties and a unit step between the faces.

    ``size_factors`` names a throat property; at unit properties they are the conductances.
    ``end`` is -1 or 1 for those of the lower or upper ends of their intervals.
    """
    import openpnm

    inlet, outlet = network[f"pore.{axis}min"], network[f"pore.{axis}max"]
    factors, conns = network[size_factors], network["throat.conns"]
    series = factors if factors.ndim == 1 else 1 / (1 / factors).sum(axis=1)
    if end:
        series = series * np.exp(end * network[HALF_WIDTHS])
    # the boundary pores of the other faces dangle and are left out
    other = network["pore.boundary"] & ~inlet & ~outlet
    open_ = (series > 0) & ~other[conns].any(axis=1)
    joined, kept_throats = joining_part(conns, open_, inlet, outlet)
    if not joined.any():
        return 0.0
    new_index = np.cumsum(joined) - 1
    part = openpnm.network.Network(
        coords=network["pore.coords"][joined], conns=new_index[conns[kept_throats]]
    )
    # the solver's tolerances suit numbers near 1, m³ of a conduit are about 1e-16
    unit = float(series[kept_throats].mean())
    try:
        phase = openpnm.phase.Phase(network=part)
        solve = getattr(openpnm.algorithms, algorithm)(network=part, phase=phase)
        phase[solve.settings["conductance"]] = series[kept_throats] / unit
        solve.set_value_BC(pores=np.flatnonzero(inlet[joined]), values=1.0)
        solve.set_value_BC(pores=np.flatnonzero(outlet[joined]), values=0.0)
        solve.run()
        return unit * float(solve.rate(pores=np.flatnonzero(inlet[joined]))[0])
    finally:
        openpnm.Workspace().close_project(part.project)
