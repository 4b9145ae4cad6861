"""Find the pore space that joins two opposite faces of an image."""

from collections.abc import Sequence

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

BoolArray = NDArray[np.bool_]


def percolating(pore: BoolArray, axis: int, periodic: Sequence[int] = ()) -> BoolArray:
    """Pores of the clusters that touch both end faces of an axis.

    Parameters
    ----------
    pore : (nx, ny, nz) bool
        Voxels that share a face are connected.
    axis : int
        Clusters must touch the first and the last layer of this numpy axis.
    periodic : sequence of int
        Axes whose first layer is a neighbour of the last one.

    Returns
    -------
    (nx, ny, nz) bool
        A new array; nothing set if no cluster percolates.

    Examples
    --------
    >>> pore = np.array([[[1, 1, 1], [1, 0, 1]]], dtype=bool)
    >>> percolating(pore, axis=2).astype(int)
    array([[[1, 1, 1],
            [1, 0, 1]]])
    >>> pore[0, 0, 1] = False
    >>> bool(percolating(pore, axis=2).any())
    False
    """
    labels, count = cc3d.connected_components(pore, connectivity=6, return_N=True)
    pairs = [np.empty((2, 0), labels.dtype)]
    for side in periodic:
        ends = np.stack([labels.take(layer, side).ravel() for layer in (0, -1)])
        pairs.append(ends[:, ends.all(axis=0)])
    rows, columns = np.concatenate(pairs, axis=1)
    joins = coo_array((np.ones(rows.size, bool), (rows, columns)), shape=(count + 1, count + 1))
    _, cluster = connected_components(joins, directed=False)
    touches = [np.zeros(cluster.max() + 1, bool) for _ in range(2)]
    for layer, touched in zip((0, -1), touches, strict=True):
        face = np.unique(labels.take(layer, axis))
        touched[cluster[face[face > 0]]] = True
    keep = (touches[0] & touches[1])[cluster]
    keep[0] = False
    return np.asarray(keep[labels])
