"""Residual networks from conduit to size factor, 3D and 2D, from one builder.

Two families differ by their configuration only: the published 3D ResNet50 on 64-voxel label
cubes (Misaghian et al., Computers & Geosciences 2022, after He et al., CVPR 2016), and a compact
one on 32-cell occupancy images, for CPUs. Where scalars stand beside the image, the image branch
corrects the estimate of a small perceptron on them; without an image that estimate is all.
"""

from typing import TYPE_CHECKING, Annotated, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from poreops.base.arrays import Array
from poreops.conductance.learning.encoding import (
    Encoded,
    ImageEncoding,
    ScalarEncoding,
    image_shape,
    scalar_columns,
    scalar_count,
)
from poreops.conductance.learning.scaling import TargetScaling

if TYPE_CHECKING:
    import keras

Positive = Annotated[int, Field(ge=1)]


class ResnetConfig(BaseModel):
    """Architecture of a residual network.

    Attributes
    ----------
    image : what the image branch sees (learning.encoding), "none" for no such branch
    scalars : what stands beside it; "coarse" without an image is the coarse solve itself
    stem_width, stem_kernel, stem_pool : first convolution (stride 2), and max-pooling after it
    widths, depths : channels and number of blocks of each stage; a stage halves the image
    block : "basic" (two 3-wide convolutions) or "bottleneck" (1-3-1, four times the width out)
    pooling : "average" over the last image, or "flatten" to keep its places
    dense : width of the hidden layer after pooling, 0 for none
    dropout : share of the pooled features dropped in training
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    image: ImageEncoding
    scalars: ScalarEncoding
    stem_width: Positive
    stem_kernel: Positive
    stem_pool: bool
    widths: tuple[Positive, ...]
    depths: tuple[Positive, ...]
    block: Literal["basic", "bottleneck"]
    pooling: Literal["average", "flatten"]
    dense: Annotated[int, Field(ge=0)]
    dropout: Annotated[float, Field(ge=0, lt=1)]

    @model_validator(mode="after")
    def _stages_match(self) -> Self:
        if len(self.widths) != len(self.depths):
            raise ValueError("widths and depths must hold one number for each stage")
        if self.image == "none" and self.scalars == "none":
            raise ValueError("a network must see an image or scalars")
        return self


def resnet(config: ResnetConfig, ndim: int) -> "keras.Model":
    """Build the network for training: ([image][, scalars]) → scaled target (n, 1).

    Parameters
    ----------
    config : ResnetConfig
    ndim : 2 or 3

    Returns
    -------
    keras.Model
        Inputs ``image`` (n, ...) uint8 and ``scalars`` (n, k) float32, or one of them (`inputs`).
        The layer ``normalize_scalars`` is to be adapted to the training set.
    """
    import keras

    if config.scalars == "coarse" and config.image == "none":
        coarse = keras.Input((1,), dtype="float32", name="scalars")
        line = keras.layers.Dense(1, kernel_initializer="ones", trainable=False, name="line")
        return keras.Model([coarse], line(coarse), name="coarse")
    if config.image == "none":
        scalars = keras.Input((scalar_count(config.scalars),), dtype="float32", name="scalars")
        return keras.Model([scalars], _estimate(scalars)[1], name="scalars")
    return _image_network(config, ndim)


def inputs(config: ResnetConfig, encoded: Encoded) -> list[Array]:
    """Return what a network takes of encoded conduits, in the order of its inputs.

    Parameters
    ----------
    config : ResnetConfig
    encoded : of n conduits
    """
    found: list[Array] = [] if config.image == "none" else [encoded.image]
    if scalar_count(config.scalars):
        columns = encoded.scalars[:, scalar_columns(config.scalars)]
        found.append(np.ascontiguousarray(columns))
    return found


def probe(config: ResnetConfig, ndim: int, count: int = 2) -> list[Array]:
    """Return inputs of no conduit in particular, to see whether a network answers at all.

    Parameters
    ----------
    config : of the network
    ndim : axes of the conduits, 2 or 3
    count : number of inputs
    """
    rng = np.random.default_rng(0)
    shape = (count, *image_shape(config.image, ndim))
    encoded = Encoded(
        rng.integers(0, 3, shape, dtype=np.uint8), np.ones((count, scalar_count("physics")), "f")
    )
    return inputs(config, encoded)


def _estimate(scalars: "keras.KerasTensor") -> tuple["keras.KerasTensor", "keras.KerasTensor"]:
    """Return the normalised scalars, and the estimate of a small perceptron on them."""
    import keras

    known = keras.layers.Normalization(dtype="float32", name="normalize_scalars")(scalars)
    estimate = known
    for i in range(2):
        layer = keras.layers.Dense(64, "silu", dtype="float32", name=f"scalars_{i}")
        estimate = layer(estimate)
    return known, keras.layers.Dense(1, dtype="float32", name="estimate")(estimate)


def _image_network(config: ResnetConfig, ndim: int) -> "keras.Model":
    import keras

    shape = image_shape(config.image, ndim)
    image = keras.Input(shape, dtype="uint8", name="image")
    scale = keras.layers.Rescaling(image_scale(config.image, ndim), name="scale_image")
    x = scale(image)
    x = _convolve(x, config.stem_width, config.stem_kernel, 2, "stem")
    if config.stem_pool:
        x = _layer("MaxPooling", ndim)(3, 2, padding="same", name="stem_pool")(x)
    for stage, (width, depth) in enumerate(zip(config.widths, config.depths, strict=True)):
        for block in range(depth):
            stride = 2 if block == 0 and stage > 0 else 1
            x = _residual(x, width, stride, config.block, f"stage{stage}_block{block}")
    if config.pooling == "flatten":
        x = keras.layers.Flatten(name="pool")(x)
    else:
        x = _layer("GlobalAveragePooling", ndim)(name="pool")(x)
    taken = [image]
    count = scalar_count(config.scalars)
    if count:
        scalars = keras.Input((count,), dtype="float32", name="scalars")
        taken.append(scalars)
        known, estimate = _estimate(scalars)
        x = keras.layers.Concatenate(dtype="float32", name="features")([x, known])
    x = keras.layers.Dropout(config.dropout, name="dropout")(x)
    if config.dense:
        x = keras.layers.Dense(config.dense, "relu", dtype="float32", name="hidden")(x)
    # starting at zero, the network starts as what the scalars alone tell
    first = "zeros" if count else "glorot_uniform"
    y = keras.layers.Dense(1, kernel_initializer=first, dtype="float32", name="correction")(x)
    if count:
        y = keras.layers.Add(dtype="float32", name="scaled_size_factor")([y, estimate])
    return keras.Model(taken, y, name="resnet")


def with_unscaling(model: "keras.Model", scaling: TargetScaling) -> "keras.Model":
    """Append the inverse of the target scaling: the result predicts size factors in voxels.

    Parameters
    ----------
    model : predicts scaled targets, (n, 1)
    scaling : TargetScaling
    """
    import keras

    y = keras.layers.Rescaling(
        scaling.scale, offset=scaling.shift, dtype="float32", name="unscale"
    )(model.output)
    if scaling.kind == "log":
        y = keras.layers.Activation("exponential", dtype="float32", name="size_factor")(y)
    return keras.Model(model.inputs, y, name="conductance")


def image_scale(encoding: ImageEncoding, ndim: int) -> list[float] | float:
    """Return the factor of each channel that brings its grey levels near 0..1.

    Parameters
    ----------
    encoding : ImageEncoding
    ndim : 2 or 3
    """
    if encoding == "labels":
        return 1.0
    if encoding == "occupancy+field":
        return [0.5**ndim, 0.5**ndim, 1 / 255]
    return float(0.5**ndim)


def _layer(kind: str, ndim: int) -> type["keras.Layer"]:
    import keras

    found: type[keras.Layer] = getattr(keras.layers, f"{kind}{ndim}D")
    return found


def _convolve(
    x: "keras.KerasTensor",
    width: int,
    kernel: int,
    stride: int,
    name: str,
    *,
    activation: bool = True,
) -> "keras.KerasTensor":
    import keras

    ndim = len(x.shape) - 2
    x = _layer("Conv", ndim)(
        width, kernel, stride, padding="same", use_bias=False, name=f"{name}_conv"
    )(x)
    x = keras.layers.BatchNormalization(momentum=0.95, name=f"{name}_norm")(x)
    return keras.layers.Activation("relu", name=f"{name}_relu")(x) if activation else x


def _residual(
    x: "keras.KerasTensor", width: int, stride: int, block: str, name: str
) -> "keras.KerasTensor":
    import keras

    if block == "basic":
        y = _convolve(x, width, 3, stride, f"{name}_1")
        y = _convolve(y, width, 3, 1, f"{name}_2", activation=False)
    else:
        y = _convolve(x, width, 1, stride, f"{name}_1")
        y = _convolve(y, width, 3, 1, f"{name}_2")
        width *= 4
        y = _convolve(y, width, 1, 1, f"{name}_3", activation=False)
    if stride != 1 or x.shape[-1] != width:
        x = _convolve(x, width, 1, stride, f"{name}_shortcut", activation=False)
    y = keras.layers.Add(name=f"{name}_add")([x, y])
    return keras.layers.Activation("relu", name=f"{name}_out")(y)
