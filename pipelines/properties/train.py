"""Fit both stacks on the rocks to learn from: artifacts/properties/models/, artifacts/properties/left_out/.

Once on all kinds of rock, which is what may be served, once without each kind, which is what gate
and report judge, and once without each pair of kinds, whose errors calibrate the intervals. The
fits of a learner are kept in artifacts/.partial/properties-train, so that a killed run goes on with
the next.
"""

import hashlib
import shutil
from functools import partial
from pathlib import Path

import pandas as pd

from poreops.base.files import read_json, read_table, read_yaml, sha256, write_table
from poreops.base.hdf5 import read_hdf5, write_hdf5
from poreops.base.settings import overridden, section
from poreops.errors import exit_on_input_error
from poreops.machine.tasks import parallel_map
from poreops.mlops.tracking import run
from poreops.properties.judging.left_out import (
    Context,
    Kinds,
    Learned,
    contexts,
    errors_left_out,
    fit_contexts,
    key,
    law_in,
    stack_in,
)
from poreops.properties.learning.laws import LAW, targets
from poreops.properties.learning.plans import SliceSplitConfig
from poreops.properties.learning.predictors import Scaled, packed_all, unpacked_all
from poreops.properties.learning.stacks import LEARNERS, NETWORKS, STACKS, EnsembleConfig
from poreops.properties.model import RockModel, input_ranges, walls_of
from poreops.properties.slices.features import INPUTS, design
from poreops.properties.slices.segment import SegmentConfig

TABLE, SELECTED = (
    Path("artifacts/properties/parts/learn.parquet"),
    Path("artifacts/properties/selection/features.json"),
)
CHOSEN, OUT = Path("artifacts/properties/search/best.yaml"), Path("artifacts/properties")
PARTIAL = Path("artifacts/.partial/properties-train")


def fitted(learned: Learned, places: list[Context], folder: Path, name: str) -> Path:
    """Fit one base learner everywhere unless that is done already; a task of its own."""
    path = folder / f"{name}.h5"
    if not path.exists():
        write_hdf5(path, packed_all(fit_contexts(name, learned, places)))
    return path


def everywhere(learned: Learned, places: list[Context]) -> dict[str, list[list[Scaled]]]:
    """Fit all base learners; networks in this process, the others in several."""
    # what was fitted on other rows or with other parameters does not count
    state = f"{[place.stated for place in places]}{sha256(TABLE)}"
    folder = PARTIAL.resolve() / hashlib.sha256(state.encode()).hexdigest()[:16]
    task = partial(fitted, learned, places, folder)
    done = {name: task(name) for name in NETWORKS}
    slowest_first = LEARNERS[::-1]
    paths = parallel_map(task, slowest_first, announce=print)
    done |= dict(zip(slowest_first, paths, strict=True))
    return {name: unpacked_all(read_hdf5(path)[0]) for name, path in done.items()}


def main() -> None:
    """Write a model for each stack and kind left out, and the errors of all that left one out."""
    stated, split = (
        section("properties.learners", EnsembleConfig),
        section("properties.split", SliceSplitConfig),
    )
    segmentation = section("properties.segmentation", SegmentConfig)
    features = read_json(SELECTED)["contexts"]
    chosen = read_yaml(CHOSEN)["chosen"]
    table = read_table(TABLE)
    names = (table[name].to_numpy() for name in ("rock", "kind"))
    learned = Learned(INPUTS, design(table, INPUTS), targets(table), *names)

    def config(left: Kinds) -> EnsembleConfig:
        # pairs only calibrate: the stated values have seen none of their kinds
        return overridden(stated, chosen.get(key(left), {}))

    places = contexts(learned, split, features, config)
    fits = everywhere(learned, places)
    errors = []
    with run("properties_train", "both stacks") as tracked:
        tracked.log_params({"ensemble": config(()).model_dump(), "features": features["none"]})
        tracked.log_dataset(str(TABLE), sha256(TABLE), "slices", rows=len(table))
        for k, place in enumerate(places):
            law = law_in(place, learned)
            found = {
                name: stack_in(place, {base: fits[base][k] for base in names}, learned)
                for name, names in STACKS.items()
            }
            errors += errors_left_out(place, found | {LAW: law}, learned)
            if len(place.left_out) == 2:
                continue
            own = learned.x[place.plan.rows][:, place.columns]
            for name, stack in found.items():
                model = RockModel(
                    stack, name, features[key(place.left_out)], segmentation,
                    input_ranges(own), law=law, walls=walls_of(table),
                )  # fmt: skip
                where = "models" if not place.left_out else f"left_out/{place.left_out[0]}"
                model.save(OUT / where / name)
            if not place.left_out:
                tracked.log_params({n: s.of_plugs.weights.tolist() for n, s in found.items()})
    write_table(OUT / "left_out/errors.parquet", pd.DataFrame(errors))
    shutil.rmtree(PARTIAL, ignore_errors=True)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
