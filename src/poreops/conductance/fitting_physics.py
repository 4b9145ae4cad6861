"""Train the member `physics`: a correction of estimates, and intervals from volumes left out."""

import time
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from poreops.base.files import sha256, write_json, write_losses
from poreops.base.hdf5 import open_hdf5
from poreops.conductance.learning.boosting import Correction, fit_correction, fit_intervals
from poreops.conductance.learning.encoding import ImageEncoding
from poreops.conductance.learning.examples import EncodedOnce, read_examples
from poreops.conductance.learning.priors import ESTIMATE, ZOOM, limits, prior_encoding
from poreops.conductance.learning.splits import Rows, read_split
from poreops.conductance.learning.training import Candidate, Examples
from poreops.conductance.physics import PhysicsModel
from poreops.conduits.labels import label_definition
from poreops.conduits.quantity import zoom_power
from poreops.mlops.tracking import run

_PROBE = 8  # conduits whose answers are kept with the model


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
