"""The paper's random split of slices, and what scalings and losses change there.

Rocks to learn from are on both sides of it. Features and hyperparameters are those chosen on its
training slices; the test slices are read here and nowhere else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.base.files import read_json, read_table, read_yaml
from poreops.base.settings import overridden
from poreops.properties.judging.comparison import predict_plans, stacked
from poreops.properties.judging.scores import regression_scores
from poreops.properties.learning.base_learners import LEARNERS
from poreops.properties.learning.laws import (
    LAW,
    fit_law,
    in_units,
    label_errors,
    law_corrections,
    law_inputs,
    sureness,
    targets,
)
from poreops.properties.learning.plans import Plan, plan_at_random
from poreops.properties.learning.predictors import Floats
from poreops.properties.learning.stacks import NETWORKS, STACKS, EnsembleConfig, fit
from poreops.properties.slices.features import design


class JudgingConfig(BaseModel):
    """How models are judged.

    Attributes
    ----------
    coverage : of the prediction intervals
    random_folds : of single slices, in the random split
    compared : base learners that are tried with each scaling, and the networks of them with each
        loss
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    coverage: Annotated[float, Field(gt=0, lt=1)]
    random_folds: Annotated[int, Field(ge=2)]
    compared: tuple[Literal[*LEARNERS, *NETWORKS], ...]  # type: ignore[valid-type]


@dataclass(frozen=True)
class RandomSplit:
    """Training and test slices of the same rocks.

    learned, siblings : their tables. features : chosen on the former. learners : EnsembleConfig.
    folds, seed : of the out-of-fold predictions, of single slices.
    """

    learned: pd.DataFrame
    siblings: pd.DataFrame
    features: Sequence[str]
    learners: EnsembleConfig
    folds: int
    seed: int

    @classmethod
    def read(cls, artifacts: Path, stated: EnsembleConfig, folds: int, seed: int) -> "RandomSplit":
        """Read tables, features and what a search found from the folder of artifacts.

        Parameters
        ----------
        artifacts : of the line
        stated : of the learners
        folds, seed : of the out-of-fold predictions
        """
        report = read_table(artifacts / "parts/report.parquet")
        chosen = read_yaml(artifacts / "search/best.yaml")["chosen"]
        return cls(
            read_table(artifacts / "parts/learn.parquet"),
            report[report["sibling"]],
            read_json(artifacts / "selection/features.json")["features"],
            overridden(stated, chosen.get("none", {})),
            folds,
            seed,
        )

    @cached_property
    def table(self) -> pd.DataFrame:
        """All slices, those to test on last."""
        return pd.concat([self.learned, self.siblings], ignore_index=True)

    @cached_property
    def test(self) -> NDArray[np.bool_]:
        """Which of them are tested on."""
        return np.arange(len(self.table)) >= len(self.learned)

    @cached_property
    def x(self) -> Floats:
        """Inputs (n, d)."""
        return design(self.table, self.features)

    @cached_property
    def y(self) -> Floats:
        """Corrections of the law, (n, 2); those of the test slices are never learned from."""
        return targets(self.table)

    @cached_property
    def weights(self) -> Floats:
        """How much each label counts, (n,)."""
        return sureness(label_errors(self.table))

    @cached_property
    def truth(self) -> Floats:
        """Porosity and log(k/m²), (n, 2)."""
        return in_units(self.y, self.table)

    @cached_property
    def plan(self) -> Plan:
        """Folds of the training slices."""
        return plan_at_random(~self.test, self.folds, self.seed)


def random_split(split: RandomSplit) -> tuple[dict[str, Floats], dict[str, dict[str, float]]]:
    """Judge every learner and stack on the random split.

    Parameters
    ----------
    split : RandomSplit

    Returns
    -------
    predicted : model → (n, 2) porosity and log(k/m²) of all slices
    seconds : model → {"fit", "predict"}, of all its fits and of all slices
    """
    few = plan_at_random(np.arange(len(split.x)) < 60, 2, 1)
    for name in ("mr", "xgb", "m1"):  # so that no time below holds the import of a framework
        predict_plans(name, split.learners, split.x, split.y, [few])
    levels = {
        name: predict_plans(name, split.learners, split.x, split.y, [split.plan], split.weights)
        for names in STACKS.values()
        for name in names
    }
    of_all = stacked(levels, split.y, [split.plan], weights=split.weights)
    found = {name: of[0] for name, of in of_all.items()}
    rows = ~split.test
    z = law_inputs(split.table)
    law = fit_law(split.y[rows], split.table["rock"].to_numpy()[rows], z[rows])
    found[LAW] = law_corrections(law, z)
    seconds = {n: {"fit": p.fit_seconds, "predict": p.predict_seconds} for n, p in levels.items()}
    fits = len(split.plan.masks)  # a stack predicts with all of them, a base learner with the last
    for stack, names in STACKS.items():
        seconds[stack] = {
            "fit": sum(seconds[name]["fit"] for name in names),
            "predict": fits * sum(seconds[name]["predict"] for name in names),
        }
    return {name: in_units(values, split.table) for name, values in found.items()}, seconds


def compare(split: RandomSplit, names: Sequence[str]) -> dict[str, dict[str, dict[str, float]]]:
    """Try each scaling, and for networks each loss, on the random split.

    Parameters
    ----------
    split : RandomSplit
    names : of base learners

    Returns
    -------
    {"scaling" | "loss": {choice: {learner: R² of log k on the test slices}}}
    """
    networks = [name for name in names if name in NETWORKS]

    def score(name: str, changes: Mapping[str, str]) -> float:
        config = overridden(split.learners, changes)
        (fitted,) = fit(name, config, split.x, split.y, [~split.test], weights=split.weights)
        found = in_units(fitted.predict(split.x), split.table)
        return regression_scores(found[split.test, 1], split.truth[split.test, 1])["r2"]

    return {
        "scaling": {
            kind: {name: score(name, {"scaling": kind}) for name in names}
            for kind in ("standard", "minmax", "maxabs")
        },
        "loss": {
            loss: {name: score(name, {f"{name}.loss": loss}) for name in networks}
            for loss in ("mse", "mae", "huber")
        },
    }
