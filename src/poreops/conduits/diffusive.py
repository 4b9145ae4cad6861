"""Diffusive size factor of pore-throat-pore conduits by direct numerical simulation.

Definition (Misaghian et al., Computers & Geosciences 2022, section 2.3): a unit current enters
at the voxel of region 1 nearest its centroid and leaves at that of region 2; the size factor is
that current over the difference of the concentrations averaged in the two inscribed spheres.
(Fixing the concentrations of the two voxels instead, as published, gives the same ratio: the two
fields differ by an affine map.) Poles and spheres lie inside their region. Where
regions wind through each other, so that their means differ by less than the throat alone needs,
the difference between the poles counts.

Of regions in several pieces the part counts that `poreops.conduits.joined` keeps; where the two
have no common face, the size factor is 0.
"""

import threading
from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from poreops.base.arguments import checked_voxel_size
from poreops.base.arrays import Integers
from poreops.base.conventions import CONVENTION, Convention, checked_convention
from poreops.conduits.crop import checked_conns, crop_conduits
from poreops.conduits.joined import joined
from poreops.conduits.loop import Names, pair_names, solve_each
from poreops.errors import InputError, NotConvergedError
from poreops.machine.progress import watched
from poreops.solvers.box.distance import deepest
from poreops.solvers.box.laplace import solve_box, workspace_sizes

TOLERANCE = 1e-8
ITERATIONS = 200
_LOCAL = threading.local()


def diffusive_size_factors(
    labels: Integers,
    conns: Integers,
    *,
    voxel_size: float = 1.0,
    convention: Convention = CONVENTION,
    workers: int | None = None,
    progress: bool = False,
) -> NDArray[np.float64]:
    """Diffusive size factor of every conduit of a partitioned image.

    Parameters
    ----------
    labels : (nx, ny, nz) or (nx, ny) int
        0 solid, 1..N regions.
    conns : (Nt, 2) int
        0-based region indices of each throat, as PoreSpy and OpenPNM have them.
    voxel_size : float
        [m]; 1 gives the result in voxels.
    convention : "centroid" or "porespy"
        ``"porespy"`` reproduces PoreSpy 3.2, which looks half a voxel beside the centroid and
        averages across the throat; ``"centroid"`` does not and is invariant under flips,
        rotations and label swap. Both keep the poles inside their regions.
    workers : int, optional
        Threads; all cores by default. The result does not depend on it.
    progress : bool
        Show a bar on stderr, or below the cell of a notebook.

    Returns
    -------
    (Nt,) float64
        [m], or voxels at ``voxel_size=1``. In 2D of a slab one voxel deep. 0 where the two
        regions have no common face, NaN where the solver does not settle.

    Raises
    ------
    InputError
        Voxel size not positive or anisotropic, conns out of range, unknown convention.

    Warns
    -----
    UnsettledWarning
        When a solve misses its tolerance: names the conduits.
    """
    voxel_size = checked_voxel_size(voxel_size)
    conns = checked_conns(labels, conns)
    factors = conduit_size_factors(
        watched(crop_conduits(labels, conns), len(conns), progress),
        convention=convention,
        workers=workers,
        names=pair_names(conns),
    )
    return factors * voxel_size


def conduit_size_factors(
    crops: Iterable[NDArray[np.uint8]],
    *,
    convention: Convention = CONVENTION,
    workers: int | None = None,
    names: Names = "conduit {}".format,
) -> NDArray[np.float64]:
    """Diffusive size factor in voxels of each conduit crop (0/1/2, 2D or 3D uint8).

    NaN, with an `UnsettledWarning` that calls them by `names`, of those that do not settle.

    Parameters
    ----------
    crops : of conduits, (n0, n1[, n2]) uint8 with 0/1/2
    convention : where the current enters and leaves
    workers : threads; all processors by default
    names : what a warning calls the conduits
    """
    solve = partial(conduit_size_factor, convention=checked_convention(convention))
    return solve_each(crops, solve, workers, names)


