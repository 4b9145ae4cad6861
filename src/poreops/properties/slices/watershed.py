"""Split the pores of a slice at their necks, and only there."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

# A neck is narrower than the pores on both sides by this share of the smaller one's radius, and
# by this much [pixel]: the raster makes the depth of a slanting slit of two pixels go up and down
# by 0.4, and the wall of any pore be rough by a pixel.
_NARROWER, _ROUGHNESS = 0.15, 1.0


def split_pores(
    pore: NDArray[np.bool_], min_distance: int, inside: NDArray[np.bool_] | None = None
) -> NDArray[np.int32]:
    """Split the pores of a slice at their necks: watershed of the distance to the solid.

    Two maxima of the distance are two pores if the way from one to the other narrows by more than
    a share of the smaller one (a maximum's dynamics, Grimaud 1992); along a channel of nearly
    constant width it does not.

    Parameters
    ----------
    pore : (h, w) bool
    min_distance : of two pore centres [pixel]
    inside : (h, w) bool, the field of view; its edge is no wall

    Returns
    -------
    (h, w) int32
        0 solid, 1.. pores.
    """
    import edt
    from skimage.segmentation import watershed

    open_ = pore if inside is None else pore | ~inside
    distance = edt.edt(open_)
    markers = _markers(distance, pore, float(min_distance))
    return np.asarray(watershed(-distance, markers, connectivity=2, mask=pore), dtype=np.int32)


def _markers(
    distance: NDArray[np.float32], pore: NDArray[np.bool_], min_distance: float
) -> NDArray[np.int32]:
    """Return the numbered centres of the pores, (h, w) int32, in the order of the image."""
    inner = np.pad(pore, 1)
    places = np.flatnonzero(inner)
    depth = np.pad(distance, 1).ravel()
    # stable: among equal depths the first in the image
    order = places[np.argsort(-depth[places], kind="stable")]
    peaks = _persistent(depth, order, inner.shape[1], min_distance)
    markers = np.zeros(inner.size, np.int32)
    markers[np.flatnonzero(peaks)] = np.arange(1, np.count_nonzero(peaks) + 1)
    return markers.reshape(inner.shape)[1:-1, 1:-1]


@njit(cache=True)
def _persistent(
    depth: NDArray[np.float32], order: NDArray[np.int64], width: int, min_distance: float
) -> NDArray[np.bool_]:
    """Flood from the deepest pixel outward; where two floods meet, judge the shallower peak."""
    root = np.full(len(depth), -1, np.int64)  # -1: not yet flooded
    kept = np.zeros(len(depth), np.bool_)
    for pixel in order:
        root[pixel] = pixel
        for step in (-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1):
            beside = pixel + step
            if root[beside] < 0:
                continue
            one, other = _top(root, pixel), _top(root, beside)
            if one == other:
                continue
            # a root is the peak of its flood
            high, low = one, other
            if depth[other] > depth[one] or (depth[other] == depth[one] and other < one):
                high, low = other, one
            root[low] = high
            narrowing = depth[low] - depth[pixel]
            apart = np.hypot(high // width - low // width, high % width - low % width)
            kept[low] = (
                narrowing > max(_ROUGHNESS, _NARROWER * depth[low]) and apart > min_distance
            )
    for pixel in order:
        if root[pixel] == pixel:
            kept[pixel] = True
    return kept


@njit(cache=True)
def _top(root: NDArray[np.int64], pixel: int) -> int:
    while root[pixel] != pixel:
        root[pixel] = root[root[pixel]]
        pixel = root[pixel]
    return pixel
