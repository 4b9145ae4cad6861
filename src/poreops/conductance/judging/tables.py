"""The report of the conductance line: every member on unseen volumes, beside rules and DNS."""

import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import Integers
from poreops.base.files import read_json
from poreops.base.hdf5 import open_hdf5, read_hdf5
from poreops.conductance.judging.members import (
    Judged,
    encoded_conduits,
    member_scores,
    permuted,
    predicted,
)
from poreops.conductance.judging.scores import relative_error, scores
from poreops.conductance.learning.encoding import Encoded, ImageEncoding
from poreops.conductance.learning.members import MEMBERS
from poreops.conductance.learning.splits import read_split
from poreops.conductance.model import ConductanceModel
from poreops.conduits.contacts import NO_CONTACTS
from poreops.conduits.crop import crop_conduits
from poreops.conduits.joined import joined
from poreops.conduits.labels import label_definition
from poreops.conduits.methods import size_factors
from poreops.conduits.quantity import zoom_power
from poreops.conduits.simulated import simulated_size_factors
from poreops.conduits.table import read_conduits

Floats = NDArray[np.float64]
Table = dict[str, dict[str, float]]
T = TypeVar("T")


class Volumes:
    """The volumes that the report alone reads.

    Parameters
    ----------
    regions, conduits, labels : files of the stages conductance_conduits and conductance_labels
    """

    def __init__(self, regions: Path, conduits: Path, labels: Path) -> None:
        self.regions, self.conduits = regions, conduits
        arrays, stated = read_hdf5(labels)
        self.truth: Floats = arrays["size_factor"]
        # a conduit whose simulation did not settle has no truth
        self.known = np.isfinite(self.truth)
        self.label = label_definition(stated)
        self.target = self.label.target
        self._encoded: dict[ImageEncoding, tuple[Encoded, Floats]] = {}

    @cached_property
    def ndim(self) -> int:
        """2 or 3."""
        return int(read_conduits(self.conduits, slice(0, 1)).roi.ndim - 1)

    def timed(self, method: Callable[[Integers, Integers], T]) -> tuple[list[T], float]:
        """Apply a method to every volume; return what it gives of each, and ms per conduit.

        The time is that from regions to size factors: cutting, zooming and encoding included,
        reading the file, compiling kernels and tracing graphs not.

        Parameters
        ----------
        method : (labels (nx, ny[, nz]) int, conns (Nt, 2) int) → anything
        """
        found: list[T] = []
        seconds = 0.0
        with open_hdf5(self.regions) as file:
            for name in sorted(file):
                labels, conns = file[f"{name}/labels"][()], file[f"{name}/conns"][()]
                if not found:
                    method(labels, conns[:2])  # kernels are compiled and graphs are traced here
                start = time.perf_counter()
                found.append(method(labels, conns))
                seconds += time.perf_counter() - start
        return found, 1e3 * seconds / len(self.truth)

    def judged(self, model: ConductanceModel) -> tuple[Judged, float]:
        """Judge a model by one pass over all volumes; return ms per conduit of that pass too.

        The pass is what ``model.size_factors`` does: cut, take the part that carries, zoom,
        encode, predict. What it encodes is kept for the permuted inputs, and for `answers`.

        Parameters
        ----------
        model : ConductanceModel
        """

        def size_factors(
            labels: Integers, conns: Integers
        ) -> tuple[list[Encoded], Floats, Floats]:
            crops = (joined(crop) for crop in crop_conduits(labels, conns))
            parts, ratios, found = [], [], []
            for encoded, ratio in model.prepared(crop for crop in crops if crop is not None):
                parts.append(encoded)
                ratios.append(ratio)
                found.append(predicted(model, encoded, ratio))
            return parts, np.concatenate(ratios), np.concatenate(found)

        volumes, milliseconds = self.timed(size_factors)
        parts, ratios, found = zip(*volumes, strict=True)
        every = [part for some in parts for part in some]
        whole = Encoded(
            np.concatenate([part.image for part in every]),
            np.concatenate([part.scalars for part in every]),
        )
        self._encoded[model.sees] = whole, np.concatenate(ratios)
        mixed = permuted(model, whole, np.concatenate(ratios))
        return Judged(np.concatenate(found), mixed), milliseconds

    def answers(self, model: ConductanceModel) -> Floats:
        """Return the size factors that a model gives all conduits.

        Parameters
        ----------
        model : ConductanceModel
        """
        image = model.sees
        if image not in self._encoded:
            self._encoded[image] = encoded_conduits(self.conduits, image)
        return predicted(model, *self._encoded[image])

    def scores(self, found: Floats) -> dict[str, float]:
        """Score size factors of all conduits against those that are known.

        Parameters
        ----------
        found : (n,) float64 in powers of a voxel
        """
        return scores(found[self.known], self.truth[self.known])

    def worst(self, found: dict[str, Floats], member: str) -> tuple[NDArray[np.uint8], list[str]]:
        """Return the six conduits that a member misses most, and what to write above each.

        Parameters
        ----------
        found : method → (n,) float64
        member : name of the one that misses
        """
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
        judged, milliseconds = unseen.judged(model)
        found[member] = judged.found
        costs = read_json(training / f"{member}.json")
        table[member] = (
            member_scores(judged, unseen.truth)
            | {"ms_per_conduit": milliseconds, "training_seconds": costs["seconds"]}
            | {"parameters": costs["parameters"]}
        )
    simulated, milliseconds = unseen.timed(
        lambda labels, conns: simulated_size_factors(labels, conns, unseen.label)
    )
    table["dns"] = unseen.scores(np.concatenate(simulated)) | {"ms_per_conduit": milliseconds}
    return table, found


