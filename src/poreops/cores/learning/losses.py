"""The losses of WGAN-GP, DCGAN and R3GAN."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf


def gradient_penalty(
    score: Callable[["tf.Tensor"], "tf.Tensor"],
    real: "tf.Tensor",
    fake: "tf.Tensor",
    share: "tf.Tensor",
) -> "tf.Tensor":
    """Mean of (|∇score(x)| - 1)² at points x between real and fake (Gulrajani et al. 2017, Eq. 3).

    Parameters
    ----------
    score : (n, ...) → (n, 1)
    real, fake : (n, ...) tensors
    share : (n, 1, ...) in 0..1, of the real image in each point
    """
    import tensorflow as tf

    between = share * real + (1.0 - share) * fake
    with tf.GradientTape() as tape:
        tape.watch(between)
        total = tf.reduce_sum(score(between))
    slope = tf.cast(tape.gradient(total, between), tf.float32)
    axes = list(range(1, len(slope.shape)))
    # the root of zero has no slope of its own
    norm = tf.sqrt(tf.reduce_sum(tf.square(slope), axis=axes) + 1e-12)
    return tf.reduce_mean(tf.square(norm - 1.0))


def wasserstein(real_score: "tf.Tensor", fake_score: "tf.Tensor") -> "tf.Tensor":
    """Mean score of real images less that of generated ones: the critic's estimate of W₁.

    Parameters
    ----------
    real_score, fake_score : (n, 1) tensors
    """
    import tensorflow as tf

    return tf.reduce_mean(real_score) - tf.reduce_mean(fake_score)


def cross_entropy(score: "tf.Tensor", real: bool) -> "tf.Tensor":
    """Mean cross-entropy of scores taken as logits: the loss of DCGAN (Radford et al. 2016).

    Parameters
    ----------
    score : (n, 1) tensor
    real : whether the scores are of real images
    """
    import tensorflow as tf

    return tf.reduce_mean(tf.nn.softplus(-score if real else score))


def relativistic(better: "tf.Tensor", worse: "tf.Tensor") -> "tf.Tensor":
    """Mean of log(1 + exp(worse - better)), pair by pair (Jolicoeur-Martineau 2018).

    Parameters
    ----------
    better, worse : (n, 1) tensors, scores of which the first are to be the larger
    """
    import tensorflow as tf

    return tf.reduce_mean(tf.nn.softplus(worse - better))


def squared_slope(
    score: Callable[["tf.Tensor"], "tf.Tensor"], images: "tf.Tensor"
) -> tuple["tf.Tensor", "tf.Tensor"]:
    """Scores of images and the mean of |∇score|² there: R1 of real ones, R2 of drawn ones.

    Parameters
    ----------
    score : (n, ...) → (n, 1)
    images : (n, ...) tensor
    """
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(images)
        found = score(images)
        total = tf.reduce_sum(found)
    slope = tf.cast(tape.gradient(total, images), tf.float32)
    axes = list(range(1, len(slope.shape)))
    return found, tf.reduce_mean(tf.reduce_sum(tf.square(slope), axis=axes))
