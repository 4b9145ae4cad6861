"""What answers for each property, decided on the gate part, and how wide its intervals are."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from poreops.base.content import Json
from poreops.properties.gate import GateConfig, choose, flat
from poreops.properties.judging.left_out_kinds import (
    Scores,
    Trained,
    combined,
    coverage_left_out,
    predict_left_out,
    scored,
    widths_of,
)
from poreops.properties.judging.real import joined, predict_real
from poreops.properties.learning.laws import LAW, TARGETS
from poreops.properties.learning.stacks import STACKS
from poreops.properties.model import RockModel, Widths


@dataclass(frozen=True)
class Decision:
    """The model that may be served, and why.

    model : RockModel, with the widths of its intervals.
    answers : target → candidate. reasons : why a stack does not answer for the permeability.
    candidates : candidate or null → target → score. own : those of what is served.
    coverage : {"slice" | "plug": {target: share inside the intervals}}, real rocks among them.
    rocks : of the gate part. real : candidate, null or "served" → target → score, on real rocks.
    """

    model: RockModel
    answers: Mapping[str, str]
    reasons: list[str]
    candidates: Mapping[str, Scores]
    own: Scores
    coverage: Mapping[str, Mapping[str, float]]
    rocks: int
    real: Mapping[str, Scores]

    @property
    def report(self) -> dict[str, Json]:
        """Content of reports/properties/gate.json."""
        lowest = min(share for of in self.coverage.values() for share in of.values())
        return {
            "served": self.answers,
            "kept_the_law_since": self.reasons,
            "scores": flat(self.own) | {"coverage": lowest},
            "coverage": self.coverage,
            "candidates": self.candidates,
            "rocks": self.rocks,
            "real": self.real,
        }


def decide(trained: Trained, table: pd.DataFrame, coverage: float, gate: GateConfig) -> Decision:
    """Decide what answers for each property.

    Each rock is predicted by models that never saw its kind. The better stack answers for the
    permeability if it beats Kozeny and Carman's law and the nulls there, and the law also where
    the real rocks of the package are judged too, which no stack saw and which the law leaves out;
    else the law does. The porosity is the counted one unless a stack does better. The intervals
    come from the rocks to learn from and the real ones; whether they hold is measured on both.

    Parameters
    ----------
    trained : Trained
    table : slices of the gate part
    coverage : of the intervals, as 0.9
    gate : GateConfig
    """
    found, real = predict_left_out(trained, table), predict_real(trained)
    both, candidates = joined(found, real), scored(found.plugs, found.truth)
    answers, reasons = choose(candidates, gate)
    reasons += worse_on_rocks(answers["log_permeability"], scored(both.plugs, both.truth), gate)
    if reasons:
        answers = {**answers, "log_permeability": LAW}
    served = [answers[target] for target in TARGETS]
    model = trained.models[""][next((n for n in served if n != LAW), next(iter(STACKS)))]
    model = model.correcting((served[0] != LAW, served[1] != LAW))
    counts = trained.learned.groupby("rock").size()
    of_slice, of_plug = widths_of(trained.errors, served, coverage, None)
    model.widths = Widths(coverage, int(np.median(counts)), of_slice, of_plug)
    return Decision(
        model,
        answers,
        reasons,
        candidates,
        scored({"served": combined(found.plugs, served)}, found.truth)["served"],
        coverage_left_out(trained, both, served, coverage),
        len(found.rocks),
        scored({**real.plugs, "served": combined(real.plugs, served)}, real.truth),
    )


def worse_on_rocks(name: str, scores: Mapping[str, Scores], gate: GateConfig) -> list[str]:
    """Say why a stack may not answer: it does not beat the law once real rocks are judged too.

    Parameters
    ----------
    name : candidate that would answer for the permeability
    scores : candidate → target → score, of the gate part and the real rocks together
    gate : GateConfig
    """
    own, law = (scores[of]["log_permeability"]["mae"] for of in (name, LAW))
    margin = gate.margins.get("kozeny_carman", 1.0)
    if name == LAW or own < margin * law:
        return []
    reason = (
        f"with real rocks the error of {name}, {own:.4g}, is not below {margin:g} times that of "
        f"{LAW}, {law:.4g}"
    )
    return [reason]
