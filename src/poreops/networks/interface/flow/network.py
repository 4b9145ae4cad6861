"""Build an interface network for flow: bounds on the permeability of an image's voxels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poreops.base.arguments import AXES, checked_axis, checked_voxel_size
from poreops.base.arrays import Array
from poreops.base.conventions import WALLS, Walls, checked_walls
from poreops.base.show.result import Result
from poreops.conduits.crop import checked_conns, checked_labels
from poreops.conduits.image_flow import image_flow
from poreops.conduits.partition import Regions, binary_image, partition
from poreops.machine.memory import require_memory
from poreops.machine.progress import ticking
from poreops.networks.interface.bounds import Bounds
from poreops.networks.interface.flow.effective import InterfaceFlow
from poreops.networks.interface.flow.pieces import cut_flow
from poreops.networks.interface.flow.refine import FlowBlocks, refined_flow
from poreops.networks.interface.network import checked_rtol
from poreops.networks.interface.pores import PlacedPores
from poreops.networks.interface.ports import at_faces, cut_blocks, find_patches
from poreops.networks.interface.throats import missed, throat_fields

RTOL = 0.1
BYTES_PER_VOXEL = 150
BYTES_PER_PORE_VOXEL = 13_000  # peak measured on Berea 128³
MOST_VOXELS = 4000  # in a block: its factors take time in the square of their number


@dataclass(frozen=True, repr=False)
class InterfaceFlowNetwork(PlacedPores, Result, kind="interface flow network"):
    """A network whose pores are blocks of Stokes flow and whose throats carry tractions.

    Attributes
    ----------
    regions : Regions
        The pores and which of them touch.
    voxel_size : float [m]
    rtol : float, None if no width of the bracket was asked for
    walls : "stepped" or "smooth", see `poreops.permeability`
    along : tuple of InterfaceFlow, one for each axis of the image
    gap : (Nt, ndim) float64
        Share of each throat in the width of the bracket along each axis: where the network is
        wrong. With `gap_inside` its sum is the width.
    gap_inside : (ndim,) float64
        The same of the cuts through large pores.
    faces, patches, modes : (Nt,) int64
        Voxel faces of each throat, connected patches of them, modes of traction on these.
    blocks : number of blocks
    warnings : tuple of str
    """

    regions: Regions
    voxel_size: float
    rtol: float | None
    walls: Walls
    along: tuple[InterfaceFlow, ...]
    gap: NDArray[np.float64]
    gap_inside: NDArray[np.float64]
    faces: NDArray[np.int64]
    patches: NDArray[np.int64]
    modes: NDArray[np.int64]
    blocks: int
    warnings: tuple[str, ...] = ()

    def permeability(self, axis: str | int) -> InterfaceFlow:
        """Return the permeability along an axis with its bounds.

        Parameters
        ----------
        axis : "x", "y", "z" or 0, 1, 2

        Returns
        -------
        InterfaceFlow
            All 0 if no pores join the two faces.

        Raises
        ------
        InputError
            No such axis.
        """
        return self.along[checked_axis(axis, self.regions.labels.ndim)]


def interface_flow(
    im: NDArray[np.bool_],
    voxel_size: float = 1.0,
    *,
    rtol: float | None = RTOL,
    r_max: int = 4,
    sigma: float = 0.4,
    walls: Walls = WALLS,
    progress: bool = False,
) -> InterfaceFlowNetwork:
    """Partition an image and build its interface network, with bounds on the permeability.

    Parameters
    ----------
    im : (nx, ny, nz) or (nx, ny) bool, True = pore
        At least 3 voxels along each axis.
    voxel_size : float [m]
        1 gives permeabilities in voxel².
    rtol : float, optional
        Largest width of the bracket, relative to its middle: throats get modes until it is met on
        every axis. None takes linear pressures and uniform shears everywhere.
    r_max, sigma : of the partition, see `poreops.partition`
    walls : "stepped" or "smooth", see `poreops.permeability`
    progress : bool
        Show a bar on stderr, or below the cell of a notebook.

    Returns
    -------
    InterfaceFlowNetwork

    Raises
    ------
    InputError
        Not a binary image, an axis shorter than 3 voxels, no solid, rtol not in 0..1, unknown
        walls, or more voxels than fit in memory.

    Notes
    -----
    Helmholtz' principle on the equations of `poreops.permeability` with its default boundary:
    tractions that lie in the modes give an upper bound, continuous velocities a lower one, see
    docs/interface.md.

    Examples
    --------
    >>> im = np.zeros((12, 8, 8), dtype=bool)
    >>> im[:, 1:-1, :] = True
    >>> found = interface_flow(im).permeability("x")
    >>> round(found.lower, 4), round(found.upper, 4)
    (2.25, 2.25)
    """
    im = binary_image(im)
    checked_voxel_size(voxel_size), checked_rtol(rtol), checked_walls(walls)
    regions = partition(im, r_max=r_max, sigma=sigma, progress=progress)
    return interface_flow_of_regions(
        regions, voxel_size, rtol=rtol, walls=walls, progress=progress
    )


def interface_flow_of_regions(
    regions: Regions,
    voxel_size: float = 1.0,
    *,
    rtol: float | None = RTOL,
    level: int = 1,
    walls: Walls = WALLS,
    progress: bool = False,
) -> InterfaceFlowNetwork:
    """Build the interface network for flow of a partitioned image; the rest as `interface_flow`.

    Parameters
    ----------
    level : 0..6, optional
        Degree of the modes to begin with; 6 gives each velocity a mode of its own, which makes
        the bounds equal.
    """
    labels = checked_labels(regions.labels)
    conns = checked_conns(labels, regions.conns)
    voxel_size, rtol = checked_voxel_size(voxel_size), checked_rtol(rtol)
    walls = checked_walls(walls)
    ndim = labels.ndim
    require_memory(
        memory_needed(labels.size, float(np.count_nonzero(labels)) / labels.size),
        f"the interface network for flow of an image of shape {labels.shape}",
        "crop the image to a part",
    )
    flows = {axis: image_flow(labels, axis, walls) for axis in range(ndim)}
    layer = labels.reshape((1,) * (3 - ndim) + labels.shape)  # the axis that 2D lacks comes first
    blocks, number = cut_blocks(layer, MOST_VOXELS)
    patches = find_patches(blocks, number, conns)
    pieces = {
        axis: cut_flow(flow, blocks, number, patches)
        for axis, flow in flows.items()
        if flow is not None
    }
    del number, flows
    at_ends = np.asarray(at_faces(blocks).any(axis=2))[:, 3 - ndim :]
    ends = np.logical_or.reduceat(at_ends, blocks.start[:-1], axis=0)
    parts = FlowBlocks(pieces, patches, ends, np.full(len(patches), level, np.int64))
    with ticking(progress, "blocks") as tick:
        found = refined_flow(parts, rtol, tick)
    along = tuple(_along(axis, found.get(axis), labels, voxel_size) for axis in range(ndim))
    modes = np.max([[m.shape[1] for m in own] for own in parts.modes.values()], axis=0, initial=0)
    return InterfaceFlowNetwork(
        regions, voxel_size, rtol, walls, along,
        **throat_fields(patches, len(conns), found, ndim, modes),
        blocks=len(blocks),
        warnings=missed(along, rtol),
    )  # fmt: skip


def memory_needed(voxels: int, porosity: float) -> int:
    """Estimate the bytes that `interface_flow` takes at its peak.

    Parameters
    ----------
    voxels : of the image
    porosity : share of them that are pore
    """
    return int(voxels * (BYTES_PER_VOXEL + porosity * BYTES_PER_PORE_VOXEL))


def _along(axis: int, found: Bounds | None, labels: Array, voxel_size: float) -> InterfaceFlow:
    porosity = float(np.count_nonzero(labels)) / labels.size
    if found is None:
        return InterfaceFlow(AXES[axis], 0.0, 0.0, 0.0, voxel_size, porosity)
    # k = Q L / A
    unit = voxel_size**2 * labels.shape[axis] ** 2 / labels.size
    return InterfaceFlow(
        AXES[axis], unit * found.middle, unit * found.lower, unit * found.upper, voxel_size,
        porosity,
    )  # fmt: skip
