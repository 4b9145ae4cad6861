"""Pores of the slices of many rocks, and how well they agree with the truth of synthetic ones."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from poreops.base.content import Json
from poreops.machine.tasks import parallel_map
from poreops.properties.slices.segment import SegmentConfig, segment

Labels = NDArray[np.integer]


def segment_rocks(
    grey: Mapping[str, NDArray[np.generic]],
    config: SegmentConfig,
    announce: Callable[[str], object] | None = None,
) -> dict[str, Labels]:
    """Segment the slices of each rock.

    Parameters
    ----------
    grey : rock → (n, h, w)
    config : SegmentConfig
    announce : told where the rocks are being segmented

    Returns
    -------
    dict
        Rock → labels (n, h, w) of the smallest type that holds them: 0 is solid, 1, 2, … are
        pores, -1 lies outside the field of view.
    """
    found = parallel_map(partial(_labels, config), list(grey.items()), announce=announce)
    return dict(zip(grey, found, strict=True))


def _labels(config: SegmentConfig, rock: tuple[str, NDArray[np.generic]]) -> Labels:
    name, grey = rock
    labels = segment(grey, config, name).labels
    ends = (np.min_scalar_type(labels.min()), np.min_scalar_type(labels.max()))
    return np.asarray(labels.astype(np.result_type(*ends)))


def agreement(labels: Labels, pore: NDArray[np.bool_]) -> dict[str, float]:
    """Compare a segmentation with the truth.

    Parameters
    ----------
    labels : (n, h, w), pores are positive
    pore : (n, h, w)

    Returns
    -------
    dict
        ``dice``, Dice's coefficient of the pores, and ``porosity_error``, found less true.

    Examples
    --------
    >>> agreement(np.array([[2, 1, 0, 0]]), np.array([[True, False, False, False]]))
    {'dice': 0.6666666666666666, 'porosity_error': 0.25}
    """
    found = labels > 0
    return {
        "dice": float(2 * np.count_nonzero(found & pore) / (found.sum() + pore.sum())),
        "porosity_error": float(found.mean() - pore.mean()),
    }


def agreements(
    labels: Mapping[str, Labels], pore: Mapping[str, NDArray[np.bool_]]
) -> dict[str, Json]:
    """Compare the segmentations of rocks whose truth is known.

    Parameters
    ----------
    labels : rock → (n, h, w)
    pore : rock → (n, h, w), of the synthetic ones

    Returns
    -------
    dict
        ``rocks``, the `agreement` of each, and ``mean`` of them, of sizes; {} without any.
    """
    rocks = {name: agreement(labels[name], truth) for name, truth in pore.items()}
    means = {
        key: float(np.mean([abs(found[key]) for found in rocks.values()]))
        for key in ("dice", "porosity_error")
        if rocks
    }
    return {"mean": means, "rocks": rocks}
