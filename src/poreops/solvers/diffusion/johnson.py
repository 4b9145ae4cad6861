"""Johnson's length Λ: how wide the pores are where a current passes.

2/Λ = ∫ |∇c|² dS / ∫ |∇c|² dV over the walls and the pores (Johnson, Koplik & Schwartz 1986,
doi:10.1103/PhysRevLett.57.2564): twice the pore volume over the wall area, each point weighted by
what the current loses there, so that dead ends do not count. A tube has Λ = its radius, a slit its
opening.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from poreops.solvers.diffusion.bulk import BulkDiffusion

FloatArray = NDArray[np.float64]
Normals = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]

SMOOTHING = 1.0
"""Of the indicator whose gradient is the normal of the wall: sd in voxels."""


def johnson_length(diffusion: BulkDiffusion) -> float:
    """Return Johnson's length Λ of the pores that a current passes [voxel].

    A wall of voxels has too large an area, up to √3 times that of the wall it stands for: each of
    its faces counts by the cosine between its normal and that of the smoothed pores (Lenoir,
    Malgouyres & Revenu 1996, doi:10.1007/3-540-62005-2_7, whose estimate of areas converges with
    resolution). Faces along the axes count whole: a slit is exact at any opening.

    Parameters
    ----------
    diffusion : BulkDiffusion
        Of an image of one conducting phase between insulating walls, with ``ends="face"``.

    Returns
    -------
    float
        0 if nothing percolates; infinite if no wall bounds the current.

    Examples
    --------
    A slit of three voxels, and a wall beside it:

    >>> from poreops.solvers.diffusion.bulk import formation_factor
    >>> im = np.zeros((4, 4, 5), bool)
    >>> im[:, :, 1:4] = True
    >>> round(johnson_length(formation_factor(im, 0)), 6)
    3.0
    """
    if not diffusion.percolates:
        return 0.0
    field = diffusion.field
    if field.ndim == 2:
        field = field[:, None, :]
    axis = diffusion.axis if diffusion.field.ndim == 3 else 2 * diffusion.axis
    pore = ~np.isnan(field)
    loss, at_walls = _losses(np.where(pore, field, 0.0), pore, wall_normals(pore), axis)
    return 2 * loss / at_walls if at_walls > 0 else math.inf


def wall_normals(pore: NDArray[np.bool_]) -> Normals:
    """Return the normal of the smoothed pores, in absolute values: float32, one array an axis.

    Parameters
    ----------
    pore : (nx, ny, nz) bool
    """
    from scipy.ndimage import gaussian_filter

    smooth = np.empty(pore.shape, np.float32)
    gaussian_filter(pore.astype(np.float32), SMOOTHING, output=smooth, mode="nearest")
    found = [
        np.abs(np.gradient(smooth, axis=axis)) if pore.shape[axis] > 1 else np.zeros_like(smooth)
        for axis in range(3)
    ]
    length = np.sqrt(found[0] ** 2 + found[1] ** 2 + found[2] ** 2)
    # a wall of two pores that are alike on both sides has no normal there: its faces count whole
    flat = length < 1e-6
    for along in found:
        along[flat] = 1
        along[~flat] /= length[~flat]
    return found[0], found[1], found[2]


def wall_area(pore: NDArray[np.bool_]) -> float:
    """Return the area of the walls [voxel²], each face counted by the cosine of its normal.

    Parameters
    ----------
    pore : (nx, ny, nz) or (nx, ny) bool
        The faces of the image are no walls; a 2D image is one voxel thick.
    """
    box = pore if pore.ndim == 3 else pore[:, None, :]
    area = 0.0
    for axis, cosine in enumerate(wall_normals(box)):
        before, behind = (
            (slice(None),) * axis + (part,) for part in (slice(None, -1), slice(1, None))
        )
        faces = box[before] != box[behind]
        area += float(0.5 * (cosine[before][faces] + cosine[behind][faces]).sum(dtype=np.float64))
    return area


@njit(cache=True)
def _losses(
    c: FloatArray, pore: NDArray[np.bool_], normals: Normals, axis: int
) -> tuple[float, float]:
    """Sum the losses (Δc)² of all voxels, and those at the walls times the area there.

    A face takes half of its (Δc)² to either side; an end, half a voxel away, takes 2 (Δc)². The
    field at a wall is that of the faces which the voxel has: a step of a slanted wall has one
    along each axis where a voxel in the open has two.
    """
    nx, ny, nz = c.shape
    loss, at_walls = 0.0, 0.0
    for x in range(nx):
        for y in range(ny):
            for z in range(nz):
                if not pore[x, y, z]:
                    continue
                own, near, area = 0.0, 0.0, 0.0
                for a in range(3):
                    size = nx if a == 0 else ny if a == 1 else nz
                    place = x if a == 0 else y if a == 1 else z
                    along, faces = 0.0, 0
                    for step in (-1, 1):
                        if place + step < 0 or place + step >= size:
                            if a == axis:
                                end = 1.0 if step < 0 else 0.0
                                along += 4 * (c[x, y, z] - end) ** 2
                                faces += 1
                            continue
                        u = x + step * (a == 0)
                        v = y + step * (a == 1)
                        w = z + step * (a == 2)
                        if pore[u, v, w]:
                            along += (c[x, y, z] - c[u, v, w]) ** 2
                            faces += 1
                        else:
                            area += 0.5 * (normals[a][x, y, z] + normals[a][u, v, w])
                    own += 0.5 * along
                    near += along / max(faces, 1)
                loss += own
                at_walls += near * area
    return loss, at_walls
