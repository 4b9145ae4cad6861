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
    work32, work64 : buffers as for ``solve_conductances``, the second with 2 m more

    Returns
    -------
    float
        [voxel]; negative or not finite where the regions do not touch.
    """
    n, _, nz, _ = share.shape
    size = faces.shape[1]
    source, mean = work64[-2 * size : -size], work64[-size:]
    _poles(share, centre, radius, source, mean)
    shape = (n + 2, n + 2, nz + 2)
    x, _, _ = solve_conductances(shape, faces, source, _TOLERANCE, 30, work32, work64)
    return float(_inverse_product(mean, x))


@njit(cache=True, nogil=True, error_model="numpy")
def _poles(
    share: NDArray[np.uint8],
    centre: NDArray[np.float64],
    radius: NDArray[np.float64],
    source: NDArray[np.float64],
    mean: NDArray[np.float64],
) -> None:
    """Write the unit current, and the weights of the difference of the means in the spheres."""
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
        best, voxel = np.inf, 0
        for i in range(n):
            for j in range(n):
                for k in range(nz):
                    if share[i, j, k, 0] + share[i, j, k, 1] >= 2 * step:
                        d2 = (i - ci) ** 2 + (j - cj) ** 2 + (k - ck) ** 2
                        if d2 < best:
                            best, voxel = d2, (i + 1) * sx + (j + 1) * sy + k + 1
        source[voxel] += sign
        reach = radius[r] / 2
        weight = 0.0
        for turn in range(2):
            for i in range(max(int(ci - reach), 0), min(int(ci + reach) + 2, n)):
                for j in range(max(int(cj - reach), 0), min(int(cj + reach) + 2, n)):
                    for k in range(max(int(ck - reach), 0), min(int(ck + reach) + 2, nz)):
                        d = np.sqrt((i - ci) ** 2 + (j - cj) ** 2 + (k - ck) ** 2)
                        w = min(max(reach + 0.5 - d, 0.0), 1.0)
                        w *= share[i, j, k, 0] + share[i, j, k, 1]
                        if turn == 0:
                            weight += w
                        elif weight > 0:
                            mean[(i + 1) * sx + (j + 1) * sy + k + 1] += sign * w / weight
        if weight == 0:
            mean[voxel] += sign


@njit(cache=True, nogil=True, error_model="numpy")
def _inverse_product(mean: NDArray[np.float64], x: NDArray[np.float64]) -> float:
    drop = 0.0
    for i in range(mean.size):
        drop += mean[i] * x[i]
    return 1.0 / drop
