"""Mirror and shift images at random in a way that gradients pass, as they are seen by a critic.

What a rock is does not change by either; greys and angles stay. Zhao et al. 2020
(arXiv:2006.10738) with the two of its changes that keep the physics.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf

REACH = 8
"""An image is shifted by up to this part of its edge; what comes in there is its mirror image."""


def moved(images: "tf.Tensor", seed: "tf.Tensor") -> "tf.Tensor":
    """Mirror and shift each image along both axes, by draws of its own.

    Parameters
    ----------
    images : (n, edge, edge, 1) float32
    seed : (2,) int64, of all draws
    """
    import tensorflow as tf

    count, edge = tf.shape(images)[0], tf.shape(images)[1]
    draws = tf.random.stateless_uniform((4, count), seed)
    rows, columns = _places(draws[0], draws[1], edge), _places(draws[2], draws[3], edge)
    # one entry a row: the product picks pixels, and so does its derivative
    down, across = tf.one_hot(rows, edge), tf.one_hot(columns, edge)
    found = tf.matmul(tf.matmul(down, images[..., 0]), across, transpose_b=True)
    return tf.ensure_shape(found[..., None], images.shape)


def _places(mirror: "tf.Tensor", shift: "tf.Tensor", edge: "tf.Tensor") -> "tf.Tensor":
    """Return which row (or column) comes where, (n, edge)."""
    import tensorflow as tf

    reach = edge // REACH
    choices = tf.cast(2 * reach + 1, tf.float32)
    steps = tf.cast(tf.floor(shift * choices), tf.int32) - reach
    places = tf.abs(tf.range(edge) + steps[:, None])
    places = tf.where(places < edge, places, 2 * (edge - 1) - places)
    return tf.where(mirror[:, None] < 0.5, places, edge - 1 - places)
