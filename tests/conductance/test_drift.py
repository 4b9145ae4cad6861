"""A model keeps what it learned from, and says of other conduits how far they are off."""

import json

import numpy as np
import pytest
from reference import sphere_regions
from tiny import conductance as tiny

from poreops import cli
from poreops.conductance.learning.encoding import SCALARS, encode
from poreops.conductance.learning.resnet import resnet
from poreops.conductance.learning.scaling import TargetScaling
from poreops.conductance.learning.seen import HIGH, LOW, Seen
from poreops.conductance.model import ConductanceModel
from poreops.mlops import tracking
from poreops.mlops.tracking.noted import noting


@pytest.fixture(scope="module")
def regions():
    return sphere_regions(48, 3)


@pytest.fixture(scope="module")
def scalars():
    return encode(tiny.conduits(3)[0], "none").scalars


@pytest.fixture(scope="module")
def folder(scalars, tmp_path_factory):
    """A model that learned nothing, but knows what it was shown."""
    scaling = TargetScaling("log", 0.0, 1.0)
    network = resnet(tiny.network(), 3)
    folder = tmp_path_factory.mktemp("model")
    ConductanceModel(
        network, tiny.network(), scaling, 3, "diffusive", member="both", seen=Seen.of(scalars)
    ).save(folder)
    return folder


def test_two_in_a_hundred_of_the_same_are_beyond_the_quantiles():
    rng = np.random.default_rng(1)
    scalars = rng.normal(size=(20_000, len(SCALARS))).astype(np.float32)
    seen = Seen.of(scalars)
    assert np.allclose([q[LOW] for q in seen.quantiles.values()], -2.326, atol=0.1)
    assert np.allclose([q[HIGH] for q in seen.quantiles.values()], 2.326, atol=0.1)
    others = rng.normal(size=(5_000, len(SCALARS))).astype(np.float32)
    found = seen.drift(others)
    assert found.state == "inside"
    assert max(found.beyond.values()) < 0.03
    shifted = others.copy()
    shifted[:, 3] += 0.8
    assert seen.drift(shifted).state == "near"
    shifted[:, 3] += 2
    found = seen.drift(shifted)
    assert (found.state, found.worst) == ("outside", SCALARS[3])
    assert found.beyond[SCALARS[0]] < 0.03
    assert seen.drift(shifted[:20]).state == "unknown"


def test_a_scalar_that_never_varies_is_beyond_nothing():
    scalars = np.full((50, len(SCALARS)), 0.1, np.float32)
    assert Seen.of(scalars).drift(scalars).state == "inside"


@pytest.mark.slow
def test_a_model_says_how_far_a_rock_is_off(folder, regions, scalars):
    model = ConductanceModel.load(folder)
    assert model.seen == Seen.of(scalars)
    same = model.drift(regions.labels, regions.conns)
    assert same.state == "inside"
    assert same.conduits == len(regions.conns) <= 300
    # the same rock at half the voxel size: its conduits have twice as many voxels along
    finer = regions.labels.repeat(2, 0).repeat(2, 1).repeat(2, 2)
    found = model.drift(finer, regions.conns, most=40)
    assert found.state == "outside"
    assert found.conduits == 40
    assert found.beyond["log_edge"] > 0.2


@pytest.mark.slow
def test_the_command_says_it_of_an_image(folder, regions, tmp_path, capsys):
    rock, finer = tmp_path / "rock.npy", tmp_path / "finer.npy"
    pores = regions.labels > 0
    np.save(rock, pores)
    np.save(finer, pores[:30, :30, :30].repeat(2, 0).repeat(2, 1).repeat(2, 2))
    for image, state in ((rock, "inside"), (finer, "outside")):
        assert cli.run(["drift", str(image), "--model", str(folder), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["state"] == state
    cli.run(["drift", str(finer), "--model", str(folder)])
    assert "outside of what the model learned from" in capsys.readouterr().out
    # a network by the model carries the same flag, as a warning
    arguments = ["network", str(finer), "--voxel-size", "1e-6", "--no-octants", "--axis", "x"]
    assert (
        cli.run([*arguments, "--model", str(folder), "-o", str(tmp_path / "out"), "--json"]) == 0
    )
    answer = json.loads(capsys.readouterr().out)
    assert answer["inputs"]["state"] == "outside"
    assert any("outside of what the model learned from" in text for text in answer["warnings"])


@pytest.mark.slow
def test_a_served_answer_carries_the_flag_of_all_its_rows(folder, project, tmp_path):
    """Also where a request is worked on in parts of fewer rows than the flag needs."""
    served = project / "src/poreops/conductance/served.py"
    package = tracking.save_pyfunc(
        tmp_path / "package", served, {"network": folder}, requirements=["mlflow"],
        inputs=tracking.Tensor("uint8", (-1, 64, 64, 64)),
        outputs=tracking.Tensor("float64", (-1,)),
    )  # fmt: skip
    function = tracking.load_pyfunc(package)
    rois = tiny.conduits(3)[0][:40]
    for given, state in ((rois, "inside"), (rois[:8], "unknown"), (channels(40), "outside")):
        notes = {}
        with noting(notes):
            function.predict(given)
        assert notes == {"inputs": state}


def channels(count):
    """Straight square channels, which no rock has."""
    rois = np.zeros((count, 64, 64, 64), np.uint8)
    rois[:, :32, 30:34, 30:34], rois[:, 32:, 30:34, 30:34] = 1, 2
    return rois


def test_a_folder_of_no_model_is_an_input_error(tmp_path, capsys):
    np.save(tmp_path / "rock.npy", np.ones((4, 4, 4), bool))
    (tmp_path / "none").mkdir()
    assert cli.run(["drift", str(tmp_path / "rock.npy"), "--model", str(tmp_path / "none")]) == 2
    assert "a drift is of a conductance model or of one of rock" in capsys.readouterr().err
