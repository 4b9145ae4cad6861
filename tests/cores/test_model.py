"""A generator on disk draws the same cores, of any size, and says what does not fit."""

import numpy as np
import pytest
from tiny.cores import model, network

from poreops.base.files import read_json, sha256, write_json
from poreops.base.finite import DivergedError
from poreops.cores.features.structure import Segmentation, smoothed
from poreops.cores.learning.description import DESCRIPTION
from poreops.cores.learning.grey_scale import GreyScale
from poreops.cores.learning.networks import GeneratorConfig, generator
from poreops.cores.model import WEIGHTS, DigitalCoreModel, grey_probe
from poreops.errors import InputError


@pytest.fixture
def folder(tmp_path):
    model().save(tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize("size", [None, 5, 16, 33, 100])
def test_cores_of_any_size(size):
    cores = model().generate(3, size, seed=1)
    edge = size or 16
    assert cores.shape == (3, edge, edge)
    assert cores.dtype == np.uint8
    assert (cores[0] != cores[1]).any()


def test_a_core_does_not_depend_on_how_many_are_drawn():
    many = model().generate(5, 20, seed=3)
    np.testing.assert_array_equal(model().generate(2, 20, seed=3), many[:2])
    assert (model().generate(1, 20, seed=4) != many[:1]).any()


def test_a_large_core_has_the_statistics_of_small_ones():
    small, large = model().generate(60, 16), model().generate(1, 128)
    assert small.mean() == pytest.approx(large.mean(), rel=0.05)
    assert small.std() == pytest.approx(large.std(), rel=0.1)


def test_a_core_that_is_drawn_in_parts_is_the_same_core(monkeypatch):
    """No seam: a part of the noise gives that part of the core; only the last bits may differ."""
    whole = model().generate(2, 101, seed=7).astype(int)
    monkeypatch.setattr("poreops.cores.model._TILE", 32)
    parts = model().generate(2, 101, seed=7).astype(int)
    assert np.abs(whole - parts).max() <= 1
    assert (whole != parts).mean() < 1e-3


def test_parts_of_a_large_core_need_less_memory():
    made = model()
    assert made.bytes_needed(8192) < made.bytes_needed(1024) * 64
    assert made.bytes_needed(1024) > made.bytes_needed(512)


def test_a_stated_porosity_is_chosen_among_the_cores_that_the_network_draws():
    cores = model().generate(60, 24, seed=9)
    # the darker half are pores: shares differ, which those of a toy's own pores do not
    halved = Segmentation(float(np.median(smoothed(cores, 1.5))), 255, 1.5)
    made = DigitalCoreModel(model().keras_model, network(), model().scale, halved)
    shares = made.segmentation.pores(cores).mean(axis=(1, 2))
    goal = float(np.quantile(shares, 0.75))
    found = made.generate(6, 24, seed=1, porosity=goal)
    away = np.abs(made.segmentation.pores(found).mean(axis=(1, 2)) - goal)
    assert away.mean() < 0.3 * np.abs(shares - goal).mean()
    np.testing.assert_array_equal(made.generate(2, 24, seed=1, porosity=goal), found[:2])
    assert len(np.unique(found, axis=0)) == 6
    rule = r"one that this network draws in cores of 24 pixels, .*, got 0\.99"
    with pytest.raises(InputError, match=f"a porosity must be {rule}"):
        made.stream(1, 24, porosity=0.99)
    with pytest.raises(InputError, match=f"an ore share must be {rule}"):
        made.stream(1, 24, porosity=goal, ore_share=0.99)
    with pytest.raises(InputError, match="needs a model that knows what a pore is"):
        DigitalCoreModel(made.keras_model, network(), made.scale).stream(1, porosity=0.1)


def test_porosity_and_ore_share_are_stated_together():
    cores = model().generate(60, 24, seed=9)
    low, high = np.quantile(smoothed(cores, 1.5), [0.4, 0.8])
    parted = Segmentation(float(low), float(high), 1.5)
    made = DigitalCoreModel(model().keras_model, network(), model().scale, parted)

    def shares(of):
        return np.array([parted.pores(of).mean(axis=(1, 2)), parted.ores(of).mean(axis=(1, 2))])

    goal = np.quantile(shares(cores), 0.7, axis=1)
    found = made.generate(6, 24, seed=1, porosity=goal[0], ore_share=goal[1])
    away = np.abs(shares(found) - goal[:, None]).mean(axis=1)
    usual = np.abs(shares(cores) - goal[:, None]).mean(axis=1)
    assert (away / usual).sum() < 1.5  # 2 if neither counted
    alone = made.generate(6, 24, seed=1, ore_share=goal[1])
    assert np.abs(shares(alone)[1] - goal[1]).mean() < 0.5 * usual[1]


def test_a_saved_model_draws_the_same_and_has_no_pickle(folder, tmp_path):
    loaded = DigitalCoreModel.load(folder)
    np.testing.assert_array_equal(loaded.generate(2, 24), model().generate(2, 24))
    assert loaded.scale == model().scale
    assert sorted(p.name for p in folder.iterdir()) == sorted([WEIGHTS, DESCRIPTION])
    loaded.save(tmp_path / "again")
    assert sha256(folder) == sha256(tmp_path / "again")


def test_a_model_of_another_colour_depth_is_refused(folder):
    write_json(folder / DESCRIPTION, read_json(folder / DESCRIPTION) | {"bits": 16})
    with pytest.raises(InputError, match=r"must draw 8-bit grey, .* a colour depth of 16 bits"):
        DigitalCoreModel.load(folder)


def test_files_that_do_not_fit_are_one_line(folder, tmp_path):
    with pytest.raises(InputError, match=r"core\.json must exist"):
        DigitalCoreModel.load(tmp_path)
    description = read_json(folder / DESCRIPTION)
    wider = description | {"network": description["network"] | {"generator_widths": [9, 9]}}
    write_json(folder / DESCRIPTION, wider)
    with pytest.raises(InputError, match="must hold a digital core model, got") as raised:
        DigitalCoreModel.load(folder)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("count", "size", "message"),
    [(0, 16, "must be positive, got 0"), (-1, 16, "got -1"), (1, 0, "positive size, got 0")],
)
def test_no_core_is_drawn_of_bad_numbers(count, size, message):
    with pytest.raises(InputError, match=message):
        model().stream(count, size)


