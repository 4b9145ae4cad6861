"""`poreops partition --score` and `poreops drainage`: numbers, tables, pictures."""

import numpy as np
import pandas as pd
import pytest

from poreops.conduits.partition import load_regions, partition
from poreops.networks.interface.network import partition_score
from poreops.networks.network import load_network
from poreops.synthetic.sample import sample_rock

EDGE = ["--voxel-size", "5e-6"]


@pytest.fixture(scope="module")
def rock(tmp_path_factory):
    path = tmp_path_factory.mktemp("rock") / "rock.npy"
    np.save(path, sample_rock(32, 0.4, seed=2))
    return path


def test_a_partition_is_written_and_scored(rock, answer, run, tmp_path):
    out = tmp_path / "out"
    found = answer("partition", rock, "--score", *EDGE, "-o", out)
    regions = partition(np.load(rock))
    assert found["score"] == pytest.approx(partition_score(regions), rel=1e-9)
    table = pd.read_csv(out / "throats.csv")
    assert len(table) == found["throats"] == len(regions.conns)
    worst = found["gap"]["worst_throats"][0]
    gaps = table[["gap_x", "gap_y", "gap_z"]].max(axis=1)
    assert worst["throat"] == gaps.idxmax()
    assert max(worst["gap"]) == pytest.approx(gaps.max())
    assert 0 < found["gap"]["axes"]["x"]["share_of_the_worst_twentieth"] < 1
    assert "gap_x" in (out / "gap.vtp").read_text()
    assert (out / "gap.png").stat().st_size > 10_000
    np.testing.assert_array_equal(load_regions(out / "regions.h5").labels, regions.labels)
    # neither a score nor a voxel size is needed
    code, text, _ = run("partition", rock, "--r-max", "6")
    assert code == 0
    assert "score" not in text
    assert "throats" in text
    code, text, _ = run("partition", rock, "--score")
    assert code == 0
    assert "less is better" in text


def test_a_drainage_is_written(rock, answer, run, tmp_path):
    out = tmp_path / "out"
    arguments = ["drainage", rock, *EDGE, "-o", out, "--no-octants", "--points", "3"]
    found = answer(*arguments, "--inlet", "ymax", "--axis", "x")
    states = found["states"]
    assert states[0]["saturation"] == 1
    table = pd.read_csv(out / "drainage.csv")
    assert table["saturation"].tolist() == pytest.approx([each["saturation"] for each in states])
    for row, state in zip(table.itertuples(), states, strict=True):
        of = state["axes"]["x"]["relative_diffusivity"]
        assert of["lower"] <= of["middle"] <= of["upper"] <= 1
        assert row.relative_diffusivity_x == pytest.approx(of["middle"])
    assert states[-1]["axes"]["x"]["effective_diffusivity"]["upper"] == 0
    network = load_network(out / "network.npz")
    assert (network["throat.pair_size_factor_upper"] > 0).any()
    assert "invasion_pressure" in (out / "network.vtp").read_text()
    assert (out / "drainage.png").stat().st_size > 10_000
    code, text, _ = run(*arguments, "--overwrite")
    assert code == 0
    assert "along z" in text
    code, _, error = run("drainage", rock, *EDGE, "-o", tmp_path / "other", "--inlet", "left")
    assert code == 2
    assert "inlet must be one of" in error
    assert not (tmp_path / "other").exists()