def rules(unseen: Volumes) -> tuple[Table, dict[str, Floats]]:
    """Score and time the rules that need diameters only.

    Parameters
    ----------
    unseen : Volumes, of three dimensions
    """
    table: Table = {}
    found: dict[str, Floats] = {}
    for name in ("geometry", "shape_factor"):

        def rule(labels: Integers, conns: Integers, name: str = name) -> Floats:
            return size_factors(labels, conns, NO_CONTACTS, method=name, target=unseen.target)[0]

        parts, milliseconds = unseen.timed(rule)
        found[name] = np.concatenate(parts)
        table[name] = unseen.scores(found[name]) | {"ms_per_conduit": milliseconds}
    return table, found


def split_comparison(unseen: Volumes, artifacts: Path, random: Path, of: str) -> Table:
    """Compare the image network trained on the random split with that on the split by volume.

    Both were trained for the same epochs and are tested on the same unseen volumes; the random
    one on its own test part too, as the paper did, where pores leak between the parts.

    Parameters
    ----------
    unseen : Volumes
    artifacts : folder of the line
    random : file of the random split
    of : folder of the target
    """
    models = {
        name: ConductanceModel.load(artifacts / "models/splits" / of / name)
        for name in ("by_volume", "random")
    }
    table = {name: unseen.scores(unseen.answers(model)) for name, model in models.items()}
    rows, model = read_split(random).test, models["random"]
    part = read_conduits(artifacts / "conduits/train.h5", rows)
    truth = read_hdf5(artifacts / "labels" / of / "train.h5")[0]["size_factor"][rows]
    found = model.predict(part.roi) / part.zoom_ratio ** zoom_power(model.target, model.ndim)
    known = np.isfinite(truth)
    return table | {"random_own_test": scores(found[known], truth[known])}


def invariance(unseen: Volumes, files: Path) -> dict[str, float]:
    """Mean relative change of the prediction under symmetries that leave the truth as it is.

    Parameters
    ----------
    unseen : Volumes
    files : folder of a model
    """
    model = ConductanceModel.load(files)
    rois = read_conduits(unseen.conduits, slice(0, 256)).roi
    base = model.predict(rois)
    changed = {
        "label_swap": np.where(rois > 0, 3 - rois, 0),
        "rotation": np.rot90(rois, axes=(1, 2)),
        "flip": np.flip(rois, axis=1),
    }
    changes = {
        name: relative_error(model.predict(turned), base) for name, turned in changed.items()
    }
    # a conduit that does not settle has no answer
    return {name: float(change[np.isfinite(change)].mean()) for name, change in changes.items()}
