"""Every bad file is one clear line."""

import contextlib
import zipfile

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from image_files import WRITERS, described, each_example

from poreops.errors import InputError
from poreops.images.grey_stack import read_stack
from poreops.images.read import read_image, read_volume


@pytest.mark.parametrize("name", WRITERS)
def test_truncated_file(tmp_path, name):
    im = np.random.default_rng(1).random((20, 30, 40)) < 0.5
    WRITERS[name](tmp_path / name, im.astype(np.uint8))
    content = (tmp_path / name).read_bytes()
    for share in (0.0, 0.3, 0.9):
        (tmp_path / name).write_bytes(content[: int(share * len(content))])
        with pytest.raises(InputError) as caught:
            read_image(tmp_path / name, **described(name, im.astype(np.uint8)))
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


@pytest.mark.parametrize("shape", ["(-3, 4)", "(3, 4"])
def test_a_damaged_npy_header(tmp_path, shape):
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    text = header.encode().ljust(117) + b"\n"
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY\1\0" + bytes([118, 0]) + text + bytes(50))
    for reader in (read_volume, read_stack):
        with pytest.raises(InputError, match=r"a\.npy"):
            reader(tmp_path / "a.npy")


@each_example
@given(place=st.floats(0, 1), value=st.integers(0, 255), name=st.sampled_from(sorted(WRITERS)))
def test_a_damaged_byte_is_no_traceback(tmp_path, place, value, name):
    im = (np.random.default_rng(2).random((3, 12, 13)) < 0.5).astype(np.uint8)
    WRITERS[name](tmp_path / name, im)
    content = bytearray((tmp_path / name).read_bytes())
    content[int(place * (len(content) - 1))] = value
    (tmp_path / name).write_bytes(content)
    with contextlib.suppress(InputError):
        read_volume(tmp_path / name, **described(name, im))
