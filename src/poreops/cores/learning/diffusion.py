"""Train a denoiser on patches of what crops are without their noise; stop and resume at any epoch.

Denoising score matching as in Karras et al. 2022 (arXiv:2206.00364). The detector's noise is
parted from the crops as for a quilting, and its law kept, to be drawn on what the denoiser makes.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poreops.base.finite import DivergedError, check_finite
from poreops.cores.features.noise_law import NoiseLaw, split_noise
from poreops.cores.learning.denoiser import METHOD, DiffusionConfig, denoiser, loss
from poreops.cores.learning.grey_scale import GreyScale
from poreops.cores.learning.optimizers import optimizer, parameters
from poreops.cores.learning.patches import check_crops, digest, numbered_patches
from poreops.mlops.weights.checkpoint import Checkpoint, History
from poreops.mlops.weights.finite import check_network, weights

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

LOSSES = ("loss",)

_MOMENTUM = 0.9  # of Adam
_DRAWS = 2  # seeds of a step
# ln σ of the noise in training: rare dark pores of many pixels are seen through noise that is
# strong against the spread of all pixels, so the middle lies above that of photographs
_MEAN, _SPREAD = 0.8, 1.4


@dataclass(frozen=True)
class TrainedDiffusion:
    """A denoiser with averaged weights, the greys that it works in, the law of the noise.

    Attributes
    ----------
    network : of `poreops.cores.learning.denoiser.denoiser`
    scale : the mean grey less and plus the standard deviation
    law : NoiseLaw
    history : the loss of each epoch
    """

    network: "keras.Model"
    scale: GreyScale
    law: NoiseLaw
    history: History


OnEpoch = Callable[[int, TrainedDiffusion], None]


def train_diffusion(
    config: DiffusionConfig,
    crops: NDArray[np.uint8],
    *,
    patch: int,
    seed: int,
    checkpoint: Path | None = None,
    on_epoch: OnEpoch | None = None,
) -> TrainedDiffusion:
    """Train a denoiser on random patches of crops.

    Parameters
    ----------
    config : DiffusionConfig
    crops : (n, size, size) uint8, not smaller than a patch
    patch : edge of a patch [pixel]
    seed : of weights, patches and noise
    checkpoint : folder that holds the state after each epoch; a run that finds one there goes on
        from it, a finished run removes it
    on_epoch : called with the number of finished epochs and what is trained; may raise to stop

    Raises
    ------
    InputError
        If the crops are smaller than a patch.
    DivergedError
        If a loss, a weight or an answer is not finite.
    """
    check_crops(crops, patch)
    diffusion = Diffusion(config, crops, patch, seed)
    identity = [config.model_dump(), METHOD, patch, seed, digest(crops)]
    state = Checkpoint(checkpoint, diffusion.variables, identity)
    history = state.restore(LOSSES)
    for epoch in range(len(history["loss"]), config.epochs):
        history["loss"].append(diffusion.epoch(epoch))
        diffusion.check(epoch, history["loss"][-1])
        state.save(history)
        if on_epoch is not None:
            on_epoch(epoch + 1, diffusion.trained(history))
    state.clear()
    return diffusion.trained(history)


class Diffusion:
    """Denoiser and its average, with the graph of an epoch.

    Parameters
    ----------
    config, crops, patch, seed : as of `train_diffusion`
    """

    def __init__(
        self, config: DiffusionConfig, crops: NDArray[np.uint8], patch: int, seed: int
    ) -> None:
        import keras
        import tensorflow as tf

        self.config, self.patch, self.seed = config, patch, seed
        structure, self.law = split_noise(crops)
        mean, spread = float(structure.mean()), max(float(structure.std()), 0.5)
        self.scale = GreyScale(mean - spread, mean + spread)
        keras.utils.set_random_seed(seed)
        self.network, self.averaged = denoiser(config), denoiser(config)
        self.averaged.set_weights(self.network.get_weights())
        self._rule = optimizer("adam", config.rate, _MOMENTUM)
        self._rule.build(parameters(self.network))
        self._structure = tf.constant(structure)
        self._run = tf.function(self._epoch)
        self._answer = tf.function(lambda given: self.averaged(given, training=False))

    @property
    def variables(self) -> list["keras.Variable"]:
        """Everything that a step changes."""
        holders = (self.network, self.averaged, self._rule)
        return [variable for holder in holders for variable in holder.variables]

    def trained(self, history: History) -> TrainedDiffusion:
        """Return what is trained so far.

        Parameters
        ----------
        history : of the epochs so far
        """
        return TrainedDiffusion(self.averaged, self.scale, self.law, history)

    def epoch(self, number: int) -> float:
        """Take the steps of one epoch; return the mean loss.

        Parameters
        ----------
        number : of the epoch, from 0
        """
        config = self.config
        share = (1 + math.cos(math.pi * number / config.epochs)) / 2
        self._rule.learning_rate.assign(share * config.rate)
        steps = range(number * config.steps, (number + 1) * config.steps)
        batch = (1, config.batch_size)
        patches = numbered_patches(self._structure, self.patch, self.seed, steps, batch)
        return float(self._run(iter(patches)))

    def check(self, epoch: int, found: float) -> None:
        """Raise `DivergedError` unless the loss, both networks and their answers are finite.

        Parameters
        ----------
        epoch : its number, from 0
        found : its loss
        """
        import tensorflow as tf

        if not math.isfinite(found):
            raise DivergedError(
                f"a training must keep finite losses, got loss {found:.3g} in epoch {epoch + 1}; "
                "lower cores.training.diffusion.rate"
            )
        place = f"{METHOD} after epoch {epoch + 1}"
        check_finite(weights(self.network), f"the denoiser of {place}")
        noise, sigma = self._noise(tf.constant(0, tf.int64))
        probe = [noise, tf.math.log(sigma)[:, :, 0, 0] / 4.0]
        check_network(self.averaged, self._answer, probe, f"the averaged denoiser of {place}")

    def _epoch(self, batches: Iterator["tf.Tensor"]) -> "tf.Tensor":
        import tensorflow as tf

        # a loop in the graph: nothing of it runs in Python
        _, total = tf.while_loop(
            lambda step, _: step < self.config.steps,
            lambda step, total: (step + 1, total + self._step(*next(batches))),
            (tf.constant(0), tf.zeros(())),
        )
        return total / float(self.config.steps)

    def _step(self, number: "tf.Tensor", patches: "tf.Tensor") -> "tf.Tensor":
        import tensorflow as tf

        low, high = self.scale.low, self.scale.high
        clean = (tf.cast(patches[0], tf.float32) - low) * (2.0 / (high - low)) - 1.0
        noise, sigma = self._noise(number)
        with tf.GradientTape() as tape:
            missed = loss(self.network, clean, noise, sigma)
        known = parameters(self.network)
        self._rule.apply(tape.gradient(missed, [weight.value for weight in known]), known)
        done = tf.cast(number, tf.float32)
        # the first steps are forgotten sooner
        keep = tf.minimum(self.config.ema, (1.0 + done) / (10.0 + done))
        for mean, new in zip(self.averaged.variables, self.network.variables, strict=True):
            mean.assign_add((1.0 - keep) * (tf.cast(new, mean.dtype) - mean))
        return missed

    def _noise(self, number: "tf.Tensor") -> tuple["tf.Tensor", "tf.Tensor"]:
        """Return noise of unit spread (n, patch, patch, 1) and its strengths (n, 1, 1, 1)."""
        import tensorflow as tf

        count, patch = self.config.batch_size, self.patch
        # negative places are those of the patches
        seeds = [
            tf.stack([tf.constant(self.seed, tf.int64), number * _DRAWS + draw])
            for draw in range(_DRAWS)
        ]
        strength = tf.random.stateless_normal((count, 1, 1, 1), seeds[0])
        noise = tf.random.stateless_normal((count, patch, patch, 1), seeds[1])
        return noise, tf.exp(_MEAN + _SPREAD * strength)
