"""Cores are judged: KID and distances of structure, the floor of real parts, copies."""

import numpy as np
import pytest
from tiny.cores import crops

from poreops.cores.features.extractors import extractor
from poreops.cores.features.scores import kid
from poreops.cores.judging.evaluation import (
    COMPARED,
    Judge,
    JudgingConfig,
    averaged,
    feature_scores,
    real_real,
    spread,
)

RNG = np.random.default_rng(0)
CONFIG = JudgingConfig(
    seed=1, cores=10, r_max=5, smoothing=1, extractor="efficientnet-lite0", subsets=3,
    subset_size=8,
)  # fmt: skip


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
    judge = Judge.fit(crops(48)[0], CONFIG, crops(48)[1])
    parts = [judge.view(crops(48)[0][i : i + 10]) for i in (0, 10, 20)]
    pairs = [judge.compare(parts[i], parts[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    found = real_real(judge, parts[0], parts[1:])
    assert tuple(found) == (*COMPARED, "copies")
    assert found["copies"] == 1  # of training crops
    for name in COMPARED:
        assert found[name] == pytest.approx(np.sqrt(np.mean([pair[name] ** 2 for pair in pairs])))
    assert judge.compare(parts[0], parts[0])["s2"] == 0
    assert judge.scores(parts[0], parts[1])["copies"] == 1  # training crops
    assert judge.scores(parts[0], parts[1])["copies_ratio"] < 0.1
    unseen = judge.scores(judge.view(crops(48)[1]), parts[0])
    assert unseen["copies_ratio"] == pytest.approx(1, abs=0.15)
    assert {"pieces_ratio", "density", "coverage", "fid"} <= set(unseen)
    assert not {name for name in unseen if "second" in name}


@pytest.mark.slow
def test_a_second_extractor_is_reported_beside_the_first():
    one, two = crops(48)
    config = CONFIG.model_copy(update={"second": "wavelets"})
    judge = Judge.fit(one, config, two)
    real, more = judge.view(two), judge.view(two[::-1])
    noise = RNG.integers(0, 256, (10, 48, 48)).astype(np.uint8)
    found, wavelets = judge.scores(judge.view(noise), real), extractor("wavelets")
    sets = wavelets.features(two[:10]), wavelets.features(averaged(two[:10]))
    np.testing.assert_array_equal(real.second, sets)
    again = judge.scores(more, real)
    names = {"kid_second": noise, "kid_second_averaged": averaged(noise)}
    for (name, images), own in zip(names.items(), sets, strict=True):
        assert found[name] > 5 * abs(again[name])
        expected = kid(wavelets.features(images), own, subsets=3, size=8, seed=1).mean
        assert found[name] == pytest.approx(expected)
    # what decides knows nothing of it
    assert tuple(judge.compare(more, real)) == COMPARED


def test_images_are_averaged_over_squares():
    images = np.arange(2 * 5 * 4, dtype=np.uint8).reshape(2, 5, 4)
    found = averaged(images)
    assert found.shape == (2, 2, 2)
    assert found[0, 0, 0] == np.rint(np.mean([0, 1, 4, 5]))
    assert found[1, 1, 1] == np.rint(np.mean([30, 31, 34, 35]))
