"""Train a residual network; stop and resume at any epoch with the same result."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.base.arrays import Array
from poreops.base.finite import check_finite
from poreops.conductance.learning.boosting import BoostingConfig
from poreops.conductance.learning.encoding import Encoded
from poreops.conductance.learning.members import Member
from poreops.conductance.learning.precision import Precision, usable
from poreops.conductance.learning.resnet import ResnetConfig, inputs, probe, resnet
from poreops.conductance.learning.scaling import TargetKind, TargetScaling
from poreops.conduits.labels import LabelConfig
from poreops.mlops.weights.checkpoint import Checkpoint, History
from poreops.mlops.weights.finite import check_network, weights
from poreops.mlops.weights.graphs import compiled, predicted
from poreops.mlops.weights.policy import built_with

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


class TrainingConfig(BaseModel):
    """How a network is trained.

    Attributes
    ----------
    seed : of weights, order of the batches, dropout and symmetries
    members : that are trained and judged beside each other
    epochs, batch_size, learning_rate : of Adam, for the networks with an image
    schedule : the rate falls to zero along half a cosine, or stays constant
    split_epochs : of the two models that compare the split by volume with the random one
    scalar_epochs : of the branch of the scalars, fitted alone beforehand
    loss : on the scaled target
    scaling : of the size factor
    augment : turn, mirror and swap the labels of each batch at random (exact symmetries)
    precision : arithmetic of the image branch; mixed where its gradients pass a probe
    physics : how the member physics is learned
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    members: tuple[Member, ...]
    epochs: Annotated[int, Field(ge=1)]
    split_epochs: Annotated[int, Field(ge=1)]
    scalar_epochs: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)]
    learning_rate: Annotated[float, Field(gt=0)]
    schedule: Literal["cosine", "constant"]
    loss: Literal["mse", "mae", "huber", "rmse"]
    scaling: TargetKind
    augment: bool
    precision: Precision
    physics: BoostingConfig


