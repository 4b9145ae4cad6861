"""A search finds the best trial within its budget, and says what it lost."""

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from searches import SPACE, config, cost, evaluate, noisy, recorded

from poreops.base.finite import DivergedError
from poreops.errors import InputError
from poreops.mlops.search import Outcome, PrunedError, search


def test_the_best_trial_is_the_best(tmp_path):
    seen = {}

    def watched(trial):
        seen[trial.number] = cost(trial.chosen)
        assert trial.chosen["network.widths"] in SPACE["network.widths"]
        assert isinstance(trial.chosen["network.dense"], int)
        assert 1e-4 <= trial.chosen["training.learning_rate"] <= 1e-2
        return evaluate(trial)

    best = search("s", tmp_path / "j", config(trials=6), watched)
    assert sorted(seen) == list(range(6))
    assert best.value == min(seen.values()) == seen[best.number]
    assert best.finished == 6


def test_a_trial_over_the_budget_is_never_the_best(tmp_path):
    def oversized_when_good(trial):
        value = cost(trial.chosen)
        return Outcome(value, {"parameters": round(1000 / (value + 0.01)), "seconds": 1})

    free = search("s", tmp_path / "free", config(trials=12), oversized_when_good)
    limit = config(trials=12, limits={"parameters": 5000})
    best = search("s", tmp_path / "limited", limit, oversized_when_good)
    assert round(1000 / (free.value + 0.01)) > 5000
    assert round(1000 / (best.value + 0.01)) <= 5000
    kept = [t.value for t in recorded(tmp_path / "limited").trials]
    assert best.value == min(v for v in kept if round(1000 / (v + 0.01)) <= 5000)


def test_no_trial_within_the_budget_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match=r"got none of 4 with parameters ≤ 1; raise s.trials or"):
        search("s", tmp_path / "j", config(limits={"parameters": 1}), evaluate)


@pytest.mark.parametrize("prune_after", [1, 2, 3])
def test_a_hopeless_trial_is_stopped_but_not_too_early(tmp_path, prune_after):
    epochs = {}

    def objective(trial):
        bad = trial.number >= 2
        for epoch in range(1, 6):
            epochs[trial.number] = epoch
            trial.report(epoch, 10.0 + epoch if bad else 1.0 / epoch)
        return Outcome(1.0, {"parameters": 1, "seconds": 1})

    best = search("s", tmp_path / "j", config(prune_after=prune_after), objective)
    assert epochs == {0: 5, 1: 5, 2: prune_after, 3: prune_after}
    assert best.finished == 2


def test_a_pruned_trial_says_why(tmp_path):
    said = []

    def objective(trial):
        try:
            trial.report(1, float(trial.number))
        except PrunedError as error:
            said.append(str(error))
            raise
        return Outcome(1.0, {"parameters": 1, "seconds": 1})

    search("s", tmp_path / "j", config(prune_after=1), objective)
    assert said == [f"trial {n} is worse than the median after 1 epochs" for n in (2, 3)]


def test_a_grid_tries_every_combination_once(tmp_path):
    seen = []

    def objective(trial):
        seen.append((trial.chosen["a"], trial.chosen["b"]))
        return Outcome(0.0, {})

    space = {"a": [1, 2, 3], "b": [[8], [8, 16]]}

    def second(trial):
        return Outcome(float(trial.chosen["b"] == [8]), {})

    lists = config(sampler="grid", trials=100, limits={}, space=space)
    assert search("s", tmp_path / "lists", lists, second).chosen["b"] == [8, 16]

    grid = config(sampler="grid", trials=100, limits={}, space=space)
    assert search("s", tmp_path / "j", grid, objective).finished == 6
    assert seen == [(a, b) for a in space["a"] for b in space["b"]]
    with pytest.raises(ValueError, match="lists of choices, not ranges"):
        config(sampler="grid")


def test_studies_of_other_names_draw_other_parameters(tmp_path):
    """Five networks that share a seed are five searches, not one."""
    for name in ("m1", "m2"):
        search(name, tmp_path / name, config(trials=5), evaluate)
    seen = [
        optuna.load_study(
            study_name=name, storage=JournalStorage(JournalFileBackend(str(tmp_path / name)))
        ).trials
        for name in ("m1", "m2")
    ]
    assert not any(a.params == b.params for a in seen[0] for b in seen[1])


def test_no_place_of_a_random_search_repeats_another(tmp_path):
    space = {"a": [1, 2, 3], "b": [[8], [8, 16]], "c": {"low": 5, "high": 5}}
    seen = []

    def objective(trial):
        seen.append((trial.chosen["a"], tuple(trial.chosen["b"])))
        return Outcome(float(trial.chosen["a"]), {})

    lists = config(trials=100, limits={}, space=space)
    assert search("s", tmp_path / "j", lists, objective).finished == 6
    assert len(set(seen)) == 6


@pytest.mark.parametrize(("seeds", "chosen"), [(1, 1), (3, 2)])
def test_a_lucky_candidate_is_not_chosen_once_it_is_repeated(tmp_path, seeds, chosen):
    several = config(
        trials=9, limits={}, space={"a": [1, 2]}, confirm={"candidates": 2, "seeds": seeds}
    )
    best = search("s", tmp_path / "j", several, noisy)
    assert best.chosen == {"a": chosen}
    if seeds == 3:
        assert best.value == pytest.approx(1.1)
        assert best.spread == pytest.approx(0.1)
        assert best.finished == 6


def test_the_stated_values_are_the_first_trial_and_may_win(tmp_path):
    seen = []

    def objective(trial):
        seen.append(dict(trial.chosen))
        return Outcome(trial.chosen.get("a", 0), {})

    kept = config(trials=3, limits={}, space={"a": [1, 2, 3]})
    best = search("s", tmp_path / "j", kept, objective, stated=True)
    assert seen[0] == {}
    assert all(seen[1:])
    assert len(seen) == 3
    assert best.content["chosen"] == {}


def test_a_search_whose_trials_are_lost_fails(tmp_path):
    """A loss that crashes or fits the mean takes its trials with it: that must not go unseen."""

    def objective(trial):
        if trial.chosen["loss"] == "dead":
            raise DivergedError("no number is finite")
        return Outcome(1.0 if trial.chosen["loss"] == "mean" else 0.2, {})

    space = {"loss": ["good", "mean", "dead"]}
    some = config(trials=3, limits={}, space=space, lost_max=0.5)
    with pytest.raises(InputError, match="got 2 of 3 that diverged or ended no"):
        search("s", tmp_path / "j", some, objective, null=1.0)
    most = config(trials=3, limits={}, space=space, lost_max=0.7)
    best = search("s", tmp_path / "most", most, objective, null=1.0)
    assert best.lost == 2
    assert best.chosen == {"loss": "good"}


def test_a_value_that_is_no_number_is_lost(tmp_path):
    with pytest.raises(InputError, match="got 2 of 2 that diverged"):
        search(
            "s", tmp_path / "j", config(trials=2, limits={}),
            lambda _: Outcome(float("nan"), {}),
        )  # fmt: skip
