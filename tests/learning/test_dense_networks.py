"""Folds that train side by side do not see each other, nor the rows that they leave out."""

import numpy as np
import pytest

from poreops.learning.dense_networks import NetworkConfig, _side_by_side, fit_networks
from poreops.learning.predictors import Network

CONFIG = {
    "depth": 2, "width": 12, "activation": "elu", "dropout": 0.1, "optimiser": "adam",
    "learning_rate": 0.01, "batch_size": 16, "epochs": 8,
}  # fmt: skip


def config(**changes):
    return NetworkConfig(**(CONFIG | changes))


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((90, 4))
    return x, np.stack([x[:, 0] - x[:, 1], np.abs(x[:, 2])], axis=1)


def thirds():
    return [np.arange(90) % 3 != k for k in range(3)]


def test_it_learns(rows):
    x, y = rows
    chosen = config(epochs=300, dropout=0.0)
    (network,) = fit_networks(chosen, x, y, [np.ones(90, bool)], seed=1)
    assert ((network.predict(x) - y) ** 2).mean() < 0.05 * y.var()


@pytest.mark.parametrize("optimiser", ["adam", "rmsprop", "sgd"])
def test_a_fold_trains_as_it_does_alone(rows, optimiser):
    x, y = rows
    chosen = config(optimiser=optimiser, dropout=0.0)
    together = fit_networks(chosen, x, y, thirds(), seed=1)
    for network, mask in zip(together, thirds(), strict=True):
        (alone,) = fit_networks(chosen, x, y, [mask], seed=1)
        np.testing.assert_allclose(network.predict(x), alone.predict(x), rtol=1e-3, atol=1e-4)


def test_left_out_rows_change_nothing(rows):
    x, y = rows
    masks = thirds()
    before = fit_networks(config(), x, y, masks, seed=1)
    other = y.copy()
    other[~masks[0]] = 1e5
    after = fit_networks(config(), x, other, masks, seed=1)
    np.testing.assert_array_equal(before[0].predict(x), after[0].predict(x))
    assert not np.allclose(before[1].predict(x), after[1].predict(x))


def test_a_seed_gives_the_same_network(rows):
    one, same, other = (fit_networks(config(), *rows, thirds()[:1], seed=s)[0] for s in (1, 1, 2))
    x = rows[0]
    np.testing.assert_array_equal(one.predict(x), same.predict(x))
    assert not np.array_equal(one.predict(x), other.predict(x))


@pytest.mark.parametrize("activation", ["relu", "elu", "tanh"])
def test_the_plain_forward_pass_is_that_of_keras(activation):
    rng = np.random.default_rng(4)
    model = _side_by_side(config(activation=activation), 3, 4, 2, rng)
    x = rng.standard_normal((7, 3, 4)).astype(np.float32)
    weights = model.get_weights()
    expected = np.asarray(model(x, training=False))
    for fold in range(3):
        kernels, biases = (tuple(w[fold] for w in weights[k::2]) for k in (0, 1))
        found = Network(kernels, biases, activation).predict(x[:, fold])
        np.testing.assert_allclose(found, expected[:, fold], rtol=1e-4, atol=1e-5)
