"""The compact form of a request: the same array, no more than it may be, no changed value."""

import base64
import io
import json
import zipfile

import numpy as np
import pytest
import tifffile

from poreops.errors import InputError
from poreops.mlops.tracking import payload

VALUES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
MOST = 2**20


def npz(**arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def tiff(values):
    file = io.BytesIO()
    tifffile.imwrite(file, values)
    return file.getvalue()


@pytest.mark.parametrize("kind", [payload.NPZ, payload.TIFF])
def test_an_array_comes_through_as_it_is_and_in_base64(kind):
    packed = npz(x=VALUES) if kind == payload.NPZ else tiff(VALUES)
    name = "npz" if kind == payload.NPZ else "tiff"
    body = json.dumps({name: base64.b64encode(packed).decode()}, separators=(",", ":")).encode()
    assert payload.compact(packed, kind) == payload.compact(body, "application/json")
    found = payload.array(*payload.compact(body, "application/json; charset=utf-8"), MOST)
    np.testing.assert_array_equal(found, VALUES)
    np.testing.assert_array_equal(payload.fitted(found[0], np.uint8, 3), VALUES[:1])


def test_mlflows_own_form_is_left_alone():
    assert payload.compact(b'{"inputs": [[1, 2]]}', "application/json") is None


@pytest.mark.parametrize(
    "body", [b'{"npz": "???"}', b'{"npz": 1}', b'{"npz": "', b'{"npz": "", "a": 1}']
)
def test_a_broken_compact_request_is_an_input_error(body):
    with pytest.raises(InputError, match="a compact request must be"):
        payload.compact(body, "application/json")


def bomb():
    """A few hundred bytes that declare 4 GB."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        header = io.BytesIO()
        stated = {"descr": "|u1", "fortran_order": False, "shape": (2**32,)}
        np.lib.format.write_array_header_1_0(header, stated)
        archive.writestr("x.npy", header.getvalue() + bytes(1000))
    return file.getvalue()


@pytest.mark.parametrize(
    ("packed", "kind", "message"),
    [
        (bomb(), payload.NPZ, "may have 1048576 bytes unpacked, got 4294967296"),
        (npz(x=np.zeros(2**21, np.uint8)), payload.NPZ, "got 2097"),
        (tiff(np.zeros((2048, 1024), np.uint8)), payload.TIFF, "got 2097152"),
        (npz(x=np.array([{}], dtype=object)), payload.NPZ, "bool or numbers, got object"),
        (npz(x=VALUES, y=VALUES), payload.NPZ, "must hold one array"),
        (b"PK nonsense", payload.NPZ, "must be a whole"),
        (tiff(VALUES)[:60], payload.TIFF, "must be a whole|must hold an image"),
    ],
)
def test_what_is_too_large_or_no_array_is_an_input_error(packed, kind, message):
    with pytest.raises(InputError, match=message):
        payload.array(packed, kind, MOST)


@pytest.mark.parametrize("values", [VALUES + 0.5, VALUES - 1.0, VALUES.astype(int) + 250])
def test_a_value_that_would_change_is_refused(values):
    with pytest.raises(InputError, match="must hold values that uint8 has"):
        payload.fitted(values, np.uint8, 3)


def test_a_whole_float_is_a_whole_number():
    assert payload.fitted(VALUES.astype(float), np.uint8, 3).dtype == np.uint8


@pytest.mark.parametrize("text", [b"[0.5]", b"[1, 2.25]", b"[5e-1]"])
def test_a_fraction_in_json_is_found(text):
    with pytest.raises(InputError, match="must be whole numbers"):
        payload.check_whole_numbers(b'{"inputs": ' + text + b"}")
    payload.check_whole_numbers(b'{"inputs": [1.0, 2, 30, 1e3]}')
