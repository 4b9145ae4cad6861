"""Slow, plain versions of what the library computes fast, and images to compare them on."""

from functools import cache

import numpy as np
import scipy.ndimage as spim
from scipy.sparse import coo_array
from scipy.sparse.linalg import splu

from poreops.conduits.partition import Regions, partition
from poreops.synthetic.spheres import SpherePackConfig, sphere_pack


@cache
def sphere_regions(edge: int = 40, ndim: int = 3, seed: int = 5) -> Regions:
    """Regions of a small pack of overlapping spheres."""
    config = SpherePackConfig(
        shape=max(edge, 16),
        shape_2d=max(edge, 32),
        porosity=(0.6, 0.6),
        radius=(5, 5),
        radius_spread=0.3,
        radius_min=3,
        radius_bins=3,
    )
    regions = partition(sphere_pack(config, ndim, seed))
    regions.labels.setflags(write=False)
    return regions


def blobs(shape, porosity, seed=0, sigma=2.0):
    """Random pores of a few voxels, in an image that repeats itself."""
    noise = np.random.default_rng(seed).standard_normal(shape)
    smooth = spim.gaussian_filter(noise, sigma, mode="wrap")
    return smooth > np.quantile(smooth, 1 - porosity)


def rough(shape, porosity, seed=0, smoothing=1.5):
    """Random pores of a few voxels."""
    noise = spim.gaussian_filter(np.random.default_rng(seed).normal(size=shape), smoothing)
    return noise < np.quantile(noise, porosity)


def laplacian(pore, conductances=None):
    """Matrix of a field's outflow at each pore voxel, (n, n); walls insulate.

    Parameters
    ----------
    pore : (nx, ny, nz) bool
    conductances : three arrays of pore's shape, of the face to the next voxel along each axis;
        1 by default
    """
    index = np.full(pore.shape, -1)
    index[pore] = np.arange(np.count_nonzero(pore))
    rows, columns, values = [], [], []
    for axis in range(pore.ndim):
        here = index[(slice(None),) * axis + (slice(None, -1),)]
        there = index[(slice(None),) * axis + (slice(1, None),)]
        joined = (here >= 0) & (there >= 0)
        a, b = here[joined], there[joined]
        g = np.ones(len(a))
        if conductances is not None:
            g = conductances[axis][(slice(None),) * axis + (slice(None, -1),)][joined]
        rows += [a, b, a, b]
        columns += [b, a, a, b]
        values += [-g, -g, g, g]
    entries = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
    return coo_array(entries, shape=(pore.sum(),) * 2).tocsc()


def solve(pore, source, conductances=None):
    """Field of given sources (0 in all) in connected pores, with a mean of 0; direct solve."""
    matrix = laplacian(pore, conductances)
    field = np.zeros(pore.shape)
    b = source[pore]
    x = np.zeros(len(b))
    if len(b) > 1:
        x[1:] = splu(matrix[1:, 1:].tocsc()).solve(b[1:])
    field[pore] = x - x.mean()
    return field


def largest_cluster(pore):
    """The largest face-connected cluster; the first of equal ones."""
    clusters, _ = spim.label(pore)
    return clusters == np.argmax(np.bincount(clusters.ravel())[1:]) + 1


def squared_distance(labels):
    """Squared distance to the nearest voxel of another label, beyond the image included."""
    found = np.zeros(labels.shape)
    for label in np.unique(labels[labels > 0]):
        inside = np.pad(labels == label, 1)
        distance = spim.distance_transform_edt(inside)[(slice(1, -1),) * labels.ndim]
        found += distance**2
    return found


class TieError(Exception):
    """Two voxels are as near to a centroid."""


def size_factor(crop, convention="centroid"):
    """The definition of Misaghian et al. (2022), section 2.3, by a direct solve, 2D or 3D.

    Of one cluster that holds 1 and 2.
    """
    inside = crop > 0
    deepest = squared_distance(crop)
    source = np.zeros(crop.shape)
    spheres, poles = [], []
    for label, sign in ((1, 1.0), (2, -1.0)):
        voxels = np.argwhere(crop == label)
        centroid = voxels.mean(axis=0)
        if convention == "porespy":
            centroid -= 0.5
        radius = np.round((2 * np.sqrt(deepest[crop == label].max()) - np.sqrt(crop.ndim)) / 2)
        far = ((voxels - centroid) ** 2).sum(axis=1)
        nearest = voxels[far <= far.min() + 1e-9]
        if convention == "porespy" and len(nearest) > 1:
            raise TieError  # PoreSpy takes the one that rounding makes the nearest
        for place in nearest:
            source[tuple(place)] += sign / len(nearest)
        spheres.append([])
        poles.append(tuple(nearest.T))
        for place in nearest:
            apart = ((np.indices(crop.shape).T - place) ** 2).sum(axis=-1).T
            sphere = apart <= radius**2 if radius else crop == label
            spheres[-1].append(sphere & (inside if convention == "porespy" else crop == label))
    field = solve(inside, source)
    means = [np.mean([field[sphere].mean() for sphere in both]) for both in spheres]
    whole = field[poles[0]].mean() - field[poles[1]].mean()
    drop = means[0] - means[1]
    throat = sum(
        np.count_nonzero(np.diff(crop.astype(int), axis=a) & _next_to(inside, a))
        for a in range(crop.ndim)
    )
    return 1.0 / (drop if drop * throat >= 1 - 1e-6 else whole)


def _next_to(inside, axis):
    """1 where a voxel and the next one along the axis are inside, as a bit mask."""
    along = np.moveaxis(inside, axis, 0)
    return -np.moveaxis(along[1:] & along[:-1], 0, axis).astype(int)
