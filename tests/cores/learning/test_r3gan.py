"""R3GAN: its losses against their formulas, images that are moved, and a training that goes on."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tiny.cores import crops, network, training

from poreops.cores.learning.augmentation import REACH, moved
from poreops.cores.learning.losses import relativistic, squared_slope
from poreops.cores.learning.networks import generator, input_shapes, reachable_size
from poreops.cores.learning.objectives import R3gan
from poreops.cores.learning.training import LOSSES, Gan, train_gan

RNG = np.random.default_rng(0)


def residual(**changes):
    return network(architecture="residual", dropout=0.0, **changes)


def test_the_relativistic_loss_compares_pairs():
    better, worse = np.array([[1.0], [-2.0]]), np.array([[0.5], [3.0]])
    expected = np.log1p(np.exp(worse - better)).mean()
    assert float(relativistic(tf.constant(better), tf.constant(worse))) == pytest.approx(expected)
    # only differences count: a score has no zero
    moved_by = relativistic(tf.constant(better + 9), tf.constant(worse + 9))
    assert float(moved_by) == pytest.approx(expected)


def test_the_penalty_is_the_square_of_the_slope_and_is_descended():
    """Of a straight critic |w|², whose slope is 2 w; of half the sum of squares |x|²."""
    images = tf.constant(RNG.normal(size=(5, 4, 4, 1)).astype(np.float32))
    weight = tf.Variable(RNG.normal(size=(16, 1)).astype(np.float32))
    with tf.GradientTape() as tape:
        scores, penalty = squared_slope(lambda x: tf.reshape(x, (-1, 16)) @ weight, images)
    np.testing.assert_allclose(tape.gradient(penalty, weight), 2 * weight.numpy(), rtol=1e-5)
    assert float(penalty) == pytest.approx(float((weight.numpy() ** 2).sum()), rel=1e-5)
    assert scores.shape == (5, 1)
    _, curved = squared_slope(lambda x: tf.reduce_sum(x**2, axis=(1, 2))[:, 0, None] / 2, images)
    expected = (images.numpy() ** 2).sum(axis=(1, 2, 3)).mean()
    assert float(curved) == pytest.approx(float(expected), rel=1e-5)


def test_the_critics_loss_weighs_both_penalties():
    """Of the scores a x the slopes are a² per pixel, at real and at drawn images alike."""
    real, fake = (tf.constant(RNG.normal(size=(3, 8, 8, 1)).astype(np.float32)) for _ in range(2))
    seed = [tf.constant([1, k], tf.int64) for k in range(2)].__getitem__

    def score(x):
        return 0.1 * tf.reduce_sum(x, axis=(1, 2))

    loss, distance, penalty = R3gan(3.0, augment=False).critic(score, real, fake, seed)
    assert float(penalty) == pytest.approx(64 * 0.01, rel=1e-5)
    apart = relativistic(score(real), score(fake))
    assert float(loss) == pytest.approx(float(apart) + 3 * 0.64, rel=1e-5)
    assert float(distance) == pytest.approx(
        float(tf.reduce_mean(score(real)) - tf.reduce_mean(score(fake))), abs=1e-5
    )
    own = R3gan(3.0, augment=False).generator(score, real, fake, seed)
    assert float(own) == pytest.approx(float(relativistic(score(fake), score(real))), rel=1e-5)


def test_images_are_mirrored_and_shifted_each_by_itself():
    edge, count = 32, 200
    rows, columns = np.meshgrid(np.arange(edge), np.arange(edge), indexing="ij")
    image = (100.0 * rows + columns).astype(np.float32)
    images = tf.constant(np.broadcast_to(image, (count, edge, edge))[..., None])
    seed = tf.constant([3, 4], tf.int64)
    found = moved(images, seed).numpy()[..., 0]
    np.testing.assert_array_equal(found, moved(images, seed).numpy()[..., 0])
    down, across = found[:, :, 0] // 100, found[:, 0] % 100
    for places in (down, across):
        steps = np.diff(places, axis=1)
        assert set(np.unique(steps)) == {-1, 1}  # neighbours stay neighbours
        forward = steps[:, edge // 2] > 0
        assert 0.3 < forward.mean() < 0.7
        away = np.where(forward, places[:, edge // 2], edge - 1 - places[:, edge // 2]) - edge // 2
        assert set(away.astype(int)) == set(range(-edge // REACH, edge // REACH + 1))
    # rows and columns are moved by draws of their own
    assert 0.3 < ((np.diff(down)[:, 16] > 0) == (np.diff(across)[:, 16] > 0)).mean() < 0.7


def test_gradients_pass_a_move():
    images = tf.constant(RNG.normal(size=(4, 16, 16, 1)).astype(np.float32))
    weights = tf.constant(RNG.normal(size=(4, 16, 16, 1)).astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(weights * moved(images, tf.constant([1, 2], tf.int64)))
    slope = tape.gradient(total, images)
    # what is moved is a sum of pixels, so that its slope gives it back
    assert float(tf.reduce_sum(slope * images)) == pytest.approx(float(total), rel=1e-4)


@pytest.mark.parametrize("image", ["grey", "phases"])
def test_a_residual_generator_reaches_any_size_and_has_no_norm_and_no_edge(image):
    config = residual(generator_widths=(6, 6, 4), patch=32, image=image)
    made = generator(config)
    assert not [layer for layer in made.layers if "norm" in type(layer).__name__.lower()]
    assert not [layer for layer in made.layers if isinstance(layer, keras.layers.Conv2DTranspose)]
    for layer in made.layers:  # the blocks add nothing at first
        if layer.name.endswith("_out"):
            kernel, bias = layer.get_weights()
            layer.set_weights([kernel + RNG.normal(size=kernel.shape), bias])
    assert reachable_size(config, 64) == 64
    large = [RNG.normal(size=(1, *s)).astype(np.float32) for s in input_shapes(config, 64)]
    whole = made(large).numpy()[0, ..., 0]
    assert whole.shape == (64, 64)
    small = [
        plane[:, start : start + shape[0], start : start + shape[1]]
        for plane, start, shape in zip(
            large, [8, 16, 32, 32], input_shapes(config, 32), strict=True
        )
    ]
    np.testing.assert_allclose(made(small).numpy()[0, ..., 0], whole[32:, 32:], atol=1e-4)


def test_the_critic_learns_what_is_real():
    gan = Gan(residual(), training(r3gan_rate=2e-3), crops()[0], "r3gan")
    assert not [v for v in gan.critic.variables if "norm" in v.path]
    _, patches = next(iter(gan.patches(0)))
    assert patches.shape == (1, 4, 16, 16, 1)
    real, fake = gan._scaled(patches[0]), gan.generator(gan._noise(tf.constant(0, tf.int64), 0))
    step = tf.function(lambda number: gan._critic_step(real, fake, number, 1))
    losses = np.array([step(tf.constant(n, tf.int64)) for n in range(60)])
    assert np.isfinite(losses).all()
    assert losses[0, 0] == pytest.approx(np.log(2) + losses[0, 2], abs=0.2)
    assert losses[-10:, 0].mean() < 0.9 * losses[:10, 0].mean()
    assert losses[-10:, 1].mean() > losses[:10, 1].mean()


class StopError(Exception):
    pass


def test_a_stopped_training_goes_on_to_the_same_weights(tmp_path):
    def trained(**more):
        return train_gan(residual(), training(), crops()[0], method="r3gan", **more)

    def stop(epoch, history, generator):
        if epoch == 2:
            raise StopError

    with pytest.raises(StopError):
        trained(checkpoint=tmp_path / "state", on_epoch=stop)
    epochs = []
    found = trained(checkpoint=tmp_path / "state", on_epoch=lambda epoch, *_: epochs.append(epoch))
    assert epochs == [3]
    straight = trained()
    for one, two in zip(
        found.generator.get_weights(), straight.generator.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, two)
    assert found.history == straight.history
    assert tuple(found.history) == LOSSES
    assert np.isfinite(list(found.history.values())).all()


def test_its_average_is_its_own():
    gan = Gan(residual(), training(steps=1, ema=0.9, r3gan_ema=0.0), crops()[0], "r3gan")
    gan.epoch(0)
    for mean, new in zip(gan.averaged.variables, gan.generator.variables, strict=True):
        np.testing.assert_allclose(np.asarray(mean), np.asarray(new), atol=1e-6)
