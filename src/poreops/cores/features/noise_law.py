"""Part the noise of a detector from the structure under it, and draw new noise of the same law.

The structure is what non-local means leave, the noise what they take: whatever a filter takes for
noise comes back with the strength that it had at that grey level and with its correlation along
and across the scan lines.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poreops.cores.features.detector_noise import DetectorNoise

Floats = NDArray[np.float64]
Grey = NDArray[np.uint8]

_PATCH, _DISTANCE = 5, 4  # pixels: of the patches that are compared, and how far apart
_STRENGTH = 0.7  # of the filter, in standard deviations of the noise
_LEVELS = 32  # of grey, with as many pixels each
_REACH = 3  # pixels that noise is correlated over


@dataclass(frozen=True)
class NoiseLaw:
    """Normal noise whose strength depends on the grey level.

    Attributes
    ----------
    levels : (k,) grey values, rising
    sd : (k,) standard deviation at each
    kernel : (2 r + 1, 2 r + 1), turns white noise of unit spread into the noise's colour
    """

    levels: Floats
    sd: Floats
    kernel: Floats

    def add(self, structure: Grey | Floats, rng: np.random.Generator) -> Grey:
        """Return an image with new noise.

        Parameters
        ----------
        structure : (rows, columns), grey values
        rng : of the noise
        """
        from scipy.signal import fftconvolve

        edge = len(self.kernel) - 1
        white = rng.standard_normal([n + edge for n in structure.shape])
        noise = fftconvolve(white, self.kernel, mode="valid")
        values = structure + np.interp(structure, self.levels, self.sd) * noise
        found: Grey = np.clip(np.rint(values), 0, 255).astype(np.uint8)
        return found


def split_noise(images: Grey) -> tuple[Grey, NoiseLaw]:
    """Part images into their structure and the law of the noise on it.

    Parameters
    ----------
    images : (n, rows, columns) uint8, 16 x 16 pixels or more

    Returns
    -------
    (n, rows, columns) uint8, NoiseLaw
    """
    from skimage.restoration import denoise_nl_means

    sd = max(DetectorNoise.measure(images).sd, 0.5)
    structure = np.stack(
        [
            denoise_nl_means(image.astype(np.float32), _PATCH, _DISTANCE, _STRENGTH * sd, sigma=sd)
            for image in images
        ]
    )
    return np.clip(np.rint(structure), 0, 255).astype(np.uint8), _law(images, structure)


def _law(images: Grey, structure: NDArray[np.float32]) -> NoiseLaw:
    """Measure strength by grey level, and colour, of what was taken away."""
    noise, greys = (images - structure).astype(np.float64), structure.ravel()
    edges = np.unique(np.quantile(greys, np.linspace(0, 1, _LEVELS + 1)))
    level = np.clip(np.searchsorted(edges, greys, "right") - 1, 0, max(len(edges) - 2, 0))
    counts = np.maximum(np.bincount(level), 1)
    levels = np.bincount(level, greys) / counts
    sd = np.sqrt(np.bincount(level, noise.ravel() ** 2) / counts)
    unit = noise / np.maximum(np.interp(structure, levels, sd), 1e-6)
    unit -= unit.mean(axis=(1, 2), keepdims=True)
    # the root of the mean power has no phase: a kernel that is even along both axes
    power = (np.abs(np.fft.fft2(unit)) ** 2).mean(axis=0)
    whole = np.fft.fftshift(np.fft.ifft2(np.sqrt(power)).real)
    rows, columns = (n // 2 for n in whole.shape)
    kernel = whole[rows - _REACH : rows + _REACH + 1, columns - _REACH : columns + _REACH + 1]
    norm = np.sqrt((kernel**2).sum())
    if norm < 1e-9:  # no noise at all
        kernel, norm = np.eye(1, kernel.size, kernel.size // 2).reshape(kernel.shape), 1.0
    return NoiseLaw(levels, sd, kernel / norm)
