"""A diffusion goes on after a stop, learns, and draws cores of any size from its files."""

import numpy as np
import pytest
import tensorflow as tf
from tiny.cores import crops, diffusion_model, network, trained_diffusion, training

from poreops.base.files import read_json, sha256, write_json
from poreops.base.finite import DivergedError
from poreops.base.hdf5 import read_hdf5, write_hdf5
from poreops.cores.drawing import generate
from poreops.cores.features.noise_law import NoiseLaw
from poreops.cores.learning.description import DESCRIPTION
from poreops.cores.learning.diffused import NOISE, Diffused
from poreops.cores.learning.diffusion import LOSSES, Diffusion, train_diffusion
from poreops.cores.model import WEIGHTS, DiffusionModel, grey_probe, load_generator
from poreops.errors import InputError


class StopError(Exception):
    pass


def train(seed=5, patch=16, images=None, *, changes=None, **more):
    config = training(diffusion=training().diffusion.model_dump() | (changes or {})).diffusion
    images = crops()[0] if images is None else images
    return train_diffusion(config, images, patch=patch, seed=seed, **more)


def test_a_stopped_training_goes_on_to_the_same_weights(tmp_path):
    def stop(epoch, found):
        if epoch == 2:
            raise StopError

    with pytest.raises(StopError):
        train(checkpoint=tmp_path / "state", on_epoch=stop)
    assert sorted(p.name for p in (tmp_path / "state").iterdir()) == ["epoch2.npz", "history.json"]
    epochs = []
    found = train(checkpoint=tmp_path / "state", on_epoch=lambda epoch, _: epochs.append(epoch))
    assert epochs == [3]
    straight = trained_diffusion()
    for one, two in zip(found.network.get_weights(), straight.network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
        assert np.isfinite(one).all()
    assert found.history == straight.history
    assert tuple(found.history) == LOSSES
    assert not (tmp_path / "state").exists()


def test_another_seed_gives_other_weights():
    one, two = trained_diffusion(), train(seed=6)
    assert one.history != two.history
    assert any(
        (a != b).any()
        for a, b in zip(one.network.get_weights(), two.network.get_weights(), strict=True)
    )


def test_no_two_draws_have_the_same_seed(monkeypatch):
    diffusion = Diffusion(training().diffusion, crops()[0], 16, 5)
    drawn = []
    real = tf.random.stateless_normal

    def noted(shape, seed, *args, **kwargs):
        drawn.append(tuple(int(s) for s in np.asarray(seed)))
        return real(shape, seed, *args, **kwargs)

    monkeypatch.setattr(tf.random, "stateless_normal", noted)
    for number in range(3):
        diffusion._noise(tf.constant(number, tf.int64))
    assert len(set(drawn)) == len(drawn) == 6
    assert min(place for _, place in drawn) >= 0  # negative ones are those of the patches


def test_a_denoiser_learns_what_is_under_the_noise():
    """It misses less than with nothing learned but the mean, on rock that it was not shown."""
    changes = {"epochs": 3, "steps": 60, "batch_size": 8, "rate": 5e-3, "ema": 0.9}
    found = train(changes=changes)
    first, *_, last = found.history["loss"]
    assert last < 0.8 * first
    made = Diffused(found.network, training().diffusion, found.law)
    shown = crops()[1].astype(float)
    clean = (shown - found.scale.low) / (found.scale.high - found.scale.low) * 2 - 1
    noise = np.random.default_rng(1).standard_normal(clean.shape)
    missed = [np.mean((made.denoise(c + 2 * n, 2.0) - c) ** 2)
              for c, n in zip(clean, noise, strict=True)]  # fmt: skip
    alone = np.mean(((clean + 2 * noise) / 5 - clean) ** 2)
    assert np.mean(missed) < 0.8 * alone


def test_crops_smaller_than_a_patch_are_refused():
    with pytest.raises(InputError, match="as large as a patch of 32 pixels, got 24 x 24; raise"):
        train(patch=32)


def test_a_training_that_diverges_says_what_to_change():
    with pytest.raises(DivergedError, match=r"lower cores\.training\.diffusion\.rate|must be fin"):
        train(changes={"rate": 1e30})


@pytest.mark.parametrize("size", [None, 5, 16, 33])
def test_cores_of_any_size(size):
    cores = generate(diffusion_model(), 2, size, seed=1)
    assert cores.shape == (2, size or 16, size or 16)
    assert cores.dtype == np.uint8
    assert (cores[0] != cores[1]).any()


def test_a_core_does_not_depend_on_how_many_are_drawn():
    many = diffusion_model().generate(4, 20, seed=3)
    np.testing.assert_array_equal(diffusion_model().generate(2, 20, seed=3), many[:2])
    assert (diffusion_model().generate(1, 20, seed=4) != many[:1]).any()


def test_a_large_core_has_the_statistics_of_small_ones():
    small, large = diffusion_model().generate(30, 16), diffusion_model().generate(1, 96)
    assert small.mean() == pytest.approx(large.mean(), rel=0.05)
    assert small.std() == pytest.approx(large.std(), rel=0.15)


def test_a_core_has_the_noise_of_the_rock():
    """The structure is drawn alone, and the measured noise on it."""
    found = trained_diffusion()
    silent = NoiseLaw(found.law.levels, 0 * found.law.sd, found.law.kernel)
    quiet = DiffusionModel(
        Diffused(found.network, training().diffusion, silent), network(), found.scale
    )
    difference = diffusion_model().generate(4, 32) - quiet.generate(4, 32).astype(float)
    expected = np.interp(quiet.generate(4, 32), found.law.levels, found.law.sd)
    assert difference.std() == pytest.approx(np.sqrt((expected**2).mean()), rel=0.1)


def test_a_saved_model_draws_the_same_and_has_no_pickle(tmp_path):
    made = diffusion_model()
    made.save(tmp_path / "one")
    assert sorted(p.name for p in (tmp_path / "one").iterdir()) == sorted(
        [WEIGHTS, DESCRIPTION, NOISE]
    )
    loaded = load_generator(tmp_path / "one")
    assert isinstance(loaded, DiffusionModel)
    np.testing.assert_array_equal(loaded.generate(2, 24), made.generate(2, 24))
    assert loaded.segmentation == made.segmentation
    assert grey_probe(loaded) == grey_probe(made)
    loaded.save(tmp_path / "two")
    assert sha256(tmp_path / "one") == sha256(tmp_path / "two")


def test_files_that_do_not_fit_are_one_line(tmp_path):
    diffusion_model().save(tmp_path)
    description = read_json(tmp_path / DESCRIPTION)
    wider = description | {"diffusion": description["diffusion"] | {"widths": [9, 9]}}
    write_json(tmp_path / DESCRIPTION, wider)
    with pytest.raises(InputError, match="must hold a digital core model, got") as raised:
        load_generator(tmp_path)
    assert "\n" not in str(raised.value)
    write_json(tmp_path / DESCRIPTION, description)
    spoilt = {name: array * np.nan for name, array in read_hdf5(tmp_path / NOISE)[0].items()}
    write_hdf5(tmp_path / NOISE, spoilt)
    with pytest.raises(DivergedError, match="must be finite, got .* numbers in levels"):
        load_generator(tmp_path)
    (tmp_path / NOISE).unlink()
    with pytest.raises(InputError, match=r"noise\.h5 must exist"):
        load_generator(tmp_path)


@pytest.mark.parametrize("what", ["weights", "noise"])
def test_numbers_that_are_not_finite_are_refused(tmp_path, what):
    made = train(changes={"epochs": 1, "steps": 1})
    law = made.law
    if what == "weights":
        spoilt = made.network.get_weights()
        spoilt[0].flat[0] = np.nan
        made.network.set_weights(spoilt)
    else:
        law = NoiseLaw(law.levels, law.sd * np.nan, law.kernel)
    dead = DiffusionModel(Diffused(made.network, training().diffusion, law), network(), made.scale)
    with pytest.raises(DivergedError, match="must be finite"):
        dead.save(tmp_path / "model")
    assert not (tmp_path / "model").exists()
