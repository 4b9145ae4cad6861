"""Diffusion problems with a known answer, and a slow solver to compare with."""

import numpy as np
from scipy import ndimage
from scipy.sparse import coo_array, diags_array
from scipy.sparse.linalg import spsolve


def direct_effective_diffusivity(local, axis, *, ends="face", periodic=()):
    """D_eff by a direct solve on all conducting voxels at once.

    Each step is written for plainness: one unknown per voxel, insulating ones included, faces
    found by shifting the image.
    """
    local = np.asarray(local, float)
    index = np.arange(local.size).reshape(local.shape)
    i, j, g = [], [], []
    for side in range(local.ndim):
        there, beyond = np.roll(local, -1, side), np.roll(index, -1, side)
        with np.errstate(invalid="ignore"):
            face = np.where(local * there > 0, 2 * local * there / (local + there), 0.0)
        if side not in periodic:
            face[(slice(None),) * side + (-1,)] = 0
        i.append(index[face > 0])
        j.append(beyond[face > 0])
        g.append(face[face > 0])
    i, j, g = (np.concatenate(parts) for parts in (i, j, g))
    layer = np.indices(local.shape)[axis].ravel()
    inlet, outlet = layer == 0, layer == local.shape[axis] - 1
    size, area = local.shape[axis], local.size // local.shape[axis]
    flat = local.ravel()
    outside = np.zeros(local.size)
    known = np.full(local.size, np.nan)
    if ends == "face":
        outside[inlet] = outside[outlet] = 1
        outside *= 2 * flat
    else:
        known[inlet], known[outlet] = 1, 0
    matrix = coo_array((g, (i, j)), shape=(local.size,) * 2).tocsr()
    matrix = matrix + matrix.T
    conductance = np.asarray(matrix.sum(axis=1)).ravel() + outside
    # what does not reach an end has no flux
    grounded = coo_array((np.ones(i.size), (i, j)), shape=(local.size,) * 2)
    clusters = _clusters(grounded)
    held = np.unique(clusters[(outside > 0) | ~np.isnan(known)])
    free = np.isnan(known) & (conductance > 0) & np.isin(clusters, held)
    source = (outside * inlet + matrix @ np.nan_to_num(known))[free]
    operator = (diags_array(conductance) - matrix).tocsc()[free][:, free]
    c = np.nan_to_num(known)
    if free.any():
        c[free] = spsolve(operator, source)
    if ends == "face":
        return (outside * inlet) @ (1 - c) * size / area
    flow = np.where(inlet[i] & ~inlet[j], g * (c[i] - c[j]), 0.0)
    back = np.where(inlet[j] & ~inlet[i], g * (c[j] - c[i]), 0.0)
    return (flow.sum() + back.sum()) * (size - 1) / area


def _clusters(graph):
    from scipy.sparse.csgraph import connected_components

    return connected_components(graph, directed=False)[1]


def slanted_strip(size):
    """A diagonal chain of 2x2x1 plates, each touching the next in one voxel.

    Its resistance: 1 from corner to corner of each plate, 1 between two plates, and 7/24 of each
    end plate, all of whose voxels touch the end. tau = phi L R / A.
    """
    im = np.zeros((size, size + 1, size + 1), bool)
    for k in range(size):
        im[k, k : k + 2, k : k + 2] = True
    resistance = (size - 2) + (size - 1) + 2 * 7 / 24
    return im, 4 * resistance / size


def stepped_strip(width):
    """A strip of three squares along x, three aside along y and three along x (2D).

    Each corner square is worth 1 - 2 ln 2 / pi squares (conformal map), the others 1, up to the
    influence of corners and ends on one another, exp(-2 pi 3).
    """
    im = np.zeros((8 * width, 5 * width), bool)
    im[: 4 * width, :width] = True
    im[3 * width : 4 * width, :] = True
    im[3 * width :, 4 * width :] = True
    squares = 3 + 3 + 4 + 2 * (1 - 2 * np.log(2) / np.pi)
    return im, 8 / (5 * squares)


def sphere_octant(size, solid):
    """An eighth of a cube of ``2 size`` voxels around a sphere of this solid fraction."""
    radius = 2 * size * (3 * solid / (4 * np.pi)) ** (1 / 3)
    x = np.arange(size) + 0.5
    return x[:, None, None] ** 2 + x[:, None] ** 2 + x**2 > radius**2


def simple_cubic_spheres(solid):
    """D_eff of insulating spheres, by Rayleigh's method with dipoles and octupoles.

    Rayleigh, Phil. Mag. 34 (1892) 481; McPhedran & McKenzie, Proc. R. Soc. A 359 (1978) 45. The
    octupoles see one another through the lattice sum of P4(cos theta) / r^5. Higher multipoles
    change D_eff by less than 0.001 up to a solid fraction of 0.5.
    """
    x = np.arange(-20, 21)
    x, y, z = np.meshgrid(x, x, x, indexing="ij")
    r = np.sqrt(x**2 + y**2 + z**2)
    r[20, 20, 20] = np.inf
    cosine = z / r
    p4 = (35 * cosine**4 - 30 * cosine**2 + 3) / 8
    lattice_sum = np.sum(p4 / r**5)
    octupole = 16 * lattice_sum**2 * (3 * solid / (4 * np.pi)) ** (10 / 3) / (4 / 3)
    return 1 - 3 * solid / (2 + solid - octupole)


def hashin_shtrikman(porosity):
    """Upper bound of D_eff of an isotropic medium."""
    return 2 * porosity / (3 - porosity)


def layered(axis, layer, values, shape):
    """Layers of equal thickness normal to ``layer`` and their exact D_eff along ``axis``."""
    local = np.zeros(shape)
    index = np.indices(shape)[layer] * len(values) // shape[layer]
    local = np.asarray(values, float)[index]
    return local, (
        1 / np.mean(1 / np.asarray(values)) if axis == layer else float(np.mean(values))
    )


def cluster_share(pore, axis):
    """Share of the pore voxels that is connected to both ends."""
    labels, _ = ndimage.label(pore)
    both = np.intersect1d(labels.take(0, axis), labels.take(-1, axis))
    return np.isin(labels, both[both > 0]).sum() / pore.sum()
