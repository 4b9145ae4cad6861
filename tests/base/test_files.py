"""Artifact formats: round trips, sameness of bytes, and kills."""

import signal
import subprocess
import sys
import time
from dataclasses import replace

import h5py
import numpy as np
import pytest

from poreops.base import files, hdf5
from poreops.conduits import table
from poreops.errors import InputError

SIZE = 8


def conduits(count, *, volume=0, seed=0, ndim=3):
    rng = np.random.default_rng(seed)
    return table.Conduits(
        roi=rng.integers(0, 3, (count, *(SIZE,) * ndim), dtype=np.uint8),
        volume=np.full(count, volume, np.int32),
        conns=rng.integers(0, 99, (count, 2), dtype=np.int32),
        box=rng.integers(0, 99, (count, 2 * ndim), dtype=np.int32),
        zoom_ratio=rng.uniform(0.5, 4, count),
        centroids=rng.uniform(0, 99, (count, 2, ndim)),
    )


def write_conduits(path, parts, ndim=3):
    with table.ConduitWriter(
        path, size=SIZE, ndim=ndim, attrs={"convention": "centroid"}
    ) as writer:
        for part in parts:
            writer.append(part)


def assert_same(a, b):
    for name in table.Conduits.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
        assert getattr(a, name).dtype == getattr(b, name).dtype


# --- text ----------------------------------------------------------------------------------------


def test_json_round_trip_of_numpy_values(tmp_path):
    path = tmp_path / "new folder/metrics.json"
    files.write_json(path, {"r2": np.float64(0.5), "n": np.int32(3), "x": np.arange(2)})
    assert files.read_json(path) == {"n": 3, "r2": 0.5, "x": [0, 1]}


def test_json_refuses_nan_and_keeps_the_old_file(tmp_path):
    path = tmp_path / "metrics.json"
    files.write_json(path, {"r2": 1.0})
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(path, {"r2": float("nan")})
    assert files.read_json(path) == {"r2": 1.0}
    assert [p.name for p in tmp_path.iterdir()] == ["metrics.json"]


def test_yaml_round_trip_keeps_small_floats_as_numbers(tmp_path):
    path = tmp_path / "params.yaml"
    content = {"b": 1e-5, "a": [1, 2.5e-9], "c": {"τ": None}}
    files.write_yaml(path, content)
    assert files.read_yaml(path) == content
    assert list(files.read_yaml(path)) == ["b", "a", "c"]


@pytest.mark.parametrize("read", [files.read_json, files.read_yaml, hdf5.read_hdf5, files.sha256])
def test_a_missing_file_is_an_input_error_with_a_remedy(tmp_path, read):
    with pytest.raises(InputError, match=r"gone must exist, got no such file; .*dvc repro"):
        read(tmp_path / "gone")


@pytest.mark.parametrize("read", [files.read_json, files.read_yaml, hdf5.read_hdf5])
def test_a_broken_file_is_an_input_error_of_one_line(tmp_path, read):
    (tmp_path / "broken").write_text("{a: [1,")
    with pytest.raises(InputError, match="broken must be") as raised:
        read(tmp_path / "broken")
    assert "\n" not in str(raised.value)


def test_an_unwritable_folder_is_an_input_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="output folder must be writable, got .*file"):
        files.write_text(tmp_path / "file/out.txt", "x")


def test_a_failing_writer_leaves_the_old_file_and_no_litter(tmp_path):
    path = tmp_path / "out.txt"
    files.write_text(path, "old")
    with pytest.raises(KeyboardInterrupt), files.replacing(path) as temporary:
        temporary.write_text("half of the ne")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


# --- digests -------------------------------------------------------------------------------------


def test_the_digest_of_a_folder_knows_names_and_contents_but_not_its_place(tmp_path):
    for name in ("one", "two"):
        files.write_text(tmp_path / name / "sub/a", "a")
        files.write_text(tmp_path / name / "b", "b")
    assert files.sha256(tmp_path / "one") == files.sha256(tmp_path / "two")
    (tmp_path / "two/b").rename(tmp_path / "two/c")
    assert files.sha256(tmp_path / "one") != files.sha256(tmp_path / "two")


def test_the_digest_of_a_file_is_that_of_sha256sum(tmp_path):
    (tmp_path / "abc").write_text("abc")
    published = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2
    assert files.sha256(tmp_path / "abc") == published


# --- HDF5 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "array",
    [
        np.arange(24.0).reshape(2, 3, 4),
        np.zeros((0, 3)),
        np.array(3),
        np.array([True, False]),
        np.zeros((3, 1200, 1200), np.uint8),
    ],
    ids=["3D", "empty", "scalar", "bool", "large rows"],
)
def test_hdf5_round_trip(tmp_path, array):
    path = tmp_path / "a.h5"
    hdf5.write_hdf5(path, {"group/x": array}, {"unit": "m", "n": 3})
    arrays, attrs = hdf5.read_hdf5(path)
    np.testing.assert_array_equal(arrays["group/x"], array)
    assert arrays["group/x"].dtype == array.dtype
    assert attrs == {"unit": "m", "n": 3}


