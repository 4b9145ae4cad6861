"""A denoiser and a sampler where the answer is known: of normal images it has a closed form."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tiny.cores import training

from poreops.cores.learning.denoiser import (
    PARAMETERS,
    DiffusionConfig,
    cell,
    denoised,
    denoiser,
    loss,
    reach,
)
from poreops.cores.learning.diffused import Diffused
from poreops.cores.learning.sampler import STRONGEST, WEAKEST, drawn, flowed, levels
from poreops.params import check

RNG = np.random.default_rng(0)


def config(**changes) -> DiffusionConfig:
    return DiffusionConfig(**(training().diffusion.model_dump() | changes))


def images(*shape):
    return tf.constant(RNG.standard_normal(shape), tf.float32)


def strength(*sigmas):
    return tf.reshape(tf.constant(sigmas, tf.float32), (-1, 1, 1, 1))


def stirred(made):
    """A denoiser whose blocks and head do something."""
    keras.utils.set_random_seed(3)
    for variable in made.trainable_variables:
        if not np.any(np.asarray(variable)):
            variable.assign(RNG.normal(scale=0.3, size=variable.shape))
    return made


def test_levels_fall_from_the_strongest_noise_to_the_weakest():
    found = levels(20)
    assert (found[0], found[-1]) == pytest.approx((STRONGEST, WEAKEST))
    assert len(found) == 20
    assert found[1:] / found[:-1] == pytest.approx((WEAKEST / STRONGEST) ** (1 / 19))


def gaussian(mean, sd):
    """The exact denoiser of independent normal pixels."""
    return lambda x, sigma: (sd**2 * x + sigma**2 * mean) / (sd**2 + sigma**2)


@pytest.mark.parametrize(("mean", "sd"), [(0.0, 1.0), (0.7, 0.5), (-2.0, 3.0)])
def test_with_the_exact_denoiser_images_have_the_mean_and_the_spread_of_the_law(mean, sd):
    noise = RNG.standard_normal((200, 200))
    found = drawn(gaussian(mean, sd), noise, 16)
    # the image begins without its mean, of which the flow keeps as much as of the noise
    begun = sd / np.sqrt(sd**2 + STRONGEST**2)
    assert found.mean() == pytest.approx(mean * (1 - begun), abs=0.02 * sd)
    assert found.std() == pytest.approx(sd, rel=0.025)
    # each pixel is a straight function of its own noise
    assert np.corrcoef(found.ravel(), noise.ravel())[0, 1] == pytest.approx(1)


def test_the_error_of_the_sampler_is_of_second_order():
    """Along the flow (x - mean) / sqrt(sd² + σ²) stays what it is."""
    mean, sd = 0.7, 0.5

    def missed(steps):
        sigmas = levels(steps + 1)
        found = flowed(gaussian(mean, sd), sigmas[:1] * 1.0, sigmas)[0]
        share = np.sqrt((sd**2 + sigmas[-1] ** 2) / (sd**2 + sigmas[0] ** 2))
        return abs(found - mean - (sigmas[0] - mean) * share)

    assert 3.4 < missed(100) / missed(200) < 4.6
    assert missed(100) < 2e-3


def test_an_answer_that_is_the_same_at_all_levels_is_reached_exactly():
    answer = RNG.standard_normal((5, 7))
    np.testing.assert_array_equal(drawn(lambda *_: answer, 0 * answer, 3), answer)
    sigmas = levels(4)
    found = flowed(lambda *_: answer, answer + sigmas[0], sigmas)
    np.testing.assert_allclose(found, answer + sigmas[-1])


def test_a_denoiser_that_learned_nothing_is_exact_for_white_images_of_unit_spread():
    made, noisy = denoiser(config()), images(3, 16, 16, 1)
    sigma = strength(0.1, 1.0, 7.0)
    exact = noisy / (1 + sigma**2)
    np.testing.assert_allclose(denoised(made, noisy, sigma), exact, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("sigma", [0.05, 1.0, 20.0])
def test_the_loss_of_knowing_nothing_is_one_at_every_strength(sigma):
    made, noise = denoiser(config()), images(4, 64, 64, 1)
    white = loss(made, images(4, 64, 64, 1), noise, strength(*[sigma] * 4))
    assert float(white) == pytest.approx(1, abs=0.05)
    # of images that are flat it is the share of noise that the first guess leaves
    flat = loss(made, tf.zeros_like(noise), noise, strength(*[sigma] * 4))
    power = float(tf.reduce_mean(noise**2))
    assert float(flat) == pytest.approx(power / (1 + sigma**2), rel=1e-4)


def test_the_slope_of_the_loss_leads_to_what_is_missed():
    """At first the head's bias b is all of the answer: d/db of the mean (b - t)² is -2 mean(t)."""
    made, clean, noise = denoiser(config()), images(2, 16, 16, 1) + 0.5, images(2, 16, 16, 1)
    sigma = strength(0.5, 2.0)
    head = made.get_layer("head").bias
    with tf.GradientTape() as tape:
        missed = loss(made, clean, noise, sigma)
    wanted = (clean - (clean + sigma * noise) / (1 + sigma**2)) * tf.sqrt(1 + sigma**2) / sigma
    slope = tape.gradient(missed, head.value)
    assert float(slope[0]) == pytest.approx(-2 * float(tf.reduce_mean(wanted)), rel=1e-3)


@pytest.mark.parametrize("widths", [(4,), (4, 4), (4, 6, 8)])
def test_an_answer_depends_on_what_is_in_reach_alone(widths):
    """So that a core is the same whatever lies far off, and can be denoised in parts."""
    chosen = config(widths=widths)
    made, far = stirred(denoiser(chosen)), reach(chosen)
    edge = 2 * far + 4 * cell(chosen)
    noisy, sigma = images(1, edge, edge, 1).numpy(), strength(0.8)
    whole = denoised(made, tf.constant(noisy), sigma).numpy()[0, ..., 0]
    changed = noisy.copy()
    changed[0, 0, 0] += 5
    moved = np.abs(denoised(made, tf.constant(changed), sigma).numpy()[0, ..., 0] - whole)
    assert moved[:far, :far].max() > 1e-3
    np.testing.assert_allclose(moved[far:], 0, atol=1e-5)
    np.testing.assert_allclose(moved[:, far:], 0, atol=1e-5)
    # a part of another shape, away from its edges
    part = denoised(made, tf.constant(noisy[:, cell(chosen) :]), sigma).numpy()[0, ..., 0]
    np.testing.assert_allclose(part[far:], whole[cell(chosen) + far :], atol=1e-4)


def test_parts_of_a_large_image_have_no_seam(monkeypatch):
    chosen = config(widths=(4, 6))
    made = Diffused(stirred(denoiser(chosen)), chosen, None)
    noisy = RNG.standard_normal((60, 92))
    whole = made.denoise(noisy, 0.7)
    monkeypatch.setattr("poreops.cores.learning.diffused._TILE", 25)  # 24, a multiple of a cell
    np.testing.assert_allclose(made.denoise(noisy, 0.7), whole, atol=1e-4)
    assert whole.std() > 0.1


def test_a_denoiser_is_small(project):
    stated = check(project / "params.yaml").cores.training.diffusion
    assert denoiser(stated).count_params() <= PARAMETERS
    with pytest.raises(ValueError, match=r"at most 1000000 weights, widths \[64, 192\] give"):
        config(widths=(64, 192))
