"""Generators and critics of grey digital cores.

Three architectures. ``paper``: that of Table 1 of the method (Advances in Geo-Energy Research
2021) on 256 x 256 pixels. ``spatial``: fully convolutional from a grid of latent vectors, without
padding, so that every pixel is drawn from the same distribution and any size can be drawn from a
generator that was trained on small patches (Jetchev et al. 2016, arXiv:1611.08207). ``residual``:
the same of residual blocks without norms.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from poreops.cores.learning.residual import doubled
from poreops.errors import InputError

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

Positive = Annotated[int, Field(ge=1)]
CriticNorm = Literal["layer", "batch", "none"]
Shape = tuple[int, ...]

PAPER_SIZE = 256
PHASES = ("pore", "matrix", "ore")
_PAPER = {"generator_widths": (128, 128, 64), "critic_widths": (64, 128, 256)}
_CELL = 2  # cells that the first convolution takes off a latent grid
_FINAL = 2  # pixels that the last convolution takes off
_LEAST = 1e-4  # share of a phase that a start may have
_TEXTURE = 0.1  # how far a grey may be from that of its phase, where the greys reach from -1 to 1
_COLOUR = 3  # pixels along an edge that the detector's noise is correlated over


class GeneratorConfig(BaseModel):
    """Architecture of generator and critic.

    Attributes
    ----------
    architecture : "paper", "spatial" or "residual"; what is said of "spatial" holds for the last
    patch : edge of the square patches that it is trained on [pixel]
    latent : length of the latent vector; of each vector of the grid in "spatial"
    generator_widths : "spatial": channels of the first convolution, then of each doubling
    critic_widths : channels of each halving
    critic_norm : layer norm keeps the penalty a matter of one sample; "batch" is that of the paper
        and couples the samples of a batch, which the penalty takes for independent
    dropout : share dropped after each convolution of the critic
    grey : "full" maps 0..255 to the range of tanh, "fitted" the range that the crops use
    image : what "spatial" draws: "phases" mixes the measured greys of pore, matrix and ore, with a
        faint texture; "grey" draws any grey, as "paper" does
    noise : of the detector, in "spatial": "measured" adds what the crops have to a clean image,
        "learned" starts there and goes on; "paper" draws it as it draws everything
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    architecture: Literal["paper", "spatial", "residual"]
    patch: Annotated[int, Field(ge=16)]
    latent: Positive
    generator_widths: tuple[Positive, ...]
    critic_widths: tuple[Positive, ...]
    critic_norm: CriticNorm
    dropout: Annotated[float, Field(ge=0, lt=1)]
    grey: Literal["full", "fitted"]
    image: Literal["phases", "grey"]
    noise: Literal["measured", "learned"]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.architecture == "paper":
            stated = {name: getattr(self, name) for name in _PAPER}
            if stated != _PAPER or self.patch != PAPER_SIZE:
                raise ValueError(
                    f"the published architecture has patch {PAPER_SIZE} and "
                    + " and ".join(f"{name} {list(widths)}" for name, widths in _PAPER.items())
                )
            return self
        if len(self.generator_widths) < 2:
            raise ValueError("a spatial generator needs at least two generator_widths")
        if reachable_size(self, self.patch) != self.patch:
            raise ValueError(
                f"a spatial generator with {len(self.generator_widths) - 1} doublings reaches "
                f"patches such as {reachable_size(self, self.patch)}"
            )
        if self.patch % 2 ** len(self.critic_widths):
            raise ValueError("each critic_widths halves the patch, which must stay whole")
        return self


@dataclass(frozen=True)
class Start:
    """What a spatial generator knows of the crops before it learns, in units of its output.

    Attributes
    ----------
    greys : (3,) of pore, matrix and ore
    shares : (3,) of the area
    noise : standard deviation of the detector's noise
    colour : (3, 3), kernel of the noise
    """

    greys: NDArray[np.float64]
    shares: NDArray[np.float64]
    noise: float
    colour: NDArray[np.float64]


def cell(config: GeneratorConfig) -> int:
    """Pixels of the image per vector of the latent grid.

    Parameters
    ----------
    config : GeneratorConfig
    """
    return int(2 ** (len(config.generator_widths) - 1))