class Candidate(BaseModel):
    """A network and how it is trained: what a search varies."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    network: ResnetConfig
    training: TrainingConfig


@dataclass(frozen=True)
class Examples:
    """Encoded conduits, their size factors in ROI voxels, (n,) float64, and what these mean."""

    encoded: Encoded
    size_factors: NDArray[np.float64]
    label: LabelConfig
    ndim: int

    def __len__(self) -> int:
        return len(self.size_factors)

    def some(self, which: Array) -> "Examples":
        """Return the chosen ones, by index or mask.

        Parameters
        ----------
        which : (k,) int or (n,) bool
        """
        encoded = Encoded(self.encoded.image[which], self.encoded.scalars[which])
        return Examples(encoded, self.size_factors[which], self.label, self.ndim)


@dataclass(frozen=True)
class Trained:
    """A trained network, its target scaling, and losses and validation error of each epoch."""

    model: "keras.Model"
    scaling: TargetScaling
    history: History


def train(
    network: ResnetConfig,
    config: TrainingConfig,
    training: Examples,
    validation: Examples,
    *,
    checkpoint: Path | None = None,
    on_epoch: Callable[[int, History], None] | None = None,
) -> Trained:
    """Train a network on encoded conduits.

    Parameters
    ----------
    network, config : ResnetConfig, TrainingConfig
    training, validation : Examples
    checkpoint : Path, optional
        Folder that holds the state after each epoch; a run that finds one there goes on from it.
        It stays: only the caller knows when the model is safe.
    on_epoch : callable, optional
        Called with the number of finished epochs and the history; may raise to stop.

    Returns
    -------
    Trained
        The same weights whether or not the run was interrupted.

    Raises
    ------
    DivergedError
        When a weight or an answer is not finite after an epoch, or the graph answers otherwise.
    """
    import keras

    check_finite({"the size factors": training.size_factors}, "the training set")
    if network.scalars == "coarse":
        return _line(network, training, validation)
    scaling = TargetScaling.fit(config.scaling, training.size_factors)
    keras.utils.set_random_seed(config.seed)
    with built_with(usable(config.precision, network, training.ndim)):
        model = resnet(network, training.ndim)
    if network.scalars != "none":
        _fit_scalars(model, inputs(network, training.encoded)[-1], scaling, training, config)
    if network.image == "none":
        return _finished(model, scaling, network, config, training, validation)
    steps = -(-len(training) // config.batch_size)
    rate: float | keras.optimizers.schedules.LearningRateSchedule = config.learning_rate
    if config.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, steps * config.epochs)
    model.compile(keras.optimizers.Adam(rate), loss=loss_function(config.loss))
    model.optimizer.build(model.trainable_variables)
    identity = [network.model_dump(), config.model_dump(), *map(_digest, (training, validation))]
    variables = [*model.variables, *model.optimizer.variables]
    state = Checkpoint(checkpoint, variables, identity)
    history = state.restore(("loss", "val_loss", "val_rmse_log"))
    feed = _batches(network, config, training, scaling)
    check = inputs(network, validation.encoded)
    target = scaling.scaled(validation.size_factors)
    graph = compiled(model)
    for epoch in range(len(history["loss"]), config.epochs):
        # a seed per epoch: dropout, order and symmetries do not depend on where a run began
        keras.utils.set_random_seed(config.seed + 7919 * (epoch + 1))
        fitted = model.fit(feed(epoch), epochs=1, verbose=0, shuffle=False)
        check_finite(weights(model), f"the network after epoch {epoch + 1}")
        answers = predicted(graph, check)
        history["loss"].append(float(fitted.history["loss"][-1]))
        history["val_loss"].append(float(_numpy_loss(config.loss)(answers - target)))
        history["val_rmse_log"].append(_log_error(scaling, answers, validation.size_factors))
        state.save(history)
        if on_epoch is not None:
            on_epoch(epoch + 1, history)
    check_network(model, graph, probe(network, training.ndim), "the trained network")
    return Trained(model, scaling, history)


def _line(network: ResnetConfig, training: Examples, validation: Examples) -> Trained:
    """Return the coarse solve as a model: as it stands, or for flow on the line that fits best."""
    model = resnet(network, training.ndim)
    if training.label.target != "diffusive":
        known = inputs(network, training.encoded)[0][:, 0].astype(np.float64)
        slope, offset = np.polyfit(known, np.log(training.size_factors), 1)
        model.get_layer("line").set_weights([np.array([[slope]]), np.array([offset])])
    scaling = TargetScaling("log", 0.0, 1.0)
    answers = predicted(compiled(model), inputs(network, validation.encoded))
    error = _log_error(scaling, answers, validation.size_factors)
    return Trained(model, scaling, {"loss": [error], "val_loss": [error], "val_rmse_log": [error]})


def _finished(
    model: "keras.Model",
    scaling: TargetScaling,
    network: ResnetConfig,
    config: TrainingConfig,
    training: Examples,
    validation: Examples,
) -> Trained:
    """Return a network without an image, whose training is done, with its final losses."""
    graph, loss = compiled(model), _numpy_loss(config.loss)
    check_network(model, graph, probe(network, training.ndim), "the trained network")
    history: History = {}
    for name, examples in (("loss", training), ("val_loss", validation)):
        answers = predicted(graph, inputs(network, examples.encoded))
        history[name] = [float(loss(answers - scaling.scaled(examples.size_factors)))]
    history["val_rmse_log"] = [_log_error(scaling, answers, validation.size_factors)]
    return Trained(model, scaling, history)


def _fit_scalars(
    model: "keras.Model",
    scalars: NDArray[np.float32],
    scaling: TargetScaling,
    training: Examples,
    config: TrainingConfig,
) -> None:
    """Fit the branch of the scalars alone: seconds, where the whole network takes epochs."""
    import keras

    model.get_layer("normalize_scalars").adapt(scalars)
    branch = keras.Model(model.inputs[-1], model.get_layer("estimate").output)
    batch = min(256, len(scalars))
    steps = -(-len(scalars) // batch) * config.scalar_epochs
    rate = keras.optimizers.schedules.CosineDecay(3e-3, steps)
    branch.compile(keras.optimizers.Adam(rate), loss=loss_function(config.loss), jit_compile=False)
    target = scaling.scaled(training.size_factors)
    branch.fit(scalars, target, batch, epochs=config.scalar_epochs, verbose=0)


def _log_error(
    scaling: TargetScaling, scaled: NDArray[np.floating], size_factors: NDArray[np.float64]
) -> float:
    """Root mean square error of log G: the one scale that all losses and targets share."""
    found = np.maximum(scaling.size_factors(scaled), 1e-6)  # only "log" keeps them positive
    return float(np.sqrt(np.mean(np.log(found / size_factors) ** 2)))


def _digest(examples: Examples) -> str:
    """Return a digest of the labels and scalars: conduits that differ, differ in these."""
    digest = hashlib.sha256(examples.size_factors.tobytes())
    digest.update(examples.encoded.scalars.tobytes())
    return digest.hexdigest()


def _batches(
    network: ResnetConfig, config: TrainingConfig, examples: Examples, scaling: TargetScaling
) -> Callable[[int], "keras.utils.PyDataset"]:
    import keras

    taken = inputs(network, examples.encoded)
    labels = network.image.startswith("labels")
    targets = scaling.scaled(examples.size_factors)

    class Epoch(keras.utils.PyDataset):  # type: ignore[misc]
        """Batches of one epoch in random order, each under a random symmetry."""

        def __init__(self, epoch: int) -> None:
            super().__init__()
            self.seed = (config.seed, epoch)
            self.order = np.random.default_rng(self.seed).permutation(len(targets))

        def __len__(self) -> int:
            return -(-len(targets) // config.batch_size)

        def __getitem__(self, index: int) -> tuple[tuple[Array, ...], NDArray[np.float32]]:
            rows = np.sort(self.order[index * config.batch_size : (index + 1) * config.batch_size])
            image = taken[0][rows]
            if config.augment:
                image = turned(image, np.random.default_rng((*self.seed, index)), labels=labels)
            return (image, *(other[rows] for other in taken[1:])), targets[rows]

    return Epoch


def turned(
    image: NDArray[np.uint8], rng: np.random.Generator, *, labels: bool
) -> NDArray[np.uint8]:
    """Apply one random symmetry of the cube (square) and perhaps the label swap to a batch.

    Parameters
    ----------
    image : (n, m, m[, m], channels) uint8
    labels : the first channel holds the labels 0/1/2; else the first two hold the shares of
        regions 1 and 2. Further channels do not change under the swap.
    """
    ndim = image.ndim - 2
    axes = rng.permutation(ndim)
    flips = tuple(1 + a for a in range(ndim) if rng.random() < 0.5)
    image = np.flip(np.transpose(image, (0, *(1 + axes), ndim + 1)), flips)
    if rng.random() < 0.5:
        if labels:
            first = image[..., :1]
            image = np.concatenate([np.where(first > 0, 3 - first, 0), image[..., 1:]], axis=-1)
        else:
            image = image[..., [1, 0, *range(2, image.shape[-1])]]
    return np.ascontiguousarray(image)


def loss_function(name: str) -> Callable[["tf.Tensor", "tf.Tensor"], "tf.Tensor"]:
    """Return a loss (truth, prediction) → number, for shapes (n,) and (n, 1) alike.

    Parameters
    ----------
    name : mse, mae, huber or rmse
    """
    import keras

    ops = keras.ops

    def error(truth: "tf.Tensor", predicted: "tf.Tensor") -> "tf.Tensor":
        # Keras hands the truth over as (n, 1): subtracting (n,) from that compares all with all
        return ops.reshape(predicted, (-1,)) - ops.reshape(truth, (-1,))

    if name == "huber":
        huber = keras.losses.Huber(delta=0.2)
        return lambda y, p: huber(ops.reshape(y, (-1,)), ops.reshape(p, (-1,)))
    if name == "rmse":
        return lambda y, p: ops.sqrt(ops.mean(ops.square(error(y, p))) + 1e-12)
    if name == "mae":
        return lambda y, p: ops.mean(ops.abs(error(y, p)))
    return lambda y, p: ops.mean(ops.square(error(y, p)))


def _numpy_loss(name: str) -> Callable[[NDArray[np.floating]], np.floating]:
    if name == "rmse":
        return lambda e: np.sqrt(np.mean(e**2))
    if name == "mae":
        return lambda e: np.mean(np.abs(e))
    if name == "huber":
        return lambda e: np.mean(np.where(np.abs(e) < 0.2, e**2 / 2, 0.2 * (np.abs(e) - 0.1)))
    return lambda e: np.mean(e**2)
