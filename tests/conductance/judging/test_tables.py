"""The report judges by the pass that it times, and that pass is what the model itself does."""

from pathlib import Path

import numpy as np
import pytest
from reference import sphere_regions
from tiny import conductance as tiny_model

from poreops.base.hdf5 import write_hdf5
from poreops.conductance.judging.members import judge
from poreops.conductance.judging.tables import Volumes
from poreops.conductance.learning import encoding
from poreops.conductance.learning.members import member_network
from poreops.conductance.learning.training import train
from poreops.conductance.model import ConductanceModel
from poreops.conduits.crop import extract_conduits
from poreops.conduits.diffusive import diffusive_size_factors
from poreops.conduits.table import ConduitWriter

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def unseen(tmp_path_factory):
    """Two volumes as the stages write them."""
    folder: Path = tmp_path_factory.mktemp("report")
    arrays, truth = {}, []
    with ConduitWriter(folder / "conduits.h5", ndim=2) as writer:
        for index, edge in enumerate((160, 96)):
            regions = sphere_regions(edge, 2)
            arrays[f"{index:03d}/labels"] = regions.labels
            arrays[f"{index:03d}/conns"] = regions.conns
            truth.append(diffusive_size_factors(regions.labels, regions.conns))
            for batch in extract_conduits(regions.labels, regions.conns, volume=index):
                writer.append(batch)
    stated = {"target": "diffusive", "convention": "centroid", "walls": "stepped"}
    write_hdf5(folder / "regions.h5", arrays)
    write_hdf5(folder / "labels.h5", {"size_factor": np.concatenate(truth)}, stated)
    return Volumes(folder / "regions.h5", folder / "conduits.h5", folder / "labels.h5")


def member(name):
    network = member_network(tiny_model.network(), name)
    trained = train(network, tiny_model.training(), *tiny_model.examples(2, network.image))
    return ConductanceModel(trained.model, network, trained.scaling, 2, "diffusive", member=name)


@pytest.mark.parametrize("name", ["coarse", "scalars", "image"])
def test_one_pass_gives_what_the_model_and_the_judge_of_the_gate_give(unseen, name):
    model = member(name)
    judged, milliseconds = unseen.judged(model)
    assert milliseconds > 0
    own = np.concatenate(unseen.timed(model.size_factors)[0])
    np.testing.assert_allclose(judged.found, own, rtol=1e-5)
    gate = judge(model, unseen.conduits)
    np.testing.assert_allclose(judged.found, gate.found, rtol=1e-5)
    if name == "coarse":
        assert judged.permuted is None
    else:
        np.testing.assert_allclose(judged.permuted, gate.permuted, rtol=1e-5)
    np.testing.assert_allclose(unseen.answers(model), gate.found, rtol=1e-5)


def test_another_network_on_the_same_images_is_asked_without_encoding_again(unseen, monkeypatch):
    model = member("image")
    unseen.judged(model)

    def never(*_):
        raise AssertionError("encoded again")

    monkeypatch.setattr(encoding, "coarse_solve", never)
    assert np.isfinite(unseen.answers(model)).all()
    with pytest.raises(AssertionError, match="encoded again"):
        unseen.judged(model)
