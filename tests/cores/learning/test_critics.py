"""A second critic of averaged images, what it sees and teaches; patches that grow."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tiny.cores import crops, network, trained, training

from poreops.cores.learning.critics import Critic
from poreops.cores.learning.networks import critic
from poreops.cores.learning.training import Gan, train_gan
from poreops.errors import InputError

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("averaged", [1, 2, 4])
def test_squares_are_averaged_and_white_noise_falls_by_their_edge(averaged):
    images = RNG.normal(size=(3, 32, 32, 1)).astype(np.float32)
    found = Critic(None, None, 0.1, averaged).seen(tf.constant(images)).numpy()
    edge = 32 // averaged
    squares = images.reshape(3, edge, averaged, edge, averaged).mean(axis=(2, 4))
    np.testing.assert_allclose(found[..., 0], squares, atol=1e-6)
    assert found.std() == pytest.approx(1 / averaged, rel=0.15)


@pytest.mark.parametrize("method", ["wgan_gp", "r3gan", "dcgan"])
def test_the_methods_that_have_a_second_critic(method):
    gan = Gan(network(), training(averaged_critic=4), crops()[0], method)
    count = 1 if method == "dcgan" else 2
    assert len(gan._critics) == count
    before = [np.asarray(each.model.trainable_variables[0]).copy() for each in gan._critics]
    rates = {float(each.rate) for each in gan._critics}
    assert len(rates) == 1
    losses = gan.epoch(0)
    assert np.isfinite(list(losses.values())).all()
    for each, old in zip(gan._critics, before, strict=True):
        assert (np.asarray(each.model.trainable_variables[0]) != old).any()
    gan.check(0)


def test_the_generator_learns_from_both_critics():
    """Its loss is the sum of both: of a second critic that gives every image 3, 3 less."""
    gan = Gan(network(dropout=0.0), training(averaged_critic=2, epochs=1), crops()[0], "wgan_gp")
    first, second = gan._critics
    assert second.model.input_shape == (None, 8, 8, 1)
    assert first.model.input_shape == (None, 16, 16, 1)
    constant = [0 * w for w in second.model.get_weights()]
    constant[-1] += 3
    number, patches = next(iter(gan.patches(0)))
    for each in gan._critics:
        each.rule.learning_rate.assign(0.0)
    gan._g_opt.learning_rate.assign(0.0)
    second.model.set_weights(constant)
    both = gan._step(number, patches).numpy()
    constant[-1] -= 3
    second.model.set_weights(constant)
    other = gan._step(number, patches).numpy()
    assert both[1] == pytest.approx(other[1] - 3, abs=1e-4)


class StopError(Exception):
    pass


def test_a_training_with_two_critics_goes_on_to_the_same_weights(tmp_path):
    def train(**more):
        return train_gan(network(), training(averaged_critic=2), crops()[0], **more)

    def stop(epoch, history, generator):
        if epoch == 2:
            raise StopError

    with pytest.raises(StopError):
        train(checkpoint=tmp_path, on_epoch=stop)
    found, straight = train(checkpoint=tmp_path), train()
    assert found.history == straight.history != trained().history
    for one, two in zip(
        found.generator.get_weights(), straight.generator.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, two)


def test_patches_grow_and_both_networks_take_both_sizes():
    """Half of the epochs by patches of 16 pixels, half by 32, with the same weights."""
    config = training(grown=0.5, epochs=4, averaged_critic=2, seed=8)
    gan = Gan(network(), config, crops(48)[0], "r3gan")
    edges = [next(iter(gan.patches(epoch)))[1].shape[2] for epoch in range(4)]
    assert edges == [16, 16, 32, 32]
    variables = [v.shape for v in gan.variables]
    for epoch in (1, 2):
        before = np.asarray(gan.critic.trainable_variables[0]).copy()
        assert np.isfinite(list(gan.epoch(epoch).values())).all()
        assert (np.asarray(gan.critic.trainable_variables[0]) != before).any()
    assert [v.shape for v in gan.variables] == variables
    gan.check(2)


def test_the_score_of_a_critic_that_takes_any_size_is_a_mean_over_the_patch():
    made = critic(network(dropout=0.0), pooled=True)
    flat = np.full((1, 64, 64, 1), 0.3, np.float32)
    assert made(flat).shape == made(flat[:, :32, :32]).shape == (1, 1)
    inner = made.layers[-3].output  # before the mean
    features = keras.Model(made.input, inner)(flat).numpy()
    dense = made.layers[-1]
    expected = features.mean(axis=(1, 2)) @ dense.kernel.numpy() + dense.bias.numpy()
    np.testing.assert_allclose(made(flat), expected, rtol=1e-5)


def test_crops_must_hold_the_grown_patches():
    with pytest.raises(InputError, match="as large as a patch of 32 pixels, got 24 x 24"):
        train_gan(network(), training(grown=0.5), crops()[0])
