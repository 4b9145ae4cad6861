"""Every further kind goes through the stages of the rocks; the profile of the kinds has limits."""

import numpy as np
import pandas as pd
import pytest
from tiny import properties as tiny_rocks

from poreops.mlops.expectations import validate
from poreops.params import check, with_profile
from poreops.properties.learning.parts import with_parts
from poreops.properties.rock_slices import rock_slices
from poreops.properties.segmentation import agreements, segment_rocks
from poreops.properties.slices.features import measure
from poreops.properties.suites import rock_facts, rock_suite, slice_facts, slice_suite
from poreops.synthetic.plugs import plugs

FURTHER = ("consolidated", "clay_lined", "oolites", "fibres", "foams")


@pytest.fixture(scope="module")
def profile(project):
    return with_profile("kinds", project / "params.yaml", project / "profiles").properties


@pytest.fixture(scope="module")
def made(profile, tmp_path_factory):
    """One small plug of each further kind, drawn, simulated, rendered, segmented and measured."""
    stated = profile.rocks
    few = dict.fromkeys(stated.plugs.counts, 0) | dict.fromkeys(FURTHER, 1)
    plug = stated.plugs.model_copy(update={"shape": (32, 44, 44), "counts": few})
    config = stated.model_copy(update={"plugs": plug, "slices": 5})
    names = [f"{kind}_00" for kind in FURTHER]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POREOPS_WORKERS", "1")
        arrays, table = rock_slices(config, [], tmp_path_factory.mktemp("kinds"), print)
        grey = {name: arrays[f"{name}/grey"] for name in names}
        labels = segment_rocks(grey, tiny_rocks.SEGMENT)
    truth = {name: arrays[f"{name}/pore"] for name in names}
    parts = []
    for name, rows in table.groupby("rock", sort=False):
        features = measure(labels[name], float(rows["voxel_size"].iloc[0]), str(name))
        parts.append(pd.concat([rows.reset_index(drop=True), features], axis=1))
    return pd.concat(parts, ignore_index=True), agreements(labels, truth)


def test_the_kinds_of_the_default_are_drawn_as_before(profile, project):
    default = plugs(check(project / "params.yaml").properties.rocks.plugs)
    assert {plug.genesis for plug in default}.isdisjoint(FURTHER)
    drawn = plugs(profile.rocks.plugs)
    assert set(default) < set(drawn)
    assert {plug.genesis for plug in set(drawn) - set(default)} == set(FURTHER)


def test_each_kind_becomes_slices_with_a_permeability(made):
    table, agreement = made
    assert set(table["genesis"]) == set(FURTHER)
    assert (table.groupby("rock").size() == 5).all()
    assert np.isfinite(np.log(table["permeability"])).all()
    assert agreement["mean"]["dice"] > 0.85


def test_each_kind_keeps_the_limits_that_the_profile_states(made, profile):
    table, _ = made
    limits = profile.validation.model_copy(update={"rocks_min": 2})
    report = validate(rock_facts(table), rock_suite(limits))
    report += validate(slice_facts(table), slice_suite())
    assert [str(check) for check in report.failures] == []


def test_each_kind_is_left_out_as_one(made, profile):
    parts = with_parts(made[0], profile.split)
    assert set(parts["kind"]) == set(FURTHER)
