"""Scores on the report part, which is read once and decides nothing, and what pictures need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from poreops.base.arrays import Array
from poreops.base.content import Json
from poreops.base.files import write_json, write_table
from poreops.mlops import metrics
from poreops.properties.judging.comparison import importance
from poreops.properties.judging.evaluation import RandomSplit, compare, random_split
from poreops.properties.judging.laboratory import apart, by_laboratory
from poreops.properties.judging.left_out_kinds import (
    Scores,
    Trained,
    by_kind,
    combined,
    coverage_left_out,
    learners_left_out,
    predict_left_out,
    predict_siblings,
    scored,
)
from poreops.properties.judging.real import by_rock, predict_real, scores_of_rocks
from poreops.properties.learning.intervals import scales
from poreops.properties.learning.laws import LAW, NULLS, TARGETS
from poreops.properties.learning.predictors import Floats
from poreops.properties.learning.stacks import STACKS
from poreops.properties.model import RockModel
from poreops.properties.slices.features import design
from poreops.properties.volumes.judging import volumes_left_out


@dataclass(frozen=True)
class Reported:
    """What was found on the report part.

    scores : split → model → target → score. details : of reports/properties/models.json.
    plugs : a row for each model and rock, kind left out; of "served" with half widths.
    slices : a row for each model and test slice of the random split.
    Their columns are ``model``, ``rock``, and for each target its name, ``measured_`` and
    ``half_width_`` before it; log k in log(k/m²).
    """

    scores: Mapping[str, Mapping[str, Scores]]
    details: Mapping[str, Json]
    plugs: pd.DataFrame
    slices: pd.DataFrame

    @property
    def summary(self) -> str:
        """Errors of what is served, of the law, the stacks and the nulls, kind left out."""
        shown = ("served", LAW, *STACKS, *NULLS)
        of = self.scores["kind_left_out"]
        return "\n".join(
            f"error of {target}, kind of rock left out: "
            + ", ".join(f"{name} {of[name][target]['mae']:.3f}" for name in shown)
            for target in TARGETS
        )

    def write(self, artifacts: Path, reports: Path) -> None:
        """Write scores, details and metrics into `reports`, the tables into `artifacts`.

        Parameters
        ----------
        artifacts : folder of plugs.parquet and slices.parquet
        reports : folder of scores.json, models.json and metrics.json
        """
        write_json(reports / "scores.json", self.scores)
        write_json(reports / "models.json", self.details)
        write_json(reports / "metrics.json", self.metrics)
        write_table(artifacts / "plugs.parquet", self.plugs)
        write_table(artifacts / "slices.parquet", self.slices)

    @property
    def metrics(self) -> dict[str, float]:
        """The few figures that say how good the line is, under the names that lines share."""
        return metrics.properties(self.scores, self.details)


def report_on(
    trained: Trained,
    whole: pd.DataFrame,
    model: RockModel,
    split: RandomSplit,
    compared: Sequence[str],
) -> Reported:
    """Score every model on rocks that nothing was chosen by.

    They are predicted by models that never saw their kind, which is the headline, and by the very
    files that may be served, which have seen siblings; the paper's random split has slices of
    rocks that were learned from. Rocks with laboratory values stand apart, at their own scale.

    Parameters
    ----------
    trained : Trained
    whole : slices of rocks of which nothing was learned
    model : that may be served
    split : of slices
    compared : base learners that are tried with each scaling and loss
    """
    served = [model.served[target] for target in TARGETS]
    whole, measured = apart(whole)
    found = predict_left_out(trained, whole)
    plugs = {**found.plugs, **learners_left_out(trained, whole)}
    plugs["served"] = combined(plugs, served)
    at_random, seconds = random_split(split)
    of_test = {name: values[split.test] for name, values in at_random.items()}
    real = predict_real(trained)
    scores = {
        "rock_left_out": scores_of_rocks(real, served),
        "kind_left_out": scored(plugs, found.truth),
        "siblings": scored(predict_siblings(model, whole), found.truth),
        "random": scored(of_test, split.truth[split.test]),
    }
    falls = importance(
        model.stack.predict, design(split.siblings, model.features), split.y[split.test],
        split.seed,
    )  # fmt: skip
    details = {
        "served": model.served,
        "rocks": {"learn": trained.learned["rock"].nunique(), "report": len(found.rocks)},
        "slices": {"learn": len(split.learned), "siblings": len(split.siblings)},
        "coverage": coverage_left_out(trained, found, served, model.judged.coverage),
        "coverage_of_rocks": coverage_left_out(trained, real, served, model.judged.coverage),
        "by_rock": by_rock(real, served),
        "by_rock_of_law": by_rock(real, (LAW, LAW)),
        "laboratory": by_laboratory(trained, measured, served, model.judged),
        "volumes": volumes_left_out(),
        "widths": {"slice": model.judged.slice, "plug": model.judged.plug},
        "by_kind": by_kind(plugs, found, ("served", LAW, *STACKS)),
        "compared": compare(split, compared),
        "seconds": seconds,
        "importance": dict(zip(model.features, falls.tolist(), strict=True)),
    }
    half = model.judged.plug * scales(plugs["served"] - plugs[LAW])
    rocks = split.table["rock"].to_numpy()[split.test]
    return Reported(
        scores,
        details,
        _rows(plugs, found.truth, found.rocks, {"served": half}),
        _rows(of_test, split.truth[split.test], rocks, {}),
    )


def _rows(
    predicted: Mapping[str, Floats],
    truth: Floats,
    rocks: Array,
    half_widths: Mapping[str, Floats],
) -> pd.DataFrame:
    parts = []
    for name, values in predicted.items():
        half = half_widths.get(name, np.full_like(values, np.nan))
        columns = {"model": name, "rock": rocks}
        for k, target in enumerate(TARGETS):
            columns |= {target: values[:, k], f"measured_{target}": truth[:, k]}
            columns |= {f"half_width_{target}": half[:, k]}
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)
