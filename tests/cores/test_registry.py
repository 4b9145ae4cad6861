"""A standing core generator blocks only what is worse; a dead one blocks nothing."""

import numpy as np
import pytest
from mlflow.exceptions import MlflowException
from tiny.cores import crops, model, network

from poreops.base.files import sha256
from poreops.base.hdf5 import read_hdf5, write_hdf5
from poreops.cores.learning.grey_scale import GreyScale
from poreops.cores.learning.networks import generator
from poreops.cores.model import WEIGHTS, DigitalCoreModel, grey_probe
from poreops.cores.registry import candidate, load_core_model, package
from poreops.errors import InputError
from poreops.mlops.registry import Candidate, enter
from poreops.mlops.tracking import (
    Tensor,
    champion_info,
    connection,
    download,
    load_pyfunc,
    save_pyfunc,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CODE = (
    "import mlflow\nclass M(mlflow.pyfunc.PythonModel):\n    pass\nmlflow.models.set_model(M())\n"
)


@pytest.fixture
def store(tmp_path, monkeypatch):
    for name in (".dvc", "mlflow"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    connection._opened.cache_clear()
    (tmp_path / "code.py").write_text(CODE)
    yield tmp_path
    connection._opened.cache_clear()


def shifted(grey):
    """The tiny model, brighter by some grey values."""
    scale = model().scale
    found = DigitalCoreModel(
        generator(network()), network(), GreyScale(scale.low + grey, scale.high + grey)
    )
    found.keras_model.set_weights(model().keras_model.get_weights())
    return found


def score(files, probe):
    """How far the mean grey of cores is from that of the probe's crops: no features needed."""
    found = DigitalCoreModel.load(files)
    images = read_hdf5(probe)[0]["images"]
    cores = found.generate(len(images), images.shape[1])
    return {"kid": abs(float(cores.mean()) - float(images.mean()))} | grey_probe(found)


def entered(store, name, offered, images, judged_on, reasons=()):
    """Enter a model that was judged on some images; the verdict has nothing but `reasons`."""
    files, probe = store / name, store / f"{name}-data" / "probe.h5"
    offered.save(files)
    write_hdf5(probe, {"images": images}, {})
    candidate = Candidate(
        name="digital-core", files=files, probe=probe, judged=sha256(files), judged_on=judged_on,
        scores={"kid": score(files, probe)["kid"]}, main="kid", probed=grey_probe(offered),
        valid=True, nulls={"a constant": {"kid": 1.0}}, params={}, tags={"method": "dcgan"},
    )  # fmt: skip
    package = save_pyfunc(
        store / f"{name}-package", store / "code.py", {"generator": files, "probe": probe},
        inputs=Tensor("int64", (-1, 2)), outputs=Tensor("uint8", (-1, -1, -1)), requirements=[],
    )  # fmt: skip
    return enter(
        candidate, package, "cores_register", "cores.gate", score, lambda _: list(reasons)
    )


def test_a_model_judged_on_other_data_must_win_on_both_probes(store):
    """A smoke run, whose own crops flatter it, does not replace a standing champion."""
    real = crops()[0]
    assert entered(store, "good", model(), real, "full").reasons == []
    brighter = np.clip(real.astype(int) + 60, 0, 255).astype(np.uint8)
    toy = entered(store, "toy", shifted(60), brighter, "smoke")
    assert any("the champion's probe" in reason for reason in toy.reasons)
    assert champion_info("digital-core").version == 1


def test_a_champion_whose_weights_are_dead_blocks_nothing(store):
    real = crops()[0]
    entered(store, "good", model(), real, "full")
    weights = next(download("models:/digital-core@champion").rglob(WEIGHTS))
    weights.write_bytes(weights.read_bytes()[:1000])
    worse = entered(store, "worse", shifted(30), real, "full")
    assert worse.reasons == []
    assert champion_info("digital-core").version == worse.version == 2
    assert champion_info("digital-core").tags["gate"] == "passed"


def test_a_champion_that_no_longer_passes_steps_down(store):
    real = crops()[0]
    entered(store, "good", model(), real, "full")
    again = entered(store, "good", model(), real, "full", reasons=["kid 0.2 is above 0.1"])
    assert str(again) == "digital-core version 1: no champion; kid 0.2 is above 0.1"
    with pytest.raises(InputError, match=r"refused by the gate \(kid 0\.2 is above 0\.1\); use"):
        champion_info("digital-core")


def test_a_folder_is_a_model_and_an_empty_one_is_not(tmp_path):
    model().save(tmp_path / "deep/wgan_gp")
    (tmp_path / "deep/MLmodel").write_text("flavors: {}\n")
    found = load_core_model(str(tmp_path / "deep"))
    np.testing.assert_array_equal(found.generate(1), model().generate(1))
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty/MLmodel").write_text("flavors: {}\n")
    with pytest.raises(InputError, match=r"must be a digital core model, got 0 files core\.json"):
        load_core_model(str(tmp_path / "empty"))


def test_the_package_draws_one_core_for_each_row(store):
    """MLflow runs the served code in the package; that stands on the public face alone."""
    model().save(store / "models/dcgan/1")
    write_hdf5(store / "probe.h5", {"images": crops()[1]})
    offer = {
        "name": "dcgan/1", "method": "dcgan", "sha256": "", "judged_on": "", "main": "kid",
        "scores": {"kid": 1.0}, "probe": {}, "real": {}, "nulls": {},
    }  # fmt: skip
    offered = candidate(offer, store / "models", store / "probe.h5", valid=True)
    assert offered.tags | {"holds": ""} == {"method": "dcgan", "trained": "dcgan/1", "holds": ""}
    assert offered.tags["holds"].endswith(" weights")
    served = load_pyfunc(package(store / "package", offered))
    cores = served.predict(np.array([[3.0, 24], [4, 24]]))
    assert cores.dtype == np.uint8
    for seed, core in zip((3, 4), cores, strict=True):
        np.testing.assert_array_equal(core, model().generate(1, 24, seed=seed)[0])
    with pytest.raises(MlflowException, match=r"must have one size, got \[24, 25\]"):
        served.predict(np.array([[3.0, 24], [4, 25]]))
    code = (store / "package/served.py").read_text()
    imported = [line for line in code.splitlines() if "poreops" in line and "import" in line]
    assert imported == ["from poreops import InputError, ServingLimits, answered, load_core_model"]
