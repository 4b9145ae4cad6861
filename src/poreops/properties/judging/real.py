"""Real rocks as kinds that no stack saw, and that the law is fitted without, one by one."""

from collections.abc import Sequence

import numpy as np

from poreops.base.arrays import Array
from poreops.properties.judging.left_out_kinds import (
    CANDIDATES,
    Predicted,
    Scores,
    Trained,
    combined,
    plug_means,
    scored,
)
from poreops.properties.learning.laws import (
    LAW,
    NULLS,
    by_law,
    group_means,
    in_units,
    law_inputs,
    law_rows,
    targets,
)
from poreops.properties.learning.left_out import corrections
from poreops.properties.learning.real_rocks import law_without, real_rocks
from poreops.properties.slices.features import design


def predict_real(trained: Trained) -> Predicted:
    """Predict every real rock of the package by candidates and nulls that learned nothing of it.

    Parameters
    ----------
    trained : Trained
    """
    table, learned = real_rocks().table, trained.learned
    known = law_rows(learned)
    rocks = table["rock"].to_numpy()
    names, first = np.unique(rocks, return_index=True)
    kinds = table["kind"].to_numpy()[first].astype(str)
    laws = {kind: law_without(kind, known) for kind in np.unique(kinds)}
    truth = in_units(targets(table), table)
    slices = {name: np.zeros_like(truth) for name in CANDIDATES}
    plugs = {name: np.zeros((len(names), 2)) for name in (*CANDIDATES, *NULLS)}
    counted, measured = plug_means(learned)
    for row, (rock, kind) in enumerate(zip(names, kinds, strict=True)):
        own = rocks == rock
        part = table[own]
        law = by_law(part)
        for name in CANDIDATES:
            if name == LAW:
                found = corrections(laws[kind], law_inputs(part))
            else:
                model = trained.models[""][name]
                found = corrections(model.stack, design(part, model.features))
            slices[name][own] = found[0] + law
            plugs[name][row] = found[1] + law.mean(axis=0)
        for name, null in NULLS.items():
            plugs[name][row] = null(counted, measured, law[:, 0].mean(keepdims=True))[0]
    return Predicted(names, kinds, group_means(truth, rocks), plugs, rocks, truth, slices)


def joined(one: Predicted, other: Predicted) -> Predicted:
    """Return the plugs of two predictions as one, in sorted order.

    Parameters
    ----------
    one, other : of different rocks
    """
    order = np.argsort(np.concatenate([one.rocks, other.rocks]), kind="stable")

    def both(name: str) -> Array:
        return np.concatenate([getattr(one, name), getattr(other, name)])

    plugs = {
        name: np.concatenate([values, other.plugs[name]])[order]
        for name, values in one.plugs.items()
    }
    slices = {n: np.concatenate([values, other.slices[n]]) for n, values in one.slices.items()}
    return Predicted(
        both("rocks")[order], both("kinds")[order], both("truth")[order], plugs,
        both("slice_rocks"), both("slice_truth"), slices,
    )  # fmt: skip


def by_rock(found: Predicted, served: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return by which factor each real rock's permeability is predicted, and the mean error.

    Parameters
    ----------
    found : of `predict_real`
    served : candidate of each target

    Returns
    -------
    {rock: {"factor", "error", "plugs"}}
        The geometric mean of predicted over simulated, the median relative error of its plugs.
    """
    errors = (combined(found.plugs, served) - found.truth)[:, 1]
    return {
        str(kind): {
            "factor": float(np.exp(errors[found.kinds == kind].mean())),
            "error": float(np.median(np.abs(np.expm1(errors[found.kinds == kind])))),
            "plugs": int((found.kinds == kind).sum()),
        }
        for kind in np.unique(found.kinds)
    }


def scores_of_rocks(found: Predicted, served: Sequence[str]) -> dict[str, Scores]:
    """Score candidates, nulls and what is served on real rocks, as `scored` does.

    Parameters
    ----------
    found : of `predict_real`
    served : candidate of each target
    """
    return scored({**found.plugs, "served": combined(found.plugs, served)}, found.truth)
