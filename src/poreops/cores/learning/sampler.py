"""Draw an image by a denoiser: from noise alone down to none, without chance on the way.

Heun's method on the flow of probability, dx/dσ = (x - D(x; σ)) / σ, at noise levels that lie
denser where they are small (Karras et al. 2022, Algorithm 1 with σ(t) = t, Eq. 5).
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Denoise = Callable[[Floats, float], Floats]
"""Noisy image of any shape, standard deviation of its noise → the clean image that is expected."""

STRONGEST, WEAKEST = 80.0, 0.02
"""Standard deviations of the noise that is begun with, and of the last that is taken away."""

_BEND = 7.0  # ρ: of how the levels lie


def levels(steps: int) -> Floats:
    """Return the noise levels (steps + 1,), from `STRONGEST` to `WEAKEST` and then 0.

    Parameters
    ----------
    steps : two or more
    """
    high, low = STRONGEST ** (1 / _BEND), WEAKEST ** (1 / _BEND)
    found: Floats = np.append((high + np.linspace(0, 1, steps) * (low - high)) ** _BEND, 0.0)
    return found


def heun(denoise: Denoise, noise: Floats, sigmas: Floats) -> Floats:
    """Return the image that noise becomes.

    Parameters
    ----------
    denoise : Denoise
    noise : normal numbers of unit spread, any shape
    sigmas : falling, of `levels`
    """
    x = sigmas[0] * noise
    for here, there in pairwise(sigmas):
        slope = (x - denoise(x, float(here))) / here
        ahead = x + (there - here) * slope
        if there > 0:
            # the mean of both ends makes an error of second order
            slope = (slope + (ahead - denoise(ahead, float(there))) / there) / 2
            ahead = x + (there - here) * slope
        x = ahead
    return x
