"""Training resumes at any epoch with the same weights, and turns conduits by symmetries only."""

import dataclasses
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import conductance as tiny_model

from poreops.base.finite import DivergedError
from poreops.conductance.judging.scores import scores
from poreops.conductance.learning.members import member_network
from poreops.conductance.learning.resnet import inputs
from poreops.conductance.learning.scaling import TargetScaling
from poreops.conductance.learning.training import _numpy_loss, loss_function, train, turned
from poreops.conductance.model import ConductanceModel

TESTS = Path(__file__).parents[2]


CONFIG = {"epochs": 3, "scalar_epochs": 3}
KILLED_AFTER_TWO = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from tiny import conductance as tiny_model
from pathlib import Path
from poreops.conductance.learning.training import train

def on_epoch(epoch, history):
    if epoch == 2:
        os.kill(os.getpid(), signal.SIGKILL)

train(tiny_model.network(), tiny_model.training(**eval(sys.argv[3])), *tiny_model.examples(2),
      checkpoint=Path(sys.argv[1]), on_epoch=on_epoch)
"""


def arguments(**changes):
    config = tiny_model.training(**(CONFIG | changes))
    return tiny_model.network(), config, *tiny_model.examples(2)


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """The checkpoint that a training left which was killed after its second epoch of three."""
    folder = tmp_path_factory.mktemp("killed") / "checkpoint"
    command = [sys.executable, "-c", KILLED_AFTER_TWO, folder, TESTS, str(CONFIG)]
    process = subprocess.run(
        [str(word) for word in command], check=False, capture_output=True, text=True
    )
    assert process.returncode == -signal.SIGKILL, process.stderr
    assert sorted(p.name for p in folder.iterdir()) == ["epoch2.npz", "history.json"]
    return folder


@pytest.fixture
def checkpoint(killed, tmp_path):
    return shutil.copytree(killed, tmp_path / "checkpoint")


@pytest.mark.slow
def test_a_killed_training_ends_with_the_weights_of_one_that_was_not(checkpoint):
    # the kill may also come while the next weights are written: they do not count
    (checkpoint / "epoch3.npz").write_bytes(b"PK half")
    before = keras.mixed_precision.global_policy()
    epochs = []
    resumed = train(*arguments(), checkpoint=checkpoint, on_epoch=lambda n, _: epochs.append(n))
    whole = train(*arguments())
    assert epochs == [3]
    assert all(np.isfinite(np.asarray(w)).all() for w in whole.model.weights)
    assert resumed.history == whole.history
    for a, b in zip(resumed.model.weights, whole.model.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))
    assert keras.mixed_precision.global_policy() == before


class FirstEpoch(Exception):  # noqa: N818
    """Says which epoch was the first to be trained."""


def first_epoch(checkpoint, network, config, training, validation):
    def on_epoch(epoch, history):
        raise FirstEpoch(epoch)

    with pytest.raises(FirstEpoch) as raised:
        train(network, config, training, validation, checkpoint=checkpoint, on_epoch=on_epoch)
    return raised.value.args[0]


@pytest.mark.slow
def test_a_checkpoint_of_another_training_is_not_gone_on_with(checkpoint):
    assert first_epoch(checkpoint, *arguments(learning_rate=1e-3)) == 1


@pytest.mark.slow
def test_a_checkpoint_of_other_labels_is_not_gone_on_with(checkpoint):
    network, config, training, validation = arguments()
    relabelled = dataclasses.replace(training, size_factors=training.size_factors * 1.1)
    assert first_epoch(checkpoint, network, config, relabelled, validation) == 1


@pytest.mark.slow
@pytest.mark.parametrize("ndim", [2, 3])
def test_training_learns(ndim):
    trained = tiny_model.trained(ndim)
    _, validation = tiny_model.examples(ndim)
    model = tiny_model.trained_model(ndim)
    found = scores(model.predict_encoded(validation.encoded), validation.size_factors)
    assert found["r2_log"] > 0.7
    # the history's last error is that of the returned model
    assert trained.history["val_rmse_log"][-1] == pytest.approx(
        np.sqrt(
            np.mean(
                np.log(model.predict_encoded(validation.encoded) / validation.size_factors) ** 2
            )
        ),
        rel=1e-4,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "scaling", "scalars"),
    [("mse", "minmax", "none"), ("rmse", "standard", "geometry"), ("mae", "log", "none")],
)
def test_other_losses_targets_and_inputs_learn(loss, scaling, scalars):
    network = tiny_model.network(scalars=scalars)
    config = tiny_model.training(
        epochs=20, scalar_epochs=60, loss=loss, scaling=scaling, learning_rate=0.01
    )
    training, validation = tiny_model.examples(2)
    trained = train(network, config, training, validation)
    assert len(trained.model.inputs) == (1 if scalars == "none" else 2)
    assert sorted(trained.history) == ["loss", "val_loss", "val_rmse_log"]
    assert all(len(values) == 20 for values in trained.history.values())
    truth = trained.scaling.scaled(validation.size_factors)
    found = np.asarray(trained.model(inputs(network, validation.encoded)))[:, 0]
    spread = truth - trained.scaling.scaled(training.size_factors).mean()
    # a loss that fits the mean of all targets would end at 1
    assert np.mean((found - truth) ** 2) < 0.8 * np.mean(spread**2)


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "rmse"])
def test_every_loss_fits_a_line_through_keras(loss):
    """Keras hands the truth over as (n, 1): a loss that subtracts (n,) fits the mean."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(512, 3)).astype(np.float32)
    y = x @ np.array([1.0, -2.0, 0.5], np.float32) + 0.3
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.05), loss=loss_function(loss))
    model.fit(x, y, batch_size=64, epochs=40, verbose=0)
    residual = np.asarray(model(x))[:, 0] - y
    assert 1 - residual.var() / y.var() > 0.99
    assert abs(residual.mean()) < 0.1


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "rmse"])
@pytest.mark.parametrize("shape", [(40,), (40, 1)])
def test_the_validation_loss_is_that_of_keras(loss, shape):
    rng = np.random.default_rng(0)
    truth, predicted = rng.normal(size=40).astype("f"), rng.normal(size=(40, 1)).astype("f")
    theirs = float(loss_function(loss)(truth.reshape(shape), predicted))
    assert float(_numpy_loss(loss)(predicted[:, 0] - truth)) == pytest.approx(theirs, rel=1e-4)


