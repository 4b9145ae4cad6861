"""The field of view of a stack: what lies outside is filled with a constant, or masked."""

import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.errors import InputError

Mask = NDArray[np.bool_]

_LEAST = 0.005  # share of a slice that a constant border has
_EXACT = 3  # slices that all have the same border: it is no pore
_MARK = 0.02  # of the largest piece of a field of view; smaller pieces are no rock
_ALONG = 0.95  # of a side of the slice, to count as covered
_LOOSE = 0.5  # share of a border that may reach into the field's convex hull, as pores at its rim
_WIDE = 0.8  # of the slice, that a round field reaches over
_ROUND = 0.03  # difference of a round field from its ellipse, as a share of its area


def given_view(mask: Array, shape: tuple[int, ...], name: str) -> Mask:
    """Return a mask of the field of view as bool of the shape (n, h, w).

    Parameters
    ----------
    mask : (h, w) for all slices or (n, h, w); non-zero is inside
    shape : of the stack
    name : of the stack, for messages

    Raises
    ------
    InputError
        A mask of another shape, or one that leaves less than 32 x 32 pixels of a slice.
    """
    mask = np.asarray(mask)
    if mask.ndim == 3 and len(mask) == 1:
        mask = mask[0]
    if mask.shape not in (shape, shape[1:]):
        raise InputError(
            f"a mask must have the shape of the slices, {shape[1:]}, or of the stack, {shape}; "
            f"got {mask.shape} for {name}; crop both alike"
        )
    inside = np.broadcast_to(mask != 0, shape)
    least = int(inside.sum(axis=(1, 2)).min())
    if least < 32 * 32:
        raise InputError(
            f"a mask must leave 32 x 32 pixels of each slice or more, got {least} pixels of "
            f"{name}; is the inside marked by 1 or 255?"
        )
    return np.asarray(inside)


def detected_view(stack: NDArray[np.generic], *, segmented: bool) -> tuple[Mask, float] | None:
    """Find a border of one grey value round the field of view, as a circle or a frame leaves it.

    A border is a region of one value, joined to the edge of the slice, the same in all slices,
    that covers three corners or a side of the slice; with three slices or more any place at the
    edge, as no pore has the same outline in all slices.

    Parameters
    ----------
    stack : (n, h, w)
        A value that is not a number (NaN) is a value as any other.
    segmented : whether the stack holds phases: a phase of it is a border only if the rest is an
        ellipse

    Returns
    -------
    The field of view, (n, h, w) bool, and the value outside; None where there is no border.
    """
    from skimage.morphology import convex_hull_image

    for value in _edge_values(stack):
        border = _border(stack, value)
        if border.mean() < _LEAST or border.all():
            continue
        # of phases, the border may be of one that also lies within
        rest = stack[:, ~border]
        alone = not segmented or (len(np.unique(rest)) > 1 and not _equal(rest, value).any())
        hull = np.asarray(convex_hull_image(_without_marks(~border) if alone else ~border))
        within = np.count_nonzero(border & hull)
        if not segmented and within > _LOOSE * np.count_nonzero(border):
            continue  # a fracture or a grain, with rock on both sides
        if segmented and alone and within > _ROUND * np.count_nonzero(hull):
            continue  # a solid that is joined to the edge all over
        exact = alone and (segmented or len(stack) >= _EXACT)
        inside = ~border if exact else hull
        if (~inside).mean() < _LEAST or not inside.any():
            continue
        if not alone and not _is_ellipse(inside):
            continue
        if not (_covers(~inside) or (exact and _same_in_all(stack, border, value))):
            continue
        if not segmented:
            inside = _without_rim(inside)
        return np.broadcast_to(inside, stack.shape), float(value)
    return None


def filled(stack: NDArray[np.float32], inside: Mask) -> NDArray[np.float32]:
    """Return a stack whose outside continues the rim of its field of view.

    Parameters
    ----------
    stack : (n, h, w)
    inside : (n, h, w) bool, the field of view
    """
    from scipy.ndimage import distance_transform_edt

    found = stack.copy()
    known: dict[bytes, Array] = {}
    for image, mask in zip(found, inside, strict=True):
        key = np.packbits(mask).tobytes()
        if key not in known:
            known = {
                key: distance_transform_edt(~mask, return_distances=False, return_indices=True)
            }
        image[:] = image[tuple(known[key])]
    return found


def _edge_values(stack: NDArray[np.generic]) -> list[float]:
    """Return the values at the corners and in the middle of the sides, the most frequent first."""
    _, h, w = stack.shape
    ys, xs = (0, h // 2, h - 1), (0, w // 2, w - 1)
    places = [(y, x) for y in ys for x in xs if (y, x) != (h // 2, w // 2)]
    found, counts = np.unique([stack[0, y, x] for y, x in places], return_counts=True)
    return list(found[np.argsort(-counts, kind="stable")])


def _border(stack: NDArray[np.generic], value: float) -> Mask:
    """Return where all slices have this value, joined to the edge of the slice, (h, w)."""
    return _joined_to_edge(np.logical_and.reduce([_equal(image, value) for image in stack]))


def _joined_to_edge(same: Mask) -> Mask:
    from scipy.ndimage import label

    clusters, _ = label(same)
    edge = np.concatenate([clusters[0], clusters[-1], clusters[:, 0], clusters[:, -1]])
    return np.isin(clusters, edge[edge > 0])


def _equal(image: Array, value: float) -> Mask:
    if image.dtype.kind == "f" and np.isnan(value):
        return np.asarray(np.isnan(image))
    return np.asarray(image == value)


def _without_marks(mask: Mask) -> Mask:
    """Return a field without small pieces beside it, as a scale bar in the border is."""
    from scipy.ndimage import label

    clusters, count = label(mask)
    if count < 2:
        return mask
    sizes = np.bincount(clusters.ravel())
    sizes[0] = 0
    return np.asarray((sizes > _MARK * sizes.max())[clusters])


def _covers(outside: Mask) -> bool:
    """Tell whether three corners or a whole side are outside."""
    corners = sum(bool(outside[y, x]) for y in (0, -1) for x in (0, -1))
    sides = (outside[0], outside[-1], outside[:, 0], outside[:, -1])
    return corners >= 3 or any(side.mean() > _ALONG for side in sides)


def _same_in_all(stack: NDArray[np.generic], border: Mask, value: float) -> bool:
    """Tell whether the border has the same outline in every slice."""
    outlines = (_joined_to_edge(_equal(image, value)) for image in stack)
    most = (1 + _ROUND) * np.count_nonzero(border)
    return all(np.count_nonzero(outline) <= most for outline in outlines)


def _is_ellipse(inside: Mask) -> bool:
    """Tell whether a field is an ellipse that fills most of the slice both ways."""
    y, x = np.nonzero(inside)
    (cy, cx), area = (y.mean(), x.mean()), len(y)
    h, w = inside.shape
    if np.ptp(y) < _WIDE * h or np.ptp(x) < _WIDE * w:
        return False
    cov = np.cov(np.stack([y, x]))
    gy, gx = np.mgrid[:h, :w]
    offset = np.stack([gy - cy, gx - cx])
    form = np.einsum("ihw,ij,jhw->hw", offset, np.linalg.inv(cov), offset)
    # moments of an ellipse: half axis² / 4
    return bool(np.count_nonzero((form <= 4) != inside) < _ROUND * area)


def _without_rim(inside: Mask) -> Mask:
    """Return the field without its outermost pixels, which mix with the outside."""
    from scipy.ndimage import binary_erosion

    return np.asarray(binary_erosion(inside, np.ones((3, 3)), border_value=1))
