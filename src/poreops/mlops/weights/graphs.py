"""The prediction of a network as one compiled graph, traced once for every batch size."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from poreops.base.arrays import Array

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

Graph = Callable[[Sequence[Array]], "tf.Tensor"]


def compiled(model: "keras.Model") -> Graph:
    """Return the prediction inputs → outputs of a network; that of Keras costs more than it.

    Parameters
    ----------
    model : keras.Model
        The graph follows its weights, but not a normalisation that is adapted or loaded later.
    """
    import tensorflow as tf

    shapes = [
        tf.TensorSpec((None, *part.shape[1:]), part.dtype, name=f"input_{i}")
        for i, part in enumerate(model.inputs)
    ]
    traced = tf.function(lambda *taken: model(list(taken), training=False))
    concrete = traced.get_concrete_function(*shapes)

    def predict(taken: Sequence[Array]) -> "tf.Tensor":
        return concrete(*(tf.convert_to_tensor(part) for part in taken))

    return predict


def predicted(graph: Graph, taken: Sequence[Array], batch: int = 256) -> Array:
    """Return the only output (n,) of a graph for many examples, a batch at a time.

    Parameters
    ----------
    graph : of `compiled`
    taken : inputs, an array (n, ...) each
    batch : examples at a time
    """
    starts = range(0, len(taken[0]), batch)
    found = [np.asarray(graph([part[i : i + batch] for part in taken])) for i in starts]
    return np.concatenate(found)[:, 0] if found else np.zeros(0, np.float32)