def test_the_published_architecture_makes_one_size():
    paper = GeneratorConfig(
        architecture="paper", patch=256, latent=8, generator_widths=(128, 128, 64),
        critic_widths=(64, 128, 256), critic_norm="layer", dropout=0.25, grey="full",
        image="grey", noise="measured",
    )  # fmt: skip
    made = DigitalCoreModel(generator(paper), paper, GreyScale(0, 255))
    assert made.generate(1).shape == (1, 256, 256)
    with pytest.raises(InputError, match="256 pixels only, got 128; the nearest size is 256"):
        made.generate(1, 128)
    assert network().architecture == "spatial"


def spoilt(value):
    """Return a model of which one weight is `value`, and the name of the array."""
    found = DigitalCoreModel(generator(network()), network(), model().scale)
    found.keras_model.set_weights(model().keras_model.get_weights())
    variable = found.keras_model.get_layer("up0").kernel
    weights = np.asarray(variable).copy()
    weights.flat[7] = value
    variable.assign(weights)
    return found, variable.path


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_weight_that_is_not_finite_is_refused_at_save(tmp_path, value):
    dead, name = spoilt(value)
    with pytest.raises(DivergedError, match=f"1 of .* numbers in {name}"):
        dead.save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_weight_that_is_not_finite_is_refused_at_load(folder):
    dead, name = spoilt(np.nan)
    dead.keras_model.save_weights(folder / WEIGHTS)
    with pytest.raises(DivergedError, match=f"the generator in .* 1 of .* numbers in {name}"):
        DigitalCoreModel.load(folder)


def test_finite_weights_that_draw_no_finite_core_are_refused(folder):
    """Each weight is finite; their products are not."""
    huge, _ = spoilt(0.0)
    huge.keras_model.set_weights([np.full_like(w, 3e38) for w in huge.keras_model.get_weights()])
    huge.keras_model.save_weights(folder / WEIGHTS)
    with pytest.raises(DivergedError, match="a core that it draws"):
        DigitalCoreModel.load(folder)


def test_a_cut_weights_file_is_one_line(folder):
    path = folder / WEIGHTS
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InputError, match="must hold a digital core model, got") as raised:
        DigitalCoreModel.load(folder)
    assert "\n" not in str(raised.value)


def test_the_probe_of_a_model_is_that_of_its_files(folder):
    assert grey_probe(DigitalCoreModel.load(folder)) == grey_probe(model())
    other, _ = spoilt(1.0)
    assert grey_probe(other) != grey_probe(model())
