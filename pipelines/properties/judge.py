"""Decide on the gate part what answers for each property: artifacts/properties/judged/, properties_gate.json.

Each rock of the part is predicted by models that never saw its kind. The better stack answers for
the permeability if it beats Kozeny and Carman's law and the nulls there, else the law does; the
porosity is the counted one unless a stack does better. Intervals come from the rocks to learn
from, whether they hold is measured here. The rocks of the report have no part in any of it.
"""

from pathlib import Path

import numpy as np

from poreops.base.files import read_table, sha256, write_json
from poreops.base.settings import section
from poreops.errors import exit_on_input_error
from poreops.mlops.tracking import run
from poreops.properties.gate import RockEvaluationConfig, RockGateConfig, choose, flat
from poreops.properties.judging.left_out_kinds import (
    Trained,
    combined,
    coverage_left_out,
    predict_left_out,
    probe_scores,
    scored,
    widths_of,
)
from poreops.properties.learning.laws import LAW, TARGETS
from poreops.properties.learning.stacks import STACKS
from poreops.properties.model import Widths

ARTIFACTS = Path("artifacts/properties")
PART, OUT = ARTIFACTS / "parts/gate.parquet", ARTIFACTS / "judged"


def main() -> None:
    """Write the model that may be served, and what it reached on the gate part."""
    judged, gate = (
        section("properties.judging", RockEvaluationConfig),
        section("properties.gate", RockGateConfig),
    )
    trained, table = Trained.read(ARTIFACTS), read_table(PART)
    found = predict_left_out(trained, table)
    candidates = scored(found.plugs, found.truth)
    answers, reasons = choose(candidates, gate)
    served = [answers[target] for target in TARGETS]
    coverage = coverage_left_out(trained, found, served, judged.coverage)
    own = scored({"served": combined(found.plugs, served)}, found.truth)["served"]
    model = trained.models[""][next((n for n in served if n != LAW), next(iter(STACKS)))]
    model = model.correcting((served[0] != LAW, served[1] != LAW))
    counts = trained.learned.groupby("rock").size()
    of_slice, of_plug = widths_of(trained.errors, served, judged.coverage, None)
    model.widths = Widths(judged.coverage, int(np.median(counts)), of_slice, of_plug)
    model.save(OUT / "model")
    lowest = min(share for of in coverage.values() for share in of.values())
    report = {
        "served": answers,
        "kept_the_law_since": reasons,
        "scores": flat(own) | {"coverage": lowest},
        "coverage": coverage,
        "candidates": candidates,
        "rocks": len(found.rocks),
    }
    details = {"sha256": sha256(OUT / "model"), "probe": probe_scores(model, table)}
    write_json(OUT / "judged.json", report | details)
    write_json("reports/properties/gate.json", report)
    with run("properties_judge", model.name) as tracked:
        tracked.log_params({"served": answers})
        tracked.log_metrics({"served": own, "coverage": coverage} | candidates)
    errors = {name: of["log_permeability"]["mae"] for name, of in candidates.items()}
    print("error of log10 k, kind of rock left out: "
          + ", ".join(f"{name} {error:.3f}" for name, error in errors.items()))  # fmt: skip
    print(f"served: {', '.join(f'{target} by {name}' for target, name in answers.items())}")


if __name__ == "__main__":
    with exit_on_input_error():
        main()