@pytest.mark.slow
def test_a_training_that_diverges_says_which_array(monkeypatch):
    network, config, training, validation = arguments(
        learning_rate=1e30, loss="mse", schedule="constant"
    )
    with pytest.raises(DivergedError, match=r"the network after epoch 1 must be finite, got \d+"):
        train(network, config, training, validation)
    broken = dataclasses.replace(training, size_factors=np.full(len(training), np.nan))
    with pytest.raises(DivergedError, match="the training set must be finite"):
        train(network, config, broken, validation)


@pytest.mark.slow
def test_the_schedule_acts():
    cosine, constant = (
        train(*arguments(epochs=2, schedule=schedule)).model.optimizer.learning_rate
        for schedule in ("cosine", "constant")
    )
    assert float(cosine) == pytest.approx(0, abs=1e-6)
    assert float(constant) == pytest.approx(2e-3)


@pytest.mark.slow
@pytest.mark.parametrize("member", ["coarse", "scalars", "image", "distance", "both"])
def test_every_member_trains_and_answers(member):
    network = member_network(tiny_model.network(), member)
    trained = train(network, tiny_model.training(), *tiny_model.examples(2, network.image))
    _, validation = tiny_model.examples(2, network.image)
    model = ConductanceModel(
        trained.model, network, trained.scaling, 2, "diffusive", member=member
    )
    found = scores(model.predict_encoded(validation.encoded), validation.size_factors)
    assert trained.history["val_rmse_log"][-1] < 1
    if member == "coarse":  # nothing is learned: the solve itself
        coarse = np.exp(validation.encoded.scalars[:, -1])
        np.testing.assert_allclose(model.predict_encoded(validation.encoded), coarse, rtol=1e-5)
    if member in ("coarse", "scalars", "both"):
        assert found["r2_log"] > 0.7


