"""The table of rock, generators and nulls."""

import pytest
from tiny.cores import crops, model

from poreops.cores.judging.comparison import Comparison, lines
from poreops.cores.judging.evaluation import JudgingConfig
from poreops.cores.judging.nulls import NULLS

CONFIG = JudgingConfig(
    seed=1, cores=10, r_max=5, smoothing=1, extractor="efficientnet-lite0", subsets=3,
    subset_size=8,
)  # fmt: skip


@pytest.mark.slow
def test_each_source_has_a_set_a_seed_and_the_rock_one_a_part(tmp_path):
    for place in ("wgan_gp/1", "wgan_gp/2", "dcgan/1", "dcgan/2"):
        model().save(tmp_path / place)
    train, gate = crops()
    parts = {"train": train[:10], "search": train[10:20], "gate": train[20:30], "report": gate}
    compared = Comparison.of(parts, tmp_path, CONFIG, fields=10)
    table = compared.table()
    assert {name: row["sets"] for name, row in table.items()} == {
        "real": 3, "wgan_gp": 2, "dcgan": 2, **dict.fromkeys(NULLS, 2)
    }  # fmt: skip
    # two loads of the same files draw the same cores
    assert table["wgan_gp"]["kid"]["sd"] == pytest.approx(0, abs=1e-9)
    assert table["wgan_gp"] == table["dcgan"]
    # that training crops are copies of themselves is not held against the rock
    assert table["real"]["copies"]["mean"] < 1
    shown = compared.shown()
    assert set(shown) == {"report", *table}
    assert {images.shape for images in shown.values()} == {(5, 24, 24)}


def test_each_source_has_its_line_for_people():
    row = {"fid": {"mean": 1, "sd": 0}, "s2": {"mean": 0.1}, "copies": {"mean": 0}}
    row["copies_ratio"] = {"mean": 1.0}
    kids = {"real": 0.01, "wgan_gp": 0.3, "dcgan": 0.2} | dict.fromkeys(NULLS, 0.5)
    table = {name: row | {"kid": {"mean": kid, "sd": 0}} for name, kid in kids.items()}
    assert [line.split()[0] for line in lines(table)] == list(table)
    assert "0.3000" in next(line for line in lines(table) if line.split()[0] == "wgan_gp")
