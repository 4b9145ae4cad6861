"""Density and coverage: are generated images among the real ones, and do they reach all of them.

Naeem et al. 2020 (arXiv:2002.09797). A distance such as KID falls for images that are good and all
alike, and for images that differ and are bad; these two tell which.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poreops.errors import InputError

Floats = NDArray[np.float64]

NEIGHBOURS = 5
"""The ball of a real image reaches to this nearest other real image."""


@dataclass(frozen=True)
class Coverage:
    """What share of the generated lies where the rock is dense, and of the rock is reached.

    Attributes
    ----------
    density : mean number of balls of real images that hold a generated one, over `NEIGHBOURS`;
        about 1 for sets of one law, below it for images that no rock looks like
    coverage : share of the balls that hold a generated image; below that of two real sets where
        generated images are all alike
    """

    density: float
    coverage: float


def coverage(found: Floats, real: Floats) -> Coverage:
    """Compare features of generated images with those of real ones.

    Parameters
    ----------
    found, real : (n, d), (m, d) float64; m above `NEIGHBOURS`

    Raises
    ------
    InputError
        If there are too few real images.
    """
    if len(real) <= NEIGHBOURS:
        raise InputError(
            f"density and coverage need more than {NEIGHBOURS} real images, got {len(real)}; add "
            "images"
        )
    # the nearest of an image is itself
    radii = np.sort(_squares(real, real), axis=1)[:, NEIGHBOURS]
    inside = _squares(found, real) < radii
    return Coverage(
        float(inside.sum(axis=1).mean() / NEIGHBOURS), float(inside.any(axis=0).mean())
    )


def _squares(first: Floats, second: Floats) -> Floats:
    """Squared distances of every pair, (n, m)."""
    norms = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)
    found: Floats = np.maximum(norms - 2 * first @ second.T, 0)
    return found
