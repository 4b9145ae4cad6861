"""Train a member on one split: a run of its own, the model, what it cost."""

import time
from pathlib import Path

from poreops.base.files import sha256, write_json, write_losses
from poreops.conductance.learning.examples import EncodedOnce
from poreops.conductance.learning.members import Member, member_network
from poreops.conductance.learning.splits import read_split
from poreops.conductance.learning.training import Candidate, History, train
from poreops.conductance.model import ConductanceModel
from poreops.mlops.tracking import run


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
        ).save(model)
        # each training needs its conduits encoded, also where another one before it did that
        seconds = shared + time.perf_counter() - start
        parameters = int(trained.model.count_params())
        tracked.log_metrics({"parameters": parameters, "seconds": seconds})
    loss = params.training.loss
    write_json(costs, {"parameters": parameters, "seconds": seconds, "loss": loss})
    write_losses(losses, trained.history)
