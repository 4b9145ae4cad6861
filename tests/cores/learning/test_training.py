"""Training goes on after a kill with the same weights, learns, and stops where it diverges."""

import multiprocessing
import os
import signal

import numpy as np
import pytest
from tiny.cores import crops, network, trained, training

from poreops.base.finite import DivergedError
from poreops.cores.features.detector_noise import DetectorNoise
from poreops.cores.learning.grey_scale import GreyScale
from poreops.cores.learning.networks import input_shapes
from poreops.cores.learning.training import LOSSES, Gan, train_gan
from poreops.errors import InputError

SPAWN = multiprocessing.get_context("spawn")


def weights(found):
    return found.generator.get_weights()


def same(found, other):
    for one, two in zip(weights(found), weights(other), strict=True):
        np.testing.assert_array_equal(one, two)
    assert found.history == other.history


def test_a_training_leaves_the_options_of_tensorflow_as_they_were():
    """An option that stays changes the last bits of every network after it in the process."""
    import tensorflow as tf

    x = tf.random.stateless_normal((4, 16, 16, 3), (1, 2))
    kernel = tf.random.stateless_normal((3, 3, 3, 8), (3, 4))

    def convolved():
        # the remapper fuses these three
        return tf.function(lambda: tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "SAME") + 0.1))().numpy()

    before = convolved()
    trained()
    assert tf.config.optimizer.get_experimental_options().get("remapping", True)
    np.testing.assert_array_equal(convolved(), before)


def test_the_losses_of_every_epoch_are_noted():
    history = trained().history
    assert tuple(history) == LOSSES
    for epoch in range(3):
        critic, distance, penalty = (
            history[name][epoch] for name in ("critic_loss", "distance", "penalty")
        )
        assert critic == pytest.approx(10 * penalty - distance, rel=1e-4)


class StopError(Exception):
    pass


def test_a_stopped_training_goes_on_to_the_same_weights(tmp_path):
    def stop(epoch, history, generator):
        if epoch == 2:
            raise StopError

    checkpoint = tmp_path / "state"
    with pytest.raises(StopError):
        train_gan(network(), training(), crops()[0], checkpoint=checkpoint, on_epoch=stop)
    assert sorted(p.name for p in checkpoint.iterdir()) == ["epoch2.npz", "history.json"]
    epochs = []
    found = train_gan(
        network(), training(), crops()[0],
        checkpoint=checkpoint, on_epoch=lambda epoch, *_: epochs.append(epoch),
    )  # fmt: skip
    assert epochs == [3]
    assert tuple(found.history) == LOSSES
    same(found, trained())
    assert not checkpoint.exists()


def killed_after_one(checkpoint):
    def kill(epoch, history, generator):
        os.kill(os.getpid(), signal.SIGKILL)

    train_gan(network(), training(), crops()[0], checkpoint=checkpoint, on_epoch=kill)


@pytest.mark.slow
def test_a_killed_process_costs_one_epoch(tmp_path):
    process = SPAWN.Process(target=killed_after_one, args=(tmp_path / "state",))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    same(train_gan(network(), training(), crops()[0], checkpoint=tmp_path / "state"), trained())


def test_the_state_of_other_parameters_or_crops_does_not_count(tmp_path):
    def stop(epoch, history, generator):
        raise StopError

    for changes, images in (({}, crops()[0]), ({"penalty": 1.0}, crops()[1])):
        epochs = []
        with pytest.raises(StopError):
            train_gan(
                network(), training(**changes), images, checkpoint=tmp_path / "state",
                on_epoch=lambda epoch, *_, seen=epochs: seen.append(epoch) or stop(*(None,) * 3),
            )  # fmt: skip
        assert epochs == [1]


@pytest.mark.parametrize("changes", [{"penalty": 0.0, "critic_rate": 1e6, "epochs": 2}])
def test_a_diverging_training_stops_and_says_what_to_change(changes):
    with pytest.raises(
        DivergedError, match=r"finite losses, got critic_loss .* lower the learning"
    ):
        train_gan(network(critic_norm="none"), training(**changes), crops()[0])


