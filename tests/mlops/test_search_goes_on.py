"""A search goes on after a kill or a stop, and is shared by processes."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import optuna
import pytest
from searches import config, evaluate, noisy, recorded, tried

from poreops.errors import InputError
from poreops.mlops.search import search

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(scope="module")
def ten(tmp_path_factory):
    """The trials of a search of ten that nothing interrupted."""
    journal = tmp_path_factory.mktemp("ten") / "j"
    search("s", journal, config(trials=10), evaluate)
    return tried(journal)


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


def meeting(journal, both, started):
    """Search; the first trial of this process waits for that of the other one."""
    waited = []

    def objective(trial):
        started.put(os.getpid())
        if not waited:
            waited.append(both.wait(timeout=300))
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
@pytest.mark.timeout(300)
def test_a_search_killed_while_it_writes_its_journal_goes_on(tmp_path, ten, monkeypatch):
    monkeypatch.chdir(tmp_path)
    journal = Path("folder/j")
    process = SPAWN.Process(target=killed_while_it_writes, args=(journal,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    search("s", journal, config(trials=10), evaluate)
    assert tried(journal) == ten


def test_a_line_that_was_cut_short_is_forgotten(tmp_path, ten):
    """A full disk, or a kill in the middle of a write; a further line would be appended to it."""
    journal = tmp_path / "j"
    search("s", journal, config(trials=4), evaluate)
    with journal.open("ab") as file:
        file.write(journal.read_bytes().splitlines()[-1][:20])
    search("s", journal, config(trials=10), evaluate)
    assert tried(journal) == ten


def test_a_damaged_journal_is_an_input_error_and_stays_as_it_is(tmp_path):
    journal = tmp_path / "j"
    search("s", journal, config(), evaluate)
    content = bytearray(journal.read_bytes())
    content[content.index(b"\n") + 1] ^= 0xFF
    journal.write_bytes(content)
    with pytest.raises(InputError, match=r"got none in line 2 of .*delete it and the search begi"):
        search("s", journal, config(), evaluate)
    assert journal.read_bytes() == content


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
    started, barrier = SPAWN.Queue(), SPAWN.Barrier(2)
    both = [
        SPAWN.Process(target=meeting, args=(tmp_path / "j", barrier, started)) for _ in range(2)
    ]
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
    first, second = found.get(timeout=300), found.get(timeout=300)
    for process in both:
        process.join()
        assert process.exitcode == 0
    assert first == second
    assert first.finished == 1


def test_an_error_ends_the_search_and_is_counted(tmp_path):
    def broken(trial):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        search("s", tmp_path / "j", config(), broken)
    assert [t.state.name for t in recorded(tmp_path / "j").trials] == ["FAIL"]
    assert search("s", tmp_path / "j", config(), evaluate).finished == 3


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