def conduit_size_factor(crop: NDArray[np.uint8], *, convention: Convention = CONVENTION) -> float:
    """Diffusive size factor in voxels of one conduit crop (0/1/2).

    Parameters
    ----------
    crop : (n0, n1[, n2]) uint8 with 0/1/2
    convention : where the current enters and leaves
    """
    found = solved_conduit(crop, convention)
    if found is None:
        return 0.0
    if not found.residual <= TOLERANCE:
        raise NotConvergedError(
            f"conduit of shape {crop.shape} reached a relative error of {found.residual:.1e} "
            f"after {ITERATIONS} iterations, the tolerance is {TOLERANCE:.0e}"
        )
    return found.size_factor


class SolvedConduit(NamedTuple):
    """One conduit, solved to some tolerance.

    Attributes
    ----------
    size_factor : [voxel]
    residual : error of the field relative to it, in the energy norm
    radii : (2,) float64, of the inscribed spheres
    throat : number of faces between the regions
    volume : number of voxels of both
    """

    size_factor: float
    residual: float
    radii: NDArray[np.float64]
    throat: int
    volume: int


def solved_conduit(
    crop: NDArray[np.uint8], convention: Convention, tolerance: float = TOLERANCE
) -> SolvedConduit | None:
    """Solve one conduit crop (0/1/2), None where its regions share no face.

    Parameters
    ----------
    crop : uint8, 2D or 3D
    convention : "centroid" or "porespy"
    tolerance : of the field in the energy norm
    """
    part = joined(crop)
    if part is None:
        return None
    crop = part
    centroids, radii = pore_spheres(crop)
    if convention == "porespy":
        centroids = centroids - 0.5  # node coordinates are index + 0.5 there, centroids are not
    if crop.ndim == 2:
        crop = crop[:, :, None]
        centroids = np.pad(centroids, ((0, 0), (0, 1)))
    box = np.zeros([n + 2 for n in crop.shape], np.uint8)
    box[1:-1, 1:-1, 1:-1] = crop
    # one kernel after another: one that calls them all takes twice as long to compile
    exact = convention == "centroid"
    source, inlet, outlet = _poles(box, centroids, exact)
    inside = (box > 0).astype(np.float32)
    x, residual, _ = solve_box(inside, source, tolerance, ITERATIONS, *_workspace(box))
    value = _conductance(x, box, inlet, outlet, radii, exact)
    throat, volume = throat_area(box), int(np.count_nonzero(box))
    return SolvedConduit(float(value), float(residual), radii, throat, volume)


