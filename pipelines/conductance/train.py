"""Train every member, and the image network on both splits: artifacts/conductance/models.

Checkpoints in artifacts/.partial/conductance-train let a killed training go on with the same result.
"""

import shutil
import time
from pathlib import Path

from poreops.base.files import read_yaml, sha256, write_json, write_text
from poreops.base.settings import overridden, section
from poreops.conductance import figures as plots
from poreops.conductance.learning.examples import EncodedOnce
from poreops.conductance.learning.members import Member, member_network
from poreops.conductance.learning.resnet import ResnetConfig
from poreops.conductance.learning.splits import read_split
from poreops.conductance.learning.training import Candidate, History, TrainingConfig, train
from poreops.conductance.model import ConductanceModel
from poreops.errors import exit_on_input_error
from poreops.mlops.tracking import run
from poreops.show.pictures import save

ARTIFACTS, PARTIAL = Path("artifacts/conductance"), Path("artifacts/.partial/conductance-train")
CONDUITS, LABELS = ARTIFACTS / "conduits/train.h5", ARTIFACTS / "labels/train.h5"
MODELS, REPORTS = ARTIFACTS / "models", Path("reports/conductance/training")


def fit(
    params: Candidate, member: Member, split_name: str, out: Path, every: EncodedOnce
) -> History:
    """Train a member on one split, log the run and save the model."""
    split = read_split(ARTIFACTS / f"splits/{split_name}.h5")
    network, start = member_network(params.network, member), time.perf_counter()
    shared = every.seconds(network.image)
    training = every.examples(network.image, split.train)
    validation = every.examples(network.image, split.validation)
    with run("conductance_train", f"{member} {split_name}") as tracked:
        effective = {"network": network.model_dump(), "training": params.training.model_dump()}
        tracked.log_params(effective | {"member": member})
        for path, context in ((CONDUITS, "conduits"), (LABELS, "labels")):
            tracked.log_dataset(str(path), sha256(path), context, rows=len(training))

        def on_epoch(epoch: int, history: History) -> None:
            tracked.log_metrics({name: values[-1] for name, values in history.items()}, epoch)

        trained = train(
            network, params.training, training, validation,
            checkpoint=PARTIAL / out.relative_to(MODELS), on_epoch=on_epoch,
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
        ).save(out)
        # each training needs its conduits encoded, also where another one before it did that
        seconds = shared + time.perf_counter() - start
        tracked.log_metrics({"parameters": trained.model.count_params(), "seconds": seconds})
        tracked.log_figure(plots.losses(trained.history, params.training.loss), "losses.png")
    # beside the model, whose bytes do not depend on the machine
    costs = {"parameters": int(trained.model.count_params()), "seconds": seconds}
    write_json(ARTIFACTS / f"training/{out.relative_to(MODELS)}.json", costs)
    return trained.history


def main() -> None:
    """Train with what is stated, or with what the search chose."""
    stated = Candidate(
        network=section("conductance.network", ResnetConfig),
        training=section("conductance.training", TrainingConfig),
    )
    chosen = read_yaml(ARTIFACTS / "search/best.yaml")["chosen"]
    params = overridden(stated, chosen)
    print("trained as params.yaml states" + (f", but for {chosen} of the search" * bool(chosen)))
    every = EncodedOnce(CONDUITS, LABELS)
    histories = {
        member: fit(params, member, "by_volume", MODELS / f"members/{member}", every)
        for member in params.training.members
    }
    # the same epochs for both splits, so that only the split differs
    short = overridden(params, {"training.epochs": params.training.split_epochs})
    for split in ("by_volume", "random"):
        fit(short, "image", split, MODELS / f"splits/{split}", every)
    for name, history in histories.items():
        rows = zip(*history.values(), strict=True)
        lines = [",".join(map(str, (epoch, *row))) for epoch, row in enumerate(rows, start=1)]
        text = "\n".join([",".join(["epoch", *history]), *lines]) + "\n"
        write_text(REPORTS / f"losses/{name}.csv", text)
        save(plots.losses(history, params.training.loss), REPORTS / f"{name}.png")
    shutil.rmtree(PARTIAL, ignore_errors=True)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
