import json

import numpy as np
import pytest
from reference import sphere_regions
from tiny import conductance as tiny_model

from poreops.base.finite import DivergedError
from poreops.conductance.learning.boosting import fit_correction, fit_intervals, left_out
from poreops.conductance.learning.encoding import encode
from poreops.conductance.learning.priors import (
    ESTIMATE,
    kind_columns,
    limits,
    prior_encoding,
    prior_names,
)
from poreops.conductance.learning.seen import Seen
from poreops.conductance.model import ConductanceModel
from poreops.conductance.physics import CORRECTION, PhysicsModel, traits
from poreops.conduits.contacts import NO_CONTACTS
from poreops.conduits.crop import crop_conduits
from poreops.conduits.diffusive import diffusive_size_factors
from poreops.conduits.exchangeability import drawn_conduits
from poreops.conduits.hydraulic import hydraulic_size_factors
from poreops.conduits.labels import LabelConfig
from poreops.conduits.methods import all_size_factors
from poreops.errors import InputError

FLOW = LabelConfig(target="hydraulic", convention="centroid", walls="smooth")


@pytest.fixture(scope="module")
def regions():
    return sphere_regions(40)


def fitted(label, regions):
    simulated = {"diffusive": diffusive_size_factors, "hydraulic": hydraulic_size_factors}
    options = {"walls": label.walls} if label.target == "hydraulic" else {}
    truth = simulated[label.target](regions.labels, regions.conns, **options)
    blank = PhysicsModel(None, None, label, 3, None, None)
    crops = crop_conduits(regions.labels, regions.conns)
    rows = np.concatenate([encoded.scalars for encoded, _ in blank.prepared(crops)])
    errors = np.log(truth) - rows[:, ESTIMATE]
    config, volumes = tiny_model.training().physics, np.arange(len(rows)) % 4
    correction = fit_correction(config, rows, errors, 1)
    intervals = fit_intervals(config, rows, errors, volumes, 1)
    seen = limits(rows, prior_encoding(label))
    known = Seen.of(rows[:, ESTIMATE:], traits(label))
    return PhysicsModel(correction, intervals, label, 3, seen, rows[::20], known), truth


@pytest.fixture(scope="module")
def diffusion(regions):
    return fitted(tiny_model.LABEL, regions)


@pytest.fixture(scope="module")
def flow(regions):
    return fitted(FLOW, regions)


def test_it_is_close_to_the_simulation(diffusion, flow, regions):
    for model, truth in (diffusion, flow):
        error = np.abs(model.size_factors(regions.labels, regions.conns) / truth - 1)
        assert error.mean() < 0.03


def test_a_roi_is_answered_as_the_conduit_that_it_was_zoomed_from(diffusion):
    model, _ = diffusion
    rois, ratios, truth = tiny_model.conduits(3)
    found = model.predict(rois[:20]) / ratios[:20]
    np.testing.assert_allclose(found, truth[:20], rtol=0.05)


def test_it_says_how_far_a_rock_is_off(diffusion, flow, regions, tmp_path):
    finer = regions.labels.repeat(2, 0).repeat(2, 1).repeat(2, 2)
    for model, _ in (diffusion, flow):
        model.save(tmp_path)
        again = ConductanceModel.load(tmp_path)
        assert again.seen == model.seen
        assert again.drift(regions.labels, regions.conns).state == "inside"
        found = again.drift(finer, regions.conns, most=40)
        assert (found.state, found.conduits) == ("outside", 40)
    # a ROI is the conduit that it was zoomed from, and has no estimate where regions do not touch
    model, _ = diffusion
    rois = tiny_model.conduits(3)[0]
    scalars = model.encoded(rois).scalars
    without = np.concatenate([scalars, np.full_like(scalars[:40], np.nan)])
    found = model.drift_of([scalars[:20], without[20:]])
    assert found.state == "inside"
    assert found.conduits == np.isfinite(scalars).all(axis=1).sum() <= len(rois)


