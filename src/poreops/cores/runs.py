"""Trainings as runs: logged with a few cores of every epoch, the generator saved."""

from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from poreops.base.files import sha256
from poreops.base.hdf5 import read_hdf5
from poreops.base.settings import overridden
from poreops.cores.features.structure import Segmentation
from poreops.cores.learning.grey_scale import GreyScale
from poreops.cores.learning.training import SMOOTHING, Candidate, Method, train_gan
from poreops.cores.model import DigitalCoreModel
from poreops.mlops.tracking import run
from poreops.mlops.weights.checkpoint import History
from poreops.mlops.weights.side_by_side import side_by_side

if TYPE_CHECKING:
    import keras

_ROWS, _COLUMNS = 2, 4  # of the cores of an epoch
_WITHOUT_NORMS = {
    "generator.architecture": "residual", "generator.critic_norm": "none", "generator.dropout": 0.0
}  # fmt: skip


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
    method : "wgan_gp", "dcgan" or "r3gan", which has networks without norms
    crops : file of the crops to train on
    out : folder that the generator is saved in
    checkpoint : folder of the state, so that a killed training goes on with the same result

    Returns
    -------
    History
        Loss → its mean in each epoch.
    """
    images = read_hdf5(crops)[0]["images"]
    if method == "r3gan":
        params = overridden(params, _WITHOUT_NORMS)
    scale = GreyScale.fit(params.generator.grey, images)
    with run("cores_train", f"{method}/{params.training.seed}") as tracked:
        tracked.log_params(params.model_dump())
        tracked.log_dataset(str(crops), sha256(crops), "crops", rows=len(images))

        def on_epoch(epoch: int, history: History, generator: "keras.Model") -> None:
            tracked.log_metrics({name: values[-1] for name, values in history.items()}, epoch)
            size = None if params.generator.architecture == "paper" else images.shape[1]
            model = DigitalCoreModel(generator, params.generator, scale)
            drawn = model.generate(_ROWS * _COLUMNS, size)
            edge = drawn.shape[1]
            rows = drawn.reshape(_ROWS, _COLUMNS, edge, edge).swapaxes(1, 2)
            sheet = rows.reshape(_ROWS * edge, _COLUMNS * edge)
            tracked.log_image(sheet, f"samples/{epoch:04d}.png")

        trained = train_gan(
            params.generator, params.training, images,
            method=method, checkpoint=checkpoint, on_epoch=on_epoch,
        )  # fmt: skip
        tracked.log_metrics({"parameters": trained.generator.count_params()})
        segmentation = Segmentation.fit(images, SMOOTHING)
        DigitalCoreModel(trained.generator, params.generator, trained.scale, segmentation).save(
            out
        )
        tracked.made(out)
    return trained.history
