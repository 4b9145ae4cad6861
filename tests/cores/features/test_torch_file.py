"""Tensors come out of a file of PyTorch, and nothing else does."""

import pickle
from collections import OrderedDict

import numpy as np
import pytest

from poreops.cores.features.torch_file import read_torch_tensors
from poreops.errors import InputError

MAGIC = 0x1950A86A20F9469CFC6C


class Named:
    """Pickles as a name of a module, called with some arguments."""

    def __init__(self, module, name, arguments=()):
        self.module, self.name, self.arguments = module, name, arguments


class Pickler(pickle._Pickler):
    """Writes names without importing them."""

    def save(self, item, save_persistent_id=True):
        if isinstance(item, Named):
            self.write(b"c" + f"{item.module}\n{item.name}\n".encode())
            if item.arguments:
                super().save(item.arguments)
                self.write(b"R")
        elif isinstance(item, Storage):
            super().save(("storage", Named("torch", item.kind), item.key, "cpu", item.count, None))
            self.write(b"Q")
        else:
            super().save(item, save_persistent_id)


class Storage:
    def __init__(self, kind, key, count):
        self.kind, self.key, self.count = kind, key, count


def tensor(kind, key, count, offset, shape, strides):
    arguments = (Storage(kind, key, count), offset, shape, strides, False, OrderedDict())
    return Named("torch._utils", "_rebuild_tensor_v2", arguments)


def write(path, state, storages, magic=MAGIC, cut=0):
    with path.open("wb") as file:
        for item in (magic, 1001, {"little_endian": True}, state, sorted(storages)):
            Pickler(file, 2).dump(item)
        for key in sorted(storages):
            file.write(len(storages[key]).to_bytes(8, "little") + storages[key].tobytes())
    if cut:
        path.write_bytes(path.read_bytes()[:-cut])
    return path


def small(path, **options):
    state = OrderedDict(
        weight=tensor("FloatStorage", "0", 12, 0, (3, 2), (2, 1)),
        turned=tensor("FloatStorage", "0", 12, 6, (2, 3), (1, 2)),
        steps=tensor("LongStorage", "1", 1, 0, (), ()),
    )
    numbers = {"0": np.arange(12, dtype=np.float32), "1": np.array([7], np.int64)}
    return write(path, state, numbers, **options)


def test_tensors_are_read_with_their_strides(tmp_path):
    found = read_torch_tensors(small(tmp_path / "a.pth"))
    np.testing.assert_array_equal(found["weight"], np.arange(6).reshape(3, 2))
    np.testing.assert_array_equal(found["turned"], np.arange(6, 12).reshape(3, 2).T)
    assert found["steps"] == 7
    assert found["weight"].dtype == np.float32


def test_a_file_that_would_run_something_is_refused(tmp_path):
    bad = write(tmp_path / "bad.pth", {"w": Named("os", "system", ("touch was-run",))}, {})
    with pytest.raises(InputError, match=r"got the name os\.system, which is no tensor"):
        read_torch_tensors(bad)


def test_a_broken_file_is_one_line(tmp_path):
    for path, message in [
        (tmp_path / "none.pth", "No such file"),
        (small(tmp_path / "magic.pth", magic=3), "another format"),
        (small(tmp_path / "short.pth", cut=3), "truncated|buffer size"),
    ]:
        with pytest.raises(
            InputError, match=f"must be a PyTorch file of plain tensors, .*{message}"
        ):
            read_torch_tensors(path)
    outside = {"w": tensor("FloatStorage", "0", 4, 2, (3,), (1,))}
    path = write(tmp_path / "out.pth", outside, {"0": np.zeros(4, np.float32)})
    with pytest.raises(InputError, match="outside its storage"):
        read_torch_tensors(path)
