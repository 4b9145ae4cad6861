"""The score that decides between generators: near to what one draws, far from another rock."""

import numpy as np
import pytest
from tiny.cores import crops, model

from poreops.base.hdf5 import write_hdf5
from poreops.cores.judging.evaluation import JudgingConfig
from poreops.cores.judging.near import NearTo, probe_scores
from poreops.cores.model import WEIGHTS, grey_probe
from poreops.errors import InputError

pytestmark = pytest.mark.slow

CONFIG = JudgingConfig(
    seed=1, cores=12, r_max=5, smoothing=1, extractor="efficientnet-lite0", subsets=3,
    subset_size=8,
)  # fmt: skip


def test_a_generator_is_near_to_its_own_cores_and_far_from_the_rock():
    own = model().generate(12, 24, seed=9)
    assert NearTo(own, CONFIG)(model()) < 0.5 * NearTo(crops()[0][:12], CONFIG)(model())


def test_the_seed_of_the_cores_is_that_of_the_judging_unless_stated():
    near = crops()[0][:12]
    assert NearTo(near, CONFIG)(model()) == NearTo(near, CONFIG, seed=1)(model())
    assert NearTo(near, CONFIG)(model()) != NearTo(near, CONFIG, seed=2)(model())


def test_files_are_scored_on_as_many_crops_as_a_judge_takes(tmp_path):
    model().save(tmp_path / "model")
    write_hdf5(tmp_path / "probe.h5", {"images": crops()[1]})
    found = probe_scores(tmp_path / "model", tmp_path / "probe.h5", CONFIG)
    assert found.pop("kid") == pytest.approx(NearTo(crops()[1][:12], CONFIG)(model()), abs=1e-6)
    assert found == pytest.approx(grey_probe(model()))


def test_a_dead_model_has_no_score(tmp_path):
    model().save(tmp_path / "model")
    write_hdf5(tmp_path / "probe.h5", {"images": np.zeros((12, 24, 24), np.uint8)})
    weights = tmp_path / "model" / WEIGHTS
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(InputError, match="must hold a digital core model"):
        probe_scores(tmp_path / "model", tmp_path / "probe.h5", CONFIG)
