"""The report of the conductance line: every member on unseen volumes, beside rules and DNS."""

import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poreops.base.files import read_json
from poreops.base.hdf5 import open_hdf5, read_hdf5
from poreops.conductance.judging.members import judge, member_scores
from poreops.conductance.judging.scores import relative_error, scores
from poreops.conductance.learning.members import MEMBERS
from poreops.conductance.learning.splits import read_split
from poreops.conductance.model import ConductanceModel
from poreops.conduits.labels import label_definition, simulated_size_factors
from poreops.conduits.methods import NO_CONTACTS, size_factors
from poreops.conduits.quantity import zoom_power
from poreops.conduits.table import read_conduits

Floats = NDArray[np.float64]
Table = dict[str, dict[str, float]]


class Volumes:
    """The volumes that the report alone reads.

    Parameters
    ----------
    regions, conduits, labels : files of the stages extract_conduits and label_conduits
    """

    def __init__(self, regions: Path, conduits: Path, labels: Path) -> None:
        self.regions, self.conduits = regions, conduits
        arrays, stated = read_hdf5(labels)
        self.truth: Floats = arrays["size_factor"]
        # a conduit whose simulation did not settle has no truth
        self.known = np.isfinite(self.truth)
        self.label = label_definition(stated)
        self.target = self.label.target

    @cached_property
    def ndim(self) -> int:
        """2 or 3."""
        return int(read_conduits(self.conduits, slice(0, 1)).roi.ndim - 1)

    def timed(self, method: Callable[[Any, Any], Floats]) -> tuple[Floats, float]:
        """Apply a method to every volume; return all size factors and ms per conduit.

        The time is that from regions to size factors: cutting, zooming and encoding included.
        """
        found: list[Floats] = []
        seconds = 0.0
        with open_hdf5(self.regions) as file:
            for name in sorted(file):
                labels, conns = file[f"{name}/labels"][()], file[f"{name}/conns"][()]
                if not found:
                    method(labels, conns[:2])  # kernels are compiled and graphs are traced here
                start = time.perf_counter()
                found.append(method(labels, conns))
                seconds += time.perf_counter() - start
        values = np.concatenate(found)
        return values, 1e3 * seconds / len(values)

    def scores(self, found: Floats) -> dict[str, float]:
        """Score size factors of all conduits against those that are known."""
        return scores(found[self.known], self.truth[self.known])

    def worst(self, found: dict[str, Floats], member: str) -> tuple[NDArray[np.uint8], list[str]]:
        """Return the six conduits that a member misses most, and what to write above each."""
        errors = np.nan_to_num(relative_error(found[member], self.truth))
        rows = np.sort(np.argsort(errors)[-6:])
        titles = [f"DNS {self.truth[i]:.3g}, {member} {found[member][i]:.3g}" for i in rows]
        return read_conduits(self.conduits, rows).roi, titles


def ablation(unseen: Volumes, models: Path, training: Path) -> tuple[Table, dict[str, Floats]]:
    """Score and time every member, and time DNS, on the same conduits.

    Parameters
    ----------
    unseen : Volumes
    models : folder of the members' models
    training : folder of what each training took
    """
    table: Table = {}
    found: dict[str, Floats] = {}
    for member in (m for m in MEMBERS if (models / m).is_dir()):
        model = ConductanceModel.load(models / member)
        model.check_predicts(unseen.label, unseen.ndim)
        found[member], milliseconds = unseen.timed(model.size_factors)
        costs = read_json(training / f"{member}.json")
        table[member] = (
            member_scores(judge(model, unseen.conduits), unseen.truth)
            | {"ms_per_conduit": milliseconds, "training_seconds": costs["seconds"]}
            | {"parameters": costs["parameters"]}
        )
    simulated, milliseconds = unseen.timed(
        lambda labels, conns: simulated_size_factors(labels, conns, unseen.label)
    )
    table["dns"] = unseen.scores(simulated) | {"ms_per_conduit": milliseconds}
    return table, found


def rules(unseen: Volumes) -> tuple[Table, dict[str, Floats]]:
    """Score and time the rules that need diameters only."""
    table: Table = {}
    found: dict[str, Floats] = {}
    for name in ("geometry", "shape_factor"):

        def rule(labels: Any, conns: Any, name: str = name) -> Floats:
            return size_factors(labels, conns, NO_CONTACTS, method=name, target=unseen.target)[0]

        found[name], milliseconds = unseen.timed(rule)
        table[name] = unseen.scores(found[name]) | {"ms_per_conduit": milliseconds}
    return table, found


def split_comparison(unseen: Volumes, artifacts: Path, random: Path) -> Table:
    """Compare the image network trained on the random split with that on the split by volume.

    Both were trained for the same epochs and are tested on the same unseen volumes; the random
    one on its own test part too, as the paper did, where pores leak between the parts.
    """
    models = {
        name: ConductanceModel.load(artifacts / f"models/splits/{name}")
        for name in ("by_volume", "random")
    }
    table = {
        name: unseen.scores(judge(model, unseen.conduits).found) for name, model in models.items()
    }
    rows, model = read_split(random).test, models["random"]
    part = read_conduits(artifacts / "conduits/train.h5", rows)
    truth = read_hdf5(artifacts / "labels/train.h5")[0]["size_factor"][rows]
    found = model.predict(part.roi) / part.zoom_ratio ** zoom_power(model.target, model.ndim)
    known = np.isfinite(truth)
    return table | {"random_own_test": scores(found[known], truth[known])}


def invariance(unseen: Volumes, files: Path) -> dict[str, float]:
    """Mean relative change of the prediction under symmetries that leave the truth as it is."""
    model = ConductanceModel.load(files)
    rois = read_conduits(unseen.conduits, slice(0, 256)).roi
    base = model.predict(rois)
    changed = {
        "label_swap": np.where(rois > 0, 3 - rois, 0),
        "rotation": np.rot90(rois, axes=(1, 2)),
        "flip": np.flip(rois, axis=1),
    }
    return {
        name: float(relative_error(model.predict(turned), base).mean())
        for name, turned in changed.items()
    }
