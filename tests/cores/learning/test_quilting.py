"""A quilting on disk draws the same cores, of any size and porosity, and says what it holds."""

import dataclasses

import numpy as np
import pytest
from tiny.cores import crops, quilted

from poreops.base.files import read_json, sha256, write_json
from poreops.base.finite import DivergedError
from poreops.base.hdf5 import read_hdf5, write_hdf5
from poreops.cores.learning.description import DESCRIPTION
from poreops.cores.learning.quilting import PIECES, QuiltingModel
from poreops.cores.model import grey_probe, load_generator
from poreops.errors import InputError


@pytest.fixture
def folder(tmp_path):
    quilted(noise="fresh").save(tmp_path / "model")
    return tmp_path / "model"


def test_a_saved_quilting_draws_the_same_and_has_no_pickle(folder, tmp_path):
    loaded = load_generator(folder)
    assert isinstance(loaded, QuiltingModel)
    expected = quilted(noise="fresh").generate(3, 40, seed=2)
    np.testing.assert_array_equal(loaded.generate(3, 40, seed=2), expected)
    assert sorted(p.name for p in folder.iterdir()) == [DESCRIPTION, PIECES]
    loaded.save(tmp_path / "again")
    assert sha256(folder) == sha256(tmp_path / "again")
    assert grey_probe(loaded) == grey_probe(quilted(noise="fresh"))
    # whoever shares it shares pieces of the images
    assert read_json(folder / DESCRIPTION)["holds"] == "400 pieces of 40 training images"
    assert loaded.made_of in repr(loaded)


@pytest.mark.parametrize("size", [None, 5, 48, 100])
def test_cores_of_any_size_and_the_same_of_a_seed(size):
    many = quilted().generate(4, size, seed=3)
    assert many.shape == (4, *[size or 48] * 2)
    assert many.dtype == np.uint8
    np.testing.assert_array_equal(quilted().generate(2, size, seed=3), many[:2])
    assert (quilted().generate(1, size, seed=4) != many[:1]).any()


def test_a_quilted_core_has_no_seam_where_pieces_meet():
    """Neighbours differ there as they do within pieces: along columns as along rows."""
    model = quilted(64, piece=16, overlap=6, pieces=3000, choices=6, noise="fresh")
    cores = model.generate(30, 136, seed=5).astype(float)
    step = model.library.config.step
    for images in (cores, cores.swapaxes(1, 2)):
        jumps = np.abs(np.diff(images, axis=2)).mean(axis=(0, 1))
        meets = np.arange(len(jumps)) % step < model.library.config.overlap
        inside = jumps[step:][~meets[step:]].mean()
        assert jumps[step:][meets[step:]].mean() == pytest.approx(inside, rel=0.05)


def test_cores_have_the_greys_of_the_rock_and_noise_of_their_own():
    copied, fresh = (quilted(noise=noise).generate(30, 64) for noise in ("copied", "fresh"))
    rock = crops(48)[0]
    for cores in (copied, fresh):
        assert cores.mean() == pytest.approx(rock.mean(), rel=0.05)
        assert cores.std() == pytest.approx(rock.std(), rel=0.25)
    assert quilted(noise="fresh").library.law is not None


def test_cores_that_are_led_firmly_come_nearer_to_the_shares_of_their_crop(tmp_path):
    """Of one training crop all cores have one goal."""
    sizes = {"piece": 16, "overlap": 6, "pieces": 3000, "choices": 6, "sources": 1}
    gently, firmly = (quilted(64, **sizes, **lead) for lead in ({}, {"lead": "firmly"}))
    goal = gently.library.law_of_shares[0, 0]
    away = [
        model.segmentation.pores(model.generate(30, 128, seed=4)).mean(axis=(1, 2)) - goal
        for model in (gently, firmly)
    ]
    assert np.square(away[1]).mean() < 0.6 * np.square(away[0]).mean()
    firmly.save(tmp_path)
    drawn = load_generator(tmp_path).generate(2, 128, seed=4)
    np.testing.assert_array_equal(drawn, firmly.generate(2, 128, seed=4))


def test_a_stated_porosity_is_drawn_and_an_unknown_one_refused():
    model = quilted(64, piece=16, overlap=6, pieces=3000, choices=6)
    known = model.library.law_of_shares[:, 0]
    low, high = np.quantile(known, [0.3, 0.8])
    shares = [
        model.segmentation.pores(model.generate(12, 128, porosity=goal)).mean()
        for goal in (low, high)
    ]
    assert shares == pytest.approx([low, high], rel=0.25)
    with pytest.raises(InputError, match=r"one that training crops have, .* got 0\.9; ask"):
        model.generate(1, porosity=0.9)


def test_a_stated_ore_share_is_drawn_and_an_unknown_one_refused():
    model = quilted(64, piece=16, overlap=6, pieces=3000, choices=6)
    known = model.library.law_of_shares[:, 1]
    goals = np.quantile(known, [0.7, 0.9])
    assert goals[1] > 1.3 * goals[0] > 0
    drawn = [model.generate(12, 128, ore_share=goal) for goal in goals]
    shares = [model.segmentation.ores(cores).mean() for cores in drawn]
    assert shares == pytest.approx(goals.tolist(), rel=0.25)
    none = model.segmentation.ores(model.generate(12, 128, ore_share=0.0)).mean()
    assert none < 0.3 * known.mean()
    # pores stay those of the rock
    pores = [model.segmentation.pores(cores).mean() for cores in drawn]
    assert pores == pytest.approx([model.library.law_of_shares[:, 0].mean()] * 2, rel=0.3)
    with pytest.raises(InputError, match=r"an ore share must be one that training crops have, "):
        model.generate(1, ore_share=known.max() * 1.1)


@pytest.mark.parametrize(("count", "size", "rule"), [(0, 9, "got 0"), (1, 0, "positive size")])
def test_no_core_is_drawn_of_bad_numbers(count, size, rule):
    with pytest.raises(InputError, match=rule):
        quilted().stream(count, size)


def broken(folder, **changes):
    arrays, _ = read_hdf5(folder / PIECES)
    write_hdf5(folder / PIECES, arrays | changes)


def test_pieces_outside_of_their_images_are_refused(folder):
    places = quilted(noise="fresh").library.places.copy()
    places[3, 1] = 37  # of 48 rows, for a piece of 12
    broken(folder, places=places)
    with pytest.raises(InputError, match="must hold a digital core model, got pieces that lie"):
        load_generator(folder)


def test_a_description_that_does_not_fit_is_one_line(folder):
    description = read_json(folder / DESCRIPTION)
    wrong = description | {"quilting": description["quilting"] | {"piece": 13}}
    write_json(folder / DESCRIPTION, wrong)
    with pytest.raises(InputError, match="make it again with the stage cores_quilt") as raised:
        load_generator(folder)
    assert "\n" not in str(raised.value)
    write_json(folder / DESCRIPTION, description | {"bits": 16})
    with pytest.raises(InputError, match="must draw 8-bit grey"):
        load_generator(folder)


def test_noise_that_is_not_finite_is_refused_at_save_and_load(folder, tmp_path):
    library = quilted(noise="fresh").library
    law = dataclasses.replace(library.law, sd=np.full_like(library.law.sd, np.nan))
    with pytest.raises(DivergedError, match="the noise of a quilting"):
        QuiltingModel(dataclasses.replace(library, law=law)).save(tmp_path / "dead")
    assert not (tmp_path / "dead").exists()
    broken(folder, sd=law.sd)
    with pytest.raises(DivergedError, match="the noise of a quilting"):
        load_generator(folder)
