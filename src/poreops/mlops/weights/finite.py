"""Refuse networks that are dead: weights or answers that are not finite, graphs that differ."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from poreops.base.arrays import Array
from poreops.base.finite import DivergedError, check_finite

if TYPE_CHECKING:
    import keras

    from poreops.mlops.weights.graphs import Graph


def weights(model: "keras.Model") -> dict[str, Array]:
    """Return every variable of a network under its path.

    Parameters
    ----------
    model : keras.Model
    """
    return {variable.path: np.asarray(variable) for variable in model.variables}


def check_network(
    model: "keras.Model",
    graph: "Graph",
    probe: Sequence[Array],
    what: str,
    *,
    tolerance: float = 1e-5,
) -> None:
    """Raise `DivergedError` unless weights and answers are finite, eagerly as in the graph.

    A graph may fuse operations and so turn NaN into 0: both ways must answer the same.

    Parameters
    ----------
    model : keras.Model
    graph : the compiled prediction, inputs → (n, ...) outputs
    probe : inputs of a few examples
    what : name of the model, for the message
    tolerance : largest difference, as a share of the largest answer or of 1
    """
    check_finite(weights(model), what)
    compiled = np.asarray(graph(probe), np.float64)
    eager = np.asarray(model(probe, training=False), np.float64)
    answers = {"the answers to a probe": eager, "the answers of its graph to a probe": compiled}
    check_finite(answers, what)
    apart = float(np.abs(eager - compiled).max(initial=0.0))
    scale = float(np.abs(eager).max(initial=0.0))
    if apart > tolerance * max(scale, 1.0):
        raise DivergedError(
            f"{what} must answer eagerly as in its graph, got answers {apart:.2g} apart "
            f"where the largest is {scale:.2g}; train it again in float32"
        )
