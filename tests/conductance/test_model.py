"""A saved model predicts as it did; it takes conduits of its dimension and refuses others."""

import json
import shutil

import numpy as np
import pytest
from reference import sphere_regions
from tiny import conductance as tiny_model

from poreops.base.files import read_json, sha256, write_json
from poreops.conductance import model as module
from poreops.conductance.model import DESCRIPTION, WEIGHTS, ConductanceModel
from poreops.conduits.crop import crop_conduits
from poreops.errors import InputError

pytestmark = pytest.mark.slow  # the model trains for some seconds, once


@pytest.fixture(scope="module", params=[2, 3])
def ndim(request):
    return request.param


@pytest.fixture(scope="module")
def model(ndim):
    return tiny_model.trained_model(ndim)


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model") / "deep/er"
    model.save(folder)
    return folder


@pytest.fixture
def rois(ndim):
    return tiny_model.conduits(ndim)[0][:20]


def test_a_saved_model_predicts_as_it_did(model, saved, rois):
    loaded = ConductanceModel.load(saved)
    np.testing.assert_array_equal(loaded.predict(rois), model.predict(rois))
    assert (loaded.network, loaded.scaling, loaded.ndim) == (
        model.network,
        model.scaling,
        model.ndim,
    )


def test_the_same_model_has_the_same_bytes(model, saved, tmp_path):
    model.save(tmp_path / "again")
    assert sha256(tmp_path / "again") == sha256(saved)
    ConductanceModel.load(saved).save(tmp_path / "loaded")
    assert sha256(tmp_path / "loaded") == sha256(saved)
    assert sorted(path.name for path in saved.iterdir()) == sorted([WEIGHTS, DESCRIPTION])


def test_a_batch_predicts_as_its_members(model, rois, monkeypatch):
    together = model.predict(rois)
    assert together.dtype == np.float64
    assert (together > 0).all()
    one_by_one = np.concatenate([model.predict(roi[None]) for roi in rois])
    np.testing.assert_allclose(one_by_one, together, rtol=1e-5)
    monkeypatch.setattr(module, "BATCH", 7)
    np.testing.assert_allclose(model.predict(rois), together, rtol=1e-5)
    assert model.predict(rois[:0]).shape == (0,)


def test_rois_of_any_type_and_with_a_channel_axis(model, rois):
    expected = model.predict(rois)
    for given in (rois[..., None], rois.astype(np.float32), rois.astype(np.int64)):
        np.testing.assert_array_equal(model.predict(given), expected)


def test_size_factors_are_predictions_in_voxels_of_the_image(model, ndim):
    regions = sphere_regions(tiny_model.EDGES[ndim], ndim)
    rois, ratios, truth = tiny_model.conduits(ndim)
    found = model.size_factors(regions.labels, regions.conns)
    # per depth, a conduit conducts alike at any zoom in 2D
    expected = model.predict(rois) / (ratios if ndim == 3 else 1)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert np.median(np.abs(found / truth - 1)) < 0.3
    metres = model.size_factors(regions.labels, regions.conns, voxel_size=2e-6)
    np.testing.assert_allclose(metres, found * 2e-6, rtol=1e-12)
    crops = crop_conduits(regions.labels, regions.conns)
    np.testing.assert_array_equal(model.conduit_size_factors(crops), found)


def test_a_model_of_flow_has_the_units_of_flow(model, ndim):
    flow = ConductanceModel(
        tiny_model.trained(ndim).model,
        model.network,
        model.scaling,
        ndim,
        "hydraulic",
        member="both",
    )
    regions = sphere_regions(tiny_model.EDGES[ndim], ndim)
    assert (flow.walls, model.walls) == ("stepped", None)
    rois, ratios, _ = tiny_model.conduits(ndim)
    found = flow.size_factors(regions.labels, regions.conns, voxel_size=2e-6)
    np.testing.assert_allclose(found, model.predict(rois) / ratios**ndim * 8e-18, rtol=1e-5)


def test_a_model_of_flow_keeps_its_walls(model, ndim, tmp_path):
    trained = tiny_model.trained(ndim).model
    ConductanceModel(
        trained, model.network, model.scaling, ndim, "hydraulic", "stepped", member="both"
    ).save(tmp_path)
    assert ConductanceModel.load(tmp_path).walls == "stepped"
    description = read_json(tmp_path / DESCRIPTION)
    del description["walls"]  # a model from before walls were stated
    write_json(tmp_path / DESCRIPTION, description)
    assert ConductanceModel.load(tmp_path).walls == "smooth"
    model.save(tmp_path / "diffusion")
    assert ConductanceModel.load(tmp_path / "diffusion").walls is None