def test_the_same_arrays_give_the_same_bytes(tmp_path):
    for name in ("a.h5", "b.h5"):
        hdf5.write_hdf5(tmp_path / name, {"x": np.arange(1000.0)}, {"unit": "m"})
        time.sleep(1.1)  # HDF5 could store the second of writing
    assert files.sha256(tmp_path / "a.h5") == files.sha256(tmp_path / "b.h5")


@pytest.mark.parametrize("kept", [0.2, 0.6, 0.999])
def test_a_truncated_file_is_an_input_error(tmp_path, kept):
    path = tmp_path / "a.h5"
    hdf5.write_hdf5(path, {"x": np.random.default_rng(0).random(10_000)})
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(InputError, match=r"complete HDF5 file, got a truncated file of \d+ bytes"):
        hdf5.read_hdf5(path)


def test_a_flipped_byte_inside_a_file_is_an_input_error(tmp_path):
    path = tmp_path / "a.h5"
    hdf5.write_hdf5(path, {"x": np.random.default_rng(0).normal(size=(100, 100))})
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InputError, match="must be a complete HDF5 file, got damaged content of"):
        hdf5.read_hdf5(path)
    with pytest.raises(InputError, match="damaged content"), hdf5.open_hdf5(path) as file:
        file["x"][()]


def test_an_error_of_the_reader_is_not_one_of_the_file(tmp_path):
    hdf5.write_hdf5(tmp_path / "a.h5", {"x": np.arange(3)})
    with pytest.raises(KeyError, match="'y'"), hdf5.open_hdf5(tmp_path / "a.h5") as file:
        file["y"]
    with pytest.raises(FileNotFoundError), hdf5.open_hdf5(tmp_path / "a.h5"):
        (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("ndim", [2, 3])
def test_conduits_of_several_volumes_come_back_in_order(tmp_path, ndim):
    parts = [conduits(n, volume=k, seed=k, ndim=ndim) for k, n in enumerate([3, 0, 5])]
    path = tmp_path / "conduits.h5"
    write_conduits(path, parts, ndim)
    back = table.read_conduits(path)
    assert len(back) == 8
    assert_same(
        back,
        table.Conduits(
            **{
                name: np.concatenate([getattr(part, name) for part in parts])
                for name in table.Conduits.__dataclass_fields__
            }
        ),
    )
    chosen = table.read_conduits(path, np.array([1, 4]))
    np.testing.assert_array_equal(chosen.roi, back.roi[[1, 4]])
    assert hdf5.read_hdf5(path)[1]["convention"] == "centroid"


def test_one_roi_is_one_compressed_chunk(tmp_path):
    path = tmp_path / "conduits.h5"
    write_conduits(path, [conduits(3)])
    with h5py.File(path) as file:
        assert file["roi"].chunks == (1, SIZE, SIZE, SIZE)
        assert file["roi"].compression == "gzip"


def test_the_number_of_appends_does_not_change_what_is_read(tmp_path):
    whole = conduits(4)
    halves = [
        table.Conduits(**{n: getattr(whole, n)[rows] for n in table.Conduits.__dataclass_fields__})
        for rows in (slice(0, 2), slice(2, 4))
    ]
    write_conduits(tmp_path / "a.h5", [whole])
    write_conduits(tmp_path / "b.h5", halves)
    assert_same(table.read_conduits(tmp_path / "a.h5"), table.read_conduits(tmp_path / "b.h5"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"box": np.zeros((3, 4), np.int32)}, r"box must have shape \(3, 6\), got \(3, 4\)"),
        ({"roi": np.zeros((3, 8, 8, 8))}, "roi must be uint8, got float64"),
        ({"zoom_ratio": np.ones(2)}, r"zoom_ratio must have shape \(3,\)"),
    ],
)
def test_columns_that_do_not_fit_are_refused_and_nothing_is_written(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        write_conduits(tmp_path / "conduits.h5", [replace(conduits(3), **change)])
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_other_columns_is_not_conduits(tmp_path):
    hdf5.write_hdf5(tmp_path / "labels.h5", {"size_factor": np.ones(3)})
    with pytest.raises(InputError, match=r"got none named roi, .*conductance_conduits"):
        table.read_conduits(tmp_path / "labels.h5")


def test_a_killed_writer_leaves_the_old_file_as_it_was(tmp_path):
    path = tmp_path / "conduits.h5"
    write_conduits(path, [conduits(2)])
    before = path.read_bytes()
    script = f"""
import numpy as np, sys
from poreops.conduits import table
sys.path.insert(0, {str(tmp_path)!r})
part = table.Conduits(
    np.ones((50, 8, 8, 8), np.uint8), np.zeros(50, np.int32), np.zeros((50, 2), np.int32),
    np.zeros((50, 6), np.int32), np.ones(50), np.zeros((50, 2, 3)))
with table.ConduitWriter({str(path)!r}, size=8) as writer:
    while True:
        writer.append(part)
        print(len(writer), flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "50\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert path.read_bytes() == before
    write_conduits(path, [conduits(3)])
    assert len(table.read_conduits(path)) == 3