def test_the_coarse_solve_of_flow_is_a_fitted_line():
    training, validation = tiny_model.examples(2, "none")
    law = dataclasses.replace(
        training, label=tiny_model.LABEL.model_copy(update={"target": "hydraulic"}),
        size_factors=2.0 * np.exp(3.0 * training.encoded.scalars[:, -1].astype(float)),
    )  # fmt: skip
    network = member_network(tiny_model.network(), "coarse")
    trained = train(network, tiny_model.training(), law, validation)
    kernel, bias = trained.model.get_layer("line").get_weights()
    assert kernel[0, 0] == pytest.approx(3, rel=1e-4)
    assert bias[0] == pytest.approx(np.log(2), rel=1e-3)


images = st.tuples(
    st.integers(1, 3), st.integers(2, 3), st.sampled_from([2, 4, 6]), st.integers(1, 3)
)


@settings(max_examples=60, deadline=None)
@given(images, st.integers(0, 1000))
def test_turning_is_a_symmetry(shape, seed):
    count, ndim, edge, channels = shape
    labels = (channels != 3 and seed % 2 == 0) or channels == 1
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 3, (count, *(edge,) * ndim, channels), dtype=np.uint8)
    before = image.copy()
    found = turned(image, np.random.default_rng(seed), labels=labels)
    np.testing.assert_array_equal(image, before)
    assert found.shape == image.shape
    assert found.dtype == np.uint8
    whole_group = {g.tobytes() for g in symmetric_images(image, labels)}
    assert found.tobytes() in whole_group


def symmetric_images(image, labels):
    from itertools import permutations, product

    ndim = image.ndim - 2
    swaps = [image]
    if labels:
        first = np.where(image[..., :1] > 0, 3 - image[..., :1], 0).astype(np.uint8)
        swaps.append(np.concatenate([first, image[..., 1:]], axis=-1))
    else:
        swaps.append(image[..., [1, 0, *range(2, image.shape[-1])]])
    for swapped, axes in product(swaps, permutations(range(1, ndim + 1))):
        for flips in product((False, True), repeat=ndim):
            there = np.transpose(swapped, (0, *axes, ndim + 1))
            yield np.flip(there, [1 + a for a in range(ndim) if flips[a]])


@pytest.mark.parametrize(("ndim", "order"), [(2, 8), (3, 48)])
def test_turning_reaches_every_symmetry(ndim, order):
    image = np.arange(3**ndim, dtype=np.uint8).reshape(1, *(3,) * ndim, 1)
    image = np.concatenate([image, 100 + image], axis=-1)
    rng = np.random.default_rng(0)
    found = {turned(image, rng, labels=False).tobytes() for _ in range(40 * order)}
    assert len(found) == 2 * order


@pytest.mark.parametrize("kind", ["log", "minmax", "standard"])
def test_the_target_scaling_inverts_itself(kind):
    values = np.random.default_rng(2).lognormal(1.5, 0.8, size=500)
    scaling = TargetScaling.fit(kind, values)
    scaled = scaling.scaled(values)
    np.testing.assert_allclose(scaling.size_factors(scaled), values, rtol=2e-5)
    if kind == "minmax":
        assert (scaled.min(), scaled.max()) == (0, 1)
    else:
        assert scaled.mean() == pytest.approx(0, abs=1e-5)
        assert scaled.std() == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize("kind", ["log", "minmax", "standard"])
def test_a_constant_target_has_a_scale(kind):
    scaling = TargetScaling.fit(kind, np.full(5, 3.0))
    np.testing.assert_allclose(scaling.size_factors(scaling.scaled(np.full(5, 3.0))), 3.0)
