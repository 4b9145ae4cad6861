"""Build an interface network of an image: pores as blocks, throats as patches with modes."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from poreops.base.arguments import (
    checked_axis,
    checked_number,
    checked_voxel_size,
    checked_workers,
)
from poreops.conduits.crop import checked_conns, checked_labels
from poreops.conduits.partition import Regions, binary_image, partition
from poreops.errors import InputError
from poreops.machine.memory import require_memory
from poreops.machine.progress import ticking
from poreops.networks.interface.effective import InterfaceDiffusion, diffusion_along
from poreops.networks.interface.joints import Joints
from poreops.networks.interface.modes import ALL
from poreops.networks.interface.pores import PlacedPores
from poreops.networks.interface.ports import at_faces, cut_blocks, find_patches
from poreops.networks.interface.refine import refined
from poreops.networks.interface.reuse import Reusable
from poreops.networks.interface.throats import missed, throat_fields

RTOL = 0.03
# peak measured on Berea 128³, the partition included
BYTES_PER_VOXEL = 80
BYTES_PER_PORE_VOXEL = 1100
# faces of a patch that begins with quadratic, with cubic modes, for a bracket of 3 %
_LARGE = (100, 1000)


@dataclass(frozen=True, repr=False)
class InterfaceNetwork(PlacedPores, Reusable, kind="interface network"):
    """A network whose pores are blocks of voxels and whose throats carry modes.

    Attributes
    ----------
    regions : Regions
        The pores and which of them touch.
    voxel_size : float [m]
    rtol : float, None if no width of the bracket was asked for
    along : tuple of InterfaceDiffusion, one for each axis of the image
    gap : (Nt, ndim) float64
        Share of each throat in the width of the bracket along each axis: where the network is
        wrong. With `gap_inside` its sum is the width.
    gap_inside : (ndim,) float64
        The same of the cuts through large pores.
    faces, patches, modes : (Nt,) int64
        Voxel faces of each throat, connected patches of them, modes of potential on these.
    blocks : number of blocks
    joints : Joints
        The blocks and how each answers, which `diffusivity_tensor` and `without` solve again.
    warnings : tuple of str
    """

    regions: Regions
    voxel_size: float
    rtol: float | None
    along: tuple[InterfaceDiffusion, ...]
    gap: NDArray[np.float64]
    gap_inside: NDArray[np.float64]
    faces: NDArray[np.int64]
    patches: NDArray[np.int64]
    modes: NDArray[np.int64]
    blocks: int
    joints: Joints = field(repr=False, compare=False)
    warnings: tuple[str, ...] = ()

    def formation_factor(self, axis: str | int) -> InterfaceDiffusion:
        """Return the formation factor along an axis with its bounds.

        Parameters
        ----------
        axis : "x", "y", "z" or 0, 1, 2

        Returns
        -------
        InterfaceDiffusion
            With infinite bounds if no pores join the two faces.

        Raises
        ------
        InputError
            No such axis.
        """
        return self.along[checked_axis(axis, self.regions.labels.ndim)]


def interface_network(
    im: NDArray[np.bool_],
    voxel_size: float = 1.0,
    *,
    rtol: float | None = RTOL,
    r_max: int = 4,
    sigma: float = 0.4,
    workers: int | None = None,
    progress: bool = False,
) -> InterfaceNetwork:
    """Partition an image and build its interface network, with bounds on the formation factor.

    Parameters
    ----------
    im : (nx, ny, nz) or (nx, ny) bool, True = pore
    voxel_size : float [m]
        The formation factor does not depend on it.
    rtol : float, optional
        Largest width of the bracket, relative to its middle: throats get modes until it is met on
        every axis. None takes linear modes everywhere.
    r_max, sigma : of the partition, see `poreops.partition`
    workers : int, optional
        Threads; all processors by default. No result depends on them.
    progress : bool
        Show a bar on stderr, or below the cell of a notebook.

    Returns
    -------
    InterfaceNetwork

    Raises
    ------
    InputError
        Not a binary image, rtol not in 0..1, or more voxels than fit in memory.

    Notes
    -----
    Dirichlet's and Thomson's principles on the resistor network of the voxels: potentials
    (fluxes) that lie in the modes give a lower (upper) bound on the formation factor of the
    voxels themselves, see docs/interface.md.

    Examples
    --------
    >>> im = np.zeros((12, 6, 6), dtype=bool)
    >>> im[:, 1:4, 1:4] = True
    >>> found = interface_network(im).formation_factor("x")
    >>> round(found.lower, 6), round(found.upper, 6)
    (4.0, 4.0)
    """
    im = binary_image(im)
    checked_voxel_size(voxel_size), checked_rtol(rtol)
    require_memory(
        memory_needed(im.size, float(im.mean())),
        f"the interface network of an image of shape {im.shape}",
        "crop the image to a part",
    )
    regions = partition(im, r_max=r_max, sigma=sigma, progress=progress)
    return interface_network_of_regions(
        regions, voxel_size, rtol=rtol, workers=workers, progress=progress
    )


def interface_network_of_regions(
    regions: Regions,
    voxel_size: float = 1.0,
    *,
    rtol: float | None = RTOL,
    level: int | None = None,
    workers: int | None = None,
    progress: bool = False,
) -> InterfaceNetwork:
    """Build the interface network of a partitioned image; the rest as `interface_network`.

    Parameters
    ----------
    level : 0..4, optional
        Degree of the modes to begin with; 4 gives each face a mode of its own, which makes the
        bounds equal.
    """
    labels = checked_labels(regions.labels)
    conns = checked_conns(labels, regions.conns)
    voxel_size, rtol = checked_voxel_size(voxel_size), checked_rtol(rtol)
    workers = checked_workers(workers)
    blocks, number = cut_blocks(labels)
    patches = find_patches(blocks, number, conns)
    del number
    size = np.diff(patches.start)
    if level is not None:
        start = np.full(len(patches), level, np.int64)
    else:
        start = 1 + np.searchsorted(_LARGE, size * (0.0 if rtol is None else 0.03 / rtol))
    # across a large pore the field is less even than in a throat
    inside = patches.throat < 0
    start[inside] = np.minimum(start[inside] + 1, ALL - 1)
    joints = Joints(blocks, patches, at_faces(blocks), start, labels.ndim)
    with ticking(progress, "blocks", len(blocks)) as tick:
        found = refined(joints, rtol, workers, tick)
    joints.settle()
    shape = labels.shape
    porosity = float(np.count_nonzero(labels)) / labels.size
    along = tuple(
        diffusion_along(axis, found.get(axis), shape, porosity) for axis in range(len(shape))
    )
    modes = np.array([each.shape[1] for each in joints.potential], dtype=np.int64)
    return InterfaceNetwork(
        regions, voxel_size, rtol, along,
        **throat_fields(patches, len(conns), found, len(shape), modes),
        blocks=len(blocks),
        joints=joints,
        warnings=missed(along, rtol),
    )  # fmt: skip


def partition_score(regions: Regions, *, level: int = 1, workers: int | None = None) -> float:
    """Score a partition by the bracket that it gives with few modes: less is better.

    Parameters
    ----------
    regions : Regions
    level : degree of the modes: 0 constant, 1 linear
    workers : threads; all processors by default

    Returns
    -------
    float
        Root mean square, over the axes that percolate, of the width of the bracket relative to
        its middle; 0 if none does. Throats that lie askew, or where none should be, widen it.
    """
    return scored_partition(regions, level=level, workers=workers)[0]


def scored_partition(
    regions: Regions, voxel_size: float = 1.0, *, level: int = 1, workers: int | None = None
) -> tuple[float, InterfaceNetwork]:
    """Return the score of a partition and the network whose gaps tell where it comes from.

    Parameters
    ----------
    regions, level, workers : as for `partition_score`
    voxel_size : [m], of the network
    """
    network = interface_network_of_regions(
        regions, voxel_size, rtol=None, level=level, workers=workers
    )
    widths = [one.width for one in network.along if one.percolates]
    return (float(np.sqrt(np.mean(np.square(widths)))) if widths else 0.0), network


def checked_rtol(rtol: float | None) -> float | None:
    """Return the width asked for, or raise InputError.

    Parameters
    ----------
    rtol : relative width of the bracket; None for none
    """
    if rtol is None:
        return None
    number = checked_number(rtol, "rtol", f"{RTOL} is usual")
    if not 0 < number < 1:
        raise InputError(f"rtol must lie between 0 and 1, got {number:g}; {RTOL} is usual")
    return number


def memory_needed(voxels: int, porosity: float) -> int:
    """Estimate the bytes that `interface_network` takes at its peak.

    Parameters
    ----------
    voxels : of the image
    porosity : share of them that are pore
    """
    return int(voxels * (BYTES_PER_VOXEL + porosity * BYTES_PER_PORE_VOXEL))
