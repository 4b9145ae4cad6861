"""Doublings without norms, as residual blocks (R3GAN, Huang et al. 2024, arXiv:2501.05441).

Pixels are repeated and then convolved, so that none is made of more terms than its neighbours.
Each block starts as the repetition alone: what it adds starts at zero.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def doubled(x: "keras.KerasTensor", width: int, name: str) -> "keras.KerasTensor":
    """Turn (n, rows, columns, channels) into (n, 2 rows - 2, 2 columns - 2, width).

    Parameters
    ----------
    x : of any number of channels
    width : channels of the answer
    name : that of the layers begins with
    """
    import keras

    def pointwise(x: "keras.KerasTensor", part: str, start: str) -> "keras.KerasTensor":
        layer = keras.layers.Conv2D(width, 1, kernel_initializer=start, name=f"{name}_{part}")
        return layer(x)

    def repeated(x: "keras.KerasTensor", part: str) -> "keras.KerasTensor":
        return keras.layers.UpSampling2D(2, name=f"{name}_{part}")(x)

    def active(x: "keras.KerasTensor", part: str) -> "keras.KerasTensor":
        return keras.layers.LeakyReLU(0.2, name=f"{name}_{part}")(x)

    kept = x if x.shape[-1] == width else pointwise(x, "skip", "he_normal")
    kept = keras.layers.Cropping2D(1, name=f"{name}_cut")(repeated(kept, "repeat"))
    # before the repetition a pointwise layer costs a quarter
    added = repeated(active(pointwise(x, "in", "he_normal"), "leaky0"), "double")
    added = keras.layers.Conv2D(width, 3, kernel_initializer="he_normal", name=f"{name}_conv")(
        added
    )
    added = pointwise(active(added, "leaky1"), "out", "zeros")
    return keras.layers.Add(name=f"{name}_sum")([kept, added])
