"""Level 2 sees predictions of rows that level 1 did not: nothing leaks."""

import numpy as np
import pytest

from poreops.errors import InputError
from poreops.properties.judging.comparison import importance, predict_plans, stacked
from poreops.properties.learning.base_learners import (
    LEARNERS,
    BoostingConfig,
    ForestConfig,
    PenaltyConfig,
    XgboostConfig,
    estimator,
)
from poreops.properties.learning.dense_networks import NetworkConfig
from poreops.properties.learning.laws import group_means
from poreops.properties.learning.plans import (
    SliceSplitConfig,
    plan_at_random,
    plan_by_group,
    random_test,
)
from poreops.properties.learning.predictors import Committee
from poreops.properties.learning.stacks import (
    NETWORKS,
    STACKS,
    EnsembleConfig,
    fit,
    fit_meta,
    fit_stack,
    level_one,
)

NETWORK = NetworkConfig(
    depth=1, width=8, activation="relu", dropout=0.1, optimiser="adam", learning_rate=0.01,
    batch_size=32, epochs=5, loss="mse",
)  # fmt: skip
CONFIG = EnsembleConfig(
    seed=1,
    scaling="standard",
    rg=PenaltyConfig(alpha=1.0),
    lr=PenaltyConfig(alpha=0.01),
    rf=ForestConfig(trees=8, max_depth=6, min_leaf=1, max_features=0.7),
    gb=BoostingConfig(trees=10, learning_rate=0.2, max_depth=2, subsample=0.8, max_features=0.7),
    xgb=XgboostConfig(trees=10, learning_rate=0.2, max_depth=2, subsample=0.8, l2=1.0),
    **dict.fromkeys(NETWORKS, NETWORK),
)
ROCKS = np.repeat([f"r{k}" for k in range(9)], 8)


@pytest.fixture(scope="module")
def rows():
    """Slices of nine rocks; the inputs tell the rock, the target is the rock's own."""
    rng = np.random.default_rng(0)
    place = np.repeat(np.arange(9), 8)
    x = rng.standard_normal((9, 3))[place] + 0.1 * rng.standard_normal((72, 3))
    y = np.stack([x[:, 0], x[:, 1] + rng.standard_normal(9)[place]], axis=1)
    return x, y


def plan():
    return plan_by_group(ROCKS, folds=3, seed=4)


# Plans


def test_no_rock_is_on_both_sides():
    for mask in plan().masks[:-1]:
        assert not set(ROCKS[mask]) & set(ROCKS[~mask])
    assert plan().masks[-1].all()


def test_a_left_out_rock_is_in_no_mask():
    for mask in plan_by_group(ROCKS, 3, 4, left_out=["r5"]).masks:
        assert "r5" not in set(ROCKS[mask])


def test_there_are_never_more_folds_than_groups():
    folds = plan_by_group(ROCKS, 20, 1).folds
    assert sorted(np.unique(folds)) == list(range(9))
    assert all(len(set(folds[rock == ROCKS])) == 1 for rock in ROCKS)


def test_a_single_kind_is_an_input_error():
    two = np.where(ROCKS == "r1", "a", "b")
    with pytest.raises(InputError, match=r"at least two kinds .* got 1 with b left out"):
        plan_by_group(two, 4, 1, ["b"])


def test_the_random_split_keeps_its_test_slices_out():
    config = SliceSplitConfig(seed=1, folds=3, test_share=0.25)
    test = random_test(72, config)
    assert test.sum() == 18
    for mask in plan_at_random(~test, 3, 1).masks:
        assert not (mask & test).any()


# No leakage


@pytest.mark.parametrize("name", [*LEARNERS, "m1"])
def test_the_targets_of_a_rock_do_not_reach_its_own_level_2_features(name, rows):
    x, y = rows
    before = level_one(fit(name, CONFIG, x, y, plan().masks), plan(), x).out_of_fold
    own = ROCKS == "r3"
    lie = np.where(own[:, None], 1e3, y)
    after = level_one(fit(name, CONFIG, x, lie, plan().masks), plan(), x).out_of_fold
    np.testing.assert_array_equal(after[own], before[own])
    assert not np.allclose(after[~own], before[~own])  # the lie does reach the others


def test_a_forest_that_remembers_rocks_does_not_look_good_out_of_fold(rows):
    """The trap of the random split: the second target of a rock cannot be known from another."""
    x, y = rows
    by_rock = level_one(fit("rf", CONFIG, x, y, plan().masks), plan(), x)
    at_random = plan_at_random(np.ones(72, bool), 3, 1)
    mixed = level_one(fit("rf", CONFIG, x, y, at_random.masks), at_random, x)
    error = [((p.out_of_fold - y)[:, 1] ** 2).mean() for p in (by_rock, mixed)]
    assert error[0] > 3 * error[1]


