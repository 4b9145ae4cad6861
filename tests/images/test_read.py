"""Every format gives back the image it was written with; every bad file is one clear line."""

import contextlib
import io
import tracemalloc
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.ndimage import gaussian_filter

from poreops.errors import InputError
from poreops.images.grey_stack import read_stack
from poreops.images.read import read_header, read_image, read_volume
from poreops.images.reading import ReadingWarning
from poreops.machine import memory
from poreops.solvers.diffusion.bulk import formation_factor

SHAPES = hnp.array_shapes(min_dims=2, max_dims=3, min_side=2, max_side=7)
BINARY = hnp.arrays(np.bool_, SHAPES).filter(lambda im: im.any())
LABELS = hnp.arrays(np.uint8, SHAPES, elements=st.integers(0, 4))
each_example = settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


def _write_tiff(path, im):
    # without it tifffile takes an axis of length 3 for colour
    tifffile.imwrite(path, im, photometric="minisblack")


def _write_deflate(path, im):
    tifffile.imwrite(path, im, compression="zlib", photometric="minisblack")


def _write_pages(path, im):
    with tifffile.TiffWriter(path) as writer:
        for page in im if im.ndim == 3 else [im]:
            writer.write(page, contiguous=False, metadata=None)


def _write_hdf5(path, im):
    with h5py.File(path, "w") as root:
        root.create_dataset("scans/rock", data=im, chunks=True, compression="gzip")


def _write_raw(path, im):
    im.tofile(path)


WRITERS = {
    "a.tif": _write_tiff,
    "deflate.tiff": _write_deflate,
    "pages.tif": _write_pages,
    "a.npy": np.save,
    "a.npz": lambda path, im: np.savez_compressed(path, rock=im),
    "stored.npz": lambda path, im: np.savez(path, im=im, other=np.zeros(3)),
    "a.h5": _write_hdf5,
    "a.raw": _write_raw,
}


def _described(name, im):
    return {"shape": im.shape, "dtype": im.dtype} if name.endswith(".raw") else {}


@pytest.mark.parametrize("name", WRITERS)
@each_example
@given(im=BINARY, dtype=st.sampled_from(["bool", "uint8", "uint16", "int32", "float32"]))
def test_round_trip_of_a_binary_image(tmp_path, name, im, dtype):
    stored = im.astype(dtype) * (255 if dtype == "uint8" else 1)
    stored = stored.astype(dtype)
    WRITERS[name](tmp_path / name, stored)
    found = read_volume(tmp_path / name, **_described(name, stored)).image
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
    found = read_volume(tmp_path / name, pore_label=label, **_described(name, im)).image
    np.testing.assert_array_equal(found, im == label)
    header = read_header(tmp_path / name, **_described(name, im))
    assert header.shape == im.shape
    assert header.voxels == im.size


@each_example
@given(im=BINARY)
def test_slabs_give_the_image_that_one_read_gives(tmp_path, im):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("poreops.images.stored.SLAB_BYTES", 1)
        for name, write in WRITERS.items():
            write(tmp_path / name, im.astype(np.uint8))
            options = _described(name, im.astype(np.uint8))
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
def test_an_axis_of_one_voxel_keeps_its_place_and_name(tmp_path, half, place):
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


@pytest.fixture
def half():
    im = np.zeros((4, 5, 6), dtype=bool)
    im[:2] = True
    return im


@pytest.mark.parametrize("name", WRITERS)
def test_truncated_file(tmp_path, name):
    im = np.random.default_rng(1).random((20, 30, 40)) < 0.5
    WRITERS[name](tmp_path / name, im.astype(np.uint8))
    content = (tmp_path / name).read_bytes()
    for share in (0.0, 0.3, 0.9):
        (tmp_path / name).write_bytes(content[: int(share * len(content))])
        with pytest.raises(InputError) as caught:
            read_image(tmp_path / name, **_described(name, im.astype(np.uint8)))
        assert "\n" not in str(caught.value)
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("im", "pore_label", "rule"),
    [
        (np.array([[0, 85], [170, 0]], np.uint8), None, r"holds 0, 85, 170; name the pore's"),
        (np.array([[0, 2], [2, 0]]), None, "holds 0, 2"),
        (np.arange(100.0).reshape(10, 10), None, "more than 8 values"),
        (np.array([[0.0, np.nan], [1.0, 1.0]]), None, "must not hold NaN"),
        (np.array([[0.0, np.nan], [1.0, 1.0]]), 1, "must not hold NaN"),
        (np.zeros((3, 3)), None, "at least one pore voxel.*--pore-label 0"),
        (np.ones((3, 3), np.uint8), 300, r"no voxel of a\.npy has the label 300"),
        (np.ones(9, bool), None, r"2 or 3 axes.*\(9,\)"),
        (np.ones((2, 2, 2, 2), bool), None, r"2 or 3 axes.*\(2, 2, 2, 2\)"),
        (np.ones((3, 0, 3), bool), None, "2 or 3 axes"),
        (np.ones((3, 3), complex), None, "must hold labels"),
        (np.array([["a", "b"], ["c", "d"]]), None, "must hold labels"),
    ],
)
def test_bad_image(tmp_path, im, pore_label, rule):
    np.save(tmp_path / "a.npy", im)
    with pytest.raises(InputError, match=rule) as caught:
        read_image(tmp_path / "a.npy", pore_label=pore_label)
    assert "\n" not in str(caught.value)


def test_objects_are_not_unpickled(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[None, 1], [2, 3]], dtype=object))
    with pytest.raises(InputError, match="Python objects"):
        read_image(tmp_path / "a.npy")


