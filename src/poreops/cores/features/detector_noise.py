"""The noise of a detector, measured where an image is flat: strength, and colour along each axis.

Noise of an electron microscope hardly depends on the grey value, and beyond next neighbours along
a scan line it is independent. It is measured from differences, which leave out what is smooth.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]

_SMOOTH = 2.0  # pixels: standard deviation of the filter that finds flat parts
_APART = 3  # pixels at which noise is taken as independent
_MAD = 1.4826  # standard deviations of a normal distribution in a median deviation
_MOST = 0.7  # a kernel of three reaches a correlation of 1/√2


@dataclass(frozen=True)
class DetectorNoise:
    """Normal noise: white noise coloured by a small kernel.

    Attributes
    ----------
    sd : standard deviation of the grey value
    correlation : of next neighbours down (axis 0) and across (axis 1)
    """

    sd: float
    correlation: tuple[float, float]

    @classmethod
    def measure(cls, images: Grey) -> "DetectorNoise":
        """Measure the noise of images (n, rows, columns) uint8, 8 x 8 pixels or more.

        Parameters
        ----------
        images : (n, rows, columns) uint8
        """
        from scipy.ndimage import gaussian_filter

        values = images.astype(np.float32)
        smooth = gaussian_filter(values, (0, _SMOOTH, _SMOOTH))
        level = np.median(smooth)
        flat = np.abs(smooth - level) <= max(_MAD * np.median(np.abs(smooth - level)), 0.5)

        def half_square(axis: int, lag: int) -> float:
            """Half of the mean square of differences between flat pixels."""
            grey, plain = np.moveaxis(values, axis + 1, 1), np.moveaxis(flat, axis + 1, 1)
            both = plain[:, lag:] & plain[:, :-lag]
            difference = (grey[:, lag:] - grey[:, :-lag])[both].astype(np.float64)
            return float((difference**2).mean() / 2) if difference.size else 0.0

        far = [half_square(axis, _APART) for axis in (0, 1)]
        down, across = (
            float(np.clip(1 - half_square(axis, 1) / far[axis], -_MOST, _MOST))
            if far[axis]
            else 0.0
            for axis in (0, 1)
        )
        return cls(float(np.sqrt(np.mean(far))), (down, across))

    @property
    def kernel(self) -> NDArray[np.float64]:
        """Return the (3, 3) kernel that turns white noise of unit spread into this colour.

        Along an axis (a, 1, a) gives next neighbours a correlation of 2a / (1 + 2a²).
        """
        lines = []
        for found in self.correlation:
            a = (1 - np.sqrt(1 - 2 * found**2)) / (2 * found) if abs(found) > 1e-6 else 0.0
            line = np.array([a, 1.0, a])
            lines.append(line / np.sqrt((line**2).sum()))
        return np.outer(*lines)
