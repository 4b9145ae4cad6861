"""Folds that train side by side do not see each other, nor the rows that they leave out."""

import numpy as np
import pytest

from poreops.base.finite import DivergedError
from poreops.properties.learning.dense_networks import NetworkConfig, _side_by_side, fit_networks
from poreops.properties.learning.predictors import Network

CONFIG = {
    "depth": 2, "width": 12, "activation": "elu", "dropout": 0.1, "optimiser": "adam",
    "learning_rate": 0.01, "batch_size": 16, "epochs": 8, "loss": "mse",
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


@pytest.mark.parametrize("loss", ["mse", "mae", "huber"])
@pytest.mark.parametrize("scaling", ["standard", "minmax", "maxabs"])
def test_every_loss_and_scaling_fits_a_linear_target(loss, scaling):
    rng = np.random.default_rng(3)
    x = rng.uniform(1, 3, (200, 3))
    y = x @ rng.standard_normal((3, 2)) + 5
    chosen = config(loss=loss, epochs=150, dropout=0.0, learning_rate=0.02)
    (network,) = fit_networks(chosen, x, y, [np.ones(200, bool)], 1, scaling=scaling)
    residual = ((network.predict(x) - y) ** 2).sum(axis=0)
    assert (1 - residual / ((y - y.mean(axis=0)) ** 2).sum(axis=0) > 0.99).all()


def test_an_outlier_pulls_the_mean_absolute_error_less(rows):
    """The losses differ as they must: the median is robust, the mean is not."""
    x = np.zeros((60, 1))
    y = np.zeros((60, 1))
    y[:6] = 50.0
    found = {}
    for loss in ("mse", "mae"):
        chosen = config(loss=loss, epochs=200, dropout=0.0, batch_size=60)
        (network,) = fit_networks(chosen, x, y, [np.ones(60, bool)], 1)
        found[loss] = network.predict(x[:1])[0, 0]
    assert found["mse"] == pytest.approx(5.0, abs=0.5)
    assert abs(found["mae"]) < 1.0


def test_a_training_that_diverges_says_which_array(rows):
    with pytest.raises(DivergedError, match=r"the dense networks must be finite, got"):
        fit_networks(config(optimiser="sgd", learning_rate=1e20), *rows, thirds(), seed=1)


def test_inputs_that_were_not_chosen_have_no_weights(rows):
    x, y = rows
    columns = [np.array([0, 2])] * 3
    found = fit_networks(config(), x, y, thirds(), 1, columns=columns)
    spoilt = np.where([False, True, False, True], 1e3 * x**2, x)
    again = fit_networks(config(), spoilt, y, thirds(), 1, columns=columns)
    for one, two in zip(found, again, strict=True):
        assert one.inner.kernels[0].shape == (2, 12)
        np.testing.assert_array_equal(one.predict(x[:, [0, 2]]), two.predict(x[:, [0, 2]]))
