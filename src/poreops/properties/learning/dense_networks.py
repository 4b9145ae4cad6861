"""Dense networks for tables, many at a time: the folds of a cross-validation train side by side.

Every kernel has a leading axis of folds, and the loss is the sum over the folds. The optimisers
work on each weight alone, so a fold trains as it would by itself, at a fraction of the cost: one
small matrix product is mostly overhead.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.base.arrays import Array
from poreops.mlops.weights.finite import check_network
from poreops.properties.learning.plans import counted
from poreops.properties.learning.predictors import Floats, Network, Scaled, Scaling, ScalingKind

if TYPE_CHECKING:
    import keras


class NetworkConfig(BaseModel):
    """A dense network and its training.

    Attributes
    ----------
    depth, width : hidden layers and units in each
    activation : of the hidden layers
    dropout : share of the units left out in training
    optimiser : its learning rate falls to zero along a cosine
    learning_rate, batch_size, epochs : of the training
    loss : mean of the squared or of the absolute error, or Huber's, which is squared up to one
        scaled unit and absolute beyond
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    depth: Annotated[int, Field(ge=1)]
    width: Annotated[int, Field(ge=1)]
    activation: Literal["relu", "elu", "tanh"]
    dropout: Annotated[float, Field(ge=0, lt=1)]
    optimiser: Literal["adam", "rmsprop", "sgd"]
    learning_rate: Annotated[float, Field(gt=0)]
    batch_size: Annotated[int, Field(ge=1)]
    epochs: Annotated[int, Field(ge=1)]
    loss: Literal["mse", "mae", "huber"]


def fit_networks(
    config: NetworkConfig,
    x: Floats,
    y: Floats,
    masks: Sequence[NDArray[np.bool_]],
    seed: int,
    *,
    columns: Sequence[NDArray[np.int64]] | None = None,
    scaling: ScalingKind = "standard",
    weights: Floats | None = None,
) -> list[Scaled]:
    """Fit one network on each of several choices of rows.

    Parameters
    ----------
    config : NetworkConfig
    x : (n, d) float64
    y : (n, t) float64
    masks : of rows (n,) bool to learn from
    seed : of weights, batches and dropout
    columns : for each mask the inputs to learn from; all, if not given
    scaling : of inputs and targets, over the rows of a mask
    weights : (n,) by which rows count, see `counted`; all alike, if not given

    Returns
    -------
    list
        A predictor for each mask, of the inputs in its columns.

    Raises
    ------
    DivergedError
        If weights or answers are not finite, or the graph answers otherwise than eager execution.
    """
    own = [np.arange(x.shape[1])] * len(masks) if columns is None else columns
    scalings = [
        Scaling.fit(x[np.ix_(m, c)], y[m], scaling) for m, c in zip(masks, own, strict=True)
    ]
    # an input that is always 0 does not train its weights: they are cut off below
    inputs = np.zeros((len(x), len(masks), x.shape[1]), np.float32)
    for fold, (s, c) in enumerate(zip(scalings, own, strict=True)):
        inputs[:, fold, c] = s.inputs(x[:, c])
    # what lies outside a mask has weight 0, and no value that could reach a gradient
    targets = np.stack(
        [np.where(m[:, None], s.targets(y), 0) for s, m in zip(scalings, masks, strict=True)],
        axis=1, dtype=np.float32,
    )  # fmt: skip
    shares = np.stack(masks, axis=1, dtype=np.float32, casting="unsafe")
    for fold, mask in enumerate(masks):
        if (of_rows := counted(mask, weights)) is not None:
            shares[mask, fold] = of_rows
    kernels, biases = _train(config, inputs, targets, shares, seed)
    return [
        Scaled(
            Network(
                (kernels[0][fold][own[fold]], *(kernel[fold] for kernel in kernels[1:])),
                tuple(bias[fold] for bias in biases),
                config.activation,
            ),
            scalings[fold],
        )
        for fold in range(len(masks))
    ]


def _train(
    config: NetworkConfig, x: Array, y: Array, weights: Array, seed: int
) -> tuple[list[Floats], list[Floats]]:
    """Return kernels (folds, in, out) and biases (folds, out) of each layer.

    x : (n, folds, d), y : (n, folds, t), weights : (n, folds), float32.
    """
    import keras
    import tensorflow as tf

    n, folds, inputs = x.shape
    rng = np.random.default_rng(seed)
    model = _side_by_side(config, folds, inputs, y.shape[2], rng)
    batch = min(config.batch_size, n)
    steps = max(config.epochs * n // batch, 1)
    order = np.concatenate([rng.permutation(n) for _ in range(config.epochs)])
    batches = tf.constant(order[: steps * batch].reshape(steps, batch), tf.int32)
    rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, steps)
    optimiser = {
        "adam": keras.optimizers.Adam,
        "rmsprop": keras.optimizers.RMSprop,
        "sgd": lambda rate: keras.optimizers.SGD(rate, momentum=0.9),
    }[config.optimiser](rate)
    optimiser.build(model.trainable_variables)
    everything = [tf.constant(part) for part in (x, y, weights)]
    losses = {
        "mse": tf.square,
        "mae": tf.abs,
        "huber": lambda e: tf.where(tf.abs(e) < 1, tf.square(e), 2 * tf.abs(e) - 1),
    }[config.loss]

    def run() -> None:
        for rows in batches:
            bx, by, weight = (tf.gather(part, rows) for part in everything)
            with tf.GradientTape() as tape:
                error = tf.reduce_mean(losses(model(bx, training=True) - by), axis=2)
                used = tf.maximum(tf.reduce_sum(weight, axis=0), 1.0)
                loss = tf.reduce_sum(error * weight / used)
            gradients = tape.gradient(loss, model.trainable_variables)
            optimiser.apply(gradients, model.trainable_variables)

    # traced by hand: the check for retracing would take each network for a trace too many
    tf.function(run).get_concrete_function()()
    probe = everything[0][:32]
    graph = tf.function(lambda rows: model(rows, training=False))
    check_network(model, graph.get_concrete_function(probe), probe, "the dense networks")
    values = [np.asarray(value, np.float64) for value in model.get_weights()]
    return values[::2], values[1::2]


def _side_by_side(
    config: NetworkConfig, folds: int, inputs: int, targets: int, rng: np.random.Generator
) -> "keras.Model":
    """Return a Keras model (n, folds, inputs) → (n, folds, targets); folds start alike."""
    import keras

    widths = [inputs, *[config.width] * config.depth, targets]
    signal = keras.Input((folds, inputs))
    image, starts = signal, []
    for layer, (wide, following) in enumerate(pairwise(widths)):
        last = layer == config.depth
        image = keras.layers.EinsumDense(
            "bfi,fio->bfo", (folds, following), bias_axes="fo",
            activation=None if last else config.activation,
        )(image)  # fmt: skip
        if not last and config.dropout > 0:
            dropped = int(rng.integers(2**31))
            image = keras.layers.Dropout(config.dropout, seed=dropped)(image)
        # Glorot's limits for one fold: Keras would count the folds as inputs
        limit = np.sqrt(6 / (wide + following))
        kernel = rng.uniform(-limit, limit, (wide, following))
        starts += [np.tile(kernel, (folds, 1, 1)), np.zeros((folds, following))]
    model = keras.Model(signal, image)
    model_weights = [w for layer in model.layers for w in layer.trainable_weights]
    for weight, start in zip(model_weights, starts, strict=True):
        weight.assign(start)
    return model
