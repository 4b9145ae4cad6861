"""Labels that stay in their file are those of the file, box by box."""

import pickle

import h5py
import numpy as np
import pytest
import scipy.ndimage as spim

from poreops.conduits.large.files import write_labels_hdf5
from poreops.conduits.large.stored_labels import StoredLabels
from poreops.conduits.partition import partition
from poreops.errors import InputError
from poreops.images.zarr_files import write_array, write_image
from poreops.synthetic.sample import sample_rock


@pytest.fixture(scope="module")
def regions():
    return partition(np.ascontiguousarray(sample_rock(40, 0.3, seed=3)[:, :33, :29]))


def parts(labels, edge):
    for place in np.ndindex(*(-(-n // edge) for n in labels.shape)):
        first = tuple(i * edge for i in place)
        yield first, labels[tuple(slice(a, a + edge) for a in first)]


@pytest.fixture(scope="module", params=["h5", "zarr"])
def stored(request, regions, tmp_path_factory):
    path = tmp_path_factory.mktemp("labels") / f"labels.{request.param}"
    labels, conns = regions.labels, regions.conns
    if request.param == "h5":
        write_labels_hdf5(
            path, labels.shape, parts(labels, 16), conns, chunk=16, count=regions.count,
            voxel_size=2e-6,
        )  # fmt: skip
    else:
        path.mkdir()
        write_image(path, labels.shape, parts(labels, 16), chunk=16, dtype="<i4", voxel_size=2e-6)
        write_array(path / "conns", conns)
    return StoredLabels(path)


def test_boxes_and_throats_are_those_of_the_labels(stored, regions):
    assert stored.shape == regions.labels.shape
    assert (stored.count, stored.voxel_size) == (regions.count, pytest.approx(2e-6))
    np.testing.assert_array_equal(stored.conns, regions.conns)
    for lower, upper in (
        ((0, 0, 0), stored.shape),
        ((3, 17, 5), (20, 18, 29)),
        ((32, 32, 28), (33, 33, 29)),
    ):
        place = tuple(slice(a, b) for a, b in zip(lower, upper, strict=True))
        found = stored.box(lower, upper)
        assert found.dtype == np.int32
        np.testing.assert_array_equal(found, regions.labels[place])


def test_extents_are_those_of_the_whole_labels(stored, regions, monkeypatch):
    monkeypatch.setattr("poreops.conduits.large.stored_labels._SLAB_BYTES", 1)
    assert len(list(stored.slabs())) == 3
    fresh = StoredLabels(stored.path)
    objects = spim.find_objects(regions.labels)
    expected = [[(one.start, one.stop) for one in place] for place in objects]
    np.testing.assert_array_equal(fresh.bounding_boxes(), expected)
    numbers = np.arange(1, regions.count + 1)
    np.testing.assert_array_equal(fresh.extents.voxels, np.bincount(regions.labels.ravel())[1:])
    centres = spim.center_of_mass(regions.labels > 0, regions.labels, numbers)
    np.testing.assert_allclose(fresh.extents.centroids, centres)


def test_other_files_are_refused_in_one_line(tmp_path):
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["im"] = np.zeros((4, 4, 4), bool)
    with pytest.raises(InputError, match=r"poreops partition wrote, .*other.h5 holds im"):
        StoredLabels(other)
    with h5py.File(other, "w") as file:
        file["labels"], file["conns"] = np.zeros((4, 4), np.int32), np.zeros((0, 2), int)
    with pytest.raises(InputError, match=r"labels of shape \(4, 4\)"):
        StoredLabels(other)
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="no labels"):
        StoredLabels(tmp_path / "folder")
    with h5py.File(other, "w") as file:
        file["labels"], file["conns"] = np.full((4, 4, 4), 9), np.zeros((0, 2), int)
        file.attrs["regions"] = 2
    with pytest.raises(InputError, match=r"labels must lie in 0..2, .* holds 0..9"):
        _ = StoredLabels(other).extents


def test_labels_travel_without_the_tables_of_all_regions(stored, regions):
    assert stored.extents.voxels.sum() == np.count_nonzero(regions.labels)
    assert len(stored.conns) == len(regions.conns)
    sent = pickle.dumps(stored)
    assert len(sent) < 1000
    there = pickle.loads(sent)
    assert (there.shape, there.count) == (stored.shape, stored.count)
    assert np.array_equal(there.box((0, 0, 0), there.shape), regions.labels)
    assert np.array_equal(there.extents.boxes, stored.extents.boxes)
