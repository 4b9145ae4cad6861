"""A model of rock properties keeps its file, its units and its word."""

import numpy as np
import pytest
from tiny import properties as tiny_rocks
from tiny.properties import grey

from poreops.base.files import read_json, write_json
from poreops.base.finite import DivergedError
from poreops.base.hdf5 import read_hdf5, write_hdf5
from poreops.errors import InputError
from poreops.properties.learning.base_learners import LEARNERS
from poreops.properties.learning.laws import by_law
from poreops.properties.learning.stacks import NETWORKS
from poreops.properties.model import ARRAYS, DESCRIPTION, RockModel, walls_of
from poreops.properties.registry import load_rock_model
from poreops.properties.slices.features import measure


@pytest.fixture(scope="module")
def model():
    return tiny_rocks.model()


@pytest.fixture
def folder(model, tmp_path):
    model.save(tmp_path)
    return tmp_path


def test_it_predicts_a_rock_that_it_has_not_seen(model):
    found = model.predict(grey(0.22, 2.4, slices=6, seed=77), 2e-6)
    assert found.plug["porosity"][0] == pytest.approx(0.22, abs=0.02)
    labels = found.segmented.labels
    wall = measure(labels, 2e-6)["specific_perimeter"].mean() * 4 / np.pi
    expected = 0.22**3 / (5 * wall**2)
    assert found.plug["permeability_m2"][0] == pytest.approx(expected, rel=0.3)
    assert found.permeability.shape == found.porosity.shape == (6,)


def test_it_keeps_the_walls_of_the_flow_that_it_learned_from(model, tmp_path):
    model.walls = "stepped"
    model.save(tmp_path)
    assert RockModel.load(tmp_path).walls == "stepped"
    assert RockModel.load(tmp_path).with_threshold(90).walls == "stepped"
    description = read_json(tmp_path / DESCRIPTION)
    del description["walls"]  # a model from before walls were stated
    write_json(tmp_path / DESCRIPTION, description)
    assert RockModel.load(tmp_path).walls == "smooth"
    write_json(tmp_path / DESCRIPTION, description | {"walls": "rough"})
    with pytest.raises(InputError, match="walls must be stepped or smooth"):
        RockModel.load(tmp_path)


def test_rocks_of_several_walls_are_not_learned_from_together():
    table = tiny_rocks.table()
    assert walls_of(table.assign(walls="laboratory")) is None
    mixed = table.assign(walls=["laboratory", *["smooth"] * (len(table) - 1)])
    assert walls_of(mixed) == "smooth"
    mixed.loc[3, "walls"] = "stepped"
    with pytest.raises(InputError, match="the same walls, got smooth and stepped"):
        walls_of(mixed)


def test_permeability_scales_with_the_square_of_the_voxel_size(model):
    one, other = (model.predict(grey(seed=5), size) for size in (1e-6, 7e-6))
    np.testing.assert_allclose(other.permeability, 49 * one.permeability)
    np.testing.assert_allclose(other.porosity, one.porosity)
    for low, high in zip(one.plug["permeability_m2"], other.plug["permeability_m2"], strict=True):
        assert high == pytest.approx(49 * low)


def test_a_turned_slice_is_the_same_rock(model):
    image = grey(seed=6)
    straight, turned = model.predict(image, 1e-6), model.predict(np.rot90(image, 2, (1, 2)), 1e-6)
    np.testing.assert_allclose(turned.permeability, straight.permeability, rtol=0.2)
    np.testing.assert_allclose(turned.porosity, straight.porosity, atol=0.01)


def test_one_slice_has_wider_intervals_than_a_plug(model):
    image = grey(seed=8, slices=4)
    plug, one = model.predict(image, 1e-6).plug, model.predict(image[0], 1e-6).plug
    for key, width in (("porosity", 0.02), ("permeability_m2", 0.4)):
        value, low, high = plug[key]
        assert low < value < high
        spans = [
            np.log(v[2] / v[1]) if "m2" in key else v[2] - v[1] for v in (plug[key], one[key])
        ]
        grown = 1.0
        if "m2" in key:
            table = measure(model.predict(image, 1e-6).segmented.labels, 1e-6)
            law = model.correcting((False, False)).predict_plug(table)
            grown += abs(model.predict_plug(table) - law)[1]
        assert spans[0] == pytest.approx(2 * width * grown)
        assert spans[1] > 2 * spans[0]


def test_a_rock_beyond_those_learned_from_is_flagged(model):
    assert model.predict(grey(0.25), 1e-6).outside == {}
    assert "areal_porosity" in model.predict(grey(0.62, seed=3), 1e-6).outside