def test_a_model_of_diffusion_keeps_its_convention(model, ndim, tmp_path):
    assert model.convention == "centroid"
    trained = tiny_model.trained(ndim).model
    facts = (trained, model.network, model.scaling, ndim)
    ConductanceModel(*facts, "diffusive", convention="porespy", member="both").save(tmp_path)
    assert ConductanceModel.load(tmp_path).convention == "porespy"
    description = read_json(tmp_path / DESCRIPTION)
    del description["convention"]  # a model from before it was stated
    write_json(tmp_path / DESCRIPTION, description)
    assert ConductanceModel.load(tmp_path).convention == "centroid"
    assert ConductanceModel(*facts, "hydraulic", member="both").convention is None


def test_loose_pieces_and_pairs_that_do_not_touch_are_as_simulated(model, ndim):
    crop = np.zeros((40, *(12,) * (ndim - 1)), np.uint8)
    rest = (slice(2, 10),) * (ndim - 1)
    crop[2:10, *rest], crop[10:18, *rest] = 1, 2
    loose, apart = crop.copy(), crop.copy()
    loose[24:38, *(slice(1, 11),) * (ndim - 1)] = 2
    apart[9:12] = 0
    found = model.conduit_size_factors([crop, apart, loose, apart])
    assert found[0] > 0
    np.testing.assert_array_equal(found, [found[0], 0, found[0], 0])
    assert model.conduit_size_factors([apart]) == [0]


def test_no_conduit_no_size_factor(model, ndim):
    labels = np.ones((5,) * ndim, dtype=np.int32)
    assert model.size_factors(labels, np.zeros((0, 2), int)).shape == (0,)


def test_conduits_of_the_other_dimension_are_refused(model, ndim):
    other = 5 - ndim
    regions = sphere_regions(tiny_model.EDGES[other], other)
    with pytest.raises(InputError, match=rf"trained on {ndim}D conduits, got {other}D"):
        model.size_factors(regions.labels, regions.conns[:3])
    with pytest.raises(InputError, match=rf"takes {ndim}D ROIs, got shape \(3, 64, 64"):
        model.predict(tiny_model.conduits(other)[0][:3])


def test_bad_rois_and_numbers_are_refused(model, rois):
    labels = np.ones((64,) * model.ndim, dtype=np.int32)
    labels[:32] = 2
    conns = np.array([[0, 1]])
    for call, rule in [
        (lambda: model.predict(rois + 1), r"0, 1 and 2 only, got 1\.\.3"),
        (lambda: model.predict(rois[:, :32]), "must be "),
        (lambda: model.predict(np.minimum(rois, 1)), "must hold labels 1 and 2"),
        (lambda: model.predict(np.zeros_like(rois)), "must hold labels 1 and 2"),
        (lambda: model.size_factors(labels, conns, voxel_size=0), "voxel size must be > 0 m"),
        (lambda: model.size_factors(labels, conns + 1), r"conns must lie in 0\.\.1"),
    ]:
        with pytest.raises(InputError, match=rule) as raised:
            call()
        assert "\n" not in str(raised.value)


def damaged(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "damaged")


def change(folder, **changes):
    description = json.loads((folder / DESCRIPTION).read_text())
    (folder / DESCRIPTION).write_text(json.dumps(description | changes))


DAMAGES = {
    "nothing there": lambda folder: shutil.rmtree(folder),
    "no weights": lambda folder: (folder / WEIGHTS).unlink(),
    "truncated weights": lambda folder: (folder / WEIGHTS).write_bytes(
        (folder / WEIGHTS).read_bytes()[:2000]
    ),
    "no JSON": lambda folder: (folder / DESCRIPTION).write_text("{"),
    "another architecture": lambda folder: change(
        folder, network=tiny_model.NETWORK | {"widths": (4, 4)}
    ),
    "an unknown option": lambda folder: change(folder, network={"wide": True}),
    "fewer stages": lambda folder: change(
        folder, network=tiny_model.NETWORK | {"widths": (4,), "depths": (1,)}
    ),
    "more blocks": lambda folder: change(folder, network=tiny_model.NETWORK | {"depths": (1, 2)}),
    "no scalars": lambda folder: change(folder, network=tiny_model.NETWORK | {"scalars": "none"}),
    "an unknown scaling": lambda folder: change(
        folder, scaling={"kind": "cube", "shift": 0.0, "scale": 1.0}
    ),
    "no scaling": lambda folder: change(folder, scaling={"kind": "log"}),
    "an unknown target": lambda folder: change(folder, target="thermal"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_no_model_is_refused(saved, tmp_path, damage):
    folder = damaged(saved, tmp_path)
    DAMAGES[damage](folder)
    with pytest.raises(InputError) as raised:
        ConductanceModel.load(folder)
    assert "\n" not in str(raised.value)
    assert str(folder) in str(raised.value)
