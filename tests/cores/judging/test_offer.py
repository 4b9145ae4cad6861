"""What is offered: the generator nearest to the crops of the gate, with what it was judged by."""

import numpy as np
import pytest
from tiny.cores import crops, model, network

from poreops.base.files import sha256
from poreops.base.hdf5 import write_hdf5
from poreops.cores.gate import LIMITED, GateConfig
from poreops.cores.judging.evaluation import COMPARED, JudgingConfig
from poreops.cores.judging.nulls import NULLS
from poreops.cores.judging.offer import chosen, gate_scores, offer
from poreops.cores.learning.grey_scale import GreyScale
from poreops.cores.model import DigitalCoreModel, grey_probe

pytestmark = pytest.mark.slow

CONFIG = JudgingConfig(
    seed=1, cores=10, r_max=5, smoothing=1, extractor="efficientnet-lite0", subsets=3,
    subset_size=8,
)  # fmt: skip
LIMITS = GateConfig(
    times=2, tolerance=dict.fromkeys(LIMITED, 0.1), margin=0.5, copies_ratio=(0.9, 1.1)
)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The tiny model, and the same one so bright that it draws white."""
    folder = tmp_path_factory.mktemp("models")
    model().save(folder / "dcgan/1")
    white = DigitalCoreModel(model().keras_model, network(), GreyScale(250, 260))
    white.save(folder / "wgan_gp/1")
    (folder / "params.yaml").write_text("{}\n")
    return folder


@pytest.fixture(scope="module")
def found(models):
    train, gate = crops()
    return gate_scores({"train": train[:20], "search": train[20:], "gate": gate}, models, CONFIG)


def test_every_generator_the_nulls_and_the_rock_are_scored(found):
    assert set(found["candidates"]) == {"dcgan/1", "wgan_gp/1"}
    assert set(found["nulls"]) == set(NULLS.values())
    assert {*COMPARED, "copies"} == set(found["real"])
    for scores in (*found["nulls"].values(), *found["candidates"].values()):
        assert set(LIMITED) <= set(scores)
        assert found["real"]["kid"] < scores["kid"]


def test_the_nearest_is_offered_with_the_digests_of_what_was_judged(found, models, tmp_path):
    kids = {name: scores["kid"] for name, scores in found["candidates"].items()}
    nearest, other = sorted(kids, key=kids.get)
    assert kids[nearest] < kids[other]
    choice = chosen(found, LIMITS)
    assert choice["offered"] == nearest
    assert all(choice["reasons"].values())  # a tiny model is no champion
    write_hdf5(tmp_path / "gate.h5", {"images": crops()[1]})
    offered = offer(nearest, found, models, tmp_path / "gate.h5")
    assert (offered["method"], offered["main"]) == (nearest.split("/")[0], "kid")
    assert offered["sha256"] == sha256(models / nearest) != sha256(models / other)
    assert offered["judged_on"] == sha256(tmp_path / "gate.h5")
    assert offered["scores"] == found["candidates"][nearest]
    drawn = grey_probe(DigitalCoreModel.load(models / nearest))
    np.testing.assert_allclose(list(offered["probe"].values()), list(drawn.values()), rtol=1e-4)
