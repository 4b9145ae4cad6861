"""Train a residual network; stop and resume at any epoch with the same result."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.learning.encoding import Encoded, scalar_count
from poreops.learning.resnet3d import ResnetConfig, resnet
from poreops.learning.target import TargetKind, TargetScaling
from poreops.store import read_json, write_json

if TYPE_CHECKING:
    import keras

History = dict[str, list[float]]


class TrainingConfig(BaseModel):
    """How a network is trained.

    Attributes
    ----------
    seed : of weights, order of the batches, dropout and symmetries
    epochs, batch_size, learning_rate : Adam, the rate falls to zero along half a cosine
    random_split_epochs : of the second model, trained on the paper's random split
    scalar_epochs : of the branch of the scalars, fitted alone beforehand
    loss : on the scaled target
    scaling : of the size factor
    augment : turn, mirror and swap the labels of each batch at random (exact symmetries)
    precision : arithmetic of the image branch
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    epochs: Annotated[int, Field(ge=1)]
    random_split_epochs: Annotated[int, Field(ge=1)]
    scalar_epochs: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)]
    learning_rate: Annotated[float, Field(gt=0)]
    loss: Literal["mse", "huber", "rmse"]
    scaling: TargetKind
    augment: bool
    precision: Literal["float32", "mixed_bfloat16"]


