"""Fit both stacks with all kinds of rock, without each kind, and without each pair of kinds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Self

import pandas as pd

from poreops.base.content import Json
from poreops.base.files import read_json, read_table, read_yaml, sha256
from poreops.base.hdf5 import read_hdf5, write_hdf5
from poreops.base.kept import kept_in
from poreops.base.settings import overridden
from poreops.machine.tasks import parallel_map
from poreops.mlops.tracking import Run
from poreops.properties.learning.base_learners import LEARNERS
from poreops.properties.learning.laws import LAW, label_errors, targets
from poreops.properties.learning.left_out import (
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
from poreops.properties.learning.plans import SliceSplitConfig
from poreops.properties.learning.predictors import Scaled, packed_all, unpacked_all
from poreops.properties.learning.real_errors import real_errors
from poreops.properties.learning.stacks import NETWORKS, STACKS, EnsembleConfig
from poreops.properties.model import RockModel, input_ranges, walls_of
from poreops.properties.slices.features import INPUTS, design
from poreops.properties.slices.segment import SegmentConfig

Fits = Mapping[str, Sequence[Sequence[Scaled]]]


@dataclass(frozen=True)
class Training:
    """What is learned from, and how.

    table : slices to learn from, with ``rock``, ``kind`` and ``walls``. digest : of its file.
    features : `key` of the kinds left out → inputs chosen without them.
    chosen : `key` → dotted parameter → value that a search found.
    stated : of the learners. split : of the folds. segmentation : kept with the models.
    """

    table: pd.DataFrame
    digest: str
    features: Mapping[str, Sequence[str]]
    chosen: Mapping[str, Mapping[str, Json]]
    stated: EnsembleConfig
    split: SliceSplitConfig
    segmentation: SegmentConfig

    @classmethod
    def read(
        cls,
        artifacts: Path,
        stated: EnsembleConfig,
        split: SliceSplitConfig,
        segmentation: SegmentConfig,
    ) -> Self:
        """Read what earlier stages chose from the folder of artifacts.

        Parameters
        ----------
        artifacts : with parts/learn.parquet, selection/ and search/
        stated : of the learners
        split : of the folds
        segmentation : kept with the models
        """
        learn = artifacts / "parts/learn.parquet"
        features = read_json(artifacts / "selection/features.json")["contexts"]
        chosen = read_yaml(artifacts / "search/best.yaml")["chosen"]
        return cls(read_table(learn), sha256(learn), features, chosen, stated, split, segmentation)

    @cached_property
    def learned(self) -> Learned:
        """The slices as arrays."""
        rocks, kinds = (self.table[name].to_numpy() for name in ("rock", "kind"))
        x, y = design(self.table, INPUTS), targets(self.table)
        return Learned(INPUTS, x, y, rocks, kinds, label_errors(self.table))

    @cached_property
    def places(self) -> list[Context]:
        """Where models are fitted."""
        return contexts(self.learned, self.split, self.features, self.config)

    def config(self, left: Kinds) -> EnsembleConfig:
        """Return the hyperparameters without these kinds of rock.

        Parameters
        ----------
        left : kinds that are left out
        """
        # pairs only calibrate: the stated values have seen none of their kinds
        return overridden(self.stated, self.chosen.get(key(left), {}))


def fit_everywhere(
    training: Training, unfinished: Path, announce: Callable[[str], object] | None = None
) -> Fits:
    """Fit all base learners in all places; networks in this process, the others in several.

    Parameters
    ----------
    training : Training
    unfinished : folder that keeps the fits of each finished learner, for a killed run to go on
    announce : told where the learners are being fitted

    Returns
    -------
    Mapping
        Base learner → for each place its fits, one for each mask of the plan.
    """
    # what was fitted on other rows or with other parameters does not count
    state = f"{[place.stated for place in training.places]}{training.digest}"
    folder = kept_in(unfinished.resolve(), state)
    task = partial(_fitted, training.learned, training.places, folder)
    done = {name: task(name) for name in NETWORKS}
    slowest_first = LEARNERS[::-1]
    paths = parallel_map(task, slowest_first, announce=announce)
    done |= dict(zip(slowest_first, paths, strict=True))
    return {name: unpacked_all(read_hdf5(path)[0]) for name, path in done.items()}


def _fitted(learned: Learned, places: list[Context], folder: Path, name: str) -> Path:
    path = folder / f"{name}.h5"
    if not path.exists():
        write_hdf5(path, packed_all(fit_contexts(name, learned, places)))
    return path


def save_models(training: Training, fits: Fits, out: Path, tracked: Run) -> pd.DataFrame:
    """Write a model for each stack and each kind left out, not judged yet.

    Parameters
    ----------
    training : Training
    fits : of `fit_everywhere`
    out : folder; ``models/STACK`` of all kinds, ``left_out/KIND/STACK`` without one
    tracked : told hyperparameters, data and the weights of the meta-learners

    Returns
    -------
    pd.DataFrame
        Rows of `errors_left_out`, of models without one kind and without two.
    """
    learned, walls = training.learned, walls_of(training.table)
    features = training.features[key(())]
    tracked.log_params({"learners": training.config(()).model_dump(), "features": features})
    tracked.log_dataset("learn.parquet", training.digest, "slices", rows=len(training.table))
    errors = []
    for k, place in enumerate(training.places):
        law = law_in(place, learned)
        stacks = {
            name: stack_in(place, {base: fits[base][k] for base in names}, learned)
            for name, names in STACKS.items()
        }
        errors += errors_left_out(place, stacks | {LAW: law}, learned)
        if len(place.left_out) == 2:  # only calibrates
            continue
        errors += real_errors(place, stacks, learned)
        ranges = input_ranges(learned.x[place.plan.rows][:, place.columns])
        folder = out / (f"left_out/{place.left_out[0]}" if place.left_out else "models")
        for name, stack in stacks.items():
            model = RockModel(
                stack, name, place.features, training.segmentation, ranges, law=law, walls=walls
            )
            model.save(folder / name)
            if not place.left_out:
                tracked.made(folder / name)
        if not place.left_out:
            weights = {name: s.of_plugs.weights.tolist() for name, s in stacks.items()}
            tracked.log_params({"weights": weights})
    return pd.DataFrame(errors)