def test_colour_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.ones((8, 9, 3), np.uint8), photometric="rgb")
    with pytest.raises(InputError, match="colour"):
        read_image(tmp_path / "a.tif")


def test_path_must_be_an_image_file(tmp_path):
    with pytest.raises(InputError, match="there is no"):
        read_image(tmp_path / "none.tif")
    with pytest.raises(InputError, match="must hold images"):
        read_image(tmp_path)
    (tmp_path / "a.vtk").write_text("x")
    with pytest.raises(InputError, match=r"must be \.tif"):
        read_image(tmp_path / "a.vtk")


def test_raw_needs_its_description(tmp_path, half):
    half.tofile(tmp_path / "a.raw")
    with pytest.raises(InputError, match="does not know its shape"):
        read_image(tmp_path / "a.raw")
    with pytest.raises(InputError, match=r"must have 60 bytes, a\.raw has 120"):
        read_image(tmp_path / "a.raw", shape=(2, 5, 6), dtype=bool)
    with pytest.raises(InputError, match="dtype must be a numpy type, got 'uint9'"):
        read_image(tmp_path / "a.raw", shape=half.shape, dtype="uint9")
    with pytest.raises(InputError, match="shape must be positive"):
        read_image(tmp_path / "a.raw", shape=(4, -5, 6), dtype="bool")
    np.save(tmp_path / "a.npy", half)
    with pytest.raises(InputError, match="describe a raw file"):
        read_image(tmp_path / "a.npy", shape=half.shape, dtype="bool")
    with pytest.raises(InputError, match="drop --dataset"):
        read_image(tmp_path / "a.npy", dataset="im")


def test_npz_without_arrays(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w"):
        pass
    with pytest.raises(InputError, match="it is empty"):
        read_image(tmp_path / "a.npz")


def _huge_npy(path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (20_000,) * 3}
    )
    with path.open("wb") as file:
        file.write(header.getvalue())
        file.truncate(len(header.getvalue()) + 20_000**3)  # a sparse file: no disk is used


def _huge_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as root:
        root.create_dataset("im", shape=(20_000,) * 3, dtype="u1", chunks=(64, 64, 64))


@pytest.mark.parametrize(("name", "write"), [("a.npy", _huge_npy), ("a.h5", _huge_hdf5)])
def test_larger_than_memory_is_refused_before_reading(tmp_path, name, write):
    write(tmp_path / name)
    with pytest.raises(InputError, match=r"20000 x 20000 x 20000 voxels needs about 7\.\d TiB"):
        read_image(tmp_path / name)


def test_memory_of_a_container(monkeypatch):
    files = {
        "/proc/meminfo": ["MemTotal: 9000000 kB", "MemAvailable: 8000000 kB"],
        "/sys/fs/cgroup/memory.max": ["4000000000"],
        "/sys/fs/cgroup/memory.current": ["3000000000"],
        "/sys/fs/cgroup/memory.stat": ["anon 1", "inactive_file 500000000"],
    }
    monkeypatch.setattr(memory, "_lines", lambda path: files.get(path, []))
    assert memory.available_memory() == 1_500_000_000
    files["/sys/fs/cgroup/memory.max"] = ["max"]
    assert memory.available_memory() == 8_000_000 * 1024
    files.clear()
    assert memory.available_memory() is None
    memory.require_memory(1 << 60, "anything", "wait")


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.h5", "a.tif", "pages.tif", "one.npy"])
def test_an_image_is_not_copied(tmp_path, monkeypatch, name, order):
    monkeypatch.setattr("poreops.images.stored.SLAB_BYTES", 2**18)
    im = np.asarray(np.random.default_rng(0).random((160, 150, 140)) < 0.5, order=order)
    write = {"one.npy": np.save, "a.npz": lambda path, a: np.savez(path, im=a)} | WRITERS
    write[name](tmp_path / name, (im[None] if name == "one.npy" else im).astype(np.uint8))
    read_header(tmp_path / name)  # imports
    for read in (read_volume, read_stack):
        if name == "one.npy" and read is read_stack:
            continue
        tracemalloc.start()
        image = read(tmp_path / name).image
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        np.testing.assert_array_equal(image, im)
        # the image, a slab and what is made of it, the checks
        assert peak < im.size * 1.25 + 2**21


@each_example
@given(im=LABELS, order=st.sampled_from("CF"), name=st.sampled_from(sorted(WRITERS)))
def test_both_readers_give_the_array(tmp_path, im, order, name):
    if name == "a.raw" or (im.ndim == 3 and im.shape[-1] in {3, 4}):
        return
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


@pytest.mark.parametrize("shape", ["(-3, 4)", "(3, 4"])
def test_a_damaged_npy_header(tmp_path, shape):
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    text = header.encode().ljust(117) + b"\n"
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY\1\0" + bytes([118, 0]) + text + bytes(50))
    for reader in (read_volume, read_stack):
        with pytest.raises(InputError, match=r"a\.npy"):
            reader(tmp_path / "a.npy")


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


@each_example
@given(place=st.floats(0, 1), value=st.integers(0, 255), name=st.sampled_from(sorted(WRITERS)))
def test_a_damaged_byte_is_no_traceback(tmp_path, place, value, name):
    im = (np.random.default_rng(2).random((3, 12, 13)) < 0.5).astype(np.uint8)
    WRITERS[name](tmp_path / name, im)
    content = bytearray((tmp_path / name).read_bytes())
    content[int(place * (len(content) - 1))] = value
    (tmp_path / name).write_bytes(content)
    with contextlib.suppress(InputError):
        read_volume(tmp_path / name, **_described(name, im))
