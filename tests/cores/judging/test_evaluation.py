"""Cores are judged: KID and distances of structure, the floor of real parts, copies."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from tiny.cores import crops

from poreops.cores.judging.evaluation import (
    COMPARED,
    Judge,
    JudgingConfig,
    feature_scores,
    likeness,
    likeness_summary,
    real_real,
    spread,
)

RNG = np.random.default_rng(0)
CONFIG = JudgingConfig(
    seed=1, cores=10, r_max=5, smoothing=1, extractor="efficientnet-lite0", subsets=3,
    subset_size=8,
)  # fmt: skip


def blobs(count, edge=64, share=0.1, width=3.0, seed=0):
    rng = np.random.default_rng(seed)
    fields = gaussian_filter(
        rng.standard_normal((count, edge, edge)), (0, width, width), mode="wrap"
    )
    return fields > np.quantile(fields, 1 - share)


def grey(pores, noise, seed=1):
    values = np.where(pores, 50.0, 120.0) + np.random.default_rng(seed).normal(
        0, noise, pores.shape
    )
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def test_copies_are_found_wherever_they_come_from():
    training = grey(blobs(8, edge=128, width=6.0), noise=15)
    strange = grey(blobs(6, edge=128, width=6.0, seed=77), noise=15, seed=3)
    copies = strange.copy()
    # the middle of a crop, moved, under new noise
    moved = np.where(np.roll(blobs(8, edge=128, width=6.0)[3], (8, -12), (0, 1)), 50.0, 120.0)
    copies[2] = np.clip(moved + RNG.normal(0, 15, moved.shape), 0, 255).astype(np.uint8)
    copies[4] = training[5]
    copies[5] = 120
    found = likeness(copies, training)
    assert found[2] > 0.9
    assert found[4] == pytest.approx(1, abs=1e-3)
    assert found[5] == 0
    assert likeness(strange, training).max() < 0.9
    assert likeness_summary(found)["copies"] == pytest.approx(2 / 6)
    assert likeness_summary(likeness(strange, training))["copies"] == 0


def test_scores_are_labelled():
    one, other = RNG.normal(size=(2, 10, 30))
    found = feature_scores(one, other[:9], CONFIG, "efficientnet-lite0-1280")
    assert set(found) == {"fid", "kid", "extractor", "n", "warnings"}
    assert found["n"] == [10, 9]
    assert found["extractor"] == "efficientnet-lite0-1280"
    assert set(found["kid"]) == {"mean", "sd"}
    assert "fewer than 50 images" in found["warnings"][0]


def test_a_score_has_mean_and_spread_over_its_sets():
    found = spread([{"kid": 1.0}, {"kid": 2.0}, {"kid": 3.0}])
    assert found == {"kid": {"mean": 2.0, "sd": 1.0}}
    assert spread([{"kid": 1.0}])["kid"] == {"mean": 1.0, "sd": 0.0}


@pytest.mark.slow
def test_real_against_real_is_the_root_mean_square_of_all_pairs():
    judge = Judge.fit(crops(48)[0], CONFIG)
    parts = [judge.view(crops(48)[0][i : i + 10]) for i in (0, 10, 20)]
    pairs = [judge.compare(parts[i], parts[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    found = real_real(judge, parts[0], parts[1:])
    assert tuple(found) == (*COMPARED, "copies")
    assert found["copies"] == 1  # of training crops
    for name in COMPARED:
        assert found[name] == pytest.approx(np.sqrt(np.mean([pair[name] ** 2 for pair in pairs])))
    assert judge.compare(parts[0], parts[0])["s2"] == 0
    assert judge.scores(parts[0], parts[1])["copies"] == 1  # training crops
