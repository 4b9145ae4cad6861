"""Materials left out: what is drawn of them, how members and nulls fare on each of them."""

import shutil

import numpy as np
import pytest
from tiny import conductance as tiny_model

from poreops.base.files import write_json
from poreops.base.hdf5 import write_hdf5
from poreops.conductance.judging.materials import lines, material_report, simulated
from poreops.conductance.learning.members import UNCORRECTED
from poreops.conductance.materials import MaterialsConfig, material_images
from poreops.conductance.physics import PhysicsModel
from poreops.conductance.registry import shipped_folder
from poreops.conduits.partition import PartitionConfig

CUT = PartitionConfig(r_max=4, sigma=0.4)
CONFIG = MaterialsConfig(
    seed=3, kinds=("blobs", "foams"), edge=40, real_edge=32, grain_radius=(4, 5), conduits=30
)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return material_images(CONFIG, 3, tmp_path_factory.mktemp("no") / "materials.csv", print)


@pytest.fixture(scope="module")
def report(images, tmp_path_factory):
    """Of the model of the package and of a network that learned on a small pack."""
    folder = tmp_path_factory.mktemp("line")
    members = folder / "models/members"
    shutil.copytree(shipped_folder("shipped:diffusion"), members / "physics")
    tiny_model.trained_model(3).save(members / "both")
    labels = {"size_factor": tiny_model.conduits(3)[2]}
    write_hdf5(folder / "labels/train.h5", labels, tiny_model.LABEL.model_dump())
    write_json(folder / "judged/gate.json", {"chosen": "physics"})
    return material_report(images, CUT, CONFIG.conduits, folder, "")


def test_each_kind_is_drawn_once_and_the_same_again(images, tmp_path):
    assert list(images) == ["blobs", "foams"]
    assert all(im.shape == (40, 40, 40) for im in images.values())
    again = material_images(CONFIG, 3, tmp_path / "materials.csv", print)
    for name, im in images.items():
        np.testing.assert_array_equal(again[name], im)


def test_the_middle_of_a_real_volume_joins_where_its_dimension_fits(tmp_path):
    im = np.random.default_rng(0).random((48, 30, 36)) < 0.5
    np.save(tmp_path / "a.npy", im)
    np.save(tmp_path / "flat.npy", im[0])
    table = tmp_path / "materials.csv"
    table.write_text("name,path,voxel_size_m,pore_label\na,a.npy,1e-6,1\nflat,flat.npy,1e-6,1\n")
    none = CONFIG.model_copy(update={"kinds": ()})
    ((name, found),) = material_images(none, 3, table, print).items()
    assert name == "real_a"
    np.testing.assert_array_equal(found, im[8:40, :, 2:34])
    assert set(material_images(CONFIG, 2, table, print)) == {"real_flat"}


def test_an_estimate_that_knows_no_material_fares_better_than_what_learned_one(report, images):
    assert report["champion"] == "physics"
    for name, im in images.items():
        of = report["materials"][name]
        assert of["porosity"] == im.mean()
        assert 10 < of["conduits"] <= CONFIG.conduits
        members, nulls = of["members"], of["nulls"]
        assert members["physics"]["mape"] < 0.02
        assert nulls[UNCORRECTED]["mape"] < 0.02
        assert members["physics"]["mape"] < members["both"]["mape"] < nulls["a constant"]["mape"]
        assert 0.5 < members["physics"]["covered"] <= 1
    assert [line.split(":")[0].strip() for line in lines(report)] == ["blobs", "foams"]


def test_the_scores_are_those_of_the_model_itself(report, images):
    labels, conns, truth = simulated(images["foams"], CUT, CONFIG.conduits, tiny_model.LABEL)
    model = PhysicsModel.load(shipped_folder("shipped:diffusion"))
    error = np.abs(model.size_factors(labels, conns) / truth - 1)
    found = report["materials"]["foams"]["members"]["physics"]
    assert found["mape"] == pytest.approx(error.mean(), rel=1e-9)
    assert found["off_by_10pct"] == (error > 0.1).mean()
