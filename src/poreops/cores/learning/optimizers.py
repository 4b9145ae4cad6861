"""The rules that change weights, and the graphs that they run in."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def optimizer(name: str, rate: float, momentum: float) -> "keras.optimizers.Optimizer":
    """RMSProp as in the paper, or Adam with this decay of the first moment.

    Parameters
    ----------
    name : "rmsprop" or "adam"
    rate : learning rate
    momentum : decay of Adam's first moment
    """
    import keras

    if name == "rmsprop":
        return keras.optimizers.RMSprop(rate)
    return keras.optimizers.Adam(rate, beta_1=momentum, beta_2=0.9 if momentum == 0 else 0.999)


def parameters(model: "keras.Model") -> Sequence["keras.Variable"]:
    """Trainable variables of a model.

    Parameters
    ----------
    model : keras.Model
    """
    return list(model.trainable_variables)


@contextmanager
def without_remapper() -> Iterator[None]:
    """Leave out the fusing of layers, which fails on the penalty's derivatives and says so.

    For these graphs only: elsewhere it changes the last bits of a result.
    """
    import tensorflow as tf

    options = tf.config.optimizer
    before = options.get_experimental_options().get("remapping", True)
    options.set_experimental_options({"remapping": False})
    try:
        yield
    finally:
        options.set_experimental_options({"remapping": before})
