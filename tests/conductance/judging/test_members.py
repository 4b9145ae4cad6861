"""Members are judged on what they answer, and on what they answer to shuffled inputs."""

import numpy as np
import pytest
from tiny import conductance as tiny_model

from poreops.base.hdf5 import write_hdf5
from poreops.conductance.judging.members import (
    EncodedConduits,
    chosen_member,
    constant,
    encoded_conduits,
    judge,
    member_scores,
    probe_scores,
    write_probe,
)
from poreops.conductance.learning.members import member_network
from poreops.conductance.learning.training import train
from poreops.conductance.model import ConductanceModel
from poreops.conduits.table import Conduits, ConduitWriter
from poreops.errors import InputError


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Conduits and labels as the stages write them."""
    folder = tmp_path_factory.mktemp("judging")
    rois, ratios, truth = tiny_model.conduits(2)
    n = len(rois)
    with ConduitWriter(folder / "conduits.h5", ndim=2) as writer:
        writer.append(
            Conduits(
                rois, np.zeros(n, np.int32), np.zeros((n, 2), np.int32),
                np.zeros((n, 4), np.int32), ratios, np.zeros((n, 2, 2)),
            )
        )  # fmt: skip
    stated = {"target": "diffusive", "convention": "centroid", "walls": "stepped"}
    write_hdf5(folder / "labels.h5", {"size_factor": truth}, stated)
    return folder


def member(name):
    network = member_network(tiny_model.network(), name)
    config = tiny_model.training(epochs=20, learning_rate=0.01)
    trained = train(network, config, *tiny_model.examples(2, network.image))
    return ConductanceModel(trained.model, network, trained.scaling, 2, "diffusive", member=name)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["coarse", "scalars", "image"])
def test_shuffled_inputs_are_answered_worse(files, name):
    rois, _, truth = tiny_model.conduits(2)
    model = member(name)
    judged = judge(model, files / "conduits.h5")
    np.testing.assert_allclose(judged.found, model.predict(rois), rtol=1e-5)  # no zoom in 2D
    found = member_scores(judged, truth)
    if name == "coarse":
        assert "mape_permuted" not in found
    else:
        assert found["mape_permuted"] > 1.2 * found["mape"]


def test_conduits_encoded_once_are_those_that_each_model_asks_for(files):
    images = ["none", "labels", "occupancy", "occupancy+field"]
    once = EncodedConduits(files / "conduits.h5", images)
    assert once.image == "occupancy+field"
    for image in images:
        encoded, ratios = once.seen_as(image)
        expected, same = encoded_conduits(files / "conduits.h5", image)
        np.testing.assert_array_equal(encoded.image, expected.image)
        np.testing.assert_array_equal(encoded.scalars, expected.scalars)
        np.testing.assert_array_equal(ratios, same)


@pytest.mark.slow
def test_a_model_with_a_dead_image_branch_is_not_moved_by_other_images(files):
    """The permutation finds what no score does: the champion of 0.1.0 saw no image."""
    model = member("image")
    for layer in model.keras_model.layers:
        if layer.name == "hidden":
            layer.set_weights([np.zeros_like(w) for w in layer.get_weights()])
    judged = judge(model, files / "conduits.h5")
    np.testing.assert_array_equal(judged.found, judged.permuted)


@pytest.mark.slow
def test_the_probe_scores_as_the_conduits_do(files, tmp_path):
    model = member("scalars")
    model.save(tmp_path / "model")
    probe = write_probe(tmp_path / "probe.h5", files / "conduits.h5", files / "labels.h5", 10)
    found = probe_scores(tmp_path / "model", probe)
    rois, _, truth = tiny_model.conduits(2)
    some = slice(None, None, -(-len(truth) // 10))
    assert found["mape"] == pytest.approx(
        np.abs(model.predict(rois[some]) / truth[some] - 1).mean(), rel=1e-5
    )
    write_hdf5(
        tmp_path / "flow.h5", {"roi": rois[:3], "size_factor": truth[:3]},
        {"target": "hydraulic", "convention": "centroid", "walls": "stepped", "ndim": 2},
    )  # fmt: skip
    with pytest.raises(InputError, match="got labels of hydraulic ones"):
        probe_scores(tmp_path / "model", tmp_path / "flow.h5")


def test_the_constant_is_one_number():
    training = np.random.default_rng(0).lognormal(1, 0.8, 400)
    found = constant(training, training)
    assert found["r2_log"] == pytest.approx(0, abs=1e-9)
    assert found["mape"] > 0.5


def test_a_dearer_member_has_to_pay():
    errors = {"coarse": 0.065, "scalars": 0.039, "image": 0.27, "both": 0.036}
    found = {name: {"mape": error} for name, error in errors.items()}
    assert chosen_member(found, 0.9) == "scalars"
    assert chosen_member(found, 1.0) == "both"
    assert chosen_member({"image": {"mape": 0.3}}, 0.9) == "image"
    found["scalars"] = {"mape": float("nan")}
    assert chosen_member(found, 0.9) == "both"
