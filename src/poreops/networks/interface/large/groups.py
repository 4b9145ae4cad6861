"""Divide the regions of stored labels into groups, each with the box that it must read."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from poreops.conduits.large.stored_labels import StoredLabels

Voxel = tuple[int, int, int]


@dataclass(frozen=True)
class Group:
    """Regions whose blocks answer together, and what is read for them.

    Attributes
    ----------
    number : of the cell of the volume in which their boxes begin
    own : (n,) int64, 0-based regions
    axes : (n, 3) bool, along which the cluster of each joins two faces of the image
    beside : (m,) int64, regions that touch these; they are cut as wholes, so that both sides of
        a throat find the same blocks and patches
    lower, upper : first and behind-last voxel of all of them
    """

    number: int
    own: NDArray[np.int64]
    axes: NDArray[np.bool_]
    beside: NDArray[np.int64]
    lower: Voxel
    upper: Voxel


def groups_of(stored: StoredLabels, edge: int) -> list[Group]:
    """Return groups of all regions that something may flow through.

    Parameters
    ----------
    stored : the labels
    edge : of the cubic cells; a region belongs to the one in which its box begins [voxel]
    """
    boxes, conns = stored.extents.boxes, stored.conns
    axes = conducting(boxes, stored.shape, conns)
    member = np.asarray(axes.any(axis=1))
    joined = conns[member[conns[:, 0]]]
    touching = coo_array(
        (np.ones(2 * len(joined), bool), (joined.ravel(), joined[:, ::-1].ravel())),
        shape=(len(boxes),) * 2,
    ).tocsr()
    cells = tuple(-(-n // edge) for n in stored.shape)
    cell = np.ravel_multi_index(tuple((boxes[:, :, 0] // edge).T), cells)
    members = np.flatnonzero(member)
    if not members.size:
        return []
    members = members[np.argsort(cell[members], kind="stable")]
    numbers, first = np.unique(cell[members], return_index=True)
    found = []
    for number, own in zip(numbers.tolist(), np.split(members, first[1:]), strict=True):
        beside = np.setdiff1d(touching[own].indices.astype(np.int64), own)
        around = boxes[np.concatenate([own, beside])]
        low, high = around[:, :, 0].min(axis=0), around[:, :, 1].max(axis=0)
        found.append(Group(number, own, axes[own], beside, _voxel(low), _voxel(high)))
    return found


def conducting(
    boxes: NDArray[np.int32], shape: Voxel, conns: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Tell along which axes the cluster of each region joins two faces of the image, (N, 3).

    Parameters
    ----------
    boxes : (N, 3, 2) of the regions
    shape : of the image
    conns : (Nt, 2) regions that touch
    """
    count = len(boxes)
    graph = coo_array((np.ones(len(conns), bool), conns.T), shape=(count, count))
    clusters, cluster = connected_components(graph, directed=False)
    there = boxes[:, 0, 1] > 0  # a number may have no voxel
    reached = np.zeros((clusters, 3, 2), dtype=bool)
    np.logical_or.at(reached[:, :, 0], cluster, (boxes[:, :, 0] == 0) & there[:, None])
    np.logical_or.at(reached[:, :, 1], cluster, boxes[:, :, 1] == np.array(shape))
    found: NDArray[np.bool_] = np.asarray(reached.all(axis=2))[cluster] & there[:, None]
    return found


def _voxel(place: NDArray[np.int32]) -> Voxel:
    x, y, z = place.tolist()
    return x, y, z
