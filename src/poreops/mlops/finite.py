"""Refuse models that are dead: weights or answers that are not finite, graphs that differ."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from poreops.base.arrays import Array
from poreops.errors import InputError

if TYPE_CHECKING:
    import keras

    from poreops.mlops.graphs import Graph


class DivergedError(InputError):
    """A model holds or answers numbers that are not finite; the message names the array."""


def check_finite(arrays: Mapping[str, ArrayLike], what: str) -> None:
    """Raise `DivergedError` for the first array that holds NaN or an infinity.

    Parameters
    ----------
    arrays : name → numbers of any shape
    what : owner of the arrays, for the message

    Examples
    --------
    >>> check_finite({"kernel": [1.0, float("nan")], "bias": [0.0]}, "the network")
    Traceback (most recent call last):
    poreops.mlops.finite.DivergedError: the network must be finite, got 1 of 2 numbers in
    kernel that are not, 1 of 2 arrays in all; ...
    """
    bad = {}
    for name, values in arrays.items():
        array = np.asarray(values)
        if array.dtype.kind == "f" or array.dtype.name == "bfloat16":
            count = int((~np.isfinite(array.astype(np.float64))).sum())
            if count:
                bad[name] = (count, array.size)
    if bad:
        name, (count, size) = next(iter(bad.items()))
        raise DivergedError(
            f"{what} must be finite, got {count} of {size} numbers in {name} that are not, "
            f"{len(bad)} of {len(arrays)} arrays in all; "
            "train it again in float32 or with a smaller learning rate"
        )


def weights(model: "keras.Model") -> dict[str, Array]:
    """Return every variable of a network under its path."""
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