def latent_edge(config: GeneratorConfig, size: int) -> int:
    """Vectors along an edge of the smallest latent grid that gives `size` pixels or more.

    Parameters
    ----------
    config : GeneratorConfig
    size : edge of the image [pixel]
    """
    pixels = cell(config)
    # each doubling turns n into 2n - 2, so that k of them turn n into 2^k (n - 2) + 2
    return -(-(size + _FINAL - 2) // pixels) + 2 + _CELL


def reachable_size(config: GeneratorConfig, size: int) -> int:
    """Edge of the smallest image with at least `size` pixels that the generator makes whole.

    A spatial generator makes this image, of which any smaller one is cut; the published one makes
    256 only.

    Parameters
    ----------
    config : GeneratorConfig
    size : edge of the image [pixel]
    """
    if config.architecture == "paper":
        return PAPER_SIZE
    return cell(config) * (latent_edge(config, size) - _CELL - 2) + 2 - _FINAL


def checked_size(config: GeneratorConfig, size: int) -> int:
    """Return `size` if the architecture reaches it; raises InputError that names the nearest.

    Parameters
    ----------
    config : GeneratorConfig
    size : edge of the image [pixel]
    """
    if size < 1:
        raise InputError(f"a core must have a positive size, got {size}; ask for {config.patch}")
    if config.architecture == "paper" and size != PAPER_SIZE:
        raise InputError(
            f"the published architecture makes cores of {PAPER_SIZE} pixels only, got {size}; the "
            f"nearest size is {PAPER_SIZE}, and architecture: spatial makes any"
        )
    return size


def input_shapes(config: GeneratorConfig, size: int) -> list[Shape]:
    """Shapes, without the batch, of the normal numbers that a generator turns into an image.

    The latent vectors, then (spatial) one plane of noise for each level and one for the image.

    Parameters
    ----------
    config : GeneratorConfig
    size : edge of the image [pixel]
    """
    if config.architecture == "paper":
        return [(config.latent,)]
    edge = latent_edge(config, size)
    shapes: list[Shape] = [(edge, edge, config.latent)]
    edge -= _CELL
    for _ in config.generator_widths[1:]:
        edge = 2 * edge - 2
        shapes.append((edge, edge, 1))
    edge += _COLOUR - 1 - _FINAL
    return [*shapes, (edge, edge, 1)]


def generator(config: GeneratorConfig) -> "keras.Model":
    """Build the generator: normal numbers of `input_shapes` → (n, size, size, 1) about -1..1.

    Parameters
    ----------
    config : GeneratorConfig
    """
    return _paper_generator(config) if config.architecture == "paper" else _spatial(config)


def critic(
    config: GeneratorConfig,
    norm: CriticNorm | None = None,
    averaged: int = 1,
    *,
    pooled: bool = False,
) -> "keras.Model":
    """Build the critic: (n, patch, patch, 1) → (n, 1), a score without a bound.

    Parameters
    ----------
    config : GeneratorConfig
    norm : instead of that of the configuration
    averaged : the patch is smaller by so many times along each edge
    pooled : take patches of any size: what it sees is averaged over the patch before the score
    """
    import keras

    norm = norm or config.critic_norm
    paper = config.architecture == "paper"
    edge = None if pooled else config.patch // averaged
    image = keras.Input((edge, edge, 1), name="image")
    x: keras.KerasTensor = image
    for i, width in enumerate(config.critic_widths):
        # a kernel that is a multiple of the stride weighs all pixels alike
        kernel = 5 if paper else 4
        x = keras.layers.Conv2D(width, kernel, 2, padding="same", name=f"conv{i}")(x)
        if i > 0:
            x = _normalised(x, norm, f"norm{i}")
        x = keras.layers.LeakyReLU(0.2, name=f"leaky{i}")(x)
        if config.dropout:
            x = keras.layers.Dropout(config.dropout, name=f"dropout{i}")(x)
    pool = keras.layers.GlobalAveragePooling2D if pooled else keras.layers.Flatten
    x = pool(name="flat")(x)
    return keras.Model(image, keras.layers.Dense(1, dtype="float32", name="score")(x))


def _paper_generator(config: GeneratorConfig) -> "keras.Model":
    import keras

    noise = keras.Input((config.latent,), name="latent")
    edge, width = PAPER_SIZE // 8, config.generator_widths[0]
    x = keras.layers.Dense(edge * edge * width, name="dense")(noise)
    x = keras.layers.Reshape((edge, edge, width), name="grid")(x)
    # 128 → 128, 128 → 64, 64 → 1
    for i, channels in enumerate(config.generator_widths[1:]):
        x = _transposed(x, channels, 3, "same", f"up{i}")
        x = keras.layers.BatchNormalization(name=f"norm{i}")(x)
        x = keras.layers.Activation("relu", name=f"relu{i}")(x)
    x = _transposed(x, 1, 3, "same", "up2")
    return keras.Model([noise], _image(x), name="generator")


def _spatial(config: GeneratorConfig) -> "keras.Model":
    import keras

    first, *widths = config.generator_widths
    latent = keras.Input((None, None, config.latent), name="latent")
    inputs = [latent]
    x = keras.layers.Conv2D(first, _CELL + 1, name="conv")(latent)
    residual = config.architecture == "residual"
    if not residual:
        x = _activated(x, "conv")
    for i, width in enumerate(widths):
        if residual:
            x = doubled(x, width, f"up{i}")
        else:
            x = _transposed(x, width, 4, "valid", f"up{i}")
            # of the outer two rows some terms are missing
            x = keras.layers.Cropping2D(2, name=f"cut{i}")(x)
        noise = keras.Input((None, None, 1), name=f"noise{i}")
        inputs.append(noise)
        # weights of its own for each channel
        grain = keras.layers.Conv2D(width, 1, use_bias=False, name=f"grain{i}")(noise)
        x = keras.layers.Add(name=f"add{i}")([x, grain])
        if not residual:
            x = _activated(x, f"up{i}")
    if residual:
        x = keras.layers.LeakyReLU(0.2, name="leaky")(x)
    clean = _phases(x) if config.image == "phases" else _image(_structure(x, "structure"))
    # the detector's noise is drawn, coloured by one small kernel and added, as a detector does: it
    # is not learnt as a texture
    learned = config.noise == "learned"
    sd = keras.layers.Conv2D(
        1, _FINAL + 1, kernel_initializer="zeros", trainable=learned, name="noise_sd"
    )(x)
    inputs.append(keras.Input((None, None, 1), name="noise"))
    colour = keras.layers.Conv2D(
        1, _COLOUR, use_bias=False, kernel_initializer=_white, trainable=learned,
        name="noise_colour",
    )(inputs[-1])  # fmt: skip
    noise = keras.layers.Multiply(name="scaled_noise")([sd, colour])
    image = keras.layers.Add(dtype="float32", name="image")([clean, noise])
    return keras.Model(inputs, image, name="generator")


def _structure(x: "keras.KerasTensor", name: str) -> "keras.KerasTensor":
    import keras

    return keras.layers.Conv2D(1, _FINAL + 1, name=name)(x)


def _phases(x: "keras.KerasTensor") -> "keras.KerasTensor":
    """Mix the greys of three phases: edges are sharp where the shares are, and greys are right."""
    import keras

    logits = keras.layers.Conv2D(len(PHASES), _FINAL + 1, dtype="float32", name="phases")(x)
    shares = keras.layers.Softmax(dtype="float32", name="shares")(logits)
    mixed = keras.layers.Conv2D(
        1, 1, use_bias=False, trainable=False, dtype="float32", name="greys"
    )(shares)
    texture = keras.layers.Rescaling(_TEXTURE, dtype="float32", name="faint")(
        keras.layers.Activation("tanh", name="texture_tanh")(_structure(x, "texture"))
    )
    return keras.layers.Add(dtype="float32", name="clean")([mixed, texture])


def start_from(model: "keras.Model", config: GeneratorConfig, start: Start) -> None:
    """Let a spatial generator start at the greys and the noise of the crops.

    The published architecture starts as it is.

    Parameters
    ----------
    model : of `generator`
    config : GeneratorConfig
    start : Start
    """
    if config.architecture == "paper":
        return
    if config.image == "phases":
        _set(model, "phases", bias=np.log(np.maximum(start.shares, _LEAST)))
        model.get_layer("greys").set_weights([start.greys.reshape(1, 1, -1, 1)])
    else:
        _set(model, "structure", bias=np.arctanh(start.greys[1:2]))
    _set(model, "noise_sd", bias=np.array([start.noise]))
    model.get_layer("noise_colour").set_weights([start.colour[:, :, None, None]])


def _set(model: "keras.Model", layer: str, bias: NDArray[np.float64]) -> None:
    kernel, _ = model.get_layer(layer).get_weights()
    model.get_layer(layer).set_weights([kernel, bias])


def _white(shape: Shape, dtype: str | None = None) -> "tf.Tensor":
    """Start a convolution at the identity: a kernel (k, k, 1, 1) of 1 in its middle."""
    import keras

    kernel = np.zeros(shape)
    kernel[shape[0] // 2, shape[1] // 2] = 1
    return keras.ops.convert_to_tensor(kernel, dtype)


def _transposed(
    x: "keras.KerasTensor", width: int, kernel: int, padding: str, name: str
) -> "keras.KerasTensor":
    import keras

    return keras.layers.Conv2DTranspose(width, kernel, 2, padding=padding, name=name)(x)


def _activated(x: "keras.KerasTensor", name: str) -> "keras.KerasTensor":
    """Divide each pixel by the root mean square of its channels: no statistics of a batch."""
    import keras

    x = keras.layers.LeakyReLU(0.2, name=f"{name}_leaky")(x)
    return keras.layers.RMSNormalization(name=f"{name}_norm")(x)


def _normalised(x: "keras.KerasTensor", norm: CriticNorm, name: str) -> "keras.KerasTensor":
    import keras

    if norm == "none":
        return x
    if norm == "batch":
        return keras.layers.BatchNormalization(name=name)(x)
    # over all pixels and channels of one sample, as the critic of Gulrajani et al.
    return keras.layers.GroupNormalization(groups=1, name=name)(x)


def _image(x: "keras.KerasTensor") -> "keras.KerasTensor":
    import keras

    return keras.layers.Activation("tanh", dtype="float32", name="grey")(x)
