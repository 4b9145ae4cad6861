"""Trainings as runs: logged with a few cores of every epoch, the generator saved."""

from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import NDArray

from poreops.base.files import sha256
from poreops.base.hdf5 import read_hdf5
from poreops.base.settings import overridden
from poreops.cores.features.structure import Segmentation
from poreops.cores.learning.diffused import Diffused
from poreops.cores.learning.diffusion import TrainedDiffusion, train_diffusion
from poreops.cores.learning.grey_scale import GreyScale
from poreops.cores.learning.start import SMOOTHING
from poreops.cores.learning.training import Candidate, GanMethod, Method, train_gan
from poreops.cores.model import DiffusionModel, DigitalCoreModel
from poreops.mlops.tracking import run
from poreops.mlops.weights.checkpoint import History
from poreops.mlops.weights.side_by_side import side_by_side

if TYPE_CHECKING:
    import keras

_ROWS, _COLUMNS = 2, 4  # of the cores of an epoch
_NETWORKS: dict[Method, dict[str, object]] = {
    "r3gan": {  # without norms
        "generator.architecture": "residual", "generator.critic_norm": "none",
        "generator.dropout": 0.0,
    },
    "diffusion": {"generator.architecture": "spatial"},  # of any size
}  # fmt: skip

Grey = NDArray[np.uint8]
Seen = Callable[[int, History, DigitalCoreModel, int | None], None]
"""Given the number of finished epochs, the history, the model and the size of cores to show."""


def train_all(
    params: Candidate, crops: Path, *, out: Path, unfinished: Path
) -> dict[Method, History]:
    """Train by ``training.methods``, ``training.repeats`` times on seeds that follow each other.

    Parameters
    ----------
    params : networks and how they are trained; its seed is the first
    crops : file of the crops to train on
    out : folder to write, ``METHOD/SEED`` of each generator; empty for any other method, since DVC
        wants every output
    unfinished : folder from which a killed training goes on

    Returns
    -------
    dict
        Method → the losses of its first seed.
    """
    for method in get_args(Method):
        (out / method).mkdir(parents=True, exist_ok=True)
    first = params.training.seed
    tasks = list(product(params.training.methods, range(first, first + params.training.repeats)))
    histories = side_by_side(
        [
            partial(
                trained_in_a_run, overridden(params, {"training.seed": seed}), method, crops,
                out=out / f"{method}/{seed}", checkpoint=unfinished / f"{method}/{seed}",
            )
            for method, seed in tasks
        ]
    )  # fmt: skip
    found = dict(zip(tasks, histories, strict=True))
    return {method: history for (method, seed), history in found.items() if seed == first}


def trained_in_a_run(
    params: Candidate, method: Method, crops: Path, *, out: Path, checkpoint: Path
) -> History:
    """Train by one method, log the run and save the generator.

    Parameters
    ----------
    params : networks and how they are trained
    method : "wgan_gp", "dcgan", "r3gan", which has networks without norms, or "diffusion"
    crops : file of the crops to train on
    out : folder that the generator is saved in
    checkpoint : folder of the state, so that a killed training goes on with the same result

    Returns
    -------
    History
        Loss → its mean in each epoch.
    """
    images = read_hdf5(crops)[0]["images"]
    params = _of_method(params, method)
    with run("cores_train", f"{method}/{params.training.seed}") as tracked:
        tracked.log_params(params.model_dump())
        tracked.log_dataset(str(crops), sha256(crops), "crops", rows=len(images))

        def seen(epoch: int, history: History, model: DigitalCoreModel, size: int | None) -> None:
            tracked.log_metrics({name: values[-1] for name, values in history.items()}, epoch)
            drawn = model.generate(_ROWS * _COLUMNS, size)
            edge = drawn.shape[1]
            rows = drawn.reshape(_ROWS, _COLUMNS, edge, edge).swapaxes(1, 2)
            sheet = rows.reshape(_ROWS * edge, _COLUMNS * edge)
            tracked.log_image(sheet, f"samples/{epoch:04d}.png")

        model, history = made_by(method, params, images, checkpoint, seen)
        tracked.log_metrics({"parameters": model.keras_model.count_params()})
        model.save(out)
        tracked.made(out)
    return history


def made_by(
    method: Method, params: Candidate, images: Grey, checkpoint: Path, seen: Seen
) -> tuple[DigitalCoreModel, History]:
    """Train by one method; return the model and the losses.

    Parameters
    ----------
    method : of `TrainingConfig.methods`
    params : networks and how they are trained
    images : (n, size, size) uint8, to train on
    checkpoint : folder of the state
    seen : called after every epoch
    """
    params = _of_method(params, method)
    if method == "diffusion":
        return _diffusion(params, images, checkpoint, seen)
    return _gan(params, method, images, checkpoint, seen)


def _of_method(params: Candidate, method: Method) -> Candidate:
    return overridden(params, _NETWORKS.get(method, {}))


def _gan(
    params: Candidate, method: GanMethod, images: Grey, checkpoint: Path, seen: Seen
) -> tuple[DigitalCoreModel, History]:
    scale = GreyScale.fit(params.generator.grey, images)
    size = None if params.generator.architecture == "paper" else images.shape[1]

    def on_epoch(epoch: int, history: History, generator: "keras.Model") -> None:
        seen(epoch, history, DigitalCoreModel(generator, params.generator, scale), size)

    trained = train_gan(
        params.generator, params.training, images,
        method=method, checkpoint=checkpoint, on_epoch=on_epoch,
    )  # fmt: skip
    segmentation = Segmentation.fit(images, SMOOTHING)
    model = DigitalCoreModel(trained.generator, params.generator, trained.scale, segmentation)
    return model, trained.history


def _diffusion(
    params: Candidate, images: Grey, checkpoint: Path, seen: Seen
) -> tuple[DigitalCoreModel, History]:
    config, segmentation = params.training.diffusion, Segmentation.fit(images, SMOOTHING)

    def model(trained: TrainedDiffusion) -> DiffusionModel:
        diffused = Diffused(trained.network, config, trained.law)
        return DiffusionModel(diffused, params.generator, trained.scale, segmentation)

    trained = train_diffusion(
        config, images, patch=params.generator.patch, seed=params.training.seed,
        checkpoint=checkpoint,
        # of the size of a patch: many passes of the network make a core
        on_epoch=lambda epoch, found: seen(epoch, found.history, model(found), None),
    )  # fmt: skip
    return model(trained), trained.history
