"""How wide the gaps are in which a flow loses its pressure, counted in voxels."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from poreops.solvers.stokes.saddle import Flow
from poreops.solvers.stokes.staggered import INLET_PLANE, PORE, FloatArray, StaggeredFlow

RESOLVED = 4.0
"""Voxels across a throat from which on the error of a straight duct is below 7 %."""


class UnderResolvedWarning(UserWarning):
    """The throats are a few voxels wide, and the permeability is too high."""


def throat_width(
    flow: StaggeredFlow,
    solved: Flow,
    force: FloatArray,
    box: NDArray[np.uint8],
    periodic: tuple[bool, bool, bool],
) -> float:
    """Mean width of the throats of a flow [voxel].

    The width of a voxel is that of the narrowest of the three lines through it, along the axes,
    from wall to wall. Of all faces the harmonic mean counts, weighted with the work that the flow
    loses there: it is lost in throats, and an error of the order 1/width has this mean.

    Parameters
    ----------
    flow, solved, force : of one solve
    box, periodic : what `flow` was discretised from
    """
    widths = gap_widths(box, periodic)
    of_cells = np.append(widths[tuple(flow.place.T)], np.inf)  # the last stands for "no cell"
    pressure = np.append(solved.pressure, 0.0)
    behind, ahead = flow.cells.T
    work = solved.velocity * (force + pressure[behind] - pressure[ahead])
    work = np.maximum(work, 0.0)  # an eddy gives some of it back
    narrower = np.minimum(of_cells[behind], of_cells[ahead])
    return float(work.sum() / (work / narrower).sum())


def gap_widths(box: NDArray[np.uint8], periodic: tuple[bool, bool, bool]) -> NDArray[np.float32]:
    """Length of the shortest line through each pore voxel from wall to wall, along an axis.

    Parameters
    ----------
    box : (nx + 2, ny + 2, nz + 2) uint8
        As `solvers.stokes.staggered.discretise` takes it: lines go on by reflection behind a
        mirror or an end plane, and round a periodic axis.
    periodic : three bool

    Returns
    -------
    (nx + 2, ny + 2, nz + 2) float32
        Infinite where no wall bounds any of the three lines, and outside the pores.

    Examples
    --------
    >>> box = np.zeros((3, 3, 6), np.uint8)
    >>> box[1, 1, 2:5] = 1
    >>> gap_widths(box, (False, True, False))[1, 1, 1:5]
    array([inf,  1.,  1.,  1.], dtype=float32)
    >>> gap_widths(box, (True, True, False))[1, 1, 1:5]
    array([inf,  3.,  3.,  3.], dtype=float32)
    """
    widths = np.full(box.shape, np.inf, np.float32)
    for axis in range(3):
        _shorten(np.moveaxis(box, axis, 2), np.moveaxis(widths, axis, 2), periodic[axis])
    return widths


@njit(cache=True, nogil=True)
def _shorten(box: NDArray[np.uint8], widths: NDArray[np.float32], periodic: bool) -> None:
    """Take the lines along the last axis into account."""
    nx, ny, nz = box.shape
    last = nz - 2
    for i in range(1, nx - 1):
        for j in range(1, ny - 1):
            line = box[i, j]
            head, tail = 0, 0  # pores at both ends
            while head < last and line[1 + head] == PORE:
                head += 1
            while tail < last and line[last - tail] == PORE:
                tail += 1
            start = 1
            for k in range(1, nz):
                if k <= last and line[k] == PORE:
                    continue
                width = float(k - start)
                first, final = start == 1, k == last + 1
                if periodic and (first or final):
                    width = np.inf if head == last else float(head + tail)
                elif not periodic:
                    beyond = int(first and line[0] >= INLET_PLANE)
                    beyond += int(final and line[last + 1] >= INLET_PLANE)
                    width = np.inf if beyond == 2 else width * (1 + beyond)
                for n in range(start, k):
                    widths[i, j, n] = min(widths[i, j, n], width)
                start = k + 1


def resolution_message(width: float, refine: int) -> str | None:
    """Say so if the throats of the finest grid that was solved are too narrow.

    Parameters
    ----------
    width : of the throats of the image [voxel]
    refine : into how many parts each edge of a voxel was split, 1 for none
    """
    if width * refine >= RESOLVED:
        return None
    split = "" if refine == 1 else f" ({width * refine:.1f} once split)"
    return (
        f"the throats are {width:.1f} voxels wide in the mean{split}: below {RESOLVED:g} the "
        f"permeability is high by a tenth or more; state its error with refine={refine + 1}, "
        "or scan at a smaller voxel size"
    )
