"""Train each member, a run of its own each: the model, and what it cost."""

import time
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from poreops.base.files import sha256, write_json, write_losses
from poreops.base.hdf5 import open_hdf5
from poreops.base.settings import overridden
from poreops.conductance.learning.boosting import Correction, fit_correction, fit_intervals
from poreops.conductance.learning.encoding import ImageEncoding
from poreops.conductance.learning.examples import EncodedOnce, read_examples
from poreops.conductance.learning.members import Member, member_network
from poreops.conductance.learning.priors import ESTIMATE, ZOOM, limits, prior_encoding
from poreops.conductance.learning.seen import Seen
from poreops.conductance.learning.splits import Rows, read_split
from poreops.conductance.learning.training import Candidate, Examples, train
from poreops.conductance.model import ConductanceModel
from poreops.conductance.physics import PhysicsModel, traits
from poreops.conduits.labels import label_definition
from poreops.conduits.quantity import zoom_power
from poreops.mlops.tracking import run
from poreops.mlops.weights.checkpoint import History
from poreops.mlops.weights.side_by_side import side_by_side

_PROBE = 8  # conduits whose answers are kept with the model


def fit_all(
    params: Candidate, artifacts: Path, of: str, *, losses: Path, unfinished: Path
) -> None:
    """Train every member on the split by volume, and the image network on both splits.

    The last two are short: they compare the splits.

    Parameters
    ----------
    params : Candidate
    artifacts : folder of the line; ``models`` and ``training`` are written, each with ``members``
        and ``splits``
    of : folder of the target
    losses : folder to write, of CSV files named likewise
    unfinished : folder from which a killed training goes on
    """
    members = params.training.members[::-1]  # those of images take longest, and begin
    seen = [member_network(params.network, member).image for member in members]
    labelled = (artifacts / "conduits/train.h5", artifacts / "labels" / of / "train.h5")
    every = EncodedOnce(*labelled, seen, unfinished)
    short = overridden(params, {"training.epochs": params.training.split_epochs})
    tasks = [(params, member, "by_volume", Path("members", of, member)) for member in members]
    splits = ("by_volume", "random")
    tasks += [(short, "image", split, Path("splits", of, split)) for split in splits]
    side_by_side(
        [
            partial(
                fit, candidate, member, artifacts / f"splits/{split}.h5", every,
                model=artifacts / f"models/{name}", costs=artifacts / f"training/{name}.json",
                losses=losses / f"{name}.csv", checkpoint=unfinished / name,
            )
            for candidate, member, split, name in tasks
        ]
    )  # fmt: skip


def fit(
    params: Candidate,
    member: Member,
    split: Path,
    every: EncodedOnce,
    *,
    model: Path,
    costs: Path,
    losses: Path,
    checkpoint: Path,
) -> None:
    """Train a member on one split, log the run, save the model, its losses and what it cost.

    Parameters
    ----------
    params : Candidate
        Its network is the one that every member takes its part of.
    member : Member
    split : file of the stage conductance_split
    every : the labelled conduits
    model : folder to write
    costs : JSON to write: ``parameters``, ``seconds`` and the ``loss`` that was minimised.
        Beside the model, whose bytes do not depend on the machine.
    losses : CSV to write, a row for each epoch
    checkpoint : folder from which a killed training goes on with the same result
    """
    if member == "physics":
        fit_physics(params, split, every, model=model, costs=costs, losses=losses)
        return
    parts = read_split(split)
    network, start = member_network(params.network, member), time.perf_counter()
    shared = every.seconds(network.image)
    training = every.examples(network.image, parts.train)
    validation = every.examples(network.image, parts.validation)
    with run("conductance_train", f"{member} {split.stem}") as tracked:
        effective = {"network": network.model_dump(), "training": params.training.model_dump()}
        tracked.log_params(effective | {"member": member})
        for path, context in ((every.conduits, "conduits"), (every.labels, "labels")):
            tracked.log_dataset(str(path), sha256(path), context, rows=len(training))

        def on_epoch(epoch: int, history: History) -> None:
            tracked.log_metrics({name: values[-1] for name, values in history.items()}, epoch)

        trained = train(
            network, params.training, training, validation,
            checkpoint=checkpoint, on_epoch=on_epoch,
        )  # fmt: skip
        ConductanceModel(
            trained.model,
            network,
            trained.scaling,
            training.ndim,
            training.label.target,
            training.label.walls,
            training.label.convention,
            member=member,
            seen=Seen.of(training.encoded.scalars),
        ).save(model)
        tracked.made(model)
        # each training needs its conduits encoded, also where another one before it did that
        seconds = shared + time.perf_counter() - start
        parameters = int(trained.model.count_params())
        tracked.log_metrics({"parameters": parameters, "seconds": seconds})
    loss = params.training.loss
    write_json(costs, {"parameters": parameters, "seconds": seconds, "loss": loss})
    write_losses(losses, trained.history)


