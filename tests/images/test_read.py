"""Every format gives back the image it was written with."""

import zipfile

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_files import BINARY, LABELS, WRITERS, described, each_example
from scipy.ndimage import gaussian_filter

from poreops.errors import InputError
from poreops.images.grey_stack import read_stack
from poreops.images.read import read_header, read_image, read_volume
from poreops.images.reading import ReadingWarning
from poreops.solvers.diffusion.bulk import formation_factor


@pytest.mark.parametrize("name", WRITERS)
@each_example
@given(im=BINARY, dtype=st.sampled_from(["bool", "uint8", "uint16", "int32", "float32"]))
def test_round_trip_of_a_binary_image(tmp_path, name, im, dtype):
    stored = im.astype(dtype) * (255 if dtype == "uint8" else 1)
    stored = stored.astype(dtype)
    WRITERS[name](tmp_path / name, stored)
    found = read_volume(tmp_path / name, **described(name, stored)).image
    assert found.dtype == bool
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, im)


@pytest.mark.parametrize("name", WRITERS)
@each_example
@given(im=LABELS, order=st.sampled_from("CF"))
def test_round_trip_of_labels(tmp_path, name, im, order):
    stored = np.asarray(im, order="C" if name == "a.raw" else order)
    WRITERS[name](tmp_path / name, stored)
    label = int(im.flat[0])
    found = read_volume(tmp_path / name, pore_label=label, **described(name, im)).image
    np.testing.assert_array_equal(found, im == label)
    header = read_header(tmp_path / name, **described(name, im))
    assert header.shape == im.shape
    assert header.voxels == im.size


@each_example
@given(im=BINARY)
def test_slabs_give_the_image_that_one_read_gives(tmp_path, im):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("poreops.images.stored.SLAB_BYTES", 1)
        for name, write in WRITERS.items():
            write(tmp_path / name, im.astype(np.uint8))
            options = described(name, im.astype(np.uint8))
            found = read_volume(tmp_path / name, **options).image
            np.testing.assert_array_equal(found, im)


def test_big_endian_raw(tmp_path):
    im = np.arange(24, dtype=">u2").reshape(2, 3, 4)
    im.tofile(tmp_path / "be.raw")
    found = read_image(tmp_path / "be.raw", shape=(2, 3, 4), dtype=">u2", pore_label=5)
    assert np.flatnonzero(found).tolist() == [5]


def test_hdf5_dataset_in_the_path_and_as_argument(tmp_path, half):
    with h5py.File(tmp_path / "a.h5", "w") as root:
        root["one/im"] = half
        root["two"] = ~half
    np.testing.assert_array_equal(read_image(f"{tmp_path}/a.h5:/one/im"), half)
    np.testing.assert_array_equal(read_image(tmp_path / "a.h5", dataset="/two"), ~half)
    with pytest.raises(InputError, match=r"must be named.*one/im, two"):
        read_image(tmp_path / "a.h5")
    with pytest.raises(InputError, match="there is no 'three'"):
        read_image(f"{tmp_path}/a.h5:three")
    with pytest.raises(InputError, match="named once"):
        read_image(f"{tmp_path}/a.h5:two", dataset="two")


@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_axis_of_one_voxel_keeps_its_place_and_name(tmp_path, place):
    # a channel along each of the other axes; the one beside it is closed
    one = np.zeros((20, 30), dtype=bool)
    one[:, 8:20] = True
    im = np.expand_dims(one, place)
    np.save(tmp_path / "a.npy", im)
    found = read_image(tmp_path / "a.npy")
    assert found.shape == im.shape
    along, across = [axis for axis in range(3) if axis != place]
    assert formation_factor(found, along).formation_factor == pytest.approx(2.5)
    assert not formation_factor(found, across).percolates


def test_axes_beyond_the_third_are_left_out_with_a_word(tmp_path, half):
    np.save(tmp_path / "a.npy", half[np.newaxis, :, :, :, np.newaxis])
    with pytest.warns(ReadingWarning, match="array axes 1, 2, 3 were taken as x, y, z"):
        np.testing.assert_array_equal(read_image(tmp_path / "a.npy"), half)


def test_all_pore_is_an_image(tmp_path):
    np.save(tmp_path / "open.npy", np.ones((3, 3, 3), np.uint8))
    assert read_image(tmp_path / "open.npy").all()


@each_example
@given(
    im=LABELS.filter(lambda im: im.ndim == 2 or im.shape[-1] not in {3, 4}),  # no colours
    order=st.sampled_from("CF"),
    name=st.sampled_from(sorted(WRITERS.keys() - {"a.raw"})),
)
def test_both_readers_give_the_array(tmp_path, im, order, name):
    WRITERS[name](tmp_path / name, np.asarray(im, order=order))
    found = read_stack(tmp_path / name).image
    np.testing.assert_array_equal(found.reshape(im.shape), im)
    assert found.dtype == im.dtype


@each_example
@given(shape=st.permutations([11, 17, 26]), seed=st.integers(0, 3))
def test_a_raw_file_read_in_another_order_is_noticed(tmp_path, shape, seed):
    field = gaussian_filter(np.random.default_rng(seed).standard_normal((11, 17, 26)), 2)
    im = (field > 0).astype(np.uint8)
    im.tofile(tmp_path / "a.raw")
    warnings = read_volume(tmp_path / "a.raw", shape=tuple(shape), dtype="u1").reading.warnings
    if tuple(shape) == im.shape:
        assert warnings == ()
    else:
        assert "in the order 11,17,26 it is" in warnings[0]


def test_noise_and_cubes_have_no_order(tmp_path):
    rng = np.random.default_rng(0)
    for shape in ((11, 17, 26), (20, 20, 20)):
        (rng.random(shape) < 0.5).tofile(tmp_path / "a.raw")
        assert read_volume(tmp_path / "a.raw", shape=shape, dtype="bool").reading.warnings == ()


def test_a_raw_file_with_a_header(tmp_path, half):
    (tmp_path / "a.raw").write_bytes(b"\7" * 512 + half.tobytes())
    options = {"shape": half.shape, "dtype": "uint8"}
    np.testing.assert_array_equal(read_image(tmp_path / "a.raw", offset=512, **options), half)
    with pytest.raises(InputError, match="512 more: a header of --offset 512"):
        read_image(tmp_path / "a.raw", **options)
    with pytest.raises(InputError, match="must not be negative"):
        read_image(tmp_path / "a.raw", offset=-1, **options)
    (tmp_path / "b.raw").write_bytes(bytes([0, 7, 0, 9]))
    with pytest.raises(InputError, match="holds 0, 7, 9"):  # not "true, true"
        read_image(tmp_path / "b.raw", shape=(2, 2), dtype="bool")


def test_what_is_in_an_npz(tmp_path, half):
    np.savez(tmp_path / "a.npz", half, ~half)
    with pytest.raises(InputError, match="give one of: arr_0, arr_1"):
        read_image(tmp_path / "a.npz")
    np.testing.assert_array_equal(read_image(tmp_path / "a.npz", dataset="arr_1"), ~half)
    np.save(tmp_path / "rock.npy", half)
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with zipfile.ZipFile(tmp_path / "b.npz", "w", method) as archive:
            archive.writestr("readme.txt", "not an array")
            archive.write(tmp_path / "rock.npy", "rock.npy")
        np.testing.assert_array_equal(read_image(tmp_path / "b.npz"), half)