def test_a_left_out_rock_does_not_reach_its_prediction(rows):
    x, y = rows
    plans = [plan_by_group(ROCKS, 3, 4, left_out=[rock]) for rock in ("r3", "r5")]

    def predicted(targets):
        names = (*LEARNERS, *NETWORKS)
        levels = {n: predict_plans(n, CONFIG, x, targets, plans) for n in names}
        return stacked(levels, targets, plans)

    own = ROCKS == "r3"
    before, after = predicted(y), predicted(np.where(own[:, None], 50.0, y))
    assert set(before) == {*LEARNERS, *NETWORKS, *STACKS}
    for name, values in before.items():
        np.testing.assert_array_equal(after[name][0], values[0], err_msg=name)
        assert not np.allclose(after[name][1], values[1]), name


# Stacks


def test_the_stack_is_that_of_scikit_learn(rows):
    """With the fits on all rows alone SMR-ML of one target is sklearn's StackingRegressor."""
    from sklearn.ensemble import StackingRegressor
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y = rows
    names, target = ("mr", "rg", "gb"), y[:, :1]
    stack = fit_stack(names, CONFIG, x, target, plan(), ROCKS)
    of_all_rows = [stack.base[name].members[-1].predict(x) for name in names]
    ours = stack.of_slices.predict(of_all_rows)[:, 0]
    folds = [(np.flatnonzero(m), np.flatnonzero(~m)) for m in plan().masks[:-1]]

    def learner(name):
        config = getattr(CONFIG, name, None)
        return make_pipeline(StandardScaler(), estimator(name, config, CONFIG.seed))

    reference = StackingRegressor(
        [(name, learner(name)) for name in names],
        final_estimator=LinearRegression(positive=True),
        cv=folds,
    ).fit(x, target[:, 0])
    # scikit-learn leaves the target as it is, which changes rounding only
    np.testing.assert_allclose(ours, reference.predict(x), rtol=1e-6, atol=1e-6)


def test_a_stack_in_use_is_the_stack_that_was_judged(rows):
    x, y = rows
    names = ("mr", "gb", "m1")
    levels = {name: predict_plans(name, CONFIG, x, y, [plan()]) for name in names}
    judged = stacked(levels, y, [plan()], {"ours": names})["ours"][0]
    used = fit_stack(names, CONFIG, x, y, plan(), ROCKS)
    np.testing.assert_allclose(used.predict(x), judged, rtol=1e-6, atol=1e-9)


def test_a_committee_errs_less_than_its_members(rows):
    """The error of the mean is the mean error less the spread (Krogh & Vedelsby 1995)."""
    x, y = rows
    members = fit("gb", CONFIG, x, y, plan_at_random(np.ones(72, bool), 6, 1).masks[:-1])
    new = np.random.default_rng(8).standard_normal(x.shape) * x.std(axis=0) + x.mean(axis=0)
    truth = np.zeros_like(y)
    of_mean = ((Committee(tuple(members)).predict(new) - truth) ** 2).mean()
    each = np.stack([member.predict(new) for member in members])
    assert of_mean == pytest.approx(((each - truth) ** 2).mean() - each.var(axis=0).mean())
    assert of_mean < ((each - truth) ** 2).mean()


def test_the_meta_learner_finds_the_good_base_learner(rows):
    y = rows[1]
    rng = np.random.default_rng(3)
    good, bad = y + 0.01 * rng.standard_normal(y.shape), rng.standard_normal(y.shape)
    meta = fit_meta([good, bad], y)
    assert (meta.weights >= 0).all()
    np.testing.assert_allclose(meta.weights[0], 1, atol=0.05)
    np.testing.assert_allclose(meta.predict([y, 0 * y]), y, atol=0.2)


def test_a_plug_is_not_drawn_to_the_mean_of_all_plugs():
    """One noisy slice says little, forty of them a lot: the two meta-learners differ."""
    rng = np.random.default_rng(5)
    groups = np.repeat(np.arange(60), 40)
    rock = rng.standard_normal((60, 1))
    x = rock[groups] + 1.5 * rng.standard_normal((2400, 1))
    y = rock[groups]
    stack = fit_stack(("mr", "rg"), CONFIG, x, y, plan_by_group(groups, 5, 1), groups)
    plugs = np.array([stack.predict_plug(x[groups == k])[0] for k in range(60)])
    slices = group_means(stack.predict(x), groups)[:, 0]
    errors = [np.abs(found - rock[:, 0]).mean() for found in (plugs, slices)]
    assert errors[0] < 0.25
    assert errors[1] > 2 * errors[0]


# Summaries


def test_means_are_of_rocks():
    values = np.arange(72.0)[:, None]
    np.testing.assert_allclose(group_means(values, ROCKS)[:, 0], 3.5 + 8 * np.arange(9))


def test_only_what_is_used_is_important():
    x = np.random.default_rng(1).standard_normal((200, 3))
    y = np.stack([x[:, 0], 2 * x[:, 1]], axis=1)
    falls = importance(lambda rows: np.stack([rows[:, 0], 2 * rows[:, 1]], 1), x, y, seed=1)
    np.testing.assert_allclose(falls[2], 0, atol=1e-12)
    assert falls[0, 0] > 1.5
    assert falls[1, 1] > 1.5
