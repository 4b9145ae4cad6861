"""The figures that matter, from the scores of all models."""

import numpy as np
import pandas as pd
import pytest
from tiny import properties as tiny_rocks

from poreops.base.files import read_json, read_table
from poreops.properties.judging import reporting
from poreops.properties.judging.evaluation import RandomSplit
from poreops.properties.judging.left_out_kinds import Trained
from poreops.properties.learning.base_learners import LEARNERS
from poreops.properties.learning.laws import LAW, NULLS, TARGETS
from poreops.properties.learning.stacks import STACKS

ROCKS = sorted(set(tiny_rocks.table()["rock"]))


@pytest.fixture(scope="module")
def found():
    """Tiny rocks: a stack of six learners, in the place of both."""
    model, table = tiny_rocks.model(), tiny_rocks.table()
    errors = pd.DataFrame(
        [
            {"candidate": name, "rock": rock, "kind": kind, "without": "", "slice": place,
             "porosity": 0.01, "log_permeability": 0.2}
            for name in (LAW, *STACKS)
            for rock, kind in table.groupby("rock")["kind"].first().items()
            for place in (-1, 0)
        ]
    )  # fmt: skip
    trained = Trained({"": dict.fromkeys(STACKS, model)}, errors, table)
    first = table["slice"] == 0
    split = RandomSplit(
        table[~first], table[first], tiny_rocks.FEATURES, tiny_rocks.ENSEMBLE, 2, 1
    )
    return reporting.report_on(trained, table, model, split, ("rg",))


@pytest.mark.slow
def test_every_model_is_scored_where_it_answers(found):
    learners = {name for names in STACKS.values() for name in names}
    assert set(found.scores["kind_left_out"]) == {"served", LAW, *NULLS, *STACKS, *LEARNERS}
    assert set(found.scores["random"]) == {LAW, *STACKS, *learners}
    assert set(found.scores["siblings"]) == {"served", LAW, "smr_ml"}
    assert set(found.details["compared"]) == {"scaling", "loss"}


@pytest.mark.slow
def test_the_tables_give_the_scores_again(found):
    """What the report draws is what was scored."""
    for table, split in ((found.plugs, "kind_left_out"), (found.slices, "random")):
        for name, rows in table.groupby("model"):
            error = (rows["log_permeability"] - rows["measured_log_permeability"]).abs().mean()
            stated = found.scores[split][name]["log_permeability"]["mae"]
            assert error / np.log(10) == pytest.approx(stated)
    served = found.plugs[found.plugs["model"] == "served"]
    assert (served["half_width_log_permeability"] >= 0.4).all()  # as wide as the law's at least
    assert list(served["rock"]) == ROCKS


@pytest.mark.slow
def test_the_figures_that_matter_are_of_what_is_served(found, tmp_path):
    found.write(tmp_path / "artifacts", tmp_path / "reports")
    metrics = read_json(tmp_path / "reports/metrics.json")
    of = found.scores["kind_left_out"]
    for name, model in (("off", "served"), ("rule", LAW)):
        assert metrics[name] == pytest.approx(of[model]["log_permeability"]["mae"], abs=1e-4)
    assert metrics["phi"] == pytest.approx(of["served"]["porosity"]["mae"], abs=1e-4)
    shares = [share for part in found.details["coverage"].values() for share in part.values()]
    assert metrics["covered"] == pytest.approx(min(shares), abs=1e-4)
    assert len(metrics) <= 10
    again = read_table(tmp_path / "artifacts/plugs.parquet")
    pd.testing.assert_frame_equal(again, found.plugs)
    assert set(TARGETS) <= set(again.columns)
