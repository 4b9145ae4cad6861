"""The spaces of the searches: what is tried, and what a grid would take."""

import pytest
from pydantic import ValidationError

from poreops.properties.search import EnsembleSearchConfig

CONTENT = {
    "use": "best",
    "seed": 1,
    "confirm": {"candidates": 1, "seeds": 1},
    "lost_max": 0.3,
    "against_grid": ["rg"],
    "sampler": "random",
    "learner_trials": 6,
    "network_trials": 3,
    "limits": {"seconds": 60},
    "spaces": {
        "rg": {"alpha": [1, 10]},
        "rf": {"trees": [10, 20, 30], "min_leaf": [1, 2, 5]},
        "networks": {"dropout": [0.0, 0.1], "epochs": [30, 60]},
        "m1": {"depth": [1], "width": [16, 32]},
    },
}


def config(**changes):
    return EnsembleSearchConfig(**(CONTENT | changes))


def test_a_network_has_the_common_choices_and_its_own():
    space = config().of("m1").space
    assert set(space) == {"m1.dropout", "m1.epochs", "m1.depth", "m1.width"}
    assert config().learners == ["rg", "rf", "m1"]


def test_only_a_space_can_be_set_against_its_grid():
    with pytest.raises(ValidationError, match="against_grid must name spaces, got gb"):
        config(against_grid=["gb"])
    grid = config().alone("grid").of("rg")
    assert (grid.sampler, grid.trials, grid.confirm.seeds) == ("grid", 2, 1)


def test_a_search_tries_no_more_than_there_is():
    assert [config().of(name).trials for name in config().learners] == [2, 6, 3]


def test_a_grid_tries_everything():
    grid = config(sampler="grid")
    assert [grid.of(name).trials for name in grid.learners] == [2, 9, 8]


def test_a_grid_of_ranges_is_refused():
    spaces = CONTENT["spaces"] | {"rg": {"alpha": {"low": 1, "high": 10}}}
    assert config(spaces=spaces, against_grid=[]).of("rg").trials == 6
    for changes in ({"sampler": "grid", "against_grid": []}, {"against_grid": ["rg"]}):
        with pytest.raises(ValidationError, match="a grid needs lists of choices"):
            config(spaces=spaces, **changes)


def test_an_unknown_learner_is_refused():
    with pytest.raises(ValidationError, match=r"got \{'svm'\}"):
        config(spaces=CONTENT["spaces"] | {"svm": {"c": [1]}})