class Candidate(BaseModel):
    """A network and how it is trained: what a search varies."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    resnet: ResnetConfig
    training: TrainingConfig


@dataclass(frozen=True)
class Examples:
    """Encoded conduits with their size factors in ROI voxels, (n,) float64."""

    encoded: Encoded
    size_factors: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.size_factors)


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
        Folder that holds the state after each epoch; a run that finds one there goes on from it,
        a finished run removes it.
    on_epoch : callable, optional
        Called with the number of finished epochs and the history; may raise to stop.

    Returns
    -------
    Trained
        The same weights whether or not the run was interrupted.
    """
    import keras

    ndim = training.encoded.image.ndim - 2
    scaling = TargetScaling.fit(config.scaling, training.size_factors)
    keras.utils.set_random_seed(config.seed)
    with _precision(config.precision):
        model = resnet(network, ndim)
    if count := scalar_count(network.scalars):
        scalars = np.ascontiguousarray(training.encoded.scalars[:, :count])
        _fit_scalars(model, scalars, scaling, training.size_factors, config)
    steps = -(-len(training) // config.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, steps * config.epochs)
    model.compile(keras.optimizers.Adam(rate), loss=_loss(config.loss))
    model.optimizer.build(model.trainable_variables)
    identity = [network.model_dump(), config.model_dump(), *map(_digest, (training, validation))]
    state = _State(checkpoint, model, identity)
    history = state.restore()
    feed, check = _batches(network, config, training, scaling), _inputs(network, validation)
    target = scaling.scaled(validation.size_factors)
    forward = _forward(model)
    for epoch in range(len(history["loss"]), config.epochs):
        # a seed per epoch: dropout, order and symmetries do not depend on where a run began
        keras.utils.set_random_seed(config.seed + 7919 * (epoch + 1))
        fitted = model.fit(feed(epoch), epochs=1, verbose=0, shuffle=False)
        predicted = forward(check)
        history["loss"].append(float(fitted.history["loss"][-1]))
        history["val_loss"].append(float(_numpy_loss(config.loss)(predicted - target)))
        history["val_rmse_log"].append(_log_error(scaling, predicted, validation.size_factors))
        state.save(history)
        if on_epoch is not None:
            on_epoch(epoch + 1, history)
    state.clear()
    return Trained(model, scaling, history)


def _forward(model: "keras.Model") -> Callable[[list[NDArray[Any]]], NDArray[np.float32]]:
    """Return a prediction by one graph; that of Keras is traced anew for every trial."""
    import tensorflow as tf

    graph = tf.function(lambda inputs: model(inputs, training=False), reduce_retracing=True)

    def predict(inputs: list[NDArray[Any]]) -> NDArray[np.float32]:
        starts = range(0, len(inputs[0]), 256)
        return np.concatenate([graph([part[i : i + 256] for part in inputs]) for i in starts])[
            :, 0
        ]

    return predict


def _fit_scalars(
    model: "keras.Model",
    scalars: NDArray[np.float32],
    scaling: TargetScaling,
    size_factors: NDArray[np.float64],
    config: TrainingConfig,
) -> None:
    """Fit the branch of the scalars alone: seconds, where the whole network takes epochs."""
    import keras

    model.get_layer("normalize_scalars").adapt(scalars)
    branch = keras.Model(model.inputs[1], model.get_layer("estimate").output)
    batch = min(256, len(scalars))
    steps = -(-len(scalars) // batch) * config.scalar_epochs
    rate = keras.optimizers.schedules.CosineDecay(3e-3, steps)
    branch.compile(keras.optimizers.Adam(rate), loss=_loss(config.loss), jit_compile=False)
    branch.fit(
        scalars, scaling.scaled(size_factors), batch, epochs=config.scalar_epochs, verbose=0
    )


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


class _State:
    """Weights, optimizer state and history of a run after its last whole epoch."""

    def __init__(self, folder: Path | None, model: "keras.Model", identity: Any) -> None:
        self.folder, self.model = folder, model
        self.identity = json.loads(json.dumps(identity))

    def restore(self) -> History:
        fresh: History = {"loss": [], "val_loss": [], "val_rmse_log": []}
        if self.folder is None or not (self.folder / "history.json").exists():
            return fresh
        saved = read_json(self.folder / "history.json")
        if saved["identity"] != self.identity:
            return fresh  # of a run with other parameters or data
        weights = np.load(self.folder / f"epoch{len(saved['history']['loss'])}.npz")
        variables = [*self.model.variables, *self.model.optimizer.variables]
        for i, variable in enumerate(variables):
            variable.assign(weights[f"v{i}"])
        history: History = saved["history"]
        return history

    def save(self, history: History) -> None:
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        done = len(history["loss"])
        variables = [*self.model.variables, *self.model.optimizer.variables]
        path = self.folder / f"epoch{done}.npz"
        arrays: dict[str, Any] = {f"v{i}": np.asarray(v) for i, v in enumerate(variables)}
        np.savez(path, **arrays)
        # written last and whole: it alone says which weights count
        write_json(self.folder / "history.json", {"identity": self.identity, "history": history})
        (self.folder / f"epoch{done - 1}.npz").unlink(missing_ok=True)

    def clear(self) -> None:
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def _inputs(network: ResnetConfig, examples: Examples) -> list[NDArray[Any]]:
    count = scalar_count(network.scalars)
    if count == 0:
        return [examples.encoded.image]
    return [examples.encoded.image, np.ascontiguousarray(examples.encoded.scalars[:, :count])]


def _batches(
    network: ResnetConfig, config: TrainingConfig, examples: Examples, scaling: TargetScaling
) -> Callable[[int], Any]:
    import keras

    inputs = _inputs(network, examples)
    targets = scaling.scaled(examples.size_factors)

    class Epoch(keras.utils.PyDataset):  # type: ignore[misc]
        """Batches of one epoch in random order, each under a random symmetry."""

        def __init__(self, epoch: int) -> None:
            super().__init__()
            self.seed = (config.seed, epoch)
            self.order = np.random.default_rng(self.seed).permutation(len(targets))

        def __len__(self) -> int:
            return -(-len(targets) // config.batch_size)

        def __getitem__(self, index: int) -> tuple[tuple[NDArray[Any], ...], NDArray[np.float32]]:
            rows = np.sort(self.order[index * config.batch_size : (index + 1) * config.batch_size])
            image = inputs[0][rows]
            if config.augment:
                image = turned(image, np.random.default_rng((*self.seed, index)))
            return (image, *(other[rows] for other in inputs[1:])), targets[rows]

    return Epoch


def turned(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Apply one random symmetry of the cube (square) and perhaps the label swap to a batch.

    Parameters
    ----------
    image : (n, m, m[, m], channels) uint8
        One channel holds the labels 0/1/2, more begin with the shares of regions 1 and 2.
    """
    ndim = image.ndim - 2
    axes = rng.permutation(ndim)
    flips = tuple(1 + a for a in range(ndim) if rng.random() < 0.5)
    image = np.flip(np.transpose(image, (0, *(1 + axes), ndim + 1)), flips)
    if rng.random() < 0.5:
        if image.shape[-1] == 1:
            image = np.where(image > 0, 3 - image, image)
        else:
            image = image[..., [1, 0, *range(2, image.shape[-1])]]
    return np.ascontiguousarray(image)


def _loss(name: str) -> Any:
    import keras

    if name == "rmse":
        return lambda y, p: keras.ops.sqrt(keras.ops.mean(keras.ops.square(y - p[:, 0])) + 1e-12)
    if name == "huber":
        return keras.losses.Huber(delta=0.2)
    return keras.losses.MeanSquaredError()


def _numpy_loss(name: str) -> Callable[[NDArray[np.floating]], np.floating]:
    if name == "rmse":
        return lambda e: np.sqrt(np.mean(e**2))
    if name == "huber":
        return lambda e: np.mean(np.where(np.abs(e) < 0.2, e**2 / 2, 0.2 * (np.abs(e) - 0.1)))
    return lambda e: np.mean(e**2)


@contextmanager
def _precision(policy: str) -> Iterator[None]:
    """Build layers under another precision policy and put the old one back."""
    import keras

    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(policy)
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy(before)
