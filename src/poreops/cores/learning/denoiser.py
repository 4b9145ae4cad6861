"""The network of patch diffusion: a noisy image and the strength of its noise → the clean image.

A small U-Net with the preconditioning of Karras et al. 2022 (arXiv:2206.00364, Table 1), for
images of unit spread about 0. All of it works pixel by pixel or by small kernels: a pixel of the
answer depends on those within `reach` alone, so that images of any size can be denoised, in parts
too.
"""

from typing import TYPE_CHECKING, Annotated, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

Positive = Annotated[int, Field(ge=1)]

METHOD = "diffusion"

PARAMETERS = 1_000_000
"""Most weights that a denoiser may have."""

_CELL = 2  # pixels along an edge that the first level joins
_DEEPEST = 2  # blocks on the last level
_KNOWN = 64  # numbers by which a block learns how strong the noise is
_WAVES = (1, 2, 4, 8)  # quarters of a turn per unit of ln(σ) / 4


class DiffusionConfig(BaseModel):
    """Patch diffusion: its network, how that is trained, and how cores are drawn.

    Attributes
    ----------
    widths : channels of each level, of which the first has half the resolution of the image
    epochs, steps : number of epochs, and of steps in each
    batch_size : patches in a step
    rate : learning rate of Adam, which falls to zero as a cosine
    ema : decay of the average of the weights, which draws the cores
    sampling : steps that a core is drawn in
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    widths: Annotated[tuple[Positive, ...], Field(min_length=1)]
    epochs: Positive
    steps: Positive
    batch_size: Positive
    rate: Annotated[float, Field(gt=0)]
    ema: Annotated[float, Field(ge=0, lt=1)]
    sampling: Annotated[int, Field(ge=2, le=100)]

    @model_validator(mode="after")
    def _small(self) -> Self:
        pairs = zip(self.widths, _blocks(self), strict=True)
        weights = sum(18 * width**2 * count for width, count in pairs)  # nearly all of them
        if weights > PARAMETERS:
            raise ValueError(
                f"a denoiser must have at most {PARAMETERS} weights, widths {list(self.widths)} "
                f"give {weights}"
            )
        return self


def _blocks(config: DiffusionConfig) -> list[int]:
    """Return how many blocks a pixel passes on each level."""
    return [2] * (len(config.widths) - 1) + [_DEEPEST]


def cell(config: DiffusionConfig) -> int:
    """Pixels along an edge of a cell of the last level: what an image's edge is a multiple of.

    Parameters
    ----------
    config : DiffusionConfig
    """
    return int(_CELL * 2 ** (len(config.widths) - 1))


def reach(config: DiffusionConfig) -> int:
    """Pixels that a pixel of the answer depends on at most, to each side; a multiple of `cell`.

    Parameters
    ----------
    config : DiffusionConfig
    """
    # a block looks two cells far, and a cell begins up to one before its pixel
    far: int = sum((2 * n + 1) * _CELL * 2**i for i, n in enumerate(_blocks(config)))
    edge = cell(config)
    return -(-far // edge) * edge


def denoiser(config: DiffusionConfig) -> "keras.Model":
    """Build the network: scaled image (n, h, w, 1) and ln(σ) / 4 (n, 1) → (n, h, w, 1).

    It begins as 0, with which `denoised` is exact for white images of unit spread.

    Parameters
    ----------
    config : DiffusionConfig
    """
    import keras

    def conv(width: int, name: str, start: str = "he_normal") -> "keras.layers.Layer":
        return keras.layers.Conv2D(width, 3, padding="same", kernel_initializer=start, name=name)

    def block(x: "keras.KerasTensor", width: int, name: str) -> "keras.KerasTensor":
        added = keras.layers.RMSNormalization(name=f"{name}_norm")(x)
        added = conv(width, f"{name}_conv0")(keras.ops.silu(added))
        by, to = (
            keras.layers.Reshape((1, 1, width), name=f"{name}_{part}")(
                keras.layers.Dense(width, kernel_initializer="zeros", name=f"{name}_{part}_of")(
                    known
                )
            )
            for part in ("gain", "shift")
        )
        added = keras.ops.silu(added * (1.0 + by) + to)
        return keras.layers.Add(name=name)([x, conv(width, f"{name}_conv1", "zeros")(added)])

    image = keras.Input((None, None, 1), name="image")
    level = keras.Input((1,), name="level")
    turns = level * (np.pi / 2 * np.array([_WAVES], np.float32))
    known = keras.ops.concatenate([keras.ops.sin(turns), keras.ops.cos(turns)], axis=-1)
    known = keras.layers.Dense(_KNOWN, "silu", name="known")(known)
    x = keras.layers.Conv2D(config.widths[0], _CELL, _CELL, name="stem")(image)
    kept = []
    for i, width in enumerate(config.widths[:-1]):
        x = block(x, width, f"down{i}")
        kept.append(x)
        # kernels as wide as their stride: no pixel has more terms than another
        x = keras.layers.Conv2D(config.widths[i + 1], 2, 2, name=f"halve{i}")(x)
    for i in range(_DEEPEST):
        x = block(x, config.widths[-1], f"deep{i}")
    for i, width in reversed(list(enumerate(config.widths[:-1]))):
        x = keras.layers.Conv2DTranspose(width, 2, 2, name=f"double{i}")(x)
        x = block(keras.layers.Add(name=f"join{i}")([x, kept[i]]), width, f"up{i}")
    x = keras.ops.silu(keras.layers.RMSNormalization(name="norm")(x))
    head = keras.layers.Conv2DTranspose(1, _CELL, _CELL, kernel_initializer="zeros", name="head")
    return keras.Model([image, level], head(x), name="denoiser")


def shares(sigma: "tf.Tensor") -> tuple["tf.Tensor", "tf.Tensor", "tf.Tensor", "tf.Tensor"]:
    """Return c_skip, c_out, c_in and c_noise of a noise of standard deviation σ.

    Parameters
    ----------
    sigma : (n, 1, 1, 1) float32, positive
    """
    import tensorflow as tf

    total = tf.sqrt(1.0 + tf.square(sigma))
    return 1.0 / tf.square(total), sigma / total, 1.0 / total, tf.math.log(sigma) / 4.0


def denoised(network: "keras.Model", noisy: "tf.Tensor", sigma: "tf.Tensor") -> "tf.Tensor":
    """Return the clean images that noisy ones are expected to be.

    Parameters
    ----------
    network : of `denoiser`
    noisy : (n, h, w, 1) float32, edges multiples of `cell`
    sigma : (n, 1, 1, 1) float32, standard deviation of the noise
    """
    skip, out, scale, level = shares(sigma)
    return skip * noisy + out * network([scale * noisy, level[:, :, 0, 0]], training=False)


def loss(
    network: "keras.Model", clean: "tf.Tensor", noise: "tf.Tensor", sigma: "tf.Tensor"
) -> "tf.Tensor":
    """Mean square of what the network misses, where 1 is to know nothing of white images.

    Parameters
    ----------
    network : of `denoiser`
    clean, noise : (n, h, w, 1) float32; the noise has unit spread
    sigma : (n, 1, 1, 1) float32, what the noise is multiplied by
    """
    import tensorflow as tf

    skip, out, scale, level = shares(sigma)
    noisy = clean + sigma * noise
    found = network([scale * noisy, level[:, :, 0, 0]], training=True)
    return tf.reduce_mean(tf.square(found - (clean - skip * noisy) / out))