def test_crops_smaller_than_a_patch_are_refused():
    with pytest.raises(InputError, match="as large as a patch of 16 pixels, got 12 x 12; raise"):
        train_gan(network(), training(), crops()[0][:, :12, :12])


@pytest.mark.parametrize(
    "changes",
    [{"optimizer": "rmsprop", "n_critic": 2}, {"precision": "mixed_bfloat16"}],
    ids=["rmsprop, two critic steps", "bfloat16"],
)
def test_layer_norm_trains_by_other_optimizers_and_precisions(changes):
    """The critic learns to tell real from drawn, and cores are drawn in float32."""
    settings = training(epochs=2, steps=30, critic_rate=2e-3, generator_rate=1e-6, **changes)
    found = train_gan(network(critic_norm="layer", dropout=0.0), settings, crops()[0])
    first, last = found.history["distance"]
    assert last > max(first, 0.0)
    assert found.generator.variable_dtype == "float32"
    assert found.generator.compute_dtype == "float32"


@pytest.mark.parametrize("dead", ["generator", "critic", "averaged"])
def test_a_weight_that_is_not_finite_stops_the_training_and_is_named(dead):
    """Whatever the losses say: a graph may turn NaN into 0."""
    gan = Gan(network(), training(), crops()[0], "wgan_gp")
    gan.check(0)
    variable = getattr(gan, dead).trainable_variables[2]
    spoilt = np.asarray(variable).copy()
    spoilt.flat[0] = np.nan
    variable.assign(spoilt)
    with pytest.raises(DivergedError, match=rf"wgan_gp after epoch 1 .*{variable.path}"):
        gan.check(0)


@pytest.mark.parametrize("method", ["wgan_gp", "dcgan", "r3gan"])
def test_no_two_draws_have_the_same_seed(monkeypatch, method):
    """Noise planes, shares of the penalty and patches, over two steps of two critic steps."""
    import tensorflow as tf

    gan = Gan(network(), training(n_critic=2), crops()[0], method)
    patches = [each for _, each in gan.patches(0)]
    drawn = []
    for name in ("stateless_normal", "stateless_uniform"):
        real = getattr(tf.random, name)

        def noted(shape, seed, *args, real=real, **kwargs):
            drawn.append(tuple(int(s) for s in np.asarray(seed)))
            return real(shape, seed, *args, **kwargs)

        monkeypatch.setattr(tf.random, name, noted)
    for number in range(2):
        gan._step(tf.constant(number, tf.int64), patches[number])
    critic_steps = 2 if method == "wgan_gp" else 1
    planes = len(input_shapes(network(), 16))
    # shares of the penalty; how real and drawn images are moved before either network is judged
    others = {"wgan_gp": 2, "dcgan": 0, "r3gan": 4}[method]
    assert len(drawn) == 2 * ((critic_steps + 1) * planes + others)
    assert len(set(drawn)) == len(drawn)
    assert min(place for _, place in drawn) >= 0  # negative ones are those of the patches


def test_a_stated_rate_reaches_the_optimizer():
    stated = training(critic_rate=3e-7, generator_rate=2e-7, epochs=1, decay_from=1.0)
    gan = Gan(network(), stated, crops()[0], "wgan_gp")
    before = [np.asarray(v).copy() for v in gan.critic.trainable_variables]
    gan.epoch(0)
    assert float(gan._c_opt.learning_rate) == pytest.approx(3e-7)
    assert float(gan._g_opt.learning_rate) == pytest.approx(2e-7)
    moved = max(
        np.abs(np.asarray(v) - b).max()
        for v, b in zip(gan.critic.trainable_variables, before, strict=True)
    )
    assert 0 < moved < 1e-5  # four steps of Adam


def test_a_generator_starts_with_the_noise_and_the_grey_of_the_crops():
    images = crops(48)[0]
    gan = Gan(network(), training(), images, "wgan_gp")
    structure = gan.averaged.get_layer("structure")
    kernel, bias = structure.get_weights()
    structure.set_weights([0 * kernel, bias])
    rng = np.random.default_rng(0)
    drawn = [rng.standard_normal((20, *s)).astype(np.float32) for s in input_shapes(network(), 48)]
    cores = gan.scale.grey(np.asarray(gan.averaged(drawn))[..., 0])
    real, found = DetectorNoise.measure(images), DetectorNoise.measure(cores)
    assert found.sd == pytest.approx(real.sd, rel=0.05)
    assert np.median(cores) == pytest.approx(np.median(images), abs=1)


