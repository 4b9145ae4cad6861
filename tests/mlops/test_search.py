"""A search goes on after a kill, is shared by processes, and keeps to its budget."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from poreops.base.finite import DivergedError
from poreops.errors import InputError
from poreops.mlops.search import Outcome, PrunedError, SearchConfig, search

SPAWN = multiprocessing.get_context("spawn")
SPACE = {
    "training.learning_rate": {"low": 1e-4, "high": 1e-2, "log": True},
    "training.batch_size": [16, 32, 64],
    "network.dense": {"low": 8, "high": 64},
    "network.widths": [[8, 16], [16, 32]],
}


def config(**changes):
    content = {
        "use": "best",
        "confirm": {"candidates": 2, "seeds": 1},
        "lost_max": 0.5,
        "seed": 3,
        "trials": 4,
        "sampler": "random",
        "prune_after": 0,
        "limits": {"parameters": 1e9, "seconds": 1e9},
        "space": SPACE,
    }
    return SearchConfig(**(content | changes))


def cost(chosen):
    """Know the best learning rate and batch size beforehand."""
    rate = np.log10(chosen["training.learning_rate"]) + 3
    return float(rate**2 + abs(chosen["training.batch_size"] - 32) / 100)


def evaluate(trial):
    return Outcome(cost(trial.chosen), {"parameters": trial.chosen["network.dense"], "seconds": 1})


def recorded(journal):
    return optuna.load_study(
        study_name="s", storage=JournalStorage(JournalFileBackend(str(journal)))
    )


def tried(journal):
    """The parameters of every trial that was not interrupted, in any order."""
    trials = recorded(journal).trials
    return sorted(str(sorted(t.params.items())) for t in trials if t.state.name != "FAIL")


@pytest.fixture(scope="module")
def ten(tmp_path_factory):
    """The trials of a search of ten that nothing interrupted."""
    journal = tmp_path_factory.mktemp("ten") / "j"
    search("s", journal, config(trials=10), evaluate)
    return tried(journal)


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


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_a_search_in_two_parts_is_the_search_in_one(tmp_path, sampler):
    whole = search("s", tmp_path / "whole", config(trials=10, sampler=sampler), evaluate)
    search("s", tmp_path / "parts", config(trials=4, sampler=sampler), evaluate)
    parts = search("s", tmp_path / "parts", config(trials=10, sampler=sampler), evaluate)
    assert parts == whole
    assert len(set(tried(tmp_path / "parts"))) == 10
    assert [t.params for t in recorded(tmp_path / "parts").trials] == [
        t.params for t in recorded(tmp_path / "whole").trials
    ]


def test_a_finished_search_runs_nothing(tmp_path):
    best = search("s", tmp_path / "j", config(), evaluate)

    def forbidden(trial):
        raise AssertionError

    assert search("s", tmp_path / "j", config(), forbidden) == best


def test_another_seed_tries_other_parameters(tmp_path, ten):
    search("s", tmp_path / "j", config(seed=4, trials=10), evaluate)
    assert not set(tried(tmp_path / "j")) & set(ten)


def killed_in_third(journal):
    def objective(trial):
        if len(recorded(journal).trials) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return evaluate(trial)

    search("s", journal, config(trials=10), objective)


def slow(journal, started):
    def objective(trial):
        started.put(os.getpid())
        time.sleep(0.2)
        return evaluate(trial)

    search("s", journal, config(trials=10), objective)


@pytest.mark.slow
def test_a_killed_search_loses_and_repeats_no_trial(tmp_path, ten):
    process = SPAWN.Process(target=killed_in_third, args=(tmp_path / "j",))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert [t.state.name for t in recorded(tmp_path / "j").trials] == 2 * ["COMPLETE"] + [
        "RUNNING"
    ]
    best = search("s", tmp_path / "j", config(trials=10), evaluate)
    assert best.finished == 10
    assert tried(tmp_path / "j") == ten


def killed_while_it_writes(journal):
    def objective(trial):
        os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
        return evaluate(trial)

    search("s", journal, config(trials=10), objective)


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_a_search_killed_while_it_writes_its_journal_goes_on(tmp_path, ten, monkeypatch):
    monkeypatch.chdir(tmp_path)
    journal = Path("folder/j")
    process = SPAWN.Process(target=killed_while_it_writes, args=(journal,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    search("s", journal, config(trials=10), evaluate)
    assert tried(journal) == ten


def killed_while_it_draws(journal):
    def suggest(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)

    optuna.trial.Trial.suggest_int = suggest  # the third and fourth parameter
    search("s", journal, config(trials=10), evaluate)


@pytest.mark.slow
def test_a_search_killed_while_it_draws_parameters_draws_the_same(tmp_path, ten):
    process = SPAWN.Process(target=killed_while_it_draws, args=(tmp_path / "j",))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert len(recorded(tmp_path / "j").trials[0].params) == 2
    search("s", tmp_path / "j", config(trials=10), evaluate)
    assert tried(tmp_path / "j") == ten


@pytest.mark.slow
def test_two_processes_share_a_search(tmp_path, ten):
    started = SPAWN.Queue()
    both = [SPAWN.Process(target=slow, args=(tmp_path / "j", started)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
        assert process.exitcode == 0
    assert len({started.get() for _ in range(10)}) == 2
    assert [t.state.name for t in recorded(tmp_path / "j").trials] == 10 * ["COMPLETE"]
    assert tried(tmp_path / "j") == ten


def only_trial(journal, found):
    def objective(trial):
        time.sleep(3)
        return evaluate(trial)

    found.put(search("s", journal, config(trials=1), objective))


@pytest.mark.slow
def test_a_process_without_a_trial_of_its_own_waits_for_the_others(tmp_path):
    found = SPAWN.Queue()
    both = [SPAWN.Process(target=only_trial, args=(tmp_path / "j", found)) for _ in range(2)]
    for process in both:
        process.start()
    first, second = found.get(timeout=60), found.get(timeout=60)
    for process in both:
        process.join()
        assert process.exitcode == 0
    assert first == second
    assert first.finished == 1


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


def test_an_error_ends_the_search_and_is_counted(tmp_path):
    def broken(trial):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        search("s", tmp_path / "j", config(), broken)
    assert [t.state.name for t in recorded(tmp_path / "j").trials] == ["FAIL"]
    assert search("s", tmp_path / "j", config(), evaluate).finished == 3


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


def noisy(trial):
    """A candidate that is lucky on its first seed, and bad on the others."""
    lucky = trial.chosen["a"] == 1
    return Outcome((0.1 if trial.repeat == 0 else 5.0) if lucky else 1.0 + trial.repeat / 10, {})


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


def test_the_repetitions_go_on_after_a_stop_and_are_not_pruned(tmp_path):
    several = config(
        trials=9, limits={}, space={"a": [1, 2]}, prune_after=1,
        confirm={"candidates": 2, "seeds": 3},
    )  # fmt: skip
    whole = search("s", tmp_path / "whole", several, noisy)
    calls = []

    def stopping(trial):
        calls.append(trial.number)
        if len(calls) == 4:
            raise KeyboardInterrupt
        trial.report(1, 99.0 if trial.repeat else 0.0)
        return noisy(trial)

    with pytest.raises(KeyboardInterrupt):
        search("s", tmp_path / "parts", several, stopping)
    assert search("s", tmp_path / "parts", several, stopping) == whole


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