def test_a_saved_model_is_loaded_as_any_other_and_answers_the_same(flow, regions, tmp_path):
    model, _ = flow
    model.save(tmp_path)
    again = ConductanceModel.load(tmp_path)
    assert (again.member, again.target, again.walls) == ("physics", "hydraulic", "smooth")
    crops = list(crop_conduits(regions.labels, regions.conns))[:30]
    for old, new in zip(
        model.conduit_intervals(crops), again.conduit_intervals(crops), strict=True
    ):
        np.testing.assert_array_equal(old, new)
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    again.save(tmp_path)
    assert first == {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    again.check_predicts(FLOW, 3)
    with pytest.raises(InputError, match="smooth walls does not compare with flow past stepped"):
        again.check_predicts(FLOW.model_copy(update={"walls": "stepped"}), 3)


def cut(folder):
    (folder / CORRECTION).write_bytes((folder / CORRECTION).read_bytes()[:-100])


def empty(folder):
    (folder / CORRECTION).write_bytes(b"")


def remove(folder):
    (folder / CORRECTION).unlink()


def exchange(folder):
    path = folder / "conductance.json"
    stated = json.loads(path.read_text())
    stated["probe"]["answers"][0] *= 1.5
    path.write_text(json.dumps(stated))


def older(folder):
    path = folder / "conductance.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"traits": 0}))


@pytest.mark.parametrize("damage", [cut, empty, remove, exchange, older])
def test_damaged_files_are_refused(damage, diffusion, tmp_path):
    diffusion[0].save(tmp_path)
    damage(tmp_path)
    with pytest.raises(InputError, match="must hold a conductance model, got .*; make it again"):
        ConductanceModel.load(tmp_path)


def test_an_answer_beyond_the_throat_is_brought_back_and_counted(diffusion):
    model, _ = diffusion
    rows = model.probe.copy()
    rows[:, prior_names(model.sees).index("log_throat")] = rows[:, ESTIMATE] - 1
    found = model.answer(rows)
    assert found.clamped.all()
    np.testing.assert_allclose(
        found.size_factors, np.exp(rows[:, ESTIMATE] - 1 + rows[:, 0]), 1e-5
    )
    assert not model.answer(model.probe).clamped.any()


def test_a_conduit_of_another_kind_has_no_interval(flow, regions):
    model, _ = flow
    rows = model.probe.copy()
    assert np.isfinite(model.answer(rows).half_widths).all()
    rows[0, kind_columns(model.sees)[-1]] -= 5  # no pressure drops between the middles
    found = model.answer(rows)
    assert np.isinf(found.half_widths).tolist() == [True] + [False] * (len(rows) - 1)
    assert np.isfinite(found.size_factors).all()


def test_it_learns_from_nothing_that_is_not_finite(diffusion):
    rows = diffusion[0].probe
    with pytest.raises(DivergedError, match="1 of"):
        bad = np.where(np.arange(len(rows)) == 0, np.nan, 0.0)
        fit_correction(tiny_model.training().physics, rows, bad, 1)


def test_intervals_come_from_volumes_that_were_left_out():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(400, 7)).astype(np.float32)
    volumes = np.repeat(np.arange(4), 100)
    # an error that the volume alone decides cannot be learned from other volumes
    rows[:, 3] = volumes
    errors = np.array([-1.0, 2.0, -3.0, 4.0])[volumes]
    config = tiny_model.training().physics
    left = left_out(config, rows, errors, volumes, 1)
    seen = errors - fit_correction(config, rows, errors, 1).predict(rows)
    assert np.abs(left).mean() > 1
    assert np.abs(seen).mean() < 0.5


def test_auto_simulates_what_the_model_is_not_sure_of(flow, regions):
    model, truth = flow

    def auto(rtol):
        return all_size_factors(
            regions.labels, regions.conns, NO_CONTACTS, method="auto", model=model, rtol=rtol,
            target="hydraulic",
        )  # fmt: skip

    np.testing.assert_array_equal(auto(0).throats, truth)
    assert auto(0).sureness.simulated.all()
    widths = model.conduit_intervals(crop_conduits(regions.labels, regions.conns))[1]
    rtol = float(np.quantile(widths, 0.8))
    found = auto(rtol)
    simulated = found.sureness.simulated
    drawn = drawn_conduits(len(truth))
    assert (simulated == (widths > rtol) | drawn).all()
    assert 0 < simulated.sum() < len(truth)
    told = found.sureness.exchangeability
    assert 0 < told.conduits <= drawn.sum()
    assert not told.alarm  # of the rock that the model learned from
    np.testing.assert_array_equal(found.throats[simulated], truth[simulated])
    assert (found.throats[~simulated] != truth[~simulated]).any()
    assert (found.sureness.half_widths <= rtol).all()


def test_priors_belong_to_one_convention():
    conventions = [
        tiny_model.LABEL, FLOW, tiny_model.LABEL.model_copy(update={"convention": "porespy"})
    ]  # fmt: skip
    encodings = [prior_encoding(label) for label in conventions]
    assert encodings == ["priors+centroid", "priors+smooth", "priors+porespy"]
    rois = tiny_model.conduits(3)[0][:3]
    answers = [encode(rois, encoding).scalars for encoding in encodings]
    assert answers[1].shape[1] == len(prior_names("priors+smooth"))
    assert (answers[0] != answers[2]).any()
