"""Draw an image by a denoiser: from noise alone down to none, without chance on the way.

Along the flow of probability, dx/dσ = (x - D(x; σ)) / σ, the image between two levels is exact for
an answer D that is straight in ln σ (the multistep rule of Lu et al. 2022, arXiv:2211.01095,
Algorithm 2, for σ(t) = t): second order at one answer a step, where that of Heun needs two.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Denoise = Callable[[Floats, float], Floats]
"""Noisy image of any shape, standard deviation of its noise → the clean image that is expected."""

STRONGEST, WEAKEST = 40.0, 0.05
"""Standard deviations of the noise that is begun with, and of the last that is taken away."""


def levels(steps: int) -> Floats:
    """Return the noise levels (steps,), from `STRONGEST` to `WEAKEST`, evenly in their logarithm.

    Parameters
    ----------
    steps : two or more
    """
    found: Floats = np.geomspace(STRONGEST, WEAKEST, steps)
    return found


def flowed(denoise: Denoise, noisy: Floats, sigmas: Floats) -> Floats:
    """Return what a noisy image is at the last level.

    Parameters
    ----------
    denoise : Denoise
    noisy : any shape, at the first level
    sigmas : falling, two or more
    """
    x, before, step_before = noisy, None, 0.0
    for here, there in pairwise(sigmas):
        answer, step = denoise(x, float(here)), float(np.log(here / there))
        ahead = answer
        if before is not None:
            # the answer in the middle of this step, by the straight line through the last two
            ahead = answer + (answer - before) * step / (2 * step_before)
        x = there / here * x + (1 - there / here) * ahead
        before, step_before = answer, step
    return x


def drawn(denoise: Denoise, noise: Floats, steps: int) -> Floats:
    """Return the image that noise becomes, by as many answers as steps.

    Parameters
    ----------
    denoise : Denoise
    noise : normal numbers of unit spread, any shape
    steps : two or more
    """
    sigmas = levels(steps)
    return denoise(flowed(denoise, sigmas[0] * noise, sigmas), float(sigmas[-1]))
