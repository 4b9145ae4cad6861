"""Three parts of the rocks: every kind in each, and no stage that decides reads the report's."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from poreops.errors import InputError
from poreops.properties.learning.parts import GATE, LEARN, REPORT, kinds_of, with_parts
from poreops.properties.learning.plans import SliceSplitConfig

ROOT = Path(__file__).parents[3]
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
SPLIT = SliceSplitConfig(seed=1, folds=4, test_share=0.2)


def table(counts, slices=5):
    rows = [
        {"rock": f"{kind}_{k:02d}", "genesis": kind, "slice": place}
        for kind, count in counts.items()
        for k in range(count)
        for place in range(slices)
    ]
    return pd.DataFrame(rows)


def test_every_kind_is_in_every_part():
    found = with_parts(table({"blobs": 12, "vuggy": 8, "cemented": 4}), SPLIT)
    whole = found[~found["sibling"]]
    rocks = whole.groupby(["kind", "part"])["rock"].nunique().unstack()
    assert rocks.loc["blobs"].to_dict() == {LEARN: 6, GATE: 3, REPORT: 3}
    assert rocks.loc["cemented"].to_dict() == {LEARN: 2, GATE: 1, REPORT: 1}


@given(st.integers(0, 99), st.lists(st.integers(1, 9), min_size=3, max_size=6))
def test_no_slice_is_in_two_parts_and_no_rock_but_siblings(seed, counts):
    rocks = table(dict(zip("abcdef", counts, strict=False)))
    found = with_parts(rocks, SPLIT.model_copy(update={"seed": seed}))
    assert len(found) == len(rocks)
    pd.testing.assert_frame_equal(found[rocks.columns], rocks)
    assert (found[~found["sibling"]].groupby("rock")["part"].nunique() == 1).all()
    siblings = found[found["sibling"]]
    assert (siblings["part"] == REPORT).all()
    learned = set(found.loc[found["part"] == LEARN, "rock"]) | set(siblings["rock"])
    assert len(siblings) == round(0.2 * 5 * len(learned))


def test_samples_of_one_real_rock_are_one_kind_and_there_are_at_most_four():
    names = np.array([f"{stem}_{k}" for stem in "abcdefgh" for k in range(2)])
    kinds = kinds_of(names, np.full(16, "real"), seed=3)
    assert set(kinds) == {"real_0", "real_1", "real_2", "real_3"}
    assert (kinds[::2] == kinds[1::2]).all()


def test_two_kinds_are_an_input_error():
    with pytest.raises(InputError, match=r"at least three kinds .* got 2 \(blobs, vuggy\)"):
        with_parts(table({"blobs": 9, "vuggy": 9}), SPLIT)


READS_THE_REPORT = {"properties_scores", "properties_report"}
BEFORE_THE_PARTS = {
    f"properties_{verb}" for verb in ("rocks", "segment", "measure", "validate", "split")
}
WITH_ALL_ROCKS = tuple(
    f"artifacts/properties/{name}" for name in ("rocks", "segmented", "features", "scores")
)


def test_only_the_report_reads_its_part():
    """What is chosen, searched, trained or gated has no file in which a row of the report is."""
    line = {name for name in STAGES if name.startswith("properties_")}
    deciding = line - READS_THE_REPORT - BEFORE_THE_PARTS
    assert {"properties_search", "properties_judge", "properties_register"} <= deciding
    for name in deciding:
        for dep in STAGES[name]["deps"]:
            assert dep != "artifacts/properties/parts", name
            read = dep.startswith(("artifacts/properties/parts/report", *WITH_ALL_ROCKS))
            assert not read, (name, dep)
            for report in ("scores", "models", "metrics"):
                assert dep != f"reports/properties/{report}.json", name
        source = (ROOT / STAGES[name]["cmd"].split()[1]).read_text()
        assert "report.parquet" not in source, name
        assert "features/slices" not in source, name


def test_the_stages_that_search_read_no_more_than_the_rocks_to_learn_from():
    for name in ("properties_selection", "properties_search", "properties_train"):
        parts = [
            dep for dep in STAGES[name]["deps"] if dep.startswith("artifacts/properties/parts")
        ]
        assert parts == ["artifacts/properties/parts/learn.parquet"]
