"""Shapes, the published table, and the gradient penalty against finite differences."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from pydantic import ValidationError

from poreops.cores.features.detector_noise import DetectorNoise
from poreops.cores.learning.losses import cross_entropy, gradient_penalty, wasserstein
from poreops.cores.learning.networks import (
    GeneratorConfig,
    Start,
    checked_size,
    critic,
    generator,
    input_shapes,
    reachable_size,
    start_from,
)
from poreops.errors import InputError

SPATIAL = {
    "architecture": "spatial", "patch": 32, "latent": 3, "generator_widths": (6, 5, 4),
    "critic_widths": (4, 6), "critic_norm": "layer", "dropout": 0.0, "grey": "fitted",
    "image": "grey", "noise": "measured",
}  # fmt: skip
PAPER = SPATIAL | {
    "architecture": "paper", "patch": 256, "latent": 100, "generator_widths": (128, 128, 64),
    "critic_widths": (64, 128, 256), "dropout": 0.25, "grey": "full",
}  # fmt: skip


def config(**changes):
    return GeneratorConfig(**(SPATIAL | changes))


def noise(network, size, count=1, seed=0):
    rng = np.random.default_rng(seed)
    return [
        rng.standard_normal((count, *shape)).astype(np.float32)
        for shape in input_shapes(network, size)
    ]


@pytest.mark.parametrize("widths", [(6, 4), (6, 5, 4), (6, 5, 4, 3, 2)])
@pytest.mark.parametrize("size", [1, 16, 31, 64, 100])
def test_a_spatial_generator_reaches_any_size(widths, size):
    network = config(generator_widths=widths)
    whole = reachable_size(network, size)
    assert size <= whole < size + 2 ** (len(widths) - 1)
    image = generator(network)(noise(network, whole))
    assert image.shape == (1, whole, whole, 1)
    assert np.ptp(image) > 0


def test_a_spatial_generator_has_no_edge():
    """A pixel depends on the noise round it alone, not on where the image ends."""
    network = config(generator_widths=(6, 5, 4))
    model = generator(network)
    large = noise(network, 64)
    image = np.asarray(model(large))[0, ..., 0]
    # four pixels of the image belong to each vector of the latent grid; two cells further in
    cut = [8, 16, 32, 32]
    small = [
        plane[:, start : start + shape[0], start : start + shape[1]]
        for plane, start, shape in zip(large, cut, input_shapes(network, 32), strict=True)
    ]
    np.testing.assert_allclose(np.asarray(model(small))[0, ..., 0], image[32:, 32:], atol=1e-5)


def start(**changes):
    content = {
        "greys": np.array([-0.8, 0.1, 0.9]), "shares": np.array([0.05, 0.93, 0.02]),
        "noise": 0.2, "colour": DetectorNoise(1.0, (0.0, 0.0)).kernel,
    }  # fmt: skip
    return Start(**(content | changes))


def silenced(model, *names):
    """Let layers answer their bias whatever comes in."""
    for name in names:
        kernel, bias = model.get_layer(name).get_weights()
        model.get_layer(name).set_weights([0 * kernel, bias])


@pytest.mark.parametrize("image", ["grey", "phases"])
def test_noise_is_added_to_the_clean_image_as_strong_and_coloured_as_it_was_measured(image):
    network = config(image=image)
    model = generator(network)
    colour = DetectorNoise(1.0, (0.0, 0.4)).kernel
    start_from(model, network, start(colour=colour))
    silenced(model, *(("structure",) if image == "grey" else ("phases", "texture")))
    grain = np.asarray(model(noise(network, 128, count=2)))[..., 0]
    assert grain.std() == pytest.approx(0.2, rel=0.03)
    pairs = ((grain[:, 1:], grain[:, :-1]), (grain[..., 1:], grain[..., :-1]))
    found = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in pairs]
    np.testing.assert_allclose(found, [0, 0.4], atol=0.02)


def test_a_generator_starts_at_the_grey_of_the_matrix():
    network = config()
    model = generator(network)
    start_from(model, network, start())
    silenced(model, "structure")
    assert np.asarray(model(noise(network, 64))).mean() == pytest.approx(0.1, abs=0.01)


def test_phases_have_the_greys_that_were_measured():
    """Where a phase has all of a pixel, the pixel has its grey but for a faint texture."""
    network = config(image="phases")
    model = generator(network)
    start_from(model, network, start(noise=0.0))
    _, logits = model.get_layer("phases").get_weights()
    shares = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(shares, [0.05, 0.93, 0.02], atol=1e-4)
    silenced(model, "phases")
    mixed = shares @ [-0.8, 0.1, 0.9]
    assert np.abs(np.asarray(model(noise(network, 32))) - mixed).max() <= 0.1 + 1e-6
    for k, grey in enumerate([-0.8, 0.1, 0.9]):
        kernel, _ = model.get_layer("phases").get_weights()
        model.get_layer("phases").set_weights([kernel, 50 * np.eye(3)[k]])
        assert np.abs(np.asarray(model(noise(network, 32))) - grey).max() <= 0.1 + 1e-6


def test_what_is_measured_is_not_trained_and_what_is_learned_is():
    def trained(**changes):
        return {v.path.split("/")[0] for v in generator(config(**changes)).trainable_variables}

    measured = {"noise_sd", "noise_colour"}
    assert not trained(noise="measured") & measured
    assert trained(noise="learned") >= measured
    assert "greys" not in trained(image="phases")
    assert trained(image="phases") >= {"phases", "texture"}


def layers(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


def test_the_published_architecture_is_that_of_table_1():
    network = GeneratorConfig(**PAPER)
    made = generator(network)
    transposed = layers(made, keras.layers.Conv2DTranspose)
    channels = [(up.input.shape[-1], up.filters) for up in transposed]
    assert channels == [(128, 128), (128, 64), (64, 1)]
    assert {(up.kernel_size, up.strides) for up in transposed} == {((3, 3), (2, 2))}
    assert len(layers(made, keras.layers.BatchNormalization)) == 2
    assert made.output.shape[1:] == (256, 256, 1)
    assert made.layers[-1].activation is keras.activations.tanh

    judge = critic(network, "batch")
    convolutions = layers(judge, keras.layers.Conv2D)
    channels = [(layer.input.shape[-1], layer.filters) for layer in convolutions]
    assert channels == [(1, 64), (64, 128), (128, 256)]
    assert {(layer.kernel_size, layer.strides) for layer in convolutions} == {((5, 5), (2, 2))}
    assert len(layers(judge, keras.layers.BatchNormalization)) == 2
    assert (
        len(layers(judge, keras.layers.Dropout)) == len(layers(judge, keras.layers.LeakyReLU)) == 3
    )
    assert judge.input.shape[1:] == (256, 256, 1)
    assert len(layers(critic(network), keras.layers.GroupNormalization)) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (PAPER | {"patch": 128}, "the published architecture has patch 256"),
        (PAPER | {"critic_widths": (64, 128)}, "critic_widths .64, 128, 256."),
        (SPATIAL | {"patch": 30}, "2 doublings reaches patches such as 32"),
        (SPATIAL | {"critic_widths": (4,) * 6}, "halves the patch, which must stay whole"),
        (SPATIAL | {"generator_widths": (4,)}, "at least two generator_widths"),
    ],
)
def test_an_architecture_that_does_not_fit_says_why(content, message):
    with pytest.raises(ValidationError, match=message):
        GeneratorConfig(**content)


def test_a_size_that_is_not_reached_names_the_nearest():
    assert checked_size(config(), 1000) == 1000
    assert checked_size(GeneratorConfig(**PAPER), 256) == 256
    with pytest.raises(
        InputError, match="cores of 256 pixels only, got 1024; the nearest size is 256"
    ):
        checked_size(GeneratorConfig(**PAPER), 1024)
    with pytest.raises(InputError, match="a positive size, got 0"):
        checked_size(config(), 0)


# The penalty


def smooth_critic():
    """A critic without kinks, in double precision: finite differences see its slope."""
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(12, 7)), rng.normal(size=(7, 1))
    return lambda x: tf.tanh(tf.reshape(x, (-1, 12)) @ a) @ b


def numeric_slopes(score, points, step=1e-6):
    slopes = np.zeros(points.shape)
    for place in np.ndindex(points.shape):
        up, down = points.copy(), points.copy()
        up[place] += step
        down[place] -= step
        slopes[place] = float(tf.reduce_sum(score(up) - score(down))) / (2 * step)
    return slopes


def test_the_penalty_is_that_of_finite_differences():
    rng = np.random.default_rng(1)
    real, fake = rng.normal(size=(2, 5, 4, 3, 1))
    share = rng.random((5, 1, 1, 1))
    score = smooth_critic()
    slopes = numeric_slopes(score, share * real + (1 - share) * fake)
    expected = np.mean((np.sqrt((slopes**2).sum(axis=(1, 2, 3))) - 1) ** 2)
    found = gradient_penalty(score, *map(tf.constant, (real, fake, share)))
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_the_slope_of_the_penalty_is_that_of_finite_differences():
    """The second derivative, which training descends."""
    rng = np.random.default_rng(2)
    real, fake, share = rng.normal(size=(4, 6)), rng.normal(size=(4, 6)), rng.random((4, 1))
    weight = tf.Variable(rng.normal(size=(6, 1)))

    def penalty():
        parts = map(tf.constant, (real, fake, share))
        return gradient_penalty(lambda x: tf.tanh(x @ weight), *parts)

    with tf.GradientTape() as tape:
        value = penalty()
    slope = tape.gradient(value, weight).numpy()
    start = weight.numpy()
    for i in range(6):
        moved = []
        for step in (1e-3, -1e-3):
            changed = start.copy()
            changed[i] += step
            weight.assign(changed)
            moved.append(float(penalty()))
        # the penalty is taken in single precision
        assert slope[i, 0] == pytest.approx((moved[0] - moved[1]) / 2e-3, rel=1e-2, abs=1e-3)


@pytest.mark.parametrize(("slope", "expected"), [(1.0, 0.0), (3.0, 4.0), (0.0, 1.0)])
def test_a_straight_critic_pays_for_its_slope(slope, expected):
    direction = np.full((9, 1), slope / 3)
    x = tf.constant(np.random.default_rng(0).normal(size=(4, 9)))
    found = gradient_penalty(lambda z: z @ direction, x, x + 1.0, tf.zeros((4, 1), tf.float64))
    assert float(found) == pytest.approx(expected, abs=1e-5)


def test_batch_norm_couples_the_samples_and_layer_norm_does_not():
    images = np.random.default_rng(0).normal(size=(4, 32, 32, 1)).astype(np.float32)
    changed = images.copy()
    changed[3] *= 3
    for norm, coupled in (("layer", False), ("none", False), ("batch", True)):
        judge = critic(config(critic_norm=norm))
        first, second = judge(images, training=True)[0], judge(changed, training=True)[0]
        assert (abs(float(first[0] - second[0])) > 1e-6) == coupled


def test_the_losses_are_those_of_their_formulas():
    real, fake = tf.constant([[1.0], [3.0]]), tf.constant([[0.5], [-0.5]])
    assert float(wasserstein(real, fake)) == 2
    probability = 1 / (1 + np.exp(-real.numpy()))
    assert float(cross_entropy(real, True)) == pytest.approx(-np.log(probability).mean())
    assert float(cross_entropy(real, False)) == pytest.approx(
        -np.log(1 - probability).mean(), rel=1e-5
    )
