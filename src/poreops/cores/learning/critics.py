"""A critic with its rule, and what it sees: images as they are, or averaged over squares.

Averaging over k² pixels takes the detector's noise to 1/k and leaves the structure: a critic of
such images teaches what noise hides from one of all pixels.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


@dataclass(frozen=True)
class Critic:
    """One critic of a training.

    Attributes
    ----------
    model : of `poreops.cores.learning.networks.critic`
    rule : that changes its weights
    rate : learning rate that the rule starts with
    averaged : pixels along an edge that are averaged before it sees an image
    """

    model: "keras.Model"
    rule: "keras.optimizers.Optimizer"
    rate: float
    averaged: int = 1

    def seen(self, images: "tf.Tensor") -> "tf.Tensor":
        """Return images (n, edge, edge, 1) as it sees them.

        Parameters
        ----------
        images : (n, edge, edge, 1)
        """
        import tensorflow as tf

        if self.averaged == 1:
            return images
        return tf.nn.avg_pool2d(images, self.averaged, self.averaged, "VALID")

    def score(self, seen: "tf.Tensor") -> "tf.Tensor":
        """Return the scores (n, 1) of what it sees.

        Parameters
        ----------
        seen : of `seen`
        """
        return self.model(seen, training=True)
