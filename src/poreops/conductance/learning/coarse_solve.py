"""The size factor of a conduit on blocks of its voxels, a cheap guess for a network."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from poreops.conductance.learning.blocks import BLOCK, COUNT, poles, summary
from poreops.conduits.crop import ROI_SIZE, nearest_index
from poreops.solvers.box.laplace import solve_conductances, workspace_sizes

_TOLERANCE = 1e-3
_DECADE = 42.0  # grey levels of a tenth of the dissipation


class Coarse(NamedTuple):
    """A conduit on blocks, solved.

    Attributes
    ----------
    values : (10,) float32, the scalars but the last, lengths in voxels of the box
    size_factor : [voxel of the box], > 0
    potential : (m,) float64 of the padded blocks, at unit current
    faces : (3, m) float32, conductances of their faces
    centre, radius : (2, 3) and (2,) float64, of the inscribed spheres [voxel of the box]
    """

    values: NDArray[np.float32]
    size_factor: float
    potential: NDArray[np.float64]
    faces: NDArray[np.float32]
    centre: NDArray[np.float64]
    radius: NDArray[np.float64]


class Workspace:
    """Buffers of one thread, large enough for every box."""

    def __init__(self, ndim: int) -> None:
        n = ROI_SIZE // 2 + 2
        shape = (n, n, n if ndim == 3 else 3)
        need32, need64 = workspace_sizes(shape)
        size = int(np.prod(shape))
        self.work32 = np.empty(need32, np.float32)
        self.work64 = np.empty(need64, np.float64)
        self.blocks32 = np.empty(3 * size, np.float32)
        self.blocks64 = np.empty(3 * size, np.float64)


def coarse_solve(box: NDArray[np.uint8], work: Workspace) -> Coarse:
    """Solve the problem that ``size_factor`` defines on blocks joined by open faces.

    Parameters
    ----------
    box : (n, n, n) or (n, n, 1) uint8, 0/1/2, n ≤ 64

    Returns
    -------
    Coarse
        Its arrays are views of ``work``.
    """
    blocks = int(COUNT[box.shape[0]])
    shape = (blocks + 2, blocks + 2, blocks + 2 if box.shape[2] > 1 else 3)
    size = int(np.prod(shape))
    faces = work.blocks32[: 3 * size].reshape(3, size)
    source, mean, whole = (work.blocks64[k * size : (k + 1) * size] for k in range(3))
    # one kernel after another: one that calls them all takes twice as long to compile
    values, centre, radius = summary(box, faces)
    poles(box, centre, radius, source, mean, whole)
    x, _, _ = solve_conductances(shape, faces, source, _TOLERANCE, 30, work.work32, work.work64)
    drop, throat_area = float(mean @ x), float(np.exp(values[2]) - 0.5)
    # as in the definition, see `transport.size_factor`; both poles may share a block
    drop = max(drop if drop * throat_area >= 1 - 1e-6 else float(whole @ x), 1 / throat_area)
    return Coarse(values, 1 / drop, x, faces, centre, radius)


def _drawn_tables() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return, for each edge, the block of each voxel of the ROI, and how many each block gets."""
    block = np.zeros((ROI_SIZE + 1, ROI_SIZE), np.int64)
    drawn = np.ones((ROI_SIZE + 1, ROI_SIZE // 2), np.int64)
    for edge in range(1, ROI_SIZE + 1):
        block[edge] = BLOCK[edge, nearest_index(edge, ROI_SIZE)]
        counts = np.bincount(block[edge])
        drawn[edge, : len(counts)] = counts
    return block, drawn


_DRAWN_BLOCK, _DRAWN_COUNT = _drawn_tables()


@njit(cache=True, nogil=True, error_model="numpy")
def write_dissipation(
    edge: int,
    x: NDArray[np.float64],
    faces: NDArray[np.float32],
    centre: NDArray[np.float64],
    radius: NDArray[np.float64],
    out: NDArray[np.uint8],
) -> None:
    """Write the share of the dissipation in each 2 x 2 x 2 of the ROI on a logarithmic scale.

    The share is about what a relative change of the conductivity there does to the size factor:
    where the current is narrow it is large. The inscribed spheres do not count, since the size
    factor goes by the means in them and not by the poles. 255 stands for all of it, and 42 less
    for a tenth of that; dead ends get 0.

    Parameters
    ----------
    edge : of the box
    x, faces, centre, radius : as of `Coarse`
    out : (32, 32, 32 or 1) uint8
    """
    n, _, nz = out.shape
    deep = nz > 1
    blocks = COUNT[edge]
    block = BLOCK[edge]
    sy = blocks + 2 if deep else 3
    sx = (blocks + 2) * sy
    steps = (sx, sy, 1)
    middle = np.zeros(blocks)
    for v in range(edge):
        middle[block[v]] += v
    middle /= np.bincount(block[:edge])
    share = np.zeros(x.size, np.float64)
    total = 0.0
    for i in range(blocks):
        for j in range(blocks):
            for k in range(blocks if deep else 1):
                m = (i + 1) * sx + (j + 1) * sy + k + 1
                inside = False
                for r in range(2):
                    d2 = (middle[i] - centre[r, 0]) ** 2 + (middle[j] - centre[r, 1]) ** 2
                    if deep:
                        d2 += (middle[k] - centre[r, 2]) ** 2
                    inside |= d2 <= radius[r] ** 2
                if inside:
                    continue
                found = 0.0
                for axis in range(3):
                    step = steps[axis]
                    found += faces[axis, m] * (x[m + step] - x[m]) ** 2
                    found += faces[axis, m - step] * (x[m] - x[m - step]) ** 2
                share[m] = found
                total += found
    if total <= 0:
        out[:] = 0
        return
    drawn_block, drawn = _DRAWN_BLOCK[edge], _DRAWN_COUNT[edge]
    for i in range(n):
        for j in range(n):
            for k in range(nz):
                found = 0.0
                for di in range(2):
                    for dj in range(2):
                        for dk in range(2 if deep else 1):
                            a, b = drawn_block[2 * i + di], drawn_block[2 * j + dj]
                            c = drawn_block[2 * k + dk] if deep else 0
                            m = (a + 1) * sx + (b + 1) * sy + c + 1
                            found += share[m] / (drawn[a] * drawn[b] * (drawn[c] if deep else 1))
                level = 0.0
                if found > 0:
                    level = max(255.0 + _DECADE * np.log10(found / total), 0.0)
                out[i, j, k] = np.uint8(level)
