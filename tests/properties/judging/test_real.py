"""Real rocks: no plug of a rock on both sides, and what answers has to hold on them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tiny import properties as tiny_rocks

from poreops.properties.gate import GateConfig
from poreops.properties.judging import real
from poreops.properties.judging.decision import worse_on_rocks
from poreops.properties.judging.left_out_kinds import Trained
from poreops.properties.learning import real_errors, real_rocks
from poreops.properties.learning.laws import LAW, TARGETS, law_rows, targets
from poreops.properties.learning.left_out import contexts, key, left_out_sets
from poreops.properties.learning.plans import SliceSplitConfig
from poreops.properties.learning.real_rocks import RealRocks, law_without
from poreops.properties.learning.real_rocks import real_rocks as measured
from poreops.properties.slices.features import INPUTS, NAMES, design

from poreops.properties.learning.left_out import Learned  # isort: skip

GATE = GateConfig(
    margins={"kozeny_carman": 0.95}, porosity_margin=0.8, porosity_mae_max=0.02,
    log_permeability_r2_min=0.6, coverage_min=0.85,
)  # fmt: skip


def known():
    return law_rows(tiny_rocks.table())


@pytest.fixture
def lied(monkeypatch):
    """The same rocks, one of which says that it lets through a thousand times as much."""
    table = measured().table.copy()
    table.loc[table["kind"] == "berea", "permeability"] *= 1000
    for module in (real, real_rocks, real_errors):
        monkeypatch.setattr(module, "real_rocks", lambda: RealRocks(table))


@pytest.fixture(scope="module")
def trained():
    model = tiny_rocks.model()
    return Trained({"": {"smr_ml": model, "smr_nn": model}}, pd.DataFrame(), tiny_rocks.table())


def test_the_package_holds_features_of_eleven_rocks_and_no_image():
    table = measured().table
    assert table["kind"].nunique() >= 11
    assert set(NAMES) <= set(table.columns)
    assert (table.groupby("rock")["kind"].nunique() == 1).all()
    assert (table["permeability"].between(1e-17, 1e-9)).all()
    assert np.isfinite(design(table)).all()


def test_all_plugs_of_a_rock_are_left_out_together():
    others = measured().without("berea").table
    assert not [rock for rock in others["rock"].unique() if rock.startswith("berea")]
    assert len(others) < len(measured().table)


def test_a_rock_has_no_part_in_the_law_that_is_asked_for_it(lied):
    before = {kind: law_without(kind, known()) for kind in ("berea", "sand_pack")}
    np.testing.assert_array_equal(before["berea"], real_rocks.law_without("berea", known()))
    honest = measured().without("berea").law_rows
    np.testing.assert_array_equal(
        before["berea"],
        real_rocks.fit_law(*(np.concatenate(p) for p in zip(known(), honest, strict=True))),
    )
    honest = measured().without("sand_pack").law_rows
    told = real_rocks.fit_law(*(np.concatenate(p) for p in zip(known(), honest, strict=True)))
    assert not np.allclose(before["sand_pack"], told)  # the lie reaches the others


def test_what_is_predicted_of_a_rock_does_not_know_it(trained, monkeypatch):
    honest = real.predict_real(trained)
    table = measured().table.copy()
    table.loc[table["kind"] == "berea", "permeability"] *= 1000
    for module in (real, real_rocks):
        monkeypatch.setattr(module, "real_rocks", lambda: RealRocks(table))
    found = real.predict_real(trained)
    own = found.kinds == "berea"
    assert own.sum() >= 3
    for name in (LAW, "smr_ml"):
        np.testing.assert_array_equal(found.plugs[name][own], honest.plugs[name][own])
    assert not np.allclose(found.plugs[LAW][~own], honest.plugs[LAW][~own])
    np.testing.assert_allclose(found.truth[own, 1] - honest.truth[own, 1], np.log(1000))


def test_joined_predictions_keep_each_rock_with_its_own(trained):
    found = real.predict_real(trained)
    half = np.arange(len(found.rocks)) % 2 == 0
    parts = []
    for rows in (half, ~half):
        slices = np.isin(found.slice_rocks, found.rocks[rows])
        parts.append(
            replace(
                found, rocks=found.rocks[rows], kinds=found.kinds[rows], truth=found.truth[rows],
                plugs={n: v[rows] for n, v in found.plugs.items()},
                slice_rocks=found.slice_rocks[slices], slice_truth=found.slice_truth[slices],
                slices={n: v[slices] for n, v in found.slices.items()},
            )
        )  # fmt: skip
    again = real.joined(*parts)
    np.testing.assert_array_equal(again.rocks, found.rocks)
    np.testing.assert_array_equal(again.truth, found.truth)
    np.testing.assert_array_equal(again.plugs[LAW], found.plugs[LAW])
    assert len(again.slice_rocks) == len(found.slice_rocks)


def test_errors_on_real_rocks_are_those_of_the_predictions(trained):
    """The rows that calibrate intervals, beside the predictions that are judged."""
    table = tiny_rocks.table()
    learned = Learned(
        INPUTS, design(table, INPUTS), targets(table), table["rock"].to_numpy(),
        table["kind"].to_numpy(),
    )  # fmt: skip
    model = trained.models[""]["smr_ml"]
    names = {key(left): model.features for left in left_out_sets(learned.kinds)}
    split = SliceSplitConfig(seed=1, folds=3, test_share=0.2)
    place = contexts(learned, split, names, lambda _: tiny_rocks.ENSEMBLE)[0]
    rows = pd.DataFrame(real_errors.real_errors(place, {"smr_ml": model.stack}, learned))
    assert set(rows["without"]) == {""}
    found = real.predict_real(trained)
    for name in (LAW, "smr_ml"):
        own = rows[(rows["candidate"] == name) & (rows["slice"] < 0)].sort_values("rock")
        np.testing.assert_allclose(
            own[list(TARGETS)].to_numpy(), found.plugs[name] - found.truth, atol=1e-9
        )


def test_by_rock_says_the_factor(trained):
    found = real.predict_real(trained)
    shown = real.by_rock(found, (LAW, LAW))
    errors = (found.plugs[LAW] - found.truth)[found.kinds == "berea", 1]
    assert shown["berea"]["factor"] == pytest.approx(np.exp(errors.mean()))
    assert shown["berea"]["plugs"] == len(errors)


def test_a_stack_that_is_worse_than_the_law_on_real_rocks_does_not_answer():
    scores = {
        name: {"log_permeability": {"mae": mae}} for name, mae in ((LAW, 0.4), ("smr_nn", 0.39))
    }
    assert "is not below 0.95 times" in worse_on_rocks("smr_nn", scores, GATE)[0]
    assert worse_on_rocks(LAW, scores, GATE) == []
    scores["smr_nn"]["log_permeability"]["mae"] = 0.37
    assert worse_on_rocks("smr_nn", scores, GATE) == []
