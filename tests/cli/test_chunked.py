"""The command partition, as a user runs it: from a file to a file of labels."""

import json

import numpy as np
import pytest
import tifffile

import poreops
from poreops.conduits.partition import touching_pairs
from poreops.images.zarr import zarr_layers


@pytest.fixture
def part(tmp_path):
    def path(name):
        return tmp_path / name

    return path


def stored(folder):
    meta = json.loads((folder / ".zarray").read_text())
    rows = range(-(-meta["shape"][0] // meta["chunks"][0]))
    return np.concatenate([zarr_layers(folder, meta, 0, row) for row in rows])


def test_labels_of_two_formats_from_two_formats(answer, image, im, part):
    options = ("--workers", 1, "--voxel-size", "3e-6")
    found = answer("partition", image, "-o", part("a.h5"), "--chunks", 16, *options)
    assert found["regions"] == poreops.partition(im).count
    assert found["chunks"]["count"] == 3 * 3 * 2
    assert found["porosity"] == pytest.approx(im.mean())
    assert found["reading"]["pore_labels"] == [255]
    regions = poreops.load_regions(part("a.h5"))
    np.testing.assert_array_equal(regions.labels > 0, im)
    np.testing.assert_array_equal(regions.conns, touching_pairs(regions.labels))
    assert found["throats"] == len(regions.conns)
    # from labels, which are an image too, in other chunks
    again = answer(
        "partition", part("a.h5"), "--dataset", "labels", "--pore-label",
        ",".join(map(str, range(1, regions.count + 1))), "-o", part("b.zarr"), "--chunks", 48,
        "--workers", 1,
    )  # fmt: skip
    assert again["voxel_size_m"] == pytest.approx(3e-6)
    np.testing.assert_array_equal(stored(part("b.zarr") / "0"), regions.labels)
    np.testing.assert_array_equal(stored(part("b.zarr") / "conns"), regions.conns)
    assert {p.name for p in part("").iterdir()} == {"a.h5", "b.zarr"}
    # the same again, from the folder of Zarr
    third = answer(
        "partition", part("b.zarr"), "--dataset", "0", "--pore-label",
        ",".join(map(str, range(1, regions.count + 1))), "-o", part("a.h5"), "--overwrite",
        "--workers", 1, "--chunks", 256,
    )  # fmt: skip
    assert third["regions"] == found["regions"]
    np.testing.assert_array_equal(poreops.load_regions(part("a.h5")).labels, regions.labels)


def test_the_text_says_what_was_found(run, image, part):
    code, out, err = run("partition", image, "-o", part("a.h5"), "--workers", 1, "--chunks", 256)
    assert (code, err) == (0, "")
    assert "36 x 34 x 32 voxels, porosity 0." in out
    assert "chunks    1 of 256 voxels, flooded 1\n" in out


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        (("-o", "a.tif"), "labels are written as HDF5 or Zarr, got .*a.tif"),
        ((), "needs a file, got none; give --out labels.h5"),
        (("-o", "a.h5", "--score"), "a score needs the labels as a whole"),
        (("-o", "there.h5"), "is there already"),
        (("-o", "a.h5", "--chunks", 100), "chunks must be a multiple of 16 voxels, got 100"),
        (("-o", "a.h5", "--chunks", 8), "chunks must be"),
        (("-o", "a.h5", "--sigma", 101), "sigma must lie in 0..100 voxels, got 101"),
        (("-o", "a.h5", "--pore-label", "9"), "pore"),
        (("-o", "a.h5", "--voxel-size", "1e-6,2e-6,1e-6"), "voxels must be cubes"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(run, image, part, options, rule):
    part("there.h5").touch()
    given = [part(o) if str(o).endswith((".h5", ".tif")) else o for o in options]
    code, out, err = run("partition", image, "--workers", 1, "--chunks", 64, *given)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    with pytest.raises(AssertionError, match=rule):
        raise AssertionError(err)
    assert {p.name for p in part("").iterdir()} == {"there.h5"}


def test_a_slice_and_a_volume_in_fortran_order_are_refused(run, im, part):
    tifffile.imwrite(part("slice.tif"), im[0].astype(np.uint8))
    np.save(part("fortran.npy"), np.asfortranarray(im))
    for name, rule in (("slice.tif", "must be 3D"), ("fortran.npy", "stored in C order")):
        code, _, err = run("partition", part(name), "-o", part("a.h5"), "--chunks", 64)
        assert code == 2
        assert rule in err
