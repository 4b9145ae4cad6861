"""An image is read in slabs, without a copy; one that does not fit is refused beforehand."""

import io
import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest
from image_files import WRITERS

from poreops.errors import InputError
from poreops.images.grey_stack import read_stack
from poreops.images.read import read_header, read_image, read_volume
from poreops.machine import memory


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
