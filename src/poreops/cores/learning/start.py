"""What is measured of the crops before anything is learned."""

import numpy as np
from numpy.typing import NDArray

from poreops.cores.features.detector_noise import DetectorNoise
from poreops.cores.features.structure import Segmentation
from poreops.cores.learning.grey_scale import GreyScale
from poreops.cores.learning.networks import Start

SMOOTHING = 1.5
"""Standard deviation of the filter that parts the greys of the phases under the noise [pixel]."""


def measured(crops: NDArray[np.uint8], scale: GreyScale) -> Start:
    """Measure what a generator starts from.

    Parameters
    ----------
    crops : (n, rows, columns) uint8
    scale : of the generator
    """
    noise, half = DetectorNoise.measure(crops), (scale.high - scale.low) / 2
    greys, shares = Segmentation.fit(crops, SMOOTHING).phases(crops)
    return Start((greys - scale.low) / half - 1, shares, noise.sd / half, noise.kernel)
