"""Train a generator as WGAN-GP, or as DCGAN or R3GAN beside it; stop and resume at any epoch.

What a step draws follows from the seed and its number alone, so that a training that was stopped
gives the weights of one that was not.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.base.finite import DivergedError, check_finite
from poreops.cores.learning.critics import Critic
from poreops.cores.learning.denoiser import DiffusionConfig
from poreops.cores.learning.grey_scale import GreyScale
from poreops.cores.learning.networks import (
    CriticNorm,
    GeneratorConfig,
    checked_size,
    critic,
    generator,
    input_shapes,
    start_from,
)
from poreops.cores.learning.objectives import Dcgan, Objective, R3gan, WganGp
from poreops.cores.learning.optimizers import optimizer, parameters, without_remapper
from poreops.cores.learning.patches import check_crops, digest, numbered_patches
from poreops.cores.learning.start import measured
from poreops.mlops.weights.checkpoint import Checkpoint, History
from poreops.mlops.weights.finite import check_network, weights
from poreops.mlops.weights.policy import built_with

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

GanMethod = Literal["wgan_gp", "dcgan", "r3gan"]
Method = Literal["wgan_gp", "dcgan", "r3gan", "diffusion"]
Rate = Annotated[float, Field(gt=0)]

LOSSES = ("critic_loss", "generator_loss", "distance", "penalty")
"""What is noted of each epoch, as means over its steps."""

_LARGEST = 1e6  # a score beyond this is on its way to infinity
_MOMENTUM = 0.5  # of Adam in DCGAN (Radford et al. 2016)
_PLANES = 100  # seeds of a draw
_GENERATOR, _SEEN = 9_999, 9_998  # draws of a generator's step: its noise, what the critic sees
_OTHER = 50  # planes from which the second critic's draws begin
_GROWTH = 2  # times that patches grow
_DRAWS = 1_000_000  # seeds of a step


class TrainingConfig(BaseModel):
    """How generator and critic are trained.

    Attributes
    ----------
    methods : that are trained
    seed : of weights, patches and noise; of the first of the repetitions
    repeats : trainings of each method, on seeds that follow each other: their spread is a result
    epochs, steps : number of epochs, and of generator steps in each
    batch_size : patches in a step
    n_critic : critic steps of WGAN-GP for each generator step; the others take one
    penalty : λ, the weight of the gradient penalty
    generator_rate, critic_rate : learning rates
    dcgan_rate : learning rate of both networks of DCGAN, with Adam
    r3gan_rate : and of R3GAN, with Adam without momentum
    r3gan_penalty : γ, the weight of its penalties on the slope; larger for larger patches
    r3gan_ema : as `ema`, of R3GAN
    augment : whether its critic sees images mirrored and shifted
    decay_from : share of the epochs after which the rates fall linearly to zero, so that the
        generator settles; 1 keeps them
    optimizer : of WGAN-GP; "rmsprop" as in the paper, or "adam" without momentum
    ema : decay of the average of the generator's weights, which draws the cores
    precision : arithmetic of the layers
    averaged_critic : a second critic of WGAN-GP and R3GAN sees images averaged over so many pixels
        along each axis, where the detector's noise hides less; 0 has none
    grown : share of the epochs after which the patches of GANs are twice as large; 1 leaves them.
        With less the critics average what they see over a patch, so that they take both sizes
    diffusion : all that its training takes of this section, beside seed and repeats
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    methods: Annotated[tuple[Method, ...], Field(min_length=1)]
    seed: int
    repeats: Annotated[int, Field(ge=1)]
    epochs: Annotated[int, Field(ge=1)]
    steps: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)]
    n_critic: Annotated[int, Field(ge=1, le=1000)]
    penalty: Annotated[float, Field(ge=0)]
    generator_rate: Rate
    critic_rate: Rate
    dcgan_rate: Rate
    r3gan_rate: Rate
    r3gan_penalty: Annotated[float, Field(ge=0)]
    r3gan_ema: Annotated[float, Field(ge=0, lt=1)]
    augment: bool
    decay_from: Annotated[float, Field(ge=0, le=1)]
    optimizer: Literal["rmsprop", "adam"]
    ema: Annotated[float, Field(ge=0, lt=1)]
    precision: Literal["float32", "mixed_bfloat16"]
    averaged_critic: Literal[0, 2, 4]
    grown: Annotated[float, Field(ge=0, le=1)]
    diffusion: DiffusionConfig