def fit_physics(
    params: Candidate, split: Path, every: EncodedOnce, *, model: Path, costs: Path, losses: Path
) -> None:
    """Learn on one split, log the run, save the model, its losses and what it cost.

    Parameters
    ----------
    params : Candidate
    split : file of the stage conductance_split
    every : names the files of the labelled conduits
    model, costs, losses : as for `fitting.fit`
    """
    config, seed, parts = params.training.physics, params.training.seed, read_split(split)
    start = time.perf_counter()
    with run("conductance_train", f"physics {split.stem}") as tracked:
        tracked.log_params({"member": "physics", "physics": config.model_dump(), "seed": seed})
        for path, context in ((every.conduits, "conduits"), (every.labels, "labels")):
            tracked.log_dataset(str(path), sha256(path), context, rows=len(parts.train))
        training, volumes = _examples(every, parts.train)
        validation, _ = _examples(every, parts.validation)
        rows, errors = training.encoded.scalars, _errors(training)
        correction = fit_correction(config, rows, errors, seed)
        trained = PhysicsModel(
            correction,
            fit_intervals(config, rows, errors, volumes, seed),
            training.label,
            training.ndim,
            limits(rows, prior_encoding(training.label)),
            rows[:: -(-len(rows) // _PROBE)],
            Seen.of(rows[:, ESTIMATE:], traits(training.label)),
        )
        trained.save(model)
        history = {
            "loss": [_loss(correction, training)],
            "val_loss": [_loss(correction, validation)],
        }
        seconds = time.perf_counter() - start
        tracked.log_metrics({"parameters": trained.parameters, "seconds": seconds})
    facts = {"parameters": trained.parameters, "seconds": seconds, "loss": "mae"}
    write_json(costs, facts)
    write_losses(losses, history)


def _examples(every: EncodedOnce, rows: Rows) -> tuple[Examples, Rows]:
    """Return the examples that have an estimate, and the volume of each."""
    with open_hdf5(every.labels) as file:
        label, known = label_definition(file.attrs), np.isfinite(file["size_factor"][()])
    with open_hdf5(every.conduits) as file:
        volume = file["volume"][()]
    rows = rows[known[rows]]
    image = cast(ImageEncoding, prior_encoding(label))
    found = read_examples(every.conduits, every.labels, image, rows)
    settled = np.flatnonzero(np.isfinite(found.encoded.scalars).all(axis=1))
    return found.some(settled), volume[rows][settled]


def _loss(correction: Correction, examples: Examples) -> float:
    left = _errors(examples) - correction.predict(examples.encoded.scalars)
    return float(np.abs(left).mean())


def _errors(examples: Examples) -> NDArray[np.float64]:
    """Return log G less the logarithm of its estimate, (n,) float64."""
    rows = examples.encoded.scalars.astype(np.float64)
    power = zoom_power(examples.label.target, examples.ndim)
    return np.log(examples.size_factors) - rows[:, ESTIMATE] - power * rows[:, ZOOM]
