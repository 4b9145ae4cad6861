"""Train members, each on a split: a run of its own, the model, what it cost, its losses."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from poreops.base.files import sha256, write_json, write_text
from poreops.conductance.learning.examples import EncodedOnce
from poreops.conductance.learning.members import Member, member_network
from poreops.conductance.learning.splits import read_split
from poreops.conductance.learning.training import Candidate, History, train
from poreops.conductance.model import ConductanceModel
from poreops.machine.tasks import parallel_map
from poreops.mlops.policy import has_gpu, on_one_thread
from poreops.mlops.tracking import run


@dataclass(frozen=True)
class Training:
    """What is to be trained, and the name of its files.

    Attributes
    ----------
    params : Candidate
    member : Member
    split : "by_volume" or "random"
    """

    params: Candidate
    member: Member
    split: str
    name: str

    @property
    def size(self) -> float:
        """How much work it is against others: networks on images count by their epochs."""
        return self.params.training.epochs if self.member in ("image", "distance", "both") else 1


def fit_all(
    trainings: Sequence[Training],
    artifacts: Path,
    checkpoints: Path,
    announce: Callable[[str], object],
) -> Iterator[tuple[str, History]]:
    """Train side by side, one process a core and the longest first; with a GPU in turn.

    Parameters
    ----------
    trainings : in any order
    artifacts : folder of the line, with conduits, labels and splits; models and costs go there
    checkpoints : folder from which a killed training goes on with the same result
    announce : told the address of the dashboard

    Yields
    ------
    name of a training, and name → value of each epoch
    """
    task = partial(_fitted, artifacts, checkpoints)
    longest_first = sorted(trainings, key=lambda one: -one.size)
    histories: Iterator[History]
    if has_gpu():
        histories = map(task, longest_first)
    else:
        histories = parallel_map(task, longest_first, announce=announce, here=True)
    yield from zip((one.name for one in longest_first), histories, strict=True)


def _fitted(artifacts: Path, checkpoints: Path, one: Training) -> History:
    """Train in this process, on one thread unless there is a GPU; a task of its own."""
    if not has_gpu():
        on_one_thread()
    return fit(
        one.params, one.member, artifacts / f"splits/{one.split}.h5", _encoded_once(artifacts),
        checkpoint=checkpoints / one.name, model=artifacts / f"models/{one.name}",
        costs=artifacts / f"training/{one.name}.json",
    )  # fmt: skip


@cache
def _encoded_once(artifacts: Path) -> EncodedOnce:
    """Share the encoding among the trainings of a process."""
    return EncodedOnce(artifacts / "conduits/train.h5", artifacts / "labels/train.h5")


def fit(
    params: Candidate,
    member: Member,
    split: Path,
    every: EncodedOnce,
    *,
    model: Path,
    costs: Path,
    checkpoint: Path,
) -> History:
    """Train a member on one split, log the run, save the model and what it cost.

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
    checkpoint : folder from which a killed training goes on with the same result

    Returns
    -------
    name → value of each epoch
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
    return trained.history


def write_losses(path: Path, history: History) -> None:
    """Write a history as CSV, one row an epoch, for `dvc plots` and the report.

    Parameters
    ----------
    path : CSV to write
    history : name → value of each epoch
    """
    rows = zip(*history.values(), strict=True)
    lines = [",".join(map(str, (epoch, *row))) for epoch, row in enumerate(rows, start=1)]
    write_text(path, "\n".join([",".join(["epoch", *history]), *lines]) + "\n")
