"""The losses of WGAN-GP and DCGAN."""

from collections.abc import Callable
from typing import Any


def gradient_penalty(score: Callable[[Any], Any], real: Any, fake: Any, share: Any) -> Any:
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


def wasserstein(real_score: Any, fake_score: Any) -> Any:
    """Mean score of real images less that of generated ones: the critic's estimate of W₁."""
    import tensorflow as tf

    return tf.reduce_mean(real_score) - tf.reduce_mean(fake_score)


def cross_entropy(score: Any, real: bool) -> Any:
    """Mean cross-entropy of scores taken as logits: the loss of DCGAN (Radford et al. 2016)."""
    import tensorflow as tf

    return tf.reduce_mean(tf.nn.softplus(-score if real else score))
