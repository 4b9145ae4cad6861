"""Cores drawn by a denoiser: structure out of noise, and the detector's noise drawn on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from poreops.base.hdf5 import read_hdf5, write_hdf5
from poreops.cores.features.noise_law import NoiseLaw
from poreops.cores.learning.denoiser import DiffusionConfig, cell, denoised, denoiser, reach
from poreops.cores.learning.grey_scale import GreyScale
from poreops.cores.learning.sampler import drawn

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

Floats = NDArray[np.float64]

NOISE = "noise.h5"

_TILE = 1024  # pixels along an edge that are denoised at once
_PLANES = 64  # bytes held for a pixel of a core
_FLOATS = 6  # copies of the first level's channels held at a time


@dataclass(frozen=True)
class Diffused:
    """What a core is drawn with.

    Attributes
    ----------
    network : of `poreops.cores.learning.denoiser.denoiser`
    config : DiffusionConfig
    law : of the detector's noise
    """

    network: "keras.Model"
    config: DiffusionConfig
    law: NoiseLaw

    @classmethod
    def read(cls, folder: Path, config: DiffusionConfig) -> Self:
        """Return a new network, and the noise that `write` wrote.

        Parameters
        ----------
        folder : Path
        config : DiffusionConfig
        """
        arrays, _ = read_hdf5(folder / NOISE)
        law = NoiseLaw(arrays["levels"], arrays["sd"], arrays["kernel"])
        return cls(denoiser(config), config, law)

    def write(self, folder: Path) -> None:
        """Write the noise; the network's weights are the model's.

        Parameters
        ----------
        folder : Path
        """
        write_hdf5(folder / NOISE, vars(self.law))

    def bytes_needed(self, size: int) -> int:
        """Memory that drawing one core takes, roughly [byte].

        Parameters
        ----------
        size : edge [pixel]
        """
        edge = min(size, _TILE + 2 * reach(self.config))
        return _FLOATS * self.config.widths[0] * edge**2 + _PLANES * size**2

    def core(self, scale: GreyScale, seed: Sequence[int], size: int) -> NDArray[np.uint8]:
        """Draw a core (size, size).

        Parameters
        ----------
        scale : greys of the network
        seed : of the noise that it is drawn from, and of that on it
        size : edge [pixel]
        """
        # alone, so that its last bits do not depend on what is drawn with it
        rng = np.random.default_rng(seed)
        edge = -(-size // cell(self.config)) * cell(self.config)
        values = drawn(self.denoise, rng.standard_normal((edge, edge)), self.config.sampling)
        return self.law.add(scale.grey(values[:size, :size]), rng)

    def denoise(self, noisy: Floats, sigma: float) -> Floats:
        """Return the structure (rows, columns) that a noisy one is expected to be.

        Parameters
        ----------
        noisy : (rows, columns), multiples of `cell`
        sigma : standard deviation of its noise
        """
        import tensorflow as tf

        strength = tf.fill((1, 1, 1, 1), np.float32(sigma))
        found = np.empty_like(noisy)
        for rows, seen_rows in self._spans(len(noisy)):
            for columns, seen_columns in self._spans(noisy.shape[1]):
                seen = noisy[seen_rows, seen_columns].astype(np.float32)
                clean = np.asarray(self._graph(seen[None, :, :, None], strength))[0, ..., 0]
                down, across = (
                    slice(part.start - whole.start, part.stop - whole.start)
                    for part, whole in ((rows, seen_rows), (columns, seen_columns))
                )
                found[rows, columns] = clean[down, across]
        return found

    def probe(self, patch: int) -> list[NDArray[np.float32]]:
        """Return inputs of the network for two images.

        Parameters
        ----------
        patch : edge [pixel]
        """
        edge = -(-patch // cell(self.config)) * cell(self.config)
        noise = np.random.default_rng(0).standard_normal((2, edge, edge, 1), dtype=np.float32)
        return [noise, np.array([[-0.5], [0.5]], np.float32)]

    def _spans(self, length: int) -> Iterator[tuple[slice, slice]]:
        """Yield the parts of an edge, and what must be seen for each."""
        far, step = reach(self.config), _TILE // cell(self.config) * cell(self.config)
        for start in range(0, length, step):
            stop = min(start + step, length)
            yield slice(start, stop), slice(max(start - far, 0), min(stop + far, length))

    @cached_property
    def _graph(self) -> "tf.types.experimental.ConcreteFunction":
        import tensorflow as tf

        traced = tf.function(lambda noisy, sigma: denoised(self.network, noisy, sigma))
        return traced.get_concrete_function(
            tf.TensorSpec((1, None, None, 1), tf.float32), tf.TensorSpec((1, 1, 1, 1), tf.float32)
        )
