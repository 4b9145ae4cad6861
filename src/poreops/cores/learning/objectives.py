"""What critic and generator of each method are to make small."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from poreops.cores.learning.augmentation import moved
from poreops.cores.learning.losses import (
    cross_entropy,
    gradient_penalty,
    relativistic,
    squared_slope,
    wasserstein,
)

if TYPE_CHECKING:
    import tensorflow as tf

Score = Callable[["tf.Tensor"], "tf.Tensor"]
"""A critic: (n, edge, edge, 1) → (n, 1)."""

Seed = Callable[[int], "tf.Tensor"]
"""Number of a draw → a seed that no other draw of the training has."""


class Objective(Protocol):
    """The losses of a method, of images (n, edge, edge, 1) as many real as drawn."""

    def critic(
        self, score: Score, real: "tf.Tensor", fake: "tf.Tensor", seed: Seed
    ) -> tuple["tf.Tensor", "tf.Tensor", "tf.Tensor"]:
        """Return the critic's loss, how far the mean scores are apart, and the penalty in it."""

    def generator(
        self, score: Score, real: "tf.Tensor", fake: "tf.Tensor", seed: Seed
    ) -> "tf.Tensor":
        """Return the generator's loss."""


@dataclass(frozen=True)
class WganGp:
    """Wasserstein distance with a penalty on slopes that are not 1 (Gulrajani et al. 2017).

    Attributes
    ----------
    weight : of the penalty
    """

    weight: float

    def critic(
        self, score: Score, real: "tf.Tensor", fake: "tf.Tensor", seed: Seed
    ) -> tuple["tf.Tensor", "tf.Tensor", "tf.Tensor"]:
        """See `Objective`."""
        import tensorflow as tf

        distance = wasserstein(score(real), score(fake))
        share = tf.random.stateless_uniform((tf.shape(real)[0], 1, 1, 1), seed(0))
        penalty = gradient_penalty(score, real, fake, share)
        return self.weight * penalty - distance, distance, penalty

    def generator(
        self,
        score: Score,
        real: "tf.Tensor",  # noqa: ARG002
        fake: "tf.Tensor",
        seed: Seed,  # noqa: ARG002
    ) -> "tf.Tensor":
        """See `Objective`."""
        import tensorflow as tf

        return -tf.reduce_mean(score(fake))


@dataclass(frozen=True)
class Dcgan:
    """Cross-entropy of real and drawn (Radford et al. 2016)."""

    def critic(
        self,
        score: Score,
        real: "tf.Tensor",
        fake: "tf.Tensor",
        seed: Seed,  # noqa: ARG002
    ) -> tuple["tf.Tensor", "tf.Tensor", "tf.Tensor"]:
        """See `Objective`."""
        import tensorflow as tf

        real_score, fake_score = score(real), score(fake)
        loss = cross_entropy(real_score, real=True) + cross_entropy(fake_score, real=False)
        return loss, wasserstein(real_score, fake_score), tf.zeros(())

    def generator(
        self,
        score: Score,
        real: "tf.Tensor",  # noqa: ARG002
        fake: "tf.Tensor",
        seed: Seed,  # noqa: ARG002
    ) -> "tf.Tensor":
        """See `Objective`."""
        # the loss that does not saturate where the discriminator is right
        return cross_entropy(score(fake), real=True)


@dataclass(frozen=True)
class R3gan:
    """Relativistic loss with penalties on the slope at real and drawn images (Huang et al. 2024).

    Attributes
    ----------
    weight : γ, of half the sum of both penalties
    augment : whether the critic sees images mirrored and shifted
    """

    weight: float
    augment: bool

    def critic(
        self, score: Score, real: "tf.Tensor", fake: "tf.Tensor", seed: Seed
    ) -> tuple["tf.Tensor", "tf.Tensor", "tf.Tensor"]:
        """See `Objective`."""
        real_score, at_real = squared_slope(score, self._seen(real, seed(0)))
        fake_score, at_fake = squared_slope(score, self._seen(fake, seed(1)))
        penalty = (at_real + at_fake) / 2.0
        loss = relativistic(real_score, fake_score) + self.weight * penalty
        return loss, wasserstein(real_score, fake_score), penalty

    def generator(
        self, score: Score, real: "tf.Tensor", fake: "tf.Tensor", seed: Seed
    ) -> "tf.Tensor":
        """See `Objective`."""
        real_score = score(self._seen(real, seed(0)))
        return relativistic(score(self._seen(fake, seed(1))), real_score)

    def _seen(self, images: "tf.Tensor", seed: "tf.Tensor") -> "tf.Tensor":
        return moved(images, seed) if self.augment else images
