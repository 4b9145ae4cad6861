"""A label that is unsure counts less: in every learner, in the stacks, in what a search finds."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tiny.properties import ENSEMBLE
from tiny.properties import table as tiny_table

from poreops.mlops.search import Trial
from poreops.properties.judging.comparison import predict_plans, stacked
from poreops.properties.learning.base_learners import LEARNERS
from poreops.properties.learning.laws import BETWEEN, sureness
from poreops.properties.learning.left_out import (
    Learned,
    contexts,
    fit_contexts,
    key,
    left_out_sets,
    stack_in,
)
from poreops.properties.learning.plans import SliceSplitConfig, counted, plan_at_random
from poreops.properties.learning.stacks import fit, fit_meta
from poreops.properties.search import Objective

RNG = np.random.default_rng(0)
X = np.tile(RNG.standard_normal((60, 2)), (2, 1))
SURE = np.arange(120) < 60
Y = np.tile(np.where(SURE, 1.0, -1.0)[:, None], (1, 2))
"""Twice the same slices: what one label says, the other denies."""
HALF = sureness(np.where(SURE, 0.0, BETWEEN))
"""The second label errs as much as rocks differ: it counts one half, so 1/3 is the mean."""
M1 = ENSEMBLE.m1.model_copy(update={"epochs": 60})
CONFIG = ENSEMBLE.model_copy(update={"m1": M1})
ALL = np.ones(120, bool)


def test_labels_that_are_equally_sure_have_no_weights():
    assert counted(ALL, None) is None
    assert counted(ALL, np.full(120, 0.7)) is None
    assert counted(SURE, HALF) is None  # the rows of this mask are all alike
    assert counted(ALL, HALF).mean() == pytest.approx(1)


@pytest.mark.parametrize("name", [*LEARNERS, "m1"])
def test_an_unsure_label_counts_less_in_every_learner(name):
    alike, weighted = (
        fit(name, CONFIG, X, Y, [ALL], weights=weights)[0].predict(X).mean()
        for weights in (None, HALF)
    )
    assert alike == pytest.approx(0, abs=0.1)
    assert weighted == pytest.approx(1 / 3, abs=0.1)


@pytest.mark.parametrize("name", [*LEARNERS, "m1"])
def test_labels_that_are_equally_sure_change_no_bit(name):
    without, alike = (
        fit(name, ENSEMBLE, X, Y * X, [ALL], weights=weights)[0].predict(X)
        for weights in (None, sureness(np.full(120, 0.05)))
    )
    np.testing.assert_array_equal(alike, without)


def test_a_meta_learner_believes_the_sure_labels():
    truth = X[:, :1]
    labels = np.where(SURE[:, None], truth, -truth)
    weights = [
        fit_meta([truth], labels, of).weights[0, 0] for of in (None, np.where(SURE, 1, 1e-6))
    ]
    assert weights == pytest.approx([0, 1], abs=0.05)


def test_the_stacks_of_a_place_know_how_sure_their_labels_are():
    kinds = np.repeat(["a", "b", "c", "d"], 30)
    rocks = np.array([f"{kind}_{k % 2}" for k, kind in enumerate(kinds)])
    y = np.tile(np.where(np.arange(120) % 2 == 0, 1.0, -1.0)[:, None], (1, 2))
    learned = Learned(("u", "v"), X, y, rocks, kinds, np.zeros(120))
    unsure = replace(learned, errors=np.where(y[:, 0] < 0, BETWEEN, 0.0))
    split = SliceSplitConfig(seed=1, folds=4, test_share=0.2)
    names = {key(left): ("u", "v") for left in left_out_sets(kinds)}
    place = contexts(learned, split, names, lambda _: ENSEMBLE)[0]
    fits = {name: fit_contexts(name, unsure, [place])[0] for name in ("mr", "gb")}
    for of in fits.values():
        assert of[-1].predict(X).mean() == pytest.approx(1 / 3, abs=0.1)
    alike, weighted = (stack_in(place, fits, of) for of in (learned, unsure))
    for one, other in (
        (alike.of_slices, weighted.of_slices),
        (alike.of_plugs, weighted.of_plugs),
    ):
        assert not np.allclose(one.offset, other.offset)


def test_the_random_split_counts_labels_as_the_stacks_do():
    plan = plan_at_random(ALL, 3, 1)
    levels = {"mr": predict_plans("mr", ENSEMBLE, X, Y, [plan], HALF)}
    found = stacked(levels, Y, [plan], {"ours": ("mr",)}, HALF)
    assert found["mr"].mean() == pytest.approx(1 / 3, abs=0.05)
    assert found["ours"].mean() == pytest.approx(1 / 3, abs=0.1)


def test_a_search_is_not_scored_by_labels_that_say_nothing():
    """A label that is off by a factor of 400 and says so hardly changes the score."""
    table = tiny_table()
    own = table["rock"] == "rock_04"
    off = table.assign(permeability=table["permeability"] * np.where(own, np.exp(6), 1))
    split = SliceSplitConfig(seed=1, folds=3, test_share=0.2)

    def value(rows: pd.DataFrame) -> float:
        objective = Objective(rows, ["areal_porosity", "solidity"], ENSEMBLE, split)
        return objective.outcome("mr", Trial(0, {}, lambda *_: None)).value

    honest = off.assign(permeability_sd=np.where(own, 30.0, 0.0))
    assert value(off) > 3 * value(table)
    assert value(honest) < 1.3 * value(table)