def _workspace(box: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Buffers of this thread, grown to what the box needs and kept for the next one."""
    need32, need64 = workspace_sizes(box.shape)
    work32 = getattr(_LOCAL, "work32", None)
    # long boxes have more coarse levels: each buffer has its own need
    if work32 is None or work32.size < need32 or _LOCAL.work64.size < need64:
        _LOCAL.work32 = np.empty(need32 + need32 // 2, np.float32)
        _LOCAL.work64 = np.empty(need64 + need64 // 2, np.float64)
    return _LOCAL.work32, _LOCAL.work64


def pore_spheres(
    crop: NDArray[np.uint8],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centroid and rounded radius of the inscribed sphere of both regions of a conduit.

    Parameters
    ----------
    crop : (n0, n1[, n2]) uint8 with 0/1/2

    Returns
    -------
    centroids : (2, ndim) float64
        Voxel-centre coordinates (index coordinates).
    radii : (2,) float64
        Half of 2 max(distance) - sqrt(ndim) voxels, rounded (PoreSpy's inscribed diameter).
    """
    solid = crop.reshape(*crop.shape, *(1,) * (3 - crop.ndim))
    centroids, depths = _moments(solid), deepest(solid, crop.ndim == 3)
    if not np.isfinite(centroids).all():
        raise InputError(
            f"a conduit must hold labels 1 and 2, got {np.unique(crop).tolist()}; "
            "cut it with regions.conduit.crop_conduit"
        )
    radii = np.round((2 * np.sqrt(depths) - np.sqrt(crop.ndim)) / 2)
    return centroids[:, : crop.ndim], radii


@njit(cache=True, nogil=True, error_model="numpy")
def _moments(crop):
    sums = np.zeros((2, 3))
    count = np.zeros(2)
    nx, ny, nz = crop.shape
    for i in range(nx):
        for j in range(ny):
            for k in range(nz):
                label = crop[i, j, k]
                if label > 0:
                    sums[label - 1, 0] += i
                    sums[label - 1, 1] += j
                    sums[label - 1, 2] += k
                    count[label - 1] += 1
    for a in range(2):
        for axis in range(3):
            sums[a, axis] /= count[a]
    return sums


@njit(cache=True, nogil=True)
def _nearest_voxels(box, label, target, every):
    """Find the voxels of a label, by padded index, nearest to a point in unpadded coordinates."""
    px, py, pz = box.shape
    best = np.inf
    found = [(0, 0, 0)]
    for i in range(1, px - 1):
        for j in range(1, py - 1):
            row = (i - 1 - target[0]) ** 2 + (j - 1 - target[1]) ** 2
            if row > best + 1e-9:
                continue
            for k in range(1, pz - 1):
                if box[i, j, k] == label:
                    d2 = row + (k - 1 - target[2]) ** 2
                    if d2 < best - 1e-9 or (not every and d2 < best):
                        found.clear()
                        found.append((i, j, k))
                        best = d2
                    elif every and d2 <= best + 1e-9:
                        # an exact tie shares the current, or a flip would change the result
                        found.append((i, j, k))
                        best = min(best, d2)
    voxels = np.empty((len(found), 3), np.int64)
    for row, (i, j, k) in enumerate(found):
        voxels[row, 0], voxels[row, 1], voxels[row, 2] = i, j, k
    return voxels


@njit(cache=True, nogil=True, error_model="numpy")
def _sphere_mean(x, box, voxels, radius, label, own):
    """Mean of x in the inscribed sphere, inside the region only if ``own``.

    In the whole region when the radius rounds to zero.
    """
    px, py, pz = box.shape
    mean = 0.0
    if radius < 0.5:
        count = 0
        for i in range(box.size):
            if box.ravel()[i] == label:
                mean += x[i]
                count += 1
        return mean / count
    reach = int(radius)
    for ci, cj, ck in voxels:
        total = 0.0
        count = 0
        for i in range(max(ci - reach, 1), min(ci + reach + 1, px - 1)):
            for j in range(max(cj - reach, 1), min(cj + reach + 1, py - 1)):
                for k in range(max(ck - reach, 1), min(ck + reach + 1, pz - 1)):
                    d2 = (i - ci) ** 2 + (j - cj) ** 2 + (k - ck) ** 2
                    here = box[i, j, k]
                    if d2 <= radius * radius and (here == label or (here > 0 and not own)):
                        total += x[(i * py + j) * pz + k]
                        count += 1
        mean += total / count
    return mean / len(voxels)


@njit(cache=True, nogil=True)
def _poles(box, targets, every):
    """Find where a unit current enters region 1 and leaves region 2, and share it out."""
    _, py, pz = box.shape
    source = np.zeros(box.size)
    inlet = _nearest_voxels(box, 1, targets[0], every)
    outlet = _nearest_voxels(box, 2, targets[1], every)
    for i, j, k in inlet:
        source[(i * py + j) * pz + k] += 1.0 / len(inlet)
    for i, j, k in outlet:
        source[(i * py + j) * pz + k] -= 1.0 / len(outlet)
    return source, inlet, outlet


@njit(cache=True, nogil=True, error_model="numpy")
def _conductance(x, box, inlet, outlet, radii, own):
    """Divide the unit current by the difference of the means of x in the two spheres."""
    drop = _sphere_mean(x, box, inlet, radii[0], 1, own)
    drop -= _sphere_mean(x, box, outlet, radii[1], 2, own)
    whole = _sphere_mean(x, box, inlet, 0.5, 1, own) - _sphere_mean(x, box, outlet, 0.5, 2, own)
    # no conduit carries more than the faces of its throat alone do, each 1
    # (to rounding: a drop of just that must not be taken for less)
    return 1.0 / (drop if drop * throat_area(box) >= 1.0 - 1e-6 else whole)


@njit(cache=True, nogil=True)
def throat_area(box):
    """Count the faces between the labels 1 and 2 of a padded box."""
    _, py, pz = box.shape
    flat = box.ravel()
    faces = 0
    for i in range(flat.size):
        if flat[i] > 0:
            for step in (py * pz, pz, 1):
                faces += flat[i] + flat[i + step] == 3 and flat[i + step] > 0
    return faces
