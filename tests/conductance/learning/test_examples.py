"""Examples are the conduits of the files, in the order of the rows asked for."""

import pickle

import numpy as np
import pytest
from reference import sphere_regions
from tiny import conductance as tiny_model

from poreops.base.hdf5 import open_hdf5, write_hdf5
from poreops.conductance.learning import examples as datasets
from poreops.conductance.learning.encoding import encode
from poreops.conductance.learning.examples import EncodedOnce, read_examples
from poreops.conduits.crop import extract_conduits
from poreops.conduits.table import ConduitWriter

# a conduit zoomed by z has z^p times the size factor, in voxels of its own
POWERS = {("diffusive", 2): 0, ("diffusive", 3): 1, ("hydraulic", 2): 2, ("hydraulic", 3): 3}


@pytest.fixture(scope="module", params=POWERS)
def files(request, tmp_path_factory):
    (target, ndim), folder = request.param, tmp_path_factory.mktemp("examples")
    regions = sphere_regions(tiny_model.EDGES[ndim], ndim)
    with ConduitWriter(folder / "conduits.h5", ndim=ndim) as writer:
        for batch in extract_conduits(regions.labels, regions.conns, volume=0):
            writer.append(batch)
    rois, ratios, size_factors = tiny_model.conduits(ndim)
    write_hdf5(
        folder / "labels.h5",
        {"size_factor": size_factors},
        {"target": target, "convention": "centroid", "walls": "stepped"},
    )
    targets = size_factors * ratios ** POWERS[request.param]
    return folder / "conduits.h5", folder / "labels.h5", rois, targets


def test_all_conduits_are_read(files, monkeypatch):
    monkeypatch.setattr(datasets, "_SLICE", 32)
    conduits, labels, rois, targets = files
    found = read_examples(conduits, labels, "occupancy+distance")
    expected = encode(rois, "occupancy+distance")
    np.testing.assert_array_equal(found.encoded.image, expected.image)
    np.testing.assert_array_equal(found.encoded.scalars, expected.scalars)
    np.testing.assert_allclose(found.size_factors, targets, rtol=1e-12)


def test_some_conduits_are_read(files, monkeypatch):
    monkeypatch.setattr(datasets, "_SLICE", 3)
    conduits, labels, rois, targets = files
    rows = np.array([0, 3, 4, 11, 12, 40, 41, 57])
    found = read_examples(conduits, labels, "labels", rows, workers=1)
    assert len(found) == len(rows)
    np.testing.assert_array_equal(found.encoded.image[..., 0], rois[rows])
    np.testing.assert_allclose(found.size_factors, targets[rows], rtol=1e-12)


def test_conduits_that_did_not_settle_are_left_out(files, tmp_path):
    conduits, labels, _, targets = files
    with open_hdf5(labels) as file:
        found, target = file["size_factor"][()], file.attrs["target"]
    found[[2, 11]] = np.nan
    write_hdf5(
        tmp_path / "labels.h5",
        {"size_factor": found},
        {"target": target, "convention": "centroid", "walls": "stepped"},
    )
    rows = np.array([0, 2, 3, 11, 40])
    examples = read_examples(conduits, tmp_path / "labels.h5", "labels", rows, workers=1)
    np.testing.assert_allclose(examples.size_factors, targets[[0, 3, 40]], rtol=1e-12)
    assert len(examples.encoded.image) == 3


def test_conduits_encoded_once_are_those_that_are_read(files, tmp_path, monkeypatch):
    conduits, labels, _, targets = files
    with open_hdf5(labels) as file:
        found, stated = file["size_factor"][()], dict(file.attrs)
    found[[2, 11]] = np.nan
    write_hdf5(tmp_path / "labels.h5", {"size_factor": found}, stated)
    encoded = []
    monkeypatch.setattr(
        datasets, "encode", lambda rois, *args, **options: encoded.append(len(rois))
        or encode(rois, *args, **options),
    )  # fmt: skip
    every = ["none", "occupancy", "labels", "occupancy+field"]
    once = EncodedOnce(conduits, tmp_path / "labels.h5", every, tmp_path / "encoded")
    once = pickle.loads(pickle.dumps(once))  # as a process of its own gets it
    rows = np.array([0, 2, 4, 11, 12, 40, 41, 57])
    asked = [("none", rows), ("occupancy", rows), ("occupancy+field", rows[3:]), ("labels", rows)]
    for image, some in asked:
        assert (once.seconds(image) > 0) == (image != "labels")
        part = once.examples(image, some)
        expected = read_examples(conduits, tmp_path / "labels.h5", image, some)
        np.testing.assert_array_equal(part.encoded.image, expected.encoded.image)
        np.testing.assert_array_equal(part.encoded.scalars, expected.encoded.scalars)
        np.testing.assert_array_equal(part.size_factors, expected.size_factors)
        assert (part.label, part.ndim) == (expected.label, expected.ndim)
    whole = len(targets) - 2
    assert encoded == [whole, 6, 6, 4, 6, 6]
