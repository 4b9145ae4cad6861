"""A dead network is refused, whatever its answers look like."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from poreops.base.finite import DivergedError, check_finite
from poreops.errors import InputError
from poreops.mlops.weights.finite import check_network, weights

PROBE = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)


@pytest.fixture
def network():
    keras.utils.set_random_seed(1)
    inputs = keras.Input((3,))
    hidden = keras.layers.Dense(5, "relu", name="hidden")(inputs)
    return keras.Model(inputs, keras.layers.Dense(1, name="out")(hidden))


def graph(model):
    return tf.function(lambda x: model(x, training=False))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_one_number_that_is_not_finite_is_named(bad):
    arrays = {"fine": np.ones(3), "kernel": np.array([[1.0, bad]], np.float32)}
    with pytest.raises(DivergedError, match="got 1 of 2 numbers in kernel that are not, 1 of 2"):
        check_finite(arrays, "the network")
    assert issubclass(DivergedError, InputError)


def test_whole_numbers_and_empty_arrays_are_finite():
    check_finite({"labels": np.arange(3), "none": np.zeros(0), "text": np.array(["a"])}, "it")


def test_a_live_network_passes(network):
    check_network(network, graph(network), PROBE, "the network")
    assert set(weights(network)) == {
        "hidden/kernel", "hidden/bias", "out/kernel", "out/bias",
    }  # fmt: skip


@pytest.mark.parametrize("place", range(4))
def test_nan_in_any_array_is_refused(network, place):
    variable = network.weights[place]
    values = np.array(variable)
    values.flat[0] = np.nan
    variable.assign(values)
    with pytest.raises(DivergedError, match=variable.path):
        check_network(network, graph(network), PROBE, "the network")


def test_a_graph_that_answers_otherwise_is_refused(network):
    live = graph(network)
    with pytest.raises(DivergedError, match="must answer eagerly as in its graph"):
        check_network(network, lambda x: live(x) + 0.001, PROBE, "the network")


def test_a_graph_that_hides_nan_is_refused(network):
    """A fused product, bias and ReLU turns NaN into 0: the probe must not believe it."""
    with pytest.raises(DivergedError, match="the answers to a probe"):
        check_network(network, lambda x: np.zeros((len(x), 1)), np.full((4, 3), np.nan), "it")