def test_dcgan_takes_one_step_of_a_discriminator_with_batch_norm():
    gan = Gan(network(), training(), crops()[0], "dcgan")
    number, patches = next(iter(gan.patches(0)))
    assert number == 0
    assert patches.shape == (1, 4, 16, 16, 1)
    assert any("moving_mean" in v.path for v in gan.critic.variables)
    before = [np.asarray(v).copy() for v in gan.generator.trainable_variables]
    losses = gan.epoch(0)
    assert losses["penalty"] == 0
    assert losses["critic_loss"] > 0
    assert any(
        (np.asarray(v) != b).any()
        for v, b in zip(gan.generator.trainable_variables, before, strict=True)
    )


def test_patches_are_parts_of_crops_and_differ_between_steps():
    gan = Gan(network(), training(n_critic=2), crops()[0], "wgan_gp")
    steps = [np.asarray(patches)[..., 0] for _, patches in gan.patches(0)]
    assert len(steps) == 4
    assert steps[0].shape == (2, 4, 16, 16)
    windows = np.lib.stride_tricks.sliding_window_view(crops()[0], (16, 16), axis=(1, 2))
    known = {window.tobytes() for window in windows.reshape(-1, 16, 16)}
    drawn = [patch.tobytes() for step in steps for patch in step.reshape(-1, 16, 16)]
    assert set(drawn) <= known
    assert len(set(drawn)) == len(drawn)


def test_the_average_follows_the_generator():
    gan = Gan(network(), training(steps=1, ema=0.0), crops()[0], "wgan_gp")
    gan.epoch(0)
    for mean, new in zip(gan.averaged.variables, gan.generator.variables, strict=True):
        np.testing.assert_allclose(np.asarray(mean), np.asarray(new), atol=1e-6)


def test_the_rates_fall_to_zero():
    gan = Gan(network(), training(epochs=4, steps=1), crops()[0], "wgan_gp")
    rates = []
    for epoch in range(4):
        gan.epoch(epoch)
        rates.append(float(gan._g_opt.learning_rate))
    np.testing.assert_allclose(rates, [5e-4, 5e-4, 5e-4, 2.5e-4], rtol=1e-6)


@pytest.mark.parametrize("kind", ["full", "fitted"])
def test_the_grey_scale_inverts_itself(kind):
    scale = GreyScale.fit(kind, crops()[0])
    grey = np.arange(int(scale.low) + 1, int(scale.high), dtype=np.uint8)
    values = (grey - scale.low) / (scale.high - scale.low) * 2 - 1
    np.testing.assert_array_equal(scale.grey(values), grey)
    if kind == "full":
        assert (scale.low, scale.high) == (0, 255)
    assert scale.grey(np.array([-9.0, 9.0])).tolist() == [
        max(round(scale.low - 4 * (scale.high - scale.low)), 0), 255,
    ]  # fmt: skip


@pytest.mark.slow
def test_a_generator_learns_the_grey_values():
    """After seconds of training the grey values are far nearer to those of the crops."""
    images = crops()[0]
    settings = training(epochs=4, steps=100, batch_size=8, ema=0.9)
    gan = Gan(network(dropout=0.0), settings, images, "wgan_gp")
    rng = np.random.default_rng(0)
    drawn = [rng.standard_normal((20, *s)).astype(np.float32) for s in input_shapes(network(), 24)]

    def distance():
        cores = gan.scale.grey(np.asarray(gan.averaged(drawn)))
        return abs(cores.mean() - images.mean()), abs(cores.std() - images.std())

    before = distance()
    for epoch in range(4):
        gan.epoch(epoch)
    after = distance()
    assert after[0] < 0.3 * before[0]
    assert after[1] < 0.5 * before[1]