def test_beyond_the_rocks_a_stack_corrects_less_than_it_would(model, monkeypatch):
    image = grey(0.62, seed=3)
    model = model.correcting((True, True))
    model.law = np.array([0.0, -1.0])  # the tiny rocks follow the law, so the stack is the law too
    shrunk = model.predict(image, 1e-6)
    assert shrunk.outside
    monkeypatch.setattr("poreops.properties.model.growth", lambda _: 1.0)
    whole = model.predict(image, 1e-6)
    law = model.correcting((False, False)).predict(image, 1e-6)
    k, k_whole, k_law = (np.log(of.plug["permeability_m2"][0]) for of in (shrunk, whole, law))
    assert abs(k_whole - k_law) > 0.05
    assert abs(k - k_law) < 0.7 * abs(k_whole - k_law)
    assert (k - k_law) * (k_whole - k_law) > 0


@pytest.mark.parametrize("names", [LEARNERS, NETWORKS])
def test_a_model_survives_its_file(names, tmp_path):
    model = tiny_rocks.model(names)
    model.save(tmp_path)
    back = RockModel.load(tmp_path)
    rows = tiny_rocks.table()
    np.testing.assert_array_equal(back.predict_table(rows), model.predict_table(rows))
    image = grey(seed=9)
    assert back.predict(image, 1e-6).plug == model.predict(image, 1e-6).plug
    assert back.segmentation == model.segmentation


def test_the_same_model_gives_the_same_bytes_and_no_pickle(model, folder, tmp_path):
    model.save(tmp_path / "again")
    for name in (ARRAYS, DESCRIPTION):
        content = (folder / name).read_bytes()
        assert content == (tmp_path / "again" / name).read_bytes()
        assert b"sklearn" not in content
    assert sorted(p.name for p in folder.iterdir() if p.is_file()) == [ARRAYS, DESCRIPTION]


def test_a_model_is_loaded_by_its_folder(folder, model):
    assert load_rock_model(str(folder)).features == model.features


def test_a_manual_threshold_replaces_the_model_s_own(model):
    clean = np.where(grey(0.2, seed=4) < 115, 60, 170).astype(np.uint8)
    found = model.with_threshold(115.0).predict(clean, 1e-6)
    assert (found.segmented.threshold == 115).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("features"),
        lambda d: d["base"][0].__setitem__(1, "forest"),
        lambda d: d["segmentation"].update(denoise="magic"),
    ],
)
def test_a_model_that_does_not_fit_is_an_input_error(folder, change):
    description = read_json(folder / DESCRIPTION)
    change(description)
    write_json(folder / DESCRIPTION, description)
    with pytest.raises(InputError, match=r"must hold a model of rock properties, got"):
        RockModel.load(folder)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["rf/0/value", "meta/slices/weights", "law", "mr/1/x_scale"])
def test_a_dead_array_is_refused_at_load_by_its_name(folder, name, value):
    arrays, attributes = read_hdf5(folder / ARRAYS)
    place = name if name in arrays else name.replace("/value", "/inner/value")
    arrays[place].flat[0] = value
    write_hdf5(folder / ARRAYS, arrays, attributes)
    with pytest.raises(DivergedError, match=f"1 of .* numbers in {place} that are not"):
        RockModel.load(folder)


def test_a_dead_model_is_not_saved(tmp_path):
    dead = tiny_rocks.model().correcting((True, True))
    dead.law = np.array([0.0, np.nan])
    with pytest.raises(DivergedError, match="numbers in law"):
        dead.save(tmp_path / "dead")
    assert not (tmp_path / "dead").exists()


def test_what_does_not_correct_is_the_law(model):
    """Served by the law: the counted porosity, and C φ ℓ² of every slice."""
    table = tiny_rocks.table()
    found = model.correcting((False, False)).predict_table(table)
    np.testing.assert_allclose(found[:, 0], table["areal_porosity"])
    np.testing.assert_allclose(found[:, 1] - by_law(table)[:, 1], model.law[1])
    mixed = model.correcting((False, True)).predict_table(table)
    np.testing.assert_array_equal(mixed[:, 0], found[:, 0])
    np.testing.assert_array_equal(mixed[:, 1], model.predict_table(table)[:, 1])


def test_what_answers_survives_the_file(model, tmp_path):
    model.correcting((False, True)).save(tmp_path)
    assert read_json(tmp_path / DESCRIPTION)["served"] == {
        "porosity": "kozeny_carman", "log_permeability": "smr_ml",
    }  # fmt: skip
    assert RockModel.load(tmp_path).corrected == (False, True)


def test_a_folder_without_a_model_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match=r"rock_properties\.json must exist"):
        RockModel.load(tmp_path)


def test_a_model_that_was_not_judged_gives_no_intervals(folder):
    description = read_json(folder / DESCRIPTION)
    write_json(folder / DESCRIPTION, description | {"widths": None})
    with pytest.raises(InputError, match=r"must have been judged before use"):
        RockModel.load(folder).predict(grey(), 1e-6)


def test_a_voxel_size_of_zero_is_an_input_error(model):
    with pytest.raises(InputError, match=r"voxel size must be positive, got 0"):
        model.predict(grey(), 0)