class Candidate(BaseModel):
    """Networks and how they are trained: what a search varies."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    generator: GeneratorConfig
    training: TrainingConfig


@dataclass(frozen=True)
class TrainedGenerator:
    """A generator with averaged weights, its grey scale, and the losses of each epoch."""

    generator: "keras.Model"
    scale: GreyScale
    history: History


OnEpoch = Callable[[int, History, "keras.Model"], None]


def train_gan(
    network: GeneratorConfig,
    config: TrainingConfig,
    crops: NDArray[np.uint8],
    *,
    method: GanMethod = "wgan_gp",
    checkpoint: Path | None = None,
    on_epoch: OnEpoch | None = None,
) -> TrainedGenerator:
    """Train a generator on random patches of crops.

    Parameters
    ----------
    network, config : GeneratorConfig, TrainingConfig
    crops : (n, size, size) uint8, not smaller than a patch
    method : "wgan_gp", "dcgan" or "r3gan"
    checkpoint : folder that holds the state after each epoch; a run that finds one there goes on
        from it, a finished run removes it
    on_epoch : called with the number of finished epochs, the history and the averaged generator;
        may raise to stop

    Raises
    ------
    InputError
        If the crops are smaller than a patch.
    DivergedError
        If a loss, a weight or a drawn pixel is not finite, or a score exceeds a million.
    """
    largest = network.patch * (_GROWTH if config.grown < 1 else 1)
    check_crops(crops, checked_size(network, largest))
    gan = Gan(network, config, crops, method)
    identity = [network.model_dump(), config.model_dump(), method, digest(crops)]
    state = Checkpoint(checkpoint, gan.variables, identity)
    history = state.restore(LOSSES)
    for epoch in range(len(history["critic_loss"]), config.epochs):
        for name, value in gan.epoch(epoch).items():
            history[name].append(value)
        _check_bounds(history, epoch)
        gan.check(epoch)
        state.save(history)
        if on_epoch is not None:
            on_epoch(epoch + 1, history, gan.averaged)
    state.clear()
    return TrainedGenerator(gan.averaged, gan.scale, history)


class Gan:
    """Generator, its average and a critic, with the graph of an epoch.

    Parameters
    ----------
    network, config, crops, method : as of `train_gan`
    """

    def __init__(
        self,
        network: GeneratorConfig,
        config: TrainingConfig,
        crops: NDArray[np.uint8],
        method: GanMethod,
    ) -> None:
        import keras
        import tensorflow as tf

        self.network, self.config, self.method = network, config, method
        self.scale = GreyScale.fit(network.grey, crops)
        keras.utils.set_random_seed(config.seed)
        with built_with(config.precision):
            self.generator = generator(network)
            start_from(self.generator, network, measured(crops, self.scale))
            # DCGAN prescribes batch norm in its discriminator
            norm: CriticNorm | None = "batch" if method == "dcgan" else None
            self.critic = critic(network, norm, pooled=config.grown < 1)
        self.averaged = generator(network)
        self.averaged.set_weights(self.generator.get_weights())
        self._objective: Objective
        kind, momentum = "adam", 0.0
        if method == "dcgan":
            self._objective = Dcgan()
            self._rates, momentum = (config.dcgan_rate,) * 2, _MOMENTUM
        elif method == "r3gan":
            self._objective = R3gan(config.r3gan_penalty, config.augment)
            self._rates = (config.r3gan_rate,) * 2
        else:
            self._objective = WganGp(config.penalty)
            self._rates, kind = (config.generator_rate, config.critic_rate), config.optimizer
        self._ema = config.r3gan_ema if method == "r3gan" else config.ema
        self._repeats = config.n_critic if method == "wgan_gp" else 1
        self._g_opt, self._c_opt = (optimizer(kind, rate, momentum) for rate in self._rates)
        self._g_opt.build(parameters(self.generator))
        self._c_opt.build(parameters(self.critic))
        self._critics = [Critic(self.critic, self._c_opt, self._rates[1])]
        if config.averaged_critic and method != "dcgan":
            with built_with(config.precision):
                second = critic(network, averaged=config.averaged_critic, pooled=config.grown < 1)
            rule = optimizer(kind, self._rates[1], momentum)
            rule.build(parameters(second))
            self._critics.append(Critic(second, rule, self._rates[1], config.averaged_critic))
        self._crops = tf.constant(crops)
        self._run = tf.function(self._epoch)
        self._draw = tf.function(lambda noise: self.averaged(noise, training=False))

    @property
    def variables(self) -> list["keras.Variable"]:
        """Everything that a step changes."""
        holders = [self.generator, self.averaged, self.critic, self._g_opt, self._c_opt]
        for more in self._critics[1:]:
            holders += [more.model, more.rule]
        return [variable for holder in holders for variable in holder.variables]

    def epoch(self, number: int) -> dict[str, float]:
        """Take the generator steps of one epoch; return the mean losses.

        Parameters
        ----------
        number : of the epoch, from 0
        """
        left = 1 - number / self.config.epochs
        share = min(left / max(1 - self.config.decay_from, 1e-9), 1.0)
        self._g_opt.learning_rate.assign(share * self._rates[0])
        for each in self._critics:
            each.rule.learning_rate.assign(share * each.rate)
        with without_remapper():
            losses = self._run(iter(self.patches(number)), self._patch(number)).numpy()
        return dict(zip(LOSSES, map(float, losses), strict=True))

    def check(self, epoch: int) -> None:
        """Raise `DivergedError` unless both networks, and what is drawn, are finite.

        Parameters
        ----------
        epoch : its number, from 0
        """
        import tensorflow as tf

        place = f"{self.method} after epoch {epoch + 1}"
        check_finite(weights(self.generator), f"the generator of {place}")
        for each in self._critics:
            check_finite(weights(each.model), f"the critic of {place}")
        probe = self._noise(tf.constant(0, tf.int64), 0)
        check_network(self.averaged, self._draw, probe, f"the averaged generator of {place}")

    def patches(self, epoch: int) -> "tf.data.Dataset":
        """Return the numbered batches of one epoch: int64, (n_critic, batch, patch, patch, 1).

        Parameters
        ----------
        epoch : its number, from 0
        """
        config, patch = self.config, self._patch(epoch)
        steps = range(epoch * config.steps, (epoch + 1) * config.steps)
        batch = (self._repeats, config.batch_size)
        return numbered_patches(self._crops, patch, config.seed, steps, batch)

    def _patch(self, epoch: int) -> int:
        grown = epoch >= self.config.grown * self.config.epochs
        return self.network.patch * (_GROWTH if grown else 1)

    def _epoch(
        self, batches: Iterator[tuple["tf.Tensor", "tf.Tensor"]], patch: int
    ) -> "tf.Tensor":
        import tensorflow as tf

        # a loop in the graph: nothing of it runs in Python
        _, total = tf.while_loop(
            lambda step, _: step < self.config.steps,
            lambda step, sums: (step + 1, sums + self._step(*next(batches), patch)),
            (tf.constant(0), tf.zeros(4)),
        )
        return total / float(self.config.steps)

    def _step(
        self, number: "tf.Tensor", patches: "tf.Tensor", patch: int | None = None
    ) -> "tf.Tensor":
        import tensorflow as tf

        losses = []
        for i in range(self._repeats):
            real = self._scaled(patches[i])
            fake = self.generator(self._noise(number, 2 * i, patch), training=True)
            losses.append(self._critic_step(real, fake, number, 2 * i + 1))
        with tf.GradientTape() as tape:
            fake = self.generator(self._noise(number, _GENERATOR, patch), training=True)
            real = self._scaled(patches[-1])
            generator_loss = tf.add_n(
                [
                    self._objective.generator(
                        each.score, each.seen(real), each.seen(fake), self._seeds(number, _SEEN, i)
                    )
                    for i, each in enumerate(self._critics)
                ]
            )
        self._apply(self._g_opt, self.generator, tape, generator_loss)
        for mean, new in zip(self.averaged.variables, self.generator.variables, strict=True):
            share = 1.0 - self._ema
            mean.assign_add(tf.cast(share, mean.dtype) * (tf.cast(new, mean.dtype) - mean))
        critic_loss, distance, penalty = tf.unstack(tf.add_n(losses) / float(len(losses)))
        return tf.stack([critic_loss, generator_loss, distance, penalty])

    def _critic_step(
        self, real: "tf.Tensor", fake: "tf.Tensor", number: "tf.Tensor", part: int
    ) -> "tf.Tensor":
        import tensorflow as tf

        found = []
        for i, each in enumerate(self._critics):
            with tf.GradientTape() as tape:
                loss, distance, penalty = self._objective.critic(
                    each.score, each.seen(real), each.seen(fake), self._seeds(number, part, i)
                )
            self._apply(each.rule, each.model, tape, loss)
            found.append(tf.stack([loss, distance, penalty]))
        return tf.add_n(found)

    def _apply(
        self,
        rule: "keras.optimizers.Optimizer",
        model: "keras.Model",
        tape: "tf.GradientTape",
        loss: "tf.Tensor",
    ) -> None:
        weights = parameters(model)
        values = [weight.value for weight in weights]
        rule.apply(tape.gradient(loss, values), weights)

    def _noise(
        self, number: "tf.Tensor", part: int, patch: int | None = None
    ) -> list["tf.Tensor"]:
        import tensorflow as tf

        return [
            tf.random.stateless_normal(
                (self.config.batch_size, *shape), self._seed(number, part, i)
            )
            for i, shape in enumerate(input_shapes(self.network, patch or self.network.patch))
        ]

    def _seeds(self, number: "tf.Tensor", part: int, critic: int) -> Callable[[int], "tf.Tensor"]:
        return lambda plane: self._seed(number, part, critic * _OTHER + plane)

    def _seed(self, number: "tf.Tensor", part: int, plane: int) -> "tf.Tensor":
        """Return a seed that no other draw has: negative ones are those of the patches."""
        import tensorflow as tf

        place = number * _DRAWS + part * _PLANES + plane
        return tf.stack([tf.constant(self.config.seed, tf.int64), place])

    def _scaled(self, patches: "tf.Tensor") -> "tf.Tensor":
        import tensorflow as tf

        low, high = self.scale.low, self.scale.high
        return (tf.cast(patches, tf.float32) - low) * (2.0 / (high - low)) - 1.0


def _check_bounds(history: History, epoch: int) -> None:
    last = {name: values[-1] for name, values in history.items()}
    if all(math.isfinite(value) and abs(value) < _LARGEST for value in last.values()):
        return
    found = ", ".join(f"{name} {value:.3g}" for name, value in last.items())
    raise DivergedError(
        f"a training must keep finite losses, got {found} in epoch {epoch + 1}; lower the "
        "learning rates, raise cores.training.penalty or n_critic, or choose critic_norm: layer"
    )
