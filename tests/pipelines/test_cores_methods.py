"""The stage that trains networks trains those that params name, R3GAN and diffusion among them."""

import json
import runpy

import pytest
from tiny.cores import NETWORK, TRAINING, crops

from poreops.base.files import read_yaml, write_yaml
from poreops.base.hdf5 import write_hdf5
from poreops.cores.model import DiffusionModel, load_generator, trained
from poreops.mlops.tracking import connection
from poreops.params import check

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_only_the_stated_methods_are_trained(project, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    connection._opened.cache_clear()
    for name in (".dvc", "mlflow"):
        (tmp_path / name).mkdir()
    params = check(project / "params.yaml").model_dump(mode="json")
    params["cores"]["generator"] |= NETWORK | {"critic_norm": "layer"}
    params["cores"]["training"] |= TRAINING | {"epochs": 1, "methods": ["r3gan", "diffusion"]}
    params["cores"]["judging"]["second"] = None
    write_yaml("params.yaml", json.loads(json.dumps(params)))  # YAML has no tuples
    write_yaml("artifacts/cores/search/best.yaml", {"chosen": {}})
    write_hdf5("artifacts/cores/crops/train.h5", {"images": crops()[0]})

    runpy.run_path(str(project / "pipelines/cores/train.py"))["main"]()
    connection._opened.cache_clear()

    found = trained("artifacts/cores/models")
    assert {name: [folder.name for folder in each] for name, each in found.items()} == {
        "diffusion": ["5"],
        "r3gan": ["5"],
    }
    # every output of the stage is there, so that DVC has what it lists
    assert sorted(p.name for p in (tmp_path / "artifacts/cores/models").iterdir()) == [
        "dcgan", "diffusion", "params.yaml", "r3gan", "wgan_gp"
    ]  # fmt: skip
    made = load_generator(found["r3gan"][0])
    assert (made.network.architecture, made.network.critic_norm) == ("residual", "none")
    assert made.segmentation is not None
    assert made.generate(2, 40).shape == (2, 40, 40)
    losses = tmp_path / "reports/cores/training"
    assert sorted(p.name for p in losses.iterdir()) == ["diffusion.csv", "r3gan.csv"]
    denoiser = load_generator(found["diffusion"][0])
    assert isinstance(denoiser, DiffusionModel)
    assert denoiser.made_of.endswith(" weights")
    assert denoiser.segmentation == made.segmentation
    every = [path.name for each in found.values() for path in each[0].iterdir()]
    assert not [name for name in every if not name.endswith((".h5", ".json"))]
    # what is stated stays as it was
    noted = read_yaml("artifacts/cores/models/params.yaml")
    assert noted["generator"]["architecture"] == "spatial"
