"""Models of all kinds of rock, of all but one, and of all but two.

Those without a kind are judged on it. Those without two calibrate the intervals of the former:
what a model errs on a kind that it never saw, measured without the kind that is asked about.
Features and hyperparameters are those that were chosen without the kinds in question.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.base.content import Json
from poreops.properties.learning.laws import (
    LAW_INPUTS,
    LawRows,
    fit_law,
    law_corrections,
    sureness,
    targets,
)
from poreops.properties.learning.plans import Plan, SliceSplitConfig, kept, plan_by_group
from poreops.properties.learning.predictors import Floats, Scaled
from poreops.properties.learning.real_rocks import real_rocks
from poreops.properties.learning.selection import Selection, SelectionConfig, select
from poreops.properties.learning.stacks import EnsembleConfig, Stack, fit, stack_of
from poreops.properties.slices.features import INPUTS, design

Kinds = tuple[str, ...]


@dataclass(frozen=True)
class Learned:
    """The slices to learn from.

    inputs : (d,) names of what a model may take. x : (n, d). y : (n, 2) targets.
    rocks, kinds : (n,) names. errors : (n,) of the labels' log k, as standard deviations; without
        any each label counts fully.
    """

    inputs: Sequence[str]
    x: Floats
    y: Floats
    rocks: Array
    kinds: Array
    errors: Floats | None = None

    @property
    def law_inputs(self) -> Floats:
        """What the constant of the law depends on, (n, 1)."""
        return self.x[:, [list(self.inputs).index(name) for name in LAW_INPUTS]]

    @property
    def weights(self) -> Floats | None:
        """How much each label counts, (n,); see `sureness`."""
        return None if self.errors is None else sureness(self.errors)

    def law_rows(self, rows: Array) -> LawRows:
        """Return what `fit_law` takes of some slices.

        Parameters
        ----------
        rows : (m,) their numbers, or (n,) bool
        """
        errors = np.zeros(len(self.y)) if self.errors is None else self.errors
        parts = (self.y, self.rocks, self.law_inputs, self.kinds, errors)
        y, rocks, z, kinds, errors = (part[rows] for part in parts)
        return y, rocks, z, kinds, errors


@dataclass(frozen=True)
class Context:
    """What models learn from in one place: without which kinds, which inputs, which folds.

    left_out : names of the kinds. features : names of the inputs. columns : their places.
    plan : rows and folds. config : of the learners.
    """

    left_out: Kinds
    features: tuple[str, ...]
    columns: NDArray[np.int64]
    plan: Plan
    config: EnsembleConfig

    @property
    def stated(self) -> str:
        """What decides the fits, beside the rows."""
        return f"{self.left_out} {self.features} {self.plan.folds.tolist()} {self.config}"


def left_out_sets(kinds: Array) -> list[Kinds]:
    """Return (), then each kind, then each pair; pairs only where two kinds remain.

    Parameters
    ----------
    kinds : (n,) of the rows

    Examples
    --------
    >>> left_out_sets(np.array(["a", "b", "b", "c"]))
    [(), ('a',), ('b',), ('c',)]
    """
    names = [str(name) for name in np.unique(kinds)]
    most = max(min(2, len(names) - 2), 0)
    return [left for count in range(most + 1) for left in combinations(names, count)]


def key(left_out: Kinds) -> str:
    """Return the name of a set of kinds left out.

    Parameters
    ----------
    left_out : names of the kinds

    Examples
    --------
    >>> key(()), key(("blobs", "vuggy"))
    ('none', 'blobs+vuggy')
    """
    return "+".join(left_out) or "none"


def select_left_out(table: pd.DataFrame, config: SelectionConfig) -> dict[str, Selection]:
    """Choose features with all kinds of rock, and without each of `left_out_sets`.

    Parameters
    ----------
    table : slices to learn from, with ``rock`` and ``kind``
    config : SelectionConfig

    Returns
    -------
    dict
        `key` of the kinds left out → what was chosen without them.
    """
    x, y = design(table, INPUTS), targets(table)
    rocks, kinds = table["rock"].to_numpy(), table["kind"].to_numpy()
    found = {}
    for left in left_out_sets(kinds):
        rows = kept(kinds, left)
        found[key(left)] = select(x[rows], INPUTS, y[rows], rocks[rows], config)
    return found


def contexts(
    learned: Learned,
    split: SliceSplitConfig,
    features: Mapping[str, Sequence[str]],
    config: Callable[[Kinds], EnsembleConfig],
) -> list[Context]:
    """List where models are fitted.

    Parameters
    ----------
    learned : Learned
    split : SliceSplitConfig
    features : `key` of the kinds left out → the inputs chosen without them
    config : kinds left out → the hyperparameters chosen without them
    """
    found = []
    for left in left_out_sets(learned.kinds):
        plan = plan_by_group(learned.kinds, split.folds, split.seed, left)
        own = tuple(features[key(left)])
        columns = np.array([learned.inputs.index(name) for name in own])
        found.append(Context(left, own, columns, plan, config(left)))
    return found


def fit_contexts(name: str, learned: Learned, places: Sequence[Context]) -> list[list[Scaled]]:
    """Fit a base learner on every mask of every context; networks train side by side.

    Parameters
    ----------
    name : of the base learner
    learned : Learned
    places : contexts
    """
    fits: list[list[Scaled]] = [[] for _ in places]
    configs = [place.config for place in places]
    for config in dict.fromkeys(configs):
        own = [k for k, other in enumerate(configs) if other == config]
        masks = [(mask, places[k].columns) for k in own for mask in places[k].plan.masks]
        done = iter(
            fit(
                name, config, learned.x, learned.y, [m for m, _ in masks], [c for _, c in masks],
                learned.weights,
            )
        )  # fmt: skip
        for k in own:
            fits[k] = [next(done) for _ in places[k].plan.masks]
    return fits


def stack_in(context: Context, fits: Mapping[str, Sequence[Scaled]], learned: Learned) -> Stack:
    """Put the stack of one context together.

    Parameters
    ----------
    context : Context
    fits : base learner → its fit on each mask of the context's plan
    learned : Learned
    """
    x = learned.x[:, context.columns]
    return stack_of(fits, x, learned.y, context.plan, learned.rocks, learned.weights)


def law_in(context: Context, learned: Learned) -> Floats:
    """Return Kozeny and Carman's law as fitted in one context; see `fit_law`.

    Real rocks of the package are learned from too, in every context: none is of a kind that the
    pipeline draws.

    Parameters
    ----------
    context : Context
    learned : Learned
    """
    own, real = learned.law_rows(context.plan.rows), real_rocks().law_rows
    return fit_law(*(np.concatenate(parts) for parts in zip(own, real, strict=True)))


def errors_left_out(
    context: Context, found: Mapping[str, Stack | Floats], learned: Learned
) -> list[dict[str, Json]]:
    """Return what models err on the rocks to learn from whose kinds they did not see.

    Parameters
    ----------
    context : Context, with one or two kinds left out
    found : candidate → Stack, or the law of `fit_law`
    learned : Learned

    Returns
    -------
    list
        A row for each candidate and slice, and one with slice -1 for each plug: ``candidate``,
        ``rock``, ``kind``, ``without`` (the other kind left out, "" for none), ``slice``, and the
        errors ``porosity`` and ``log_permeability``.
    """
    rows: list[dict[str, Json]] = []
    for kind in context.left_out:
        without = next((other for other in context.left_out if other != kind), "")
        for rock in np.unique(learned.rocks[learned.kinds == kind]):
            own = learned.rocks == rock
            x, truth = learned.x[own][:, context.columns], learned.y[own]
            for candidate, model in found.items():
                inputs = x if isinstance(model, Stack) else learned.law_inputs[own]
                of_slices, of_plug = corrections(model, inputs)
                errors = np.concatenate([of_slices - truth, [of_plug - truth.mean(axis=0)]])
                rows += [
                    {
                        "candidate": candidate, "rock": rock, "kind": kind, "without": without,
                        "slice": place if place < len(x) else -1,
                        "porosity": porosity, "log_permeability": log_k,
                    }
                    for place, (porosity, log_k) in enumerate(errors)
                ]  # fmt: skip
    return rows


def corrections(model: Stack | Floats, x: Floats) -> tuple[Floats, Floats]:
    """Return what a stack or a law corrects, of slices of one plug (n, 2) and of the plug (2,).

    Parameters
    ----------
    model : Stack, or the law of `fit_law`
    x : (n, d) inputs of the stack, or of the law
    """
    if isinstance(model, Stack):
        return model.predict(x), model.predict_plug(x)
    of_slices = law_corrections(model, x)
    return of_slices, of_slices.mean(axis=0)
