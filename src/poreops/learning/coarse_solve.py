"""The size factor of a conduit on blocks of 2 x 2 x 2 voxels, a cheap guess for a network."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from poreops.transport.laplace import solve_conductances

_TOLERANCE = 1e-3


def coarse_size_factor(
    share: NDArray[np.uint8],
    centre: NDArray[np.float64],
    radius: NDArray[np.float64],
    faces: NDArray[np.float32],
    throat_area: float,
    work32: NDArray[np.float32],
    work64: NDArray[np.float64],
) -> float:
    """Return the size factor that ``size_factor`` defines, on blocks joined by open faces.

    Parameters
    ----------
    share : (n, n, n or 1, 2) uint8, voxels of each region in a block
    centre : (2, 3) float64, centroids of the regions [voxel]
    radius : (2,) float64, of the inscribed spheres [voxel]
    faces : (3, m) float32, conductances of the faces of the padded blocks
    throat_area : float, voxel faces between the regions; no size factor is larger
    work32, work64 : buffers as for ``solve_conductances``, the second with 2 m more

    Returns
    -------
    float
        [voxel], > 0 and finite if the voxels of both regions are one cluster.
    """
    n, _, nz, _ = share.shape
    size = faces.shape[1]
    source, mean = work64[-2 * size : -size], work64[-size:]
    poles = _poles(share, centre, radius, source, mean)
    shape = (n + 2, n + 2, nz + 2)
    x, _, _ = solve_conductances(shape, faces, source, _TOLERANCE, 30, work32, work64)
    drop, whole = _dot(mean, x), float(x[poles[0]] - x[poles[1]])
    # as in the definition, see `poreops.transport.size_factor`; both poles may share a block
    return 1 / max(drop if drop * throat_area >= 1 else whole, 1 / throat_area)


@njit(cache=True, nogil=True, error_model="numpy")
def _poles(
    share: NDArray[np.uint8],
    centre: NDArray[np.float64],
    radius: NDArray[np.float64],
    source: NDArray[np.float64],
    mean: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Write the unit current, and the weights of the difference of the means in the spheres.

    Return the blocks where the current enters and leaves.
    """
    poles = np.zeros(2, np.int64)
    n, _, nz, _ = share.shape
    step = 2 if nz > 1 else 1
    sy = nz + 2
    sx = (n + 2) * sy
    source[:] = 0.0
    mean[:] = 0.0
    for r in range(2):
        sign = 1.0 - 2.0 * r
        # voxel index x of the cube lies at block coordinate (x - 0.5) / 2
        ci, cj = (centre[r, 0] - 0.5) / 2, (centre[r, 1] - 0.5) / 2
        ck = (centre[r, 2] - 0.5) / 2 if step == 2 else 0.0
        # the nearest block that is half full and mostly of the region; thin ones may have none
        best, voxel, rank = np.inf, 0, 0
        for i in range(n):
            for j in range(n):
                for k in range(nz):
                    own, other = share[i, j, k, r], share[i, j, k, 1 - r]
                    if own == 0:
                        continue
                    this = 2 if own > other and own + other >= 2 * step else 1
                    d2 = (i - ci) ** 2 + (j - cj) ** 2 + (k - ck) ** 2
                    if this > rank or (this == rank and d2 < best):
                        best, rank, voxel = d2, this, (i + 1) * sx + (j + 1) * sy + k + 1
        source[voxel] += sign
        poles[r] = voxel
        reach = radius[r] / 2
        weight = 0.0
        for turn in range(2):
            for i in range(max(int(ci - reach), 0), min(int(ci + reach) + 2, n)):
                for j in range(max(int(cj - reach), 0), min(int(cj + reach) + 2, n)):
                    for k in range(max(int(ck - reach), 0), min(int(ck + reach) + 2, nz)):
                        d = np.sqrt((i - ci) ** 2 + (j - cj) ** 2 + (k - ck) ** 2)
                        w = min(max(reach + 0.5 - d, 0.0), 1.0)
                        w *= share[i, j, k, r]
                        if turn == 0:
                            weight += w
                        elif weight > 0:
                            mean[(i + 1) * sx + (j + 1) * sy + k + 1] += sign * w / weight
        if weight == 0:
            mean[voxel] += sign
    return poles


@njit(cache=True, nogil=True)
def _dot(mean: NDArray[np.float64], x: NDArray[np.float64]) -> float:
    total = 0.0
    for i in range(mean.size):
        total += mean[i] * x[i]
    return total
