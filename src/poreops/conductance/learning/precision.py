"""Arithmetic of the networks: lower precision only where its gradients are right and it is faster.

oneDNN's bfloat16 gradient of a Conv3D kernel is wrong on images of 2 x 2 x 2, and a network that
trains on it ends in NaN; so the gradients of the very layers are compared with float32 first.
"""

import time
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.conductance.learning.resnet import ResnetConfig, probe, resnet
from poreops.mlops.weights.policy import built_with

if TYPE_CHECKING:
    import keras

Precision = Literal["float32", "mixed_bfloat16"]
_WORST = 0.1
"""Largest difference of a layer's gradient from float32 that passes, as a share of its norm;
bfloat16 has eight bits, so a few percent are its own rounding."""


def usable(asked: Precision, network: ResnetConfig, ndim: int) -> Precision:
    """Return the asked precision if it is right and faster on this machine, else float32.

    Parameters
    ----------
    asked : Precision
    network : whose layers are tried
    ndim : 2 or 3
    """
    if asked == "float32" or network.image == "none":
        return "float32"
    wrong, ratio = gradient_error(asked, network, ndim)
    return asked if max(wrong.values()) <= _WORST and ratio < 1 else "float32"


def gradient_error(
    precision: Precision, network: ResnetConfig, ndim: int
) -> tuple[dict[str, float], float]:
    """Compare the gradients of every layer with those in float32, on one batch.

    Parameters
    ----------
    precision : that is compared with float32
    network : to be built
    ndim : axes of the conduits, 2 or 3

    Returns
    -------
    error : path of each trainable variable → norm of the difference over the norm in float32
    ratio : time of a step over that in float32
    """
    import keras

    models = []
    for policy in ("float32", precision):
        keras.utils.set_random_seed(3)
        with built_with(policy):
            models.append(resnet(network, ndim))
    # a layer that starts at zero would pass no gradient to those before it
    rng = np.random.default_rng(3)
    given = [w if w.any() else rng.normal(0, 0.1, w.shape) for w in models[0].get_weights()]
    for model in models:
        model.set_weights(given)
    batch = probe(network, ndim, 16)
    (truth, exact), (found, quick) = (_gradients(model, batch) for model in models)
    error = {
        name: float(np.linalg.norm(found[name] - value)) / float(np.linalg.norm(value))
        for name, value in truth.items()
        # what a normalisation removes has a gradient of rounding errors alone
        if np.linalg.norm(value) > 1e-6
    }
    return {k: v if np.isfinite(v) else np.inf for k, v in error.items()}, quick / exact


def _gradients(
    model: "keras.Model", batch: list[Array]
) -> tuple[dict[str, NDArray[np.float64]], float]:
    """Return the gradient of a loss by each variable, and the seconds of a step."""
    import tensorflow as tf

    target = np.linspace(-1, 1, len(batch[0]), dtype=np.float32)[:, None]

    @tf.function
    def step() -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((tf.cast(model(batch, training=True), tf.float32) - target) ** 2)
        return tape.gradient(loss, [v.value for v in model.trainable_variables])

    gradients = step()
    start = time.perf_counter()
    for _ in range(3):
        step()
    seconds = time.perf_counter() - start
    names = [variable.path for variable in model.trainable_variables]
    return {
        name: np.asarray(gradient, np.float64)
        for name, gradient in zip(names, gradients, strict=True)
        if gradient is not None
    }, seconds
