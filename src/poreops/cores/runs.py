"""Trainings as runs: logged with a few cores of every epoch, their generators saved."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from poreops.base.files import sha256, write_text
from poreops.base.hdf5 import read_hdf5
from poreops.base.settings import overridden
from poreops.cores.learning.grey_scale import GreyScale
from poreops.cores.learning.state import History
from poreops.cores.learning.training import Candidate, Method, train_gan
from poreops.cores.model import DigitalCoreModel
from poreops.machine.tasks import parallel_map
from poreops.mlops.policy import has_gpu, on_one_thread
from poreops.mlops.tracking import run

if TYPE_CHECKING:
    import keras

_ROWS, _COLUMNS = 2, 4  # of the cores of an epoch


def train_all(
    params: Candidate, crops: Path, out: Path, checkpoints: Path, announce: Callable[[str], object]
) -> Iterator[tuple[Method, int, History]]:
    """Train by every method on every seed side by side, one process a core; with a GPU in turn.

    Parameters
    ----------
    params : networks and how they are trained
    crops : file of the crops to train on
    out : folder of the generators, each in <method>/<seed>
    checkpoints : folder of the states, so that a killed training goes on with the same result
    announce : told the address of the dashboard

    Yields
    ------
    method, seed and the losses of each epoch
    """
    first = params.training.seed
    seeds = range(first, first + params.training.repeats)
    tasks = [(method, seed) for seed in seeds for method in get_args(Method)]
    task = partial(_trained, params, crops, out, checkpoints)
    histories: Iterator[History]
    if has_gpu():
        histories = map(task, tasks)
    else:
        histories = parallel_map(task, tasks, announce=announce, here=True)
    for (method, seed), history in zip(tasks, histories, strict=True):
        yield method, seed, history


def _trained(
    params: Candidate, crops: Path, out: Path, checkpoints: Path, task: tuple[Method, int]
) -> History:
    """Train in this process, on one thread unless there is a GPU; a task of its own."""
    method, seed = task
    if not has_gpu():
        on_one_thread()
    seeded, place = overridden(params, {"training.seed": seed}), f"{method}/{seed}"
    return trained_in_a_run(seeded, method, crops, out=out / place, checkpoint=checkpoints / place)


def trained_in_a_run(
    params: Candidate, method: Method, crops: Path, *, out: Path, checkpoint: Path
) -> History:
    """Train by one method, log the run and save the generator.

    Parameters
    ----------
    params : networks and how they are trained
    method : "wgan_gp" or "dcgan"
    crops : file of the crops to train on
    out : folder that the generator is saved in
    checkpoint : folder of the state, so that a killed training goes on with the same result

    Returns
    -------
    History
        Loss → its mean in each epoch.
    """
    images = read_hdf5(crops)[0]["images"]
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
        DigitalCoreModel(trained.generator, params.generator, trained.scale).save(out)
    return trained.history


def write_losses(path: Path, history: History) -> None:
    """Write the losses as CSV, one line an epoch.

    Parameters
    ----------
    path : file to write
    history : of a training
    """
    rows = zip(*history.values(), strict=True)
    lines = [",".join(map(str, (epoch, *row))) for epoch, row in enumerate(rows, start=1)]
    write_text(path, "\n".join([",".join(["epoch", *history]), *lines]) + "\n")
