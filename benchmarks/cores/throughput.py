"""Time a training step of WGAN-GP against the bare convolutions that it consists of.

The reference runs the same layers, forwards and backwards as often as a step does, without
normalisation, activations, losses, optimisers, random numbers and data.

python benchmarks/cores/throughput.py [--threads 2] [--steps 20]
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from poreops.cores.learning.networks import input_shapes
from poreops.cores.learning.training import Gan, TrainingConfig
from poreops.params import check
from poreops.synthetic.shale import synthetic_shale

PARAMS = Path(__file__).parents[2] / "params.yaml"
Layer = tuple[str, Any, Any, int, str]


def convolutions(gan: Gan, inputs: list[Any]) -> tuple[list[Layer], list[Layer]]:
    """Return the convolutions of both networks with an input of the right shape for each."""
    import keras
    import tensorflow as tf

    kinds = (keras.layers.Conv2D, keras.layers.Conv2DTranspose)

    def of(model: Any, fed: Any) -> list[Layer]:
        chosen = [layer for layer in model.layers if isinstance(layer, kinds)]
        probe = keras.Model(model.inputs, [layer.input for layer in chosen])
        found = []
        for layer, value in zip(chosen, probe(fed), strict=True):
            kind = type(layer).__name__
            found.append(
                (kind, tf.constant(value), layer.kernel.value, layer.strides[0], layer.padding)
            )
        return found

    return of(gan.generator, inputs), of(gan.critic, [gan.generator(inputs)])


def applied(layer: Layer, x: Any) -> Any:
    """Apply a bare convolution."""
    import tensorflow as tf

    kind, _, kernel, stride, padding = layer
    if kind == "Conv2D":
        return tf.nn.conv2d(x, kernel, stride, padding.upper())
    batch, rows, columns, _ = x.shape
    extra = max(kernel.shape[0] - stride, 0) if padding == "valid" else 0
    shape = (batch, rows * stride + extra, columns * stride + extra, kernel.shape[2])
    return tf.nn.conv2d_transpose(x, kernel, shape, stride, padding.upper())


def bare_step(gan: Gan, inputs: list[Any]) -> Callable[[], Any]:
    """Return a function that runs the convolutions of one training step.

    A critic step: the generator forwards; the critic forwards and backwards on real and generated
    patches; for the penalty forwards, backwards to the image, and both once more backwards. The
    generator step: both networks forwards and backwards, the critic to its input.
    """
    import tensorflow as tf

    generator, critic = convolutions(gan, inputs)
    repeats = gan.config.n_critic

    def forwards(layers: list[Layer]) -> list[Any]:
        return [tf.reduce_sum(applied(layer, layer[1])) for layer in layers]

    def both(layers: list[Layer], to_input: bool = True, to_kernel: bool = True) -> list[Any]:
        found = []
        for layer in layers:
            x, kernel = layer[1], layer[2]
            with tf.GradientTape() as tape:
                tape.watch([x, kernel])
                total = tf.reduce_sum(tf.square(applied(layer, x)))
            wanted = [x] * to_input + [kernel] * to_kernel
            found += [tf.reduce_sum(slope) for slope in tape.gradient(total, wanted)]
        return found

    def twice(layers: list[Layer]) -> list[Any]:
        found = []
        for layer in layers:
            x, kernel = layer[1], layer[2]
            with tf.GradientTape() as outer:
                outer.watch([x, kernel])
                with tf.GradientTape() as inner:
                    inner.watch(x)
                    total = tf.reduce_sum(tf.square(applied(layer, x)))
                slope = inner.gradient(total, x)
                norm = tf.reduce_sum(tf.square(slope))
            found += [tf.reduce_sum(each) for each in outer.gradient(norm, [x, kernel])]
        return found

    @tf.function
    def step() -> Any:
        sums: list[Any] = []
        for _ in range(repeats):
            sums += [*forwards(generator), *both(critic), *both(critic), *twice(critic)]
        sums += [*both(generator), *both(critic, to_kernel=False)]
        return tf.add_n(sums)

    return step


def seconds(function: Callable[[], Any], repeats: int) -> float:
    """Return the least time of some calls after a first one."""
    function()
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        np.asarray(function())
        found.append(time.perf_counter() - start)
    return min(found)


def main() -> None:
    """Print samples per second of each precision, and the ratio to the bare convolutions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=20)
    given = parser.parse_args()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(given.threads)
    params = check(PARAMS).cores
    network = params.generator
    crops = synthetic_shale(params.crops.synthetic, 1)
    for precision in ("float32", "mixed_bfloat16"):
        changes = {"epochs": 10_000, "steps": given.steps, "precision": precision}
        config = TrainingConfig(**params.training.model_dump() | changes)
        gan = Gan(network, config, crops, "wgan_gp")
        epochs = iter(range(10_000))
        trained = seconds(lambda gan=gan, epochs=epochs: gan.epoch(next(epochs))["distance"], 4)
        trained /= given.steps
        rate = config.batch_size * config.n_critic / trained
        line = f"{precision}: {1e3 * trained:.0f} ms a step, {rate:.0f} real patches a second"
        if precision == "float32":
            rng = np.random.default_rng(0)
            inputs = [
                rng.standard_normal((config.batch_size, *shape)).astype(np.float32)
                for shape in input_shapes(network, network.patch)
            ]
            bare = seconds(bare_step(gan, inputs), 4 * given.steps)
            line += f"; the bare convolutions take {1e3 * bare:.0f} ms, ratio {trained / bare:.2f}"
        print(line)


if __name__ == "__main__":
    main()
