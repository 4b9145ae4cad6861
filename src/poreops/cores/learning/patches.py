"""Random patches of training crops, each fixed by its number: a stopped training goes on alike."""

import hashlib
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poreops.errors import InputError

if TYPE_CHECKING:
    import tensorflow as tf


def numbered_patches(
    crops: "tf.Tensor", patch: int, seed: int, steps: range, batch: tuple[int, int]
) -> "tf.data.Dataset":
    """Return the number of each step with its patches: int64, (repeats, n, patch, patch, 1).

    Parameters
    ----------
    crops : (n, size, size) uint8
    patch : edge of a patch [pixel]
    seed : of all patches
    steps : numbers of the steps
    batch : repeats and n, the patches of each
    """
    import tensorflow as tf

    repeats, count = batch
    last = tf.shape(crops, tf.int64)[1] - patch + 1

    def cut(number: "tf.Tensor") -> "tf.Tensor":
        place = tf.random.stateless_uniform(
            (3,), [seed, -1 - number], maxval=None, minval=None, dtype=tf.int64
        )
        limits = tf.stack([tf.shape(crops, tf.int64)[0], last, last])
        crop, row, column = tf.unstack(tf.math.floormod(place, limits))
        return crops[crop, row : row + patch, column : column + patch, None]

    each = repeats * count
    drawn = tf.data.Dataset.range(steps.start * each, steps.stop * each)
    drawn = drawn.map(cut).batch(count, drop_remainder=True).batch(repeats, drop_remainder=True)
    numbers = tf.data.Dataset.range(steps.start, steps.stop)
    return tf.data.Dataset.zip((numbers, drawn)).prefetch(4)


def check_crops(crops: NDArray[np.uint8], patch: int) -> None:
    """Raise InputError if crops are smaller than a patch.

    Parameters
    ----------
    crops : (n, rows, columns) uint8
    patch : edge [pixel]
    """
    if min(crops.shape[1:]) < patch:
        raise InputError(
            f"crops must be as large as a patch of {patch} pixels, got "
            f"{crops.shape[1]} x {crops.shape[2]}; raise cores.crops.size or lower "
            "cores.generator.patch"
        )


def digest(crops: NDArray[np.uint8]) -> str:
    """Return a digest of images: their content and shape.

    Parameters
    ----------
    crops : (n, rows, columns) uint8
    """
    return hashlib.blake2b(
        np.ascontiguousarray(crops).tobytes() + repr(crops.shape).encode(), digest_size=16
    ).hexdigest()
