"""What models err on real rocks that they did not learn from."""

from collections.abc import Mapping

import numpy as np

from poreops.properties.learning.laws import LAW, law_inputs, targets
from poreops.properties.learning.left_out import Context, Learned, corrections
from poreops.properties.learning.real_rocks import law_without, real_rocks
from poreops.properties.learning.stacks import Stack
from poreops.properties.slices.features import design


def real_errors(
    context: Context, stacks: Mapping[str, Stack], learned: Learned
) -> list[dict[str, str | int | float]]:
    """Return what the models of one context err on real rocks, as `errors_left_out` does.

    Parameters
    ----------
    context : Context, with no kind left out or one
    stacks : name → Stack, which saw no real rock of the package
    learned : Learned
    """
    rows: list[dict[str, str | int | float]] = []
    known = learned.law_rows(context.plan.rows)
    for kind, of_kind in real_rocks().table.groupby("kind"):
        law = law_without(str(kind), known)
        for rock, table in of_kind.groupby("rock"):
            truth = targets(table)
            for candidate, model in ({LAW: law} | dict(stacks)).items():
                inputs = law_inputs(table) if candidate == LAW else design(table, context.features)
                of_slices, of_plug = corrections(model, inputs)
                errors = np.concatenate([of_slices - truth, [of_plug - truth.mean(axis=0)]])
                rows += [
                    {
                        "candidate": candidate, "rock": str(rock), "kind": str(kind),
                        "without": "".join(context.left_out),
                        "slice": place if place < len(truth) else -1,
                        "porosity": porosity, "log_permeability": log_k,
                    }
                    for place, (porosity, log_k) in enumerate(errors)
                ]  # fmt: skip
    return rows
